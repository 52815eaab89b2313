"""The filter against a published-style worked example, a Gaussian process and plain regression."""

from dataclasses import replace

import numpy as np
import pytest
from sklearn.gaussian_process import GaussianProcessRegressor
from sklearn.gaussian_process.kernels import RBF

from models_engine.catalogue.contract import FloatArray
from models_engine.catalogue.trajectory.dynamics import Dynamics, step
from models_engine.catalogue.trajectory.kalman import (
    advance,
    filtered,
    observe,
    outlook,
    prior,
)

NO_CHANGES: FloatArray = np.zeros(0)
TIMES = np.array([-3.1, -2.4, -1.9, -0.6, -0.2])
VALUES = np.array([7.1, 7.3, 7.4, 7.8, 8.1])


def kernel(dynamics: Dynamics, first: FloatArray, second: FloatArray, at: float) -> FloatArray:
    """Covariance of level + slope (t - at) + wander: a Gaussian process that the filter equals."""
    gap = np.abs(first[:, None] - second[None, :])
    line = dynamics.level_sd**2 + dynamics.slope_sd**2 * np.outer(first - at, second - at)
    return line + dynamics.wander_sd**2 * np.exp(-gap / dynamics.wander_years)


def gaussian_process(
    covariance: FloatArray, across: FloatArray, own: float, values: FloatArray
) -> tuple[float, float]:
    """Mean and variance of the closed form k' K^-1 y, k - k' K^-1 k."""
    weights = np.linalg.solve(covariance, across)
    return float(weights @ values), own - float(weights @ across)


def test_local_linear_trend_of_the_worked_example() -> None:
    """CLINICAL facts, forecasting: prior (7, 0), P diag(1, .25), R .04, q .02, steps of .5."""
    dynamics = Dynamics(level_mean=7.0, level_sd=1.0, slope_sd=0.5, slope_walk=0.02, noise_sd=0.2)
    known, likelihood = prior(dynamics, 1), 0.0
    for index, value in enumerate(VALUES):
        if index:
            known = advance(dynamics, known, np.array([0.5]))
        known, gained = observe(dynamics, known, np.array([value]))
        likelihood += float(gained[0])
    assert known.mean[0, 0, :2] == pytest.approx([8.020915, 0.497586], abs=1e-6)
    expected = [[0.024015, 0.018023], [0.018023, 0.028779]]
    assert known.covariance[0, 0, :2, :2] == pytest.approx(np.array(expected), abs=1e-6)
    assert likelihood == pytest.approx(-1.188223, abs=1e-6)


def test_equals_the_gaussian_process_of_the_same_prior() -> None:
    dynamics = Dynamics(
        level_mean=7.0, level_sd=1.0, slope_sd=0.5, wander_sd=0.3, wander_years=0.8, noise_sd=0.2
    )
    known = filtered(dynamics, TIMES, VALUES, NO_CHANGES, 0.0)
    for years in (0.0, 0.7, 5.0):
        _, means, variances = outlook(dynamics, known, np.array([years]))
        at = np.array([years])
        covariance = kernel(dynamics, TIMES, TIMES, TIMES[0]) + 0.04 * np.eye(len(TIMES))
        across = kernel(dynamics, TIMES, at, TIMES[0])[:, 0]
        own = float(kernel(dynamics, at, at, TIMES[0])[0, 0])
        mean, variance = gaussian_process(covariance, across, own, VALUES - 7.0)
        assert means[0, 0] == pytest.approx(7.0 + mean, abs=1e-8)
        assert variances[0, 0] == pytest.approx(variance + 0.04, abs=1e-8)


def test_the_closed_form_that_judges_it_equals_scikit_learn() -> None:
    """Two points (0, 1), (1, 2), RBF length 1, variance 1, noise .1, predicted at 2."""
    times, values, noise = np.array([0.0, 1.0]), np.array([1.0, 2.0]), 0.1

    def rbf(first: FloatArray, second: FloatArray) -> FloatArray:
        return np.asarray(np.exp(-((first[:, None] - second[None, :]) ** 2) / 2))

    at = np.array([2.0])
    mean, variance = gaussian_process(
        rbf(times, times) + noise * np.eye(2), rbf(times, at)[:, 0], 1.0, values
    )
    oracle = GaussianProcessRegressor(RBF(1.0), alpha=noise, optimizer=None)
    oracle.fit(times[:, None], values)
    expected, spread = oracle.predict(at[:, None], return_std=True)
    assert mean == pytest.approx(expected[0], abs=1e-8)
    assert variance == pytest.approx(spread[0] ** 2, abs=1e-8)


