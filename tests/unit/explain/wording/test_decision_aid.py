import pytest
from hypothesis import given
from hypothesis import strategies as st

from explain.wording.decision_aid import (
    CAUTIONS,
    counts,
    difference_words,
    more_or_fewer,
    people_words,
    rest_words,
    shown,
    value_words,
)
from explain.wording.doses import kidney_dose_words
from explain.wording.phrases import LEVELS, Level
from explain.wording.times import horizon_words

SHARES = st.floats(min_value=0, max_value=1, allow_nan=False)


@given(before=SHARES, after=SHARES)
def test_the_hundred_always_adds_up(before: float, after: float) -> None:
    found = counts(before, after)
    spared_or_harmed = abs(found.without - found.with_)
    assert spared_or_harmed == found.apart
    never = 100 - max(found.without, found.with_)
    assert found.either_way + found.apart + never == 100
    assert found.untouched + found.apart == 100
    assert 0 <= found.with_ <= 100


@given(before=SHARES, after=SHARES)
def test_the_difference_is_that_of_the_probabilities(before: float, after: float) -> None:
    found = counts(before, after)
    # whole people, and never one more than there are
    assert abs(found.apart - abs(after - before) * 100) <= 1.0
    if found.is_small:
        assert abs(after - before) < 0.01
        assert found.apart == 0


@pytest.mark.parametrize(
    ("before", "after", "without", "with_", "apart"),
    [
        (0.147, 0.112, 15, 11, 4),
        (0.147, 0.147, 15, 15, 0),
        (0.10, 0.16, 10, 16, 6),
        (0.004, 0.002, 0, 0, 0),
        (0.30, 0.295, 30, 30, 0),
        (1.0, 0.5, 100, 50, 50),
    ],
)
def test_known_counts(before: float, after: float, without: int, with_: int, apart: int) -> None:
    found = counts(before, after)
    assert (found.without, found.with_, found.apart) == (without, with_, apart)


def test_a_small_difference_is_told_and_not_called_none() -> None:
    assert "less than 1 in 100 fewer" in difference_words(counts(0.30, 0.295), "plain")
    assert "does not change" in difference_words(counts(0.3, 0.3), "standard")


def test_every_level_says_the_same_numbers() -> None:
    for before, after in ((0.147, 0.112), (0.1, 0.16)):
        found = counts(before, after)
        for level in LEVELS:
            said = difference_words(found, level)
            assert f"{found.apart} in 100" in said
            assert str(found.untouched) in said


def test_below_one_in_a_hundred_is_not_nought() -> None:
    assert shown(0.004, 0) == "fewer than 1 out of 100"
    assert shown(0.08, 8) == "8 out of 100"


def test_people_of_a_trial_are_not_called_like_you() -> None:
    for level in LEVELS:
        assert "like yours" not in people_words(level, of_trial=True)


def test_probabilities_outside_are_refused() -> None:
    with pytest.raises(ValueError, match="not a probability"):
        counts(0.1, 1.2)


def test_a_difference_alone_says_than_now_and_which_way() -> None:
    assert more_or_fewer(8, is_more=False) == "8 fewer than now, out of 100 people"
    assert more_or_fewer(14, is_more=True) == "14 more than now, out of 100 people"
    small = {more_or_fewer(None, is_more=more) for more in (True, False)}
    assert small == {
        "Less than 1 more than now, out of 100 people",
        "Less than 1 fewer than now, out of 100 people",
    }
    assert "other 86" in rest_words(14, "plain")
    assert "nearly all" in rest_words(None, "detailed")


@pytest.mark.parametrize(
    ("months", "said"),
    [
        (120, "10 years"),
        (12, "1 year"),
        (26.04, "about 2 years"),
        (24, "2 years"),
        (31.2, "about 2 and a half years"),
        (30, "2 and a half years"),
        (8.4, "about 8 months"),
        (18, "18 months"),
        (23.8, "about 24 months"),
        (1, "1 month"),
        (0.3, "about 1 month"),
    ],
)
def test_times_are_round(months: float, said: str) -> None:
    assert horizon_words(months) == said


def test_values_are_in_known_words_and_only_where_they_move() -> None:
    def said(concept: str, before: float, after: float, unit: str, level: Level = "plain") -> str:
        return value_words(concept, "HbA1c", before, after, unit, level)

    assert said("systolic_bp", 142.4, 133, "mm[Hg]") == (
        "Blood pressure (upper number): from 142 to about 133 mmHg."
    )
    assert said("ldl_cholesterol", 152.1, 143, "mg/dL") == (
        'LDL ("bad") cholesterol: from 152 to about 143 mg/dL.'
    )
    assert said("weight", 92.1, 91.8, "kg") == ""
    assert "blood sugar" in said("hba1c", 8.2, 7.5, "%", "detailed")


def test_a_dose_for_the_kidneys_is_said_or_left_to_the_team() -> None:
    assert kidney_dose_words("2.5 mg twice daily", is_lower=True) == (
        "A lower dose, for your kidneys: 2.5 mg twice a day."
    )
    assert kidney_dose_words("start with 5 mg, at most 10 mg a day", is_lower=False) == (
        "The dose that fits your kidneys: start with 5 mg, at most 10 mg a day."
    )
    for hard in ("EU: 2.5 mg twice daily; US: by age, weight and creatinine", "lowest dose, short"):
        assert "care team" in kidney_dose_words(hard, is_lower=True)
        assert "mg" not in kidney_dose_words(hard, is_lower=True)


def test_no_level_says_that_any_choice_is_right() -> None:
    for level in LEVELS:
        assert "wrong" not in " ".join(CAUTIONS[level])
        assert "guess" not in " ".join(CAUTIONS[level])
