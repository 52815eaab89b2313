"""Observed against expected: exact intervals against scipy, published values and simulation."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from scipy import stats
from sklearn.linear_model import PoissonRegressor

from models_engine.monitoring.calibration import (
    calibration_slope,
    cumulative_hazard,
    expected_events,
    groups,
    observed_to_expected,
    poisson_limits,
)


@pytest.mark.parametrize("count", [0, 1, 2, 5, 10, 100, 2500])
def test_the_interval_of_a_count_is_the_chi_square_one(count: int) -> None:
    low, high = poisson_limits(count)
    assert low == pytest.approx(stats.chi2.ppf(0.025, 2 * count) / 2 if count else 0.0, rel=1e-6)
    assert high == pytest.approx(stats.chi2.ppf(0.975, 2 * count + 2) / 2, rel=1e-6)


def test_values_that_every_table_prints() -> None:
    assert poisson_limits(0)[1] == pytest.approx(3.689, abs=1e-3)
    assert poisson_limits(10) == pytest.approx((4.795, 18.390), abs=1e-3)
    with pytest.raises(ValueError, match="negative"):
        poisson_limits(-1)


@given(st.integers(0, 400), st.floats(0.5, 0.999))
def test_the_interval_holds_the_count(count: int, level: float) -> None:
    low, high = poisson_limits(count, level)
    assert 0 <= low <= count <= high


def test_the_hazard_of_a_probability() -> None:
    p = np.array([0.0, 0.5, 1 - np.exp(-1)])
    assert cumulative_hazard(p) == pytest.approx([0.0, np.log(2), 1.0])
    assert np.isfinite(cumulative_hazard(np.array([1.0]))).all()
    assert expected_events(p, np.array([1.0, 0.5, 0.25])) == pytest.approx([0, np.log(2) / 2, 0.25])
    for wrong in (1.1, -0.1, np.nan):
        with pytest.raises(ValueError, match="probability"):
            cumulative_hazard(np.array([wrong]))
    with pytest.raises(ValueError, match="followed"):
        expected_events(p, np.array([1.0, 1.2, 0.0]))


def test_observed_to_expected_by_hand() -> None:
    ratio = observed_to_expected(np.array([0.5, 1.5, 2.0]), np.array([True, True, False]))
    assert ratio is not None
    assert (ratio.people, ratio.observed, ratio.expected, ratio.ratio) == (3, 2, 4.0, 0.5)
    assert ratio.low == pytest.approx(0.2422 / 4, abs=1e-4)
    assert ratio.high == pytest.approx(7.2247 / 4, abs=1e-4)
    assert observed_to_expected(np.zeros(3), np.zeros(3, bool)) is None


def simulated(
    size: int, *, factor: float = 1.0, power: float = 1.0, seed: int = 1
) -> tuple[np.ndarray, ...]:
    """People whose true hazard is factor * H^power, H that of what is predicted; some are lost."""
    rng = np.random.default_rng(seed)
    p = rng.beta(2, 8, size)
    hazard = factor * cumulative_hazard(p) ** power
    event_at = rng.exponential(1 / hazard)
    lost_at = np.minimum(rng.exponential(1.5, size), 1.0)
    return p, np.minimum(event_at, lost_at), event_at <= lost_at


def test_a_right_model_is_found_right_whatever_ends_follow_up() -> None:
    inside = 0
    for seed in range(300):
        p, share, event = simulated(300, seed=seed)
        ratio = observed_to_expected(expected_events(p, share), event)
        assert ratio is not None
        inside += ratio.low <= 1 <= ratio.high
    assert inside / 300 > 0.93


def test_a_wrong_model_is_found_wrong_by_as_much() -> None:
    p, share, event = simulated(20_000, factor=1.5)
    ratio = observed_to_expected(expected_events(p, share), event)
    assert ratio is not None and ratio.low < 1.5 < ratio.high and ratio.low > 1.3


@pytest.mark.parametrize("power", [0.6, 1.0, 1.4])
def test_the_slope_is_found(power: float) -> None:
    p, share, event = simulated(20_000, power=power)
    slope = calibration_slope(p, share, event)
    assert slope is not None and slope.low < power < slope.high
    assert slope.high - slope.low < 0.2


def test_the_slope_is_that_of_scikit_learns_poisson_regression() -> None:
    p, share, event = simulated(3000)
    slope = calibration_slope(p, share, event)
    fitted = PoissonRegressor(alpha=0, tol=1e-10, max_iter=10_000)
    x = np.log(cumulative_hazard(p))[:, None]
    fitted.fit(x, event / share, sample_weight=share)
    assert slope is not None and slope.slope == pytest.approx(fitted.coef_[0], abs=1e-4)


def test_no_slope_where_there_is_none() -> None:
    rng = np.random.default_rng(1)
    p, share = np.full(50, 0.2), np.ones(50)
    assert calibration_slope(p, share, rng.random(50) < 0.2) is None
    assert calibration_slope(rng.random(50), share, np.zeros(50, bool)) is None
    assert calibration_slope(p[:1], share[:1], np.ones(1, bool)) is None


def test_groups_of_a_right_model_lie_on_the_diagonal() -> None:
    p, share, event = simulated(20_000)
    found = groups(p, share, event)
    assert len(found) == 5
    assert [g.predicted for g in found] == sorted(g.predicted for g in found)
    assert sum(g.people for g in found) == 20_000
    assert sum(g.events for g in found) == event.sum()
    for g in found:
        assert g.low <= g.observed <= g.high
        assert g.observed == pytest.approx(g.predicted, rel=0.12)


def test_few_events_make_few_groups() -> None:
    p, share, event = simulated(400)
    some = event & (np.cumsum(event) <= 29)
    assert len(groups(p, share, some)) == 2
    assert groups(p, share, event & (np.cumsum(event) <= 19)) == ()