def test_a_wide_prior_gives_the_least_squares_line() -> None:
    dynamics = Dynamics(level_mean=0.0, level_sd=1e4, slope_sd=1e4, noise_sd=1.0)
    known = filtered(dynamics, TIMES, VALUES, NO_CHANGES, 0.0)
    slope, level = np.polyfit(TIMES, VALUES, 1)
    assert known.mean[0, 0, :2] == pytest.approx([level, slope], abs=1e-5)


@pytest.mark.parametrize("fades", [0.0, 1.7])
def test_two_steps_are_one_step(fades: float) -> None:
    dynamics = Dynamics(
        level_mean=0,
        level_sd=1,
        drift=0.3,
        slope_years=fades,
        slope_walk=0.2,
        level_walk=0.1,
        wander_sd=0.5,
        wander_years=0.6,
    )
    first, shift1, noise1 = step(dynamics, np.array([0.4]))
    second, shift2, noise2 = step(dynamics, np.array([1.3]))
    whole, shift, noise = step(dynamics, np.array([1.7]))
    assert second[0] @ first[0] == pytest.approx(whole[0])
    assert second[0] @ noise1[0] @ second[0].T + noise2[0] == pytest.approx(noise[0])
    assert shift1 + shift2 == pytest.approx(shift)


def test_a_slope_that_fades_very_slowly_is_one_that_stays() -> None:
    stays = Dynamics(level_mean=0, level_sd=1, slope_walk=0.2)
    fades = replace(stays, slope_years=1e3)
    for ours, other in zip(step(stays, np.array([2.0])), step(fades, np.array([2.0])), strict=True):
        assert ours == pytest.approx(other, rel=3e-3)


def test_an_outlier_moves_the_level_less_than_its_size() -> None:
    plain = Dynamics(level_mean=130, level_sd=15, noise_sd=9)
    robust = replace(plain, outlier=2.5)
    calm = np.array([128.0, 131.0, 129.0, 130.0, 230.0])
    moved = filtered(plain, TIMES, calm, NO_CHANGES, 0.0).mean[0, 0, 0]
    held = filtered(robust, TIMES, calm, NO_CHANGES, 0.0).mean[0, 0, 0]
    assert 129 < held < moved - 5
    usual = np.array([128.0, 131.0, 129.0, 130.0, 135.0])
    assert filtered(plain, TIMES, usual, NO_CHANGES, 0.0).mean == pytest.approx(
        filtered(robust, TIMES, usual, NO_CHANGES, 0.0).mean
    )


def test_the_persons_own_values_tell_how_steady_they_are() -> None:
    dynamics = Dynamics(
        level_mean=130, level_sd=15, noise_sd=10, steadiness=((0.5, 1), (1, 1), (2, 1))
    )
    wild = filtered(dynamics, TIMES, np.array([110.0, 150, 118, 160, 125]), NO_CHANGES, 0.0)
    calm = filtered(dynamics, TIMES, np.array([130.0, 131, 129, 130, 131]), NO_CHANGES, 0.0)
    assert np.argmax(wild.log_weights[0]) == 2
    assert np.argmax(calm.log_weights[0]) == 0
    assert np.exp(wild.log_weights).sum() == pytest.approx(1)


def test_nothing_measured_changes_nothing() -> None:
    dynamics = Dynamics(level_mean=130, level_sd=15, noise_sd=10)
    known = prior(dynamics, 2)
    after, gained = observe(dynamics, known, np.array([np.nan, 140.0]))
    assert gained[0] == 0 and after.mean[0] == pytest.approx(known.mean[0])
    assert after.mean[1, 0, 0] > 130


@pytest.mark.parametrize(
    "wrong",
    [{"noise_sd": -1.0}, {"level_sd": float("nan")}, {"wander_years": 0.0}, {"steadiness": ()}],
)
def test_wrong_parameters_are_refused(wrong: dict[str, float]) -> None:
    with pytest.raises(ValueError, match="Dynamics"):
        replace(Dynamics(level_mean=0, level_sd=1), **wrong)  # type: ignore[arg-type]
