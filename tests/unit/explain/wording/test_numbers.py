"""A probability becomes a count that people can read, and is never certain."""

import re

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explain.wording.numbers import frequency, percent, points

PROBABILITIES = st.floats(0, 1, allow_nan=False)
WORDS = re.compile(r"fewer than 1|more than 99|[1-9][0-9]?")


@given(PROBABILITIES)
def test_words_are_a_count_or_a_bound(probability: float) -> None:
    found = frequency(probability)
    assert WORDS.fullmatch(found.words)
    assert WORDS.fullmatch(found.others_words)
    assert found.out_of == f"{found.words} out of 100"


@given(PROBABILITIES)
def test_both_sides_make_a_hundred(probability: float) -> None:
    found = frequency(probability)
    assert found.count + found.others == 100
    assert 0 <= found.count <= 100
    assert abs(found.count / 100 - probability) <= 0.0100001


@given(PROBABILITIES, PROBABILITIES)
def test_a_larger_probability_never_has_a_smaller_count(a: float, b: float) -> None:
    low, high = sorted((a, b))
    assert frequency(low).count <= frequency(high).count


@pytest.mark.parametrize(
    ("probability", "words", "others"),
    [
        (0.0, "fewer than 1", "more than 99"),
        (0.0099, "fewer than 1", "more than 99"),
        (0.01, "1", "99"),
        (0.125, "13", "87"),
        (0.145, "15", "85"),
        (0.5, "50", "50"),
        (0.99, "99", "1"),
        (0.991, "more than 99", "fewer than 1"),
        (1.0, "more than 99", "fewer than 1"),
    ],
)
def test_anchors(probability: float, words: str, others: str) -> None:
    found = frequency(probability)
    assert (found.words, found.others_words) == (words, others)


@pytest.mark.parametrize("wrong", [-0.01, 1.01, float("nan"), float("inf")])
def test_what_is_no_probability_is_refused(wrong: float) -> None:
    with pytest.raises(ValueError, match="not a probability"):
        frequency(wrong)


@pytest.mark.parametrize(
    ("probability", "text"),
    [
        (0.0, "< 0.1 %"),
        (0.146839, "14.7 %"),
        (0.0005, "0.1 %"),
        (0.99999, "> 99.9 %"),
        (1, "> 99.9 %"),
    ],
)
def test_percent(probability: float, text: str) -> None:
    assert percent(probability) == text


@pytest.mark.parametrize(
    ("change", "text"), [(0.0214, "+2.1"), (-0.0214, "−2.1"), (0.0, "±0.0"), (-0.0004, "±0.0")]
)
def test_points(change: float, text: str) -> None:
    assert points(change) == text
