"""The population stability index against values computed by hand, scipy, and simulation."""

from math import log

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats

from models_engine.monitoring.drift import (
    LEAST_IN_BIN,
    LEAST_PEOPLE,
    between,
    chance_limit,
    compare,
    cut_points,
    has_jumped,
    merged,
    rounded,
    stability_index,
)

COUNTS = st.lists(st.integers(0, 500), min_size=2, max_size=12)


def test_by_hand() -> None:
    # shares 0.5, 0.3, 0.2 against 0.4, 0.4, 0.2
    expected = -0.1 * log(0.4 / 0.5) + 0.1 * log(0.4 / 0.3)
    assert stability_index([50, 30, 20], [40, 40, 20]) == pytest.approx(expected)
    assert stability_index([50, 30, 20], [40, 40, 20]) == pytest.approx(0.0510826, abs=1e-6)
    assert stability_index([100, 900], [100, 900]) == 0.0
    assert stability_index([10, 90, 0], [100, 900, 0]) == 0.0


def test_an_empty_bin_counts_as_half_a_person() -> None:
    expected = (0.9 - 1) * log(0.9 / 1) + (0.1 - 0.005) * log(0.1 / 0.005)
    assert stability_index([100, 0], [90, 10]) == pytest.approx(expected)


@given(COUNTS, st.data())
def test_it_is_symmetric_and_never_negative(before: list[int], data: st.DataObject) -> None:
    now = data.draw(st.lists(st.integers(0, 500), min_size=len(before), max_size=len(before)))
    if not sum(before) or not sum(now):
        with pytest.raises(ValueError, match="nobody"):
            stability_index(before, now)
        return
    index = stability_index(before, now)
    assert index >= 0
    assert stability_index(now, before) == pytest.approx(index)


def test_what_cannot_be_compared() -> None:
    for before, now in (([1, 2], [1]), ([], []), ([1, -1], [1, 1])):
        with pytest.raises(ValueError, match="bins"):
            stability_index(before, now)


@pytest.mark.parametrize("bins", [2, 3, 5, 10, 12])
def test_the_limit_of_chance_is_a_chi_square(bins: int) -> None:
    n, m = [40] * bins, [60] * bins
    exact = stats.chi2.ppf(0.95, bins - 1) * (1 / sum(n) + 1 / sum(m))
    assert chance_limit(n, m) == pytest.approx(exact, rel=0.03)
    assert chance_limit([*n, 0], [*m, 0]) == chance_limit(n, m), "a bin nobody is in is none"
    assert chance_limit([40], [60]) == 0.0


def test_chance_alone_exceeds_it_one_time_in_twenty() -> None:
    rng = np.random.default_rng(20261121)
    share = np.full(10, 0.1)
    exceeded = 0
    for _ in range(2000):
        before, now = rng.multinomial(400, share), rng.multinomial(600, share)
        exceeded += stability_index(before, now) > chance_limit(before, now)
    assert 0.035 < exceeded / 2000 < 0.07


def test_levels_are_conventions_beyond_chance() -> None:
    assert compare([50, 49], [500, 500]).level == "too_few"
    assert compare([50, 49], [500, 500]).index is None
    assert compare([500, 500], [520, 480]).level == "none"
    assert compare([500, 500], [680, 320]).level == "some"
    assert compare([500, 500], [800, 200]).level == "large"
    # above 0.1, and yet what chance does with so few in so many bins
    few = compare([10] * 10, [13, 7, 14, 6, 10, 5, 15, 12, 8, 10])
    assert few.index is not None and few.chance is not None
    assert few.index > 0.1 and few.index < few.chance and few.level == "none"


def test_each_of_few_values_has_its_bin_and_the_new_is_seen() -> None:
    cuts = cut_points([0.0, 1.0], [])
    assert np.searchsorted(cuts, [-1.0, 0.0, 1.0, 2.0], side="right").tolist() == [0, 1, 2, 3]
    only = cut_points([0.0], [0.0] * 9)
    assert np.searchsorted(only, [-1.0, 0.0, 1.0], side="right").tolist() == [0, 1, 2]
    assert cut_points([], []) == ()


@given(st.lists(st.floats(-1e6, 1e6), min_size=30, max_size=200))
def test_no_bin_of_many_values_is_empty(values: list[float]) -> None:
    distinct = sorted(set(values))
    if len(distinct) <= 10:
        return
    cuts = cut_points(distinct[:11], np.quantile(values, np.arange(0.1, 1, 0.1)).tolist())
    counts = np.bincount(np.searchsorted(cuts, values, side="right"), minlength=len(cuts) + 1)
    assert list(cuts) == sorted(set(cuts))
    assert counts[0] > 0 and counts[-1] > 0


def test_a_jump_of_refusals() -> None:
    assert has_jumped(50, 500, 150, 500)
    assert not has_jumped(50, 500, 60, 500)
    assert not has_jumped(5, LEAST_PEOPLE - 1, 60, 500)
    assert has_jumped(400, 500, 300, 500), "also when more people get a number than before"
    assert not has_jumped(0, 500, 0, 500)


@given(
    st.lists(st.floats(0, 200).map(lambda v: round(v, 1)), min_size=1, max_size=120),
)
def test_no_limit_of_a_bin_parts_few_people(values: list[float]) -> None:
    cuts = rounded(np.quantile(values, np.arange(0.1, 1, 0.1)).tolist())
    counts = np.bincount(np.searchsorted(cuts, values, side="right"), minlength=len(cuts) + 1)
    cuts, kept = merged(cuts, counts.tolist())
    assert sum(kept) == len(values) and len(kept) == len(cuts) + 1
    assert min(kept) >= LEAST_IN_BIN or not cuts
    again = np.bincount(np.searchsorted(cuts, values, side="right"), minlength=len(cuts) + 1)
    assert again.tolist() == list(kept)


def test_limits_are_rounded_to_what_they_span() -> None:
    assert rounded((112.37, 118.2, 131.04, 163.9)) == (112.0, 118.0, 131.0, 164.0)
    assert rounded((25.93, 26.12, 34.9)) == (25.9, 26.1, 34.9)
    assert rounded((0.0123, 0.0511, 0.2)) == (0.01, 0.05, 0.2)
    assert rounded((131.37,)) == (130.0,) and rounded(()) == ()
    assert between([1.0, 2.0, 4.0]) == (1.5, 3.0)
