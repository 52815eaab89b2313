"""Words of "what could bring my number down": short, no cause, the same numbers at every level."""

import re

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explain.wording.lower import (
    ALREADY_LOW,
    ASK,
    CAUTIONS,
    CHANGES,
    CHOICES,
    NOT_SO_LOW,
    NOTHING,
    OPENING,
    apart_text,
    change_text,
    number_text,
)
from explain.wording.numbers import MORE, frequency, people_apart
from explain.wording.phrases import LEVELS, OUTCOMES, Level
from models_engine.catalogue.what_if.recommended import RECOMMENDED
from tests.readability import flesch_kincaid_grade

PROBABILITY = st.floats(0, 1)


def all_sentences(level: Level) -> list[str]:
    changes = [change_text(c, level, before="152", after="138", unit="mg/dL") for c in CHANGES]
    texts = [OPENING[level], *CAUTIONS[level], ASK[level], NOT_SO_LOW[level], NOTHING[level]]
    texts.append(ALREADY_LOW[level])
    return [s for text in (*texts, *changes) for s in re.split(r"(?<=[.!?])\s+", text)]


@pytest.mark.parametrize("level", LEVELS)
def test_sentences_are_short_and_name_no_cause(level: Level) -> None:
    """UX P13, E11."""
    for sentence in all_sentences(level):
        assert len(sentence.split()) <= 20, sentence
        assert not re.search(r"caus|risk|twice|double", sentence, re.IGNORECASE)


def test_the_plain_words_are_plain() -> None:
    """UX P13."""
    assert flesch_kincaid_grade(" ".join(all_sentences("plain"))) <= 6


@settings(max_examples=40, deadline=None)
@given(PROBABILITY, PROBABILITY, st.sampled_from([1.0, 5.0, 10.0]), st.sampled_from(list(OUTCOMES)))
def test_every_number_has_its_time_and_its_other_side(
    before: float, after: float, horizon: float, outcome: str
) -> None:
    """UX P1, P3, P5, P7, P12."""
    years = "within 1 year." if horizon == 1 else f"within {horizon:g} years."
    told = set()
    for level in LEVELS:
        text = number_text(outcome=outcome, level=level, horizon=horizon, probability=before)
        own = frequency(before)
        assert text.main.lower().startswith(f"{own.words} out of 100 people like you ")
        assert text.otherwise.lower() == f"{own.others_words} out of 100 will not {years}"
        assert text.main.endswith(years)
        # "more than 99" is two words longer than any other number
        assert len(text.main.split()) <= 20 + (own.words == MORE)
        told.add(tuple(re.findall(r"\d+", text.main)))
    assert len(told) == 1
    apart = apart_text(horizon=horizon, before=before, after=after)
    assert years in apart
    people = people_apart(before, after)
    assert ("less than 1" if people is None else f"about {people} fewer") in apart
    shown = abs(frequency(before).count - frequency(after).count)
    assert ("rounded" in apart) == (people is not None and people != shown)


def test_every_value_that_may_be_recommended_has_words_with_the_same_numbers() -> None:
    """UX P12."""
    assert set(CHANGES) == {one.concept for one in RECOMMENDED}
    for concept in CHANGES:
        for level in LEVELS:
            words = change_text(concept, level, before="152", after="138", unit="mg/dL")
            # UX E6: no number without its unit
            assert ("to 138 mg/dL." in words) == (concept != "smoking_status")
            expected = [] if concept == "smoking_status" else ["152", "138"]
            assert re.findall(r"\b\d{3}\b", words) == expected
    assert {level for words in CHOICES.values() for level in words} == set(LEVELS)
    with pytest.raises(KeyError):
        change_text("age", "plain", before="60", after="50", unit="")
