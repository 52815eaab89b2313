"""What is told of a count gives no count away."""

from collections import defaultdict

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinportal.similar.disclosure import LOOSEST, Told, least, people_text, told
from twinportal.similar.selectors import PEOPLE

counts = st.integers(5, 30).flatmap(
    lambda k: st.integers(0, 400).flatmap(
        lambda people: st.tuples(st.integers(0, people), st.just(people), st.just(k))
    )
)


@given(counts)
def test_below_k_no_number_on_either_side(drawn: tuple[int, int, int]) -> None:
    events, people, k = drawn
    one = told(events, people, k)
    if people < least(k):
        assert one == Told("few")
    elif events < k:
        # nought or nine: the same is said
        assert one == told(0, people, k) and one.kind in ("below", "few")
    elif people - events < k:
        assert one == told(people, people, k) and one.kind in ("above", "few")


@given(counts)
def test_what_is_told_is_true(drawn: tuple[int, int, int]) -> None:
    """UX P5, P7, P8: both sides add to 100, never 0 or 100, the number inside its range."""
    events, people, k = drawn
    one = told(events, people, k)
    exact = 100 * events / people if people else 0
    if one.kind == "share":
        assert one.low is not None and one.high is not None
        assert one.low <= one.share <= one.high
        assert abs(one.share - exact) <= one.step / 2
        assert one.low <= exact <= one.high
        assert one.share + one.others == 100 and 0 <= one.low and one.high <= 100
        assert one.low_words[1] > 0 and one.high_words[1] < 100
    elif one.kind == "below":
        assert exact < one.share <= LOOSEST
    elif one.kind == "above":
        assert exact > one.share >= 100 - LOOSEST


@pytest.mark.parametrize("k", [5, 10, 20])
def test_no_answer_fits_one_count_alone(k: int) -> None:
    """Whoever sees the share and the rounded number of people has at least three counts left."""
    fitting: defaultdict[tuple[Told, str], set[int]] = defaultdict(set)
    for people in range(PEOPLE + 1):
        for events in range(people + 1):
            # the number of people stands beside it, once for all events
            fitting[told(events, people, k), people_text(people, k)].add(events)
    for (answer, _), events in fitting.items():
        assert len(events) >= (3 if answer.kind == "share" else k), answer


@given(st.integers(0, 500), st.integers(5, 30))
def test_numbers_of_people_are_rounded_to_tens(number: int, k: int) -> None:
    text = people_text(number, k)
    if number < k:
        assert text == f"fewer than {k}"
    else:
        shown = int(text.removeprefix("about "))
        assert shown >= k and abs(shown - number) <= max(5, k - 5)


def test_more_events_than_people_is_an_error() -> None:
    with pytest.raises(ValueError):
        told(5, 4, 10)
