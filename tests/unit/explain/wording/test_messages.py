"""What a patient reads: the same numbers at every level, short sentences, no cause, no alarm."""

import re
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explain.wording.messages import ResultText, result_text
from explain.wording.phrases import CONCEPTS, LEVELS, OUTCOMES, Level
from tests.readability import flesch_kincaid_grade

# a count is never said without its time, and no relative risk or verdict is said at all
FORBIDDEN = re.compile(
    r"caus|because of|leads to|times (more|less|higher|as)|double|\bhigh risk|\blow risk|odds",
    re.IGNORECASE,
)
LONGEST_SENTENCE = 20


def contribution(concept: str, value: float, modifiable: bool = True) -> dict[str, Any]:
    return {"concept": concept, "contribution": value, "modifiable": modifiable}


ROWS = [
    contribution("systolic_bp", 0.05),
    contribution("smoking_status", 0.03),
    contribution("age", 0.02, modifiable=False),
    contribution("total_cholesterol", 0.01),
    contribution("statin", -0.02, modifiable=False),
    contribution("bmi", 0.0001),
]


def text_at(level: Level, outcome: str = "cvd", probability: float = 0.23) -> ResultText:
    return result_text(
        outcome=outcome,
        level=level,
        probability=probability,
        baseline=0.08,
        horizon=10,
        contributions=ROWS,
    )


def sentences(text: ResultText) -> list[str]:
    whole = [text.about, text.main, text.otherwise, text.comparison, *text.talk]
    return [s for part in whole for s in re.split(r"(?<=[.?!])\s", part) if s]


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("level", LEVELS)
def test_each_count_has_its_time_in_the_same_sentence(outcome: str, level: Level) -> None:
    for sentence in sentences(text_at(level, outcome)):
        if "out of 100" in sentence:
            assert "within 10 years" in sentence


@pytest.mark.parametrize("outcome", OUTCOMES)
@given(probability=st.floats(0, 1))
def test_levels_change_words_and_never_numbers(outcome: str, probability: float) -> None:
    texts = [text_at(level, outcome, probability) for level in LEVELS]
    assert len({(t.frequency, t.compared) for t in texts}) == 1
    assert len({t.main for t in texts}) == len(LEVELS)
    numbers = {tuple(re.findall(r"\d+", t.main + t.otherwise + t.comparison)) for t in texts}
    assert len(numbers) == 1


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("level", LEVELS)
def test_no_cause_no_relative_risk_no_verdict(outcome: str, level: Level) -> None:
    text = text_at(level, outcome)
    for part in (*sentences(text), text.title, *text.raising, *text.lowering):
        assert not FORBIDDEN.search(part), part


@pytest.mark.parametrize("level", LEVELS)
def test_reasons_are_the_largest_in_each_direction(level: Level) -> None:
    text = text_at(level)
    assert text.raising == tuple(CONCEPTS[c][level].name for c in ("systolic_bp", "smoking", "age"))
    assert text.lowering == (CONCEPTS["statin"][level].name,)


def test_advice_is_on_what_can_be_changed_and_raises_it() -> None:
    text = text_at("plain")
    assert len(text.talk) == 3
    assert not any("age" in question.lower().split() for question in text.talk)
    assert not any("weight" in question for question in text.talk), "bmi hardly moves it"


@pytest.mark.parametrize("outcome", OUTCOMES)
@pytest.mark.parametrize("level", ["plain", "standard"])
def test_sentences_are_short(outcome: str, level: Level) -> None:
    for sentence in sentences(text_at(level, outcome)):
        assert len(sentence.split()) <= LONGEST_SENTENCE, sentence


@pytest.mark.parametrize(("level", "grade"), [("plain", 6), ("standard", 8)])
def test_readability_of_everything_said(level: Level, grade: int) -> None:
    parts = [s for outcome in OUTCOMES for s in sentences(text_at(level, outcome))]
    whole = " ".join(parts)
    assert len(whole.split()) >= 100
    assert flesch_kincaid_grade(whole) <= grade


@pytest.mark.parametrize("level", LEVELS)
def test_a_medicine_among_the_reasons_is_no_reason_to_stop_it(level: Level) -> None:
    with_medicine = text_at(level)
    assert with_medicine.medicines
    assert not any(name.startswith("taking") for name in with_medicine.lowering)
    without = result_text(
        outcome="cvd",
        level=level,
        probability=0.2,
        baseline=0.1,
        horizon=10,
        contributions=[contribution("systolic_bp", 0.1), contribution("statin", 0.0, False)],
    )
    assert without.medicines == ""


def test_a_concept_without_words_is_not_named() -> None:
    text = result_text(
        outcome="cvd",
        level="plain",
        probability=0.2,
        baseline=0.1,
        horizon=10,
        contributions=[contribution("sdi_decile", 0.1)],
    )
    assert text.raising == ()
