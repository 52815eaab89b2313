"""Linear mixed model with a random intercept and slope a person, by restricted likelihood.

y = b0 + b1 t + u0 + u1 t + e, (u0, u1) normal with covariance D, e normal. The best linear unbiased
prediction for one person is the filter of the product with the same parameters and nothing else.
"""

from dataclasses import dataclass

import numpy as np
from scipy.optimize import minimize

from models_engine.catalogue.contract import FloatArray
from models_engine.catalogue.trajectory.dynamics import Dynamics

LOG_2PI = float(np.log(2 * np.pi))


@dataclass(frozen=True)
class MixedModel:
    """Fixed effects, standard deviations of the random effects, their correlation, residual."""

    intercept: float
    slope: float
    intercept_sd: float
    slope_sd: float
    correlation: float
    residual_sd: float
    deviance: float  # minus twice the restricted log likelihood

    def dynamics(self) -> Dynamics:
        """The same model as parameters of the filter; times count from the first value."""
        return Dynamics(
            level_mean=self.intercept,
            level_sd=self.intercept_sd,
            drift=self.slope,
            slope_sd=self.slope_sd,
            level_slope=self.correlation,
            noise_sd=self.residual_sd,
        )


def fit_mixed_model(times: FloatArray, values: FloatArray) -> MixedModel:
    """REML over padded times and values (n, t); NaN where nothing was measured."""
    seen = np.isfinite(values)
    design = np.stack([np.ones_like(times), np.where(seen, times, 0.0)], axis=2) * seen[..., None]
    observed = np.where(seen, values, 0.0)
    residual = float(np.std(values[seen]))
    scale = max(float(np.std(times[seen])), 1e-6)
    # Cholesky factor of D relative to the residual variance, then the residual's logarithm
    start = np.array([1.0, 0.0, 0.3 / scale, np.log(residual / 2)])

    def deviance(parameters: FloatArray) -> float:
        return _deviance(parameters, design, observed, seen)[0]

    found = minimize(deviance, start, method="L-BFGS-B")
    found = minimize(
        deviance, found.x, method="Nelder-Mead", options={"xatol": 1e-7, "fatol": 1e-8}
    )
    value, fixed = _deviance(found.x, design, observed, seen)
    factor, noise = _parts(found.x)
    covariance = factor @ factor.T * noise**2
    spread = np.sqrt(np.diag(covariance))
    return MixedModel(
        intercept=float(fixed[0]),
        slope=float(fixed[1]),
        intercept_sd=float(spread[0]),
        slope_sd=float(spread[1]),
        correlation=float(covariance[0, 1] / max(spread[0] * spread[1], 1e-300)),
        residual_sd=float(noise),
        deviance=float(value),
    )


def _parts(parameters: FloatArray) -> tuple[FloatArray, float]:
    factor = np.array([[parameters[0], 0.0], [parameters[1], parameters[2]]])
    return factor, float(np.exp(parameters[3]))


def _deviance(
    parameters: FloatArray, design: FloatArray, observed: FloatArray, seen: np.ndarray
) -> tuple[float, FloatArray]:
    """By Woodbury, a 2 x 2 problem a person: V = s^2 (I + Z L L' Z')."""
    factor, noise = _parts(parameters)
    inner = design @ factor
    gram = np.eye(2) + np.swapaxes(inner, 1, 2) @ inner
    cross = np.swapaxes(inner, 1, 2) @ design
    hidden = np.swapaxes(inner, 1, 2) @ observed[..., None]
    solved = np.linalg.solve(gram, np.concatenate([cross, hidden], axis=2))
    plain = np.swapaxes(design, 1, 2)
    information = (plain @ design - np.swapaxes(cross, 1, 2) @ solved[..., :2]).sum(axis=0)
    score = (plain @ observed[..., None] - np.swapaxes(cross, 1, 2) @ solved[..., 2:]).sum(axis=0)
    fixed = np.linalg.solve(information, score)[:, 0]
    left = observed - design @ fixed
    hidden = np.swapaxes(inner, 1, 2) @ left[..., None]
    square = (left**2).sum() - (hidden * np.linalg.solve(gram, hidden)).sum()
    count = seen.sum()
    determinant = np.linalg.slogdet(gram)[1].sum() + 2 * count * np.log(noise)
    restricted = np.linalg.slogdet(information / noise**2)[1]
    total = determinant + restricted + square / noise**2 + (count - 2) * LOG_2PI
    return float(total), fixed
