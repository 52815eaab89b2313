"""Text of tables: whatever comes in is read or refused by line, and what is stored comes back."""

import gzip

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_engine.catalogue.treatment.network.identifiers import NetworkError
from models_engine.catalogue.treatment.network.tables import rows
from twinportal.molecular.stored_text import delimiter_of, lines, packed_rows, text_of, unpacked

# a reader strips what surrounds a value, and a blank line is no row
CELL = st.text(st.characters(exclude_categories=["Cs", "Cc", "Z"]) | st.sampled_from("\"',;")).map(
    lambda text: f"x{text}x"
)


@given(st.lists(st.tuples(CELL, CELL), max_size=20))
def test_what_is_stored_comes_back(table: list[tuple[str, str]]) -> None:
    content = packed_rows(("one", "two"), table)
    found = [tuple(values) for _, values in rows(unpacked(content), ("one", "two"), "table")]
    assert found == table
    # the same table is the same bytes
    assert packed_rows(("one", "two"), table) == content


@given(st.binary(max_size=200))
def test_any_bytes_are_text_or_refused(content: bytes) -> None:
    for sent in (content, gzip.compress(content), b"\x1f\x8b" + content):
        try:
            text = text_of(sent, most=150)
        except NetworkError:
            continue
        assert "\0" not in text and len(text.encode()) <= 150
        delimiter_of(text)
        assert lines(text).read() == text


def test_a_fault_names_its_line() -> None:
    for content, fault in (
        (b"a\tb\nc\td\n\xff\n", "line 3: the text is not UTF-8"),
        (b"a\tb\nc\0d\n", "line 2: not a text file"),
        (b" \n", "empty"),
        (b"\x1f\x8b\x08", "gzip file is broken"),
    ):
        with pytest.raises(NetworkError, match=fault):
            text_of(content, most=100)
    assert text_of("\ufeffa,b\n".encode(), most=100) == "a,b\n"
    assert delimiter_of("a,b\tc\n") == "\t" and delimiter_of("a,b\nc\td\n") == ","
