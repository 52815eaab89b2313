"""Free text is stored without characters that deceive; joined emoji and scripts stay whole."""

from unicodedata import category

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinportal.typed import KEPT, TypedField, row_key, typed_line, typed_text

TURNS = "".join(map(chr, (*range(0x202A, 0x202F), *range(0x2066, 0x206A))))
FAMILY = "\U0001f468\u200d\U0001f469\u200d\U0001f467"
PERSIAN = "می\u200cخواهم"


@given(st.text(alphabet=st.one_of(st.characters(), st.sampled_from(TURNS + "\n\r\t\0\u2028"))))
def test_nothing_unseen_is_left_and_nothing_else_is_taken(text: str) -> None:
    found = typed_text(text)
    assert all(c in KEPT or c == "\n" or category(c) not in ("Cc", "Cf", "Cs", "Co") for c in found)
    assert typed_text(found) == found and typed_line(typed_line(text)) == typed_line(text)
    assert "\n" not in typed_line(text) and "\u2028" not in found
    seen = [c for c in text if c.isprintable() and c != " "]
    assert [c for c in found if c.isprintable() and c != " "] == seen


@pytest.mark.parametrize("text", [FAMILY, PERSIAN, "first\n\nsecond", "שלום"])
def test_what_people_write_stays_as_it_is(text: str) -> None:
    assert typed_text(text) == text


def test_text_is_not_turned_around() -> None:
    assert typed_text(f"take {TURNS}5 mg\u2066") == "take 5 mg"
    assert typed_line("a\x07b\n c\td") == "a b c d"
    # nobody sees it: it is no text
    assert typed_text("\u200d \u200c\u202e") == ""


def test_a_field_counts_what_is_kept() -> None:
    assert TypedField(max_length=3).clean("abc\u202e") == "abc"
    assert TypedField(one_line=True).clean("a\r\nb") == "a b"


@pytest.mark.parametrize("text", ["", "-1", "1.0", "١٢", "9" * 19, "9" * 5000, "1 "])
def test_what_is_no_key_of_a_row(text: str) -> None:
    assert row_key(text) is None


def test_a_key_of_a_row() -> None:
    assert row_key("007") == 7 and row_key("9" * 18) == 10**18 - 1
