"""The Kalman filter over one person's measurements, or over many persons' side by side.

One filter runs for each steadiness factor; their likelihoods weigh them. Given the factor this is
the exact posterior of a Gaussian model, except where a measurement counts as an outlier.
"""

from dataclasses import dataclass

import numpy as np

from models_engine.catalogue.contract import FloatArray
from models_engine.catalogue.trajectory.dynamics import SEES, STATE_SIZE, Dynamics, start, step

LOG_2PI = float(np.log(2 * np.pi))


@dataclass(frozen=True, eq=False)
class Posterior:
    """What is known of n persons at one time each: log weights (n, K), mean (n, K, 3) and
    covariance (n, K, 3, 3) given each of the K factors."""

    log_weights: FloatArray
    mean: FloatArray
    covariance: FloatArray

    def person(self, index: int) -> "Posterior":
        """One of them, with n = 1."""
        chosen = slice(index, index + 1)
        return Posterior(self.log_weights[chosen], self.mean[chosen], self.covariance[chosen])


def prior(dynamics: Dynamics, people: int) -> Posterior:
    """`people` persons of whom nothing was measured."""
    mean, covariance = start(dynamics)
    return Posterior(
        np.tile(dynamics.log_weights, (people, 1)),
        np.tile(mean, (people, 1, 1)),
        np.tile(covariance, (people, 1, 1, 1)),
    )


def advance(
    dynamics: Dynamics, posterior: Posterior, years: FloatArray, changes: FloatArray | None = None
) -> Posterior:
    """Move each person on by `years` (n,), past `changes` (n,) changes of treatment."""
    transition, shift, noise = step(dynamics, years)
    across = transition[:, None]
    mean = (across @ posterior.mean[..., None])[..., 0]
    mean[:, :, 0] += shift[:, None]
    covariance = across @ posterior.covariance @ np.swapaxes(across, 2, 3)
    covariance += noise[:, None] * _steadiness(dynamics)
    if changes is not None:
        covariance[:, :, 0, 0] += (changes * dynamics.change_sd**2)[:, None]
    return Posterior(posterior.log_weights, mean, covariance)


def observe(
    dynamics: Dynamics, posterior: Posterior, values: FloatArray
) -> tuple[Posterior, FloatArray]:
    """Take in one value (n,) a person: the posterior and the log likelihood of the value (n,).

    NaN: nothing was measured, nothing changes, log likelihood 0.
    """
    seen = np.isfinite(values)
    error = np.where(seen, values, 0.0)[:, None] - posterior.mean @ SEES
    gain = posterior.covariance @ SEES
    spread = gain @ SEES + (dynamics.noise_sd * dynamics.factors) ** 2
    size = np.abs(error) / np.sqrt(spread)
    if dynamics.outlier > 0:
        far = size > dynamics.outlier
        # Huber: linear beyond the limit, and the update treats the value as that far off
        loss = np.where(far, dynamics.outlier * (size - dynamics.outlier / 2), size**2 / 2)
        used = np.where(far, (error / dynamics.outlier) ** 2, spread)
    else:
        loss, used = size**2 / 2, spread
    log_density = -0.5 * (LOG_2PI + np.log(spread)) - loss
    mean = posterior.mean + gain * (error / used)[:, :, None]
    covariance = (
        posterior.covariance - gain[..., :, None] * gain[..., None, :] / used[..., None, None]
    )
    weights = posterior.log_weights + log_density
    total = _log_sum(weights)
    return (
        Posterior(
            np.where(seen[:, None], weights - total[:, None], posterior.log_weights),
            np.where(seen[:, None, None], mean, posterior.mean),
            np.where(seen[:, None, None, None], covariance, posterior.covariance),
        ),
        np.where(seen, total, 0.0),
    )


def outlook(
    dynamics: Dynamics, posterior: Posterior, years: FloatArray
) -> tuple[FloatArray, FloatArray, FloatArray]:
    """A new measurement `years` (n,) later, one a person: weights, means and variances, (n, K)."""
    later = advance(dynamics, posterior, years)
    variance = np.einsum("i,nkij,j->nk", SEES, later.covariance, SEES)
    variance += (dynamics.noise_sd * dynamics.factors) ** 2
    return np.exp(later.log_weights), later.mean @ SEES, variance


def filtered(
    dynamics: Dynamics, times: FloatArray, values: FloatArray, changes: FloatArray, until: float
) -> Posterior:
    """One person's posterior at `until`, from `values` at ascending `times` (both (m,)).

    A change of treatment counts in the interval in which it falls; one at the very time of a
    measurement counts after it: what was measured that day was measured before it could act.
    """
    known, at = prior(dynamics, 1), float(times[0]) if len(times) else until
    for time, value in zip(times, values, strict=True):
        count = np.array([np.sum((changes >= at) & (changes < time))], dtype=float)
        known = advance(dynamics, known, np.array([time - at]), count)
        known, _ = observe(dynamics, known, np.array([value]))
        at = float(time)
    count = np.array([np.sum((changes >= at) & (changes < until))], dtype=float)
    return advance(dynamics, known, np.array([until - at]), count)


def _steadiness(dynamics: Dynamics) -> FloatArray:
    """What each factor does to the movement (K, 3, 3): walks are the person's, the wander is not.

    A steady person is steady in what passes; that their level lies far from the population's must
    not count as unlikely for it.
    """
    by_part = np.ones((len(dynamics.factors), STATE_SIZE))
    by_part[:, :2] = dynamics.factors[:, None]
    return np.asarray(by_part[:, :, None] * by_part[:, None, :])


def _log_sum(values: FloatArray) -> FloatArray:
    top = values.max(axis=1)
    return np.asarray(top + np.log(np.exp(values - top[:, None]).sum(axis=1)))
