"""What the patient's what-if says: reconciled counts, no certainty, the same at every level."""

import re
from fractions import Fraction

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explain.figures.before_after import before_after
from explain.wording.forecasts import MEASUREMENTS
from explain.wording.numbers import frequency, people_apart
from explain.wording.phrases import LEVELS, Level
from explain.wording.what_if import WhatIfText, moved_forecast_text, what_if_text
from tests.readability import flesch_kincaid_grade

PROBABILITY = st.floats(0, 1)


def said(before: float, after: float | None, level: Level = "plain", **more: object) -> WhatIfText:
    given_ = {"low": None, "high": None, "responds": True, **more}
    return what_if_text(
        outcome="cvd", level=level, horizon=10.0, before=before, after=after, **given_
    )


@given(PROBABILITY, PROBABILITY)
def test_the_words_of_the_difference_agree_with_the_numbers(before: float, after: float) -> None:
    text = said(before, after)
    exact = (Fraction(repr(after)) - Fraction(repr(before))) * 100
    if not exact:
        assert text.apart == "The two numbers are the same."
    else:
        told = re.match(
            r"That is (?:about (\d+)|less than 1) (?:out of 100 )?(fewer|more)", text.apart
        )
        assert told and told[2] == ("fewer" if exact < 0 else "more")
        assert people_apart(before, after) == (int(told[1]) if told[1] else None)
        # the nearest whole number, never one further than decimals of 28 digits can tell
        half = Fraction(1, 2) + Fraction(1, 10**20)
        assert abs(int(told[1]) - abs(exact)) <= half if told[1] else abs(exact) < 1
        shown = abs(frequency(before).count - frequency(after).count)
        assert ("rounded" in text.apart) == (bool(told[1]) and shown != int(told[1]))
    assert "within 10 years" in text.now and "within 10 years" in text.after


@given(PROBABILITY, PROBABILITY)
def test_a_range_is_in_the_same_people(low: float, high: float) -> None:
    low, high = sorted((low, high))
    text = said(0.2, 0.1, low=low, high=high)
    words = frequency(low).words, frequency(high).words
    assert text.range == (
        ""
        if words[0] == words[1]
        else f"It may also be from {words[0]} to {words[1]} out of 100 within 10 years."
    )
    assert said(0.2, 0.1).range == "We do not know how far off this can be."


@pytest.mark.parametrize("level", LEVELS)
def test_without_a_number_or_a_change_there_is_a_sentence(level: Level) -> None:
    none, same = said(0.2, None, level), said(0.2, 0.2, level, responds=False)
    for text in (none, same):
        assert text.note and not (text.after or text.apart or text.range)
    assert none.note != same.note


@given(PROBABILITY, PROBABILITY, PROBABILITY, PROBABILITY)
def test_the_drawing_keeps_the_order(a: float, b: float, low: float, high: float) -> None:
    low, high = sorted((low, high))
    drawn = before_after(a, b, low, high, top=1.0)
    assert 0 <= min(drawn.before, drawn.after, drawn.low)
    assert max(drawn.before, drawn.after, drawn.high) <= 100
    assert drawn.span >= 0
    assert before_after(a, b, None, None, top=1.0).span == 0


def test_what_does_not_fit_is_not_drawn() -> None:
    with pytest.raises(ValueError, match="do not fit"):
        before_after(0.2, 0.5, None, None, top=0.4)
    with pytest.raises(ValueError, match="do not fit"):
        before_after(0.0, 0.0, None, None, top=0.0)


@pytest.mark.parametrize("level", LEVELS)
def test_a_number_that_an_association_raises_is_not_said(level: Level) -> None:
    text = said(0.1, 0.12, level, against=True)
    assert "sk your doctor" in text.note and not (text.after or text.apart or text.range)
    # where the whole falls all the same, or one goes the other way oneself, it is
    assert said(0.12, 0.1, level, against=True).after
    assert said(0.1, 0.12, level).after


@pytest.mark.parametrize(
    ("before", "after", "said_"),
    [
        # the counts 15 and 13 are 2 apart, the numbers 1.2
        (
            0.146,
            0.134,
            "That is about 1 fewer out of 100 within 10 years. Both numbers above are rounded.",
        ),
        # the counts 14 and 14 are equal, the numbers almost 1 apart
        (0.1449, 0.1351, "That is less than 1 out of 100 fewer within 10 years."),
        (0.10, 0.12, "That is about 2 more out of 100 within 10 years."),
    ],
)
def test_the_difference_itself_is_rounded(before: float, after: float, said_: str) -> None:
    assert said(before, after).apart == said_


@pytest.mark.parametrize("concept", sorted(MEASUREMENTS))
@pytest.mark.parametrize(
    ("after", "against"), [(("104", "151"), False), (None, False), (("104", "151"), True)]
)
def test_a_moved_forecast_says_the_same_numbers_at_every_level(
    concept: str, after: tuple[str, str] | None, against: bool
) -> None:
    numbers = set()
    for level in LEVELS:
        text = moved_forecast_text(
            concept,
            level,
            unit="mmHg",
            years=1.0,
            before=("112", "163"),
            after=after,
            by="6 months",
            against=against,
        )
        words = f"{text.now} {text.after} {text.note}"
        numbers.add(tuple(re.findall(r"\d+", words)))
        if level != "detailed":
            assert flesch_kincaid_grade(words) <= {"plain": 6, "standard": 8}[level], words
    assert len(numbers) == 1 and "163" in next(iter(numbers))
    assert ("151" in next(iter(numbers))) == (after is not None and not against)
