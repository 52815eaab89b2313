"""The estimator against closed forms, a slow second way, and simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_engine.catalogue.disease.aalen_johansen import (
    CENSORED,
    DIAGNOSED,
    DIED,
    curve,
    share,
    weighted_events,
    wilson,
)
from tests.unit.models_engine.catalogue.disease.planted import truth

ROWS = st.lists(
    st.tuples(st.integers(1, 12), st.sampled_from([CENSORED, DIAGNOSED, DIED])), min_size=1
)


def columns(rows: list[tuple[int, int]]) -> tuple[np.ndarray, np.ndarray]:
    return np.array([r[0] for r in rows], dtype=float), np.array([r[1] for r in rows])


def by_hand(rows: list[tuple[int, int]], horizon: int) -> float:
    """The definition, day by day."""
    alive, total = 1.0, 0.0
    for day in range(1, horizon + 1):
        entered = sum(t >= day for t, _ in rows)
        ill = sum(t == day and c == DIAGNOSED for t, c in rows)
        dead = sum(t == day and c == DIED for t, c in rows)
        if entered:
            total += alive * ill / entered
            alive *= 1 - (ill + dead) / entered
    return total


@given(ROWS)
def test_the_states_sum_to_one_and_the_definition_agrees(rows: list[tuple[int, int]]) -> None:
    found = curve(*columns(rows), 10)

    assert found.at_risk + found.diagnosed + found.died == pytest.approx(np.ones(10))
    assert (np.diff(found.diagnosed) >= 0).all() and (np.diff(found.at_risk) <= 0).all()
    assert found.diagnosed[-1] == pytest.approx(by_hand(rows, 10))


@given(ROWS)
def test_events_weighted_by_who_is_left_have_the_same_mean(rows: list[tuple[int, int]]) -> None:
    time, cause = columns(rows)

    weighted = weighted_events(time, cause, 10)

    found = curve(time, cause, 10)
    # where everybody still there was censored the two part: nobody knows what came
    if (time >= 10).any():
        assert weighted.mean() == pytest.approx(found.diagnosed[-1])


def test_a_worked_example() -> None:
    # day 1: one of five ill; 2: one censored; 3: one of three dies; 4: one of two ill
    rows = [(1, DIAGNOSED), (2, CENSORED), (3, DIED), (4, DIAGNOSED), (9, CENSORED)]

    found = curve(*columns(rows), 5)

    assert found.diagnosed[-1] == pytest.approx(1 / 5 + 4 / 5 * 2 / 3 * 1 / 2)
    assert found.died[-1] == pytest.approx(4 / 5 * 1 / 3)


def test_without_censoring_it_is_a_plain_share_with_wilsons_interval() -> None:
    cause = np.array([DIAGNOSED] * 30 + [DIED] * 20 + [CENSORED] * 150)
    time = np.concatenate([np.arange(1, 31), np.arange(5, 25), np.full(150, 365)])

    found = share(time.astype(float), cause, 365, np.arange(200))

    assert found.probability == pytest.approx(0.15)
    assert (found.people, found.events) == (200, 30)
    assert (found.low, found.high) == pytest.approx(wilson(0.15, 200))


def test_wilson_is_the_published_formula() -> None:
    low, high = wilson(0.1, 50)
    # the two ends solve |p - x| = z sqrt(x (1 - x) / n)
    for end in (low, high):
        assert abs(0.1 - end) == pytest.approx(1.959964 * np.sqrt(end * (1 - end) / 50), rel=1e-6)


@pytest.mark.parametrize(("p", "n"), [(-0.1, 10), (1.1, 10), (0.5, 0)])
def test_wilson_refuses_what_is_no_share(p: float, n: float) -> None:
    with pytest.raises(ValueError, match="at least somebody"):
        wilson(p, n)


@pytest.mark.parametrize("time", [[], [0.0], [3.0, -1.0]])
def test_refuses_times_that_are_not_after_the_index_day(time: list[float]) -> None:
    with pytest.raises(ValueError, match="above 0"):
        curve(np.array(time), np.zeros(len(time)), 10)


def test_two_rows_of_one_person_are_not_two_people() -> None:
    cause = np.array([DIAGNOSED] * 15 + [CENSORED] * 85)
    time = np.where(cause == DIAGNOSED, 10.0, 365.0)

    once = share(time, cause, 365, np.arange(100))
    twice = share(np.tile(time, 2), np.tile(cause, 2), 365, np.tile(np.arange(100), 2))

    assert (twice.low, twice.high) == pytest.approx((once.low, once.high))
    assert twice.people == once.people == 100


def test_the_interval_covers_the_true_probability_under_censoring_and_death() -> None:
    """Each person is asked once a year for as long as they are there, as in the training."""
    rng = np.random.default_rng(5)
    hazard, death, runs, n = 0.2, 0.1, 300, 250
    true = truth(hazard, death=death)
    covered, estimates = 0, []
    for _ in range(runs):
        ill, dead = rng.exponential(1 / hazard, n), rng.exponential(1 / death, n)
        left = rng.uniform(0, 4, n)
        first = np.minimum(np.minimum(ill, dead), left)
        kind = np.where(first == ill, DIAGNOSED, np.where(first == dead, DIED, CENSORED))
        person = np.concatenate([np.flatnonzero(first > year) for year in range(4)])
        year = np.concatenate([np.full(int(np.sum(first > y)), y) for y in range(4)])
        time = np.ceil((first[person] - year) * 365)
        found = share(time, kind[person], 365, person)
        estimates.append(found.probability)
        covered += found.low <= true <= found.high
    assert np.mean(estimates) == pytest.approx(true, abs=0.003)
    # 95 %, two standard errors of 300 runs either way
    assert 0.92 <= covered / runs <= 0.98
