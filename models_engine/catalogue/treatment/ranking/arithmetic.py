"""Arithmetic of relative effects, probabilities and horizons. Arrays are (1 + draws,), see draws.py.

A hazard or risk ratio r turns a probability p into 1 - (1 - p)^r: the absolute risk reduction is
p - (1 - (1 - p)^r). An odds ratio acts on the odds. A horizon changes under a constant hazard.
"""

import numpy as np

from models_engine.catalogue.contract import FloatArray
from models_engine.catalogue.what_if.draws import DRAWS, standard
from models_engine.catalogue.what_if.effects import Z95

# a probability of 1 has no hazard; no number here is as exact as this
CERTAIN = 1.0 - 1e-15


def with_hazard_ratio(p: FloatArray | float, ratio: FloatArray | float) -> FloatArray:
    """The probability under a ratio of hazards: 1 - (1 - p)^ratio."""
    return np.asarray(-np.expm1(ratio * np.log1p(-np.minimum(p, CERTAIN))))


def with_odds_ratio(p: FloatArray | float, ratio: FloatArray | float) -> FloatArray:
    """The probability under a ratio of odds."""
    odds = np.asarray(p) * ratio
    return np.asarray(odds / (1.0 - np.asarray(p) + odds))


def over(p: FloatArray | float, months: float, wanted: float) -> FloatArray:
    """A probability over `months` as one over `wanted` months, under a constant hazard."""
    return with_hazard_ratio(p, wanted / months)


def log_ratio(
    seed: str, effect: float, low: float | None, high: float | None, size: int = DRAWS
) -> FloatArray:
    """Shape (1 + size,): the logarithm of a ratio, then its draws, normal by its 95 % interval.

    Without an interval every draw is the estimate.
    """
    sd = 0.0 if low is None or high is None else float(np.log(high / low)) / (2 * Z95)
    return np.log(effect) + sd * standard(seed, size)


def amount(
    seed: str, effect: float, low: float | None, high: float | None, size: int = DRAWS
) -> FloatArray:
    """Shape (1 + size,): an amount, then its draws, normal by its 95 % interval."""
    sd = 0.0 if low is None or high is None else (high - low) / (2 * Z95)
    return effect + sd * standard(seed, size)
