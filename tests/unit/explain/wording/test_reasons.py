"""Reasons, how sure a number is, and what changed: the same at every level, and no cause."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explain.wording.changes import change_text, moved
from explain.wording.phrases import CONCEPTS, LEVELS, Level
from explain.wording.reasons import reasons, uncertain_reasons

LONGEST_SENTENCE = 20
FORBIDDEN = re.compile(
    r"caus|because of|leads to|times (more|less)|double|high risk", re.IGNORECASE
)


def contribution(concept: str, value: float, modifiable: bool = True) -> dict[str, Any]:
    return {"concept": concept, "contribution": value, "modifiable": modifiable}


ROWS = [
    contribution("systolic_bp", 0.05),
    contribution("hba1c", -0.01),
    contribution("age", 0.02, modifiable=False),
    contribution("statin", 0.03, modifiable=False),
    contribution("bmi", 0.0001),
    contribution("something_without_words", 0.4),
]


@pytest.mark.parametrize("level", LEVELS)
def test_what_can_be_changed_stands_apart(level: Level) -> None:
    """UX E5"""
    found = reasons(ROWS, level)
    names = CONCEPTS
    assert [r.name for r in found.can_change] == [
        names["systolic_bp"][level].name,
        names["hba1c"][level].name,
    ]
    assert [r.raises for r in found.can_change] == [True, False]
    assert [r.name for r in found.cannot_change] == [names["age"][level].name]
    # a medicine is neither: nobody may read it as something to stop
    assert [r.name for r in found.medicines] == [names["statin"][level].name]


def test_nothing_large_enough_is_no_reason() -> None:
    assert not reasons([contribution("bmi", 0.0001)], "plain").any


def both() -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    before = [contribution("systolic_bp", 0.02), contribution("smoking", 0.03)]
    after = [contribution("systolic_bp", 0.06), contribution("bmi", 0.004)]
    return before, after


@given(
    st.dictionaries(st.sampled_from(sorted(CONCEPTS)), st.floats(-0.3, 0.3)),
    st.dictionaries(st.sampled_from(sorted(CONCEPTS)), st.floats(-0.3, 0.3)),
    st.floats(-0.2, 0.2),
)
def test_what_moved_adds_up_to_the_difference(
    before: dict[str, float], after: dict[str, float], baseline: float
) -> None:
    """UX E2: the parts of a change are the change."""
    rows = [[contribution(c, v) for c, v in side.items()] for side in (before, after)]
    total = sum(after.values()) - sum(before.values()) + baseline
    assert sum(change for _, change in moved(*rows, baseline)) == pytest.approx(total, abs=1e-9)


@pytest.mark.parametrize("level", LEVELS)
def test_a_change_names_what_moved_most_and_which_way(level: Level) -> None:
    text = change_text(
        level, day="1 July 2026", horizon=10, before=0.12, after=0.15, why=moved(*both(), 0.001)
    )
    assert text.was.endswith("12 out of 100 within 10 years.") and "1 July 2026" in text.was
    assert text.is_now.endswith("15 out of 100 within 10 years.")
    assert text.direction == "It went up."
    assert [(r.name, r.raises) for r in text.why] == [
        (CONCEPTS["systolic_bp"][level].name, True),
        (CONCEPTS["smoking"][level].name, False),
        (CONCEPTS["bmi"][level].name, True),
    ]


def test_another_model_cannot_be_taken_apart() -> None:
    text = change_text("plain", day="1 July 2026", horizon=10, before=0.12, after=0.1, why=None)
    assert text.why == () and "cannot say why" in text.opening


def test_equal_counts_are_about_the_same() -> None:
    text = change_text("plain", day="1 July", horizon=10, before=0.121, after=0.119, why=[])
    assert text.direction == "That is about the same." and text.opening == ""


@pytest.mark.parametrize("level", LEVELS)
def test_sentences_are_short_and_blame_nothing(level: Level) -> None:
    """UX P13, E11"""
    text = change_text(
        level, day="1 July 2026", horizon=10, before=0.12, after=0.15, why=moved(*both(), 0.0)
    )
    other = change_text(level, day="1 July 2026", horizon=10, before=0.1, after=0.2, why=None)
    said = [text.was, text.is_now, text.direction, text.opening, other.opening]
    said += [uncertain_reasons(level)]
    for sentence in (s for part in said for s in re.split(r"(?<=[.?!:])\s", part) if s):
        assert len(sentence.split()) <= LONGEST_SENTENCE, sentence
        assert not FORBIDDEN.search(sentence), sentence
