import pytest
from hypothesis import given
from hypothesis import strategies as st

from explain.wording.decision_aid import counts, difference_words, people_words, shown
from explain.wording.phrases import LEVELS

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
