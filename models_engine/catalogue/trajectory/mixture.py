"""Mixtures of normal distributions: weights, means and variances of shape (n, K)."""

from math import sqrt
from statistics import NormalDist

import numpy as np
from scipy.special import erf

from models_engine.catalogue.contract import FloatArray

STANDARD = NormalDist()
# the value of a probability is found to this share of the mixture's spread
STEPS = 60
REACH = 12.0


def cdf(
    weights: FloatArray, means: FloatArray, variances: FloatArray, at: FloatArray
) -> FloatArray:
    """Probability of a value up to `at` (n,); shape (n,)."""
    scaled = (at[:, None] - means) / np.sqrt(2 * variances)
    return np.asarray((weights * 0.5 * (1 + erf(scaled))).sum(axis=1))


def quantile(
    weights: FloatArray, means: FloatArray, variances: FloatArray, levels: FloatArray
) -> FloatArray:
    """The value with probability `levels` (n,), strictly between 0 and 1, below it; shape (n,)."""
    if not np.all((levels > 0) & (levels < 1)):
        raise ValueError("a quantile needs a probability strictly between 0 and 1")
    spread = np.sqrt(variances).max(axis=1)
    low, high = means.min(axis=1) - REACH * spread, means.max(axis=1) + REACH * spread
    for _ in range(STEPS):
        middle = (low + high) / 2
        below = cdf(weights, means, variances, middle) < levels
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    return np.asarray((low + high) / 2)


def moments(
    weights: FloatArray, means: FloatArray, variances: FloatArray
) -> tuple[FloatArray, FloatArray]:
    """Mean and standard deviation, (n,) each."""
    mean = (weights * means).sum(axis=1)
    second = (weights * (variances + means**2)).sum(axis=1)
    return mean, np.sqrt(np.maximum(second - mean**2, 0.0))


def standardised(level: float) -> float:
    """The standard normal value with probability `level` below it, kept within +-8."""
    tail = 1 - STANDARD.cdf(8.0)
    return STANDARD.inv_cdf(min(max(level, tail), 1 - tail))


def crps(
    weights: FloatArray, means: FloatArray, variances: FloatArray, observed: FloatArray
) -> FloatArray:
    """Continuous ranked probability score of `observed` (n,); smaller is better, in its unit.

    Closed form: sum w A(y - m, s^2) - 1/2 sum sum w w A(m - m', s^2 + s'^2), with
    A(d, v) = d (2 Phi(d / sqrt v) - 1) + 2 sqrt(v) phi(d / sqrt v).
    """
    first = (weights * _absolute(observed[:, None] - means, variances)).sum(axis=1)
    differences = means[:, :, None] - means[:, None, :]
    sums = variances[:, :, None] + variances[:, None, :]
    pairs = weights[:, :, None] * weights[:, None, :]
    return np.asarray(first - 0.5 * (pairs * _absolute(differences, sums)).sum(axis=(1, 2)))


def _absolute(difference: FloatArray, variance: FloatArray) -> FloatArray:
    """Expected absolute value of a normal variable with this mean and variance."""
    scaled = difference / np.sqrt(variance)
    density = np.exp(-0.5 * scaled**2) / sqrt(2 * np.pi)
    return np.asarray(difference * erf(scaled / sqrt(2)) + 2 * np.sqrt(variance) * density)
