"""How one measurement of one person moves: the parameters, and the step from one time to another.

The state is (level, slope, wander): a level that may drift, a personal slope that may fade, and a
mean-reverting departure from the level. A measurement is level + wander + noise. Times are in
years; everything else is on the working scale of the measurement (its unit, or its logarithm).
"""

from dataclasses import asdict, dataclass
from typing import Any

import numpy as np

from models_engine.catalogue.contract import FloatArray

STATE_SIZE = 3
SEES = np.array([1.0, 0.0, 1.0])


@dataclass(frozen=True)
class Dynamics:
    """Population prior and movement.

    `level_mean`, `level_sd`: level of the population at a person's first measurement.
    `drift`: mean slope of the population, a year. `slope_sd`: how persons' slopes differ from it;
    with `slope_years` that personal part fades by 1/e in so many years (0: it stays).
    `level_slope`: correlation of level and slope: who starts high may fall.
    `slope_walk`: variance a year added to the slope, `level_walk` to the level.
    `wander_sd`, `wander_years`: departures that are forgotten by 1/e in so many years.
    `noise_sd`: of one measurement. `change_sd`: how far a change of treatment may move the level.
    `outlier`: a measurement further off than so many standard deviations counts as that far.
    `steadiness`: pairs (factor, prior weight): a person's noise and walks are the population's
    times an unknown factor, and the person's own values decide which.
    """

    level_mean: float
    level_sd: float
    drift: float = 0.0
    slope_sd: float = 0.0
    slope_years: float = 0.0
    level_slope: float = 0.0
    slope_walk: float = 0.0
    level_walk: float = 0.0
    wander_sd: float = 0.0
    wander_years: float = 1.0
    noise_sd: float = 0.0
    change_sd: float = 0.0
    outlier: float = 0.0
    steadiness: tuple[tuple[float, float], ...] = ((1.0, 1.0),)

    def __post_init__(self) -> None:
        amounts = {k: v for k, v in asdict(self).items() if k not in ("steadiness",)}
        if not all(np.isfinite(value) for value in amounts.values()):
            raise ValueError("Dynamics: every parameter must be finite")
        signed = ("level_mean", "drift", "level_slope")
        if any(v < 0 for k, v in amounts.items() if k not in signed):
            raise ValueError("Dynamics: spreads and times cannot be negative")
        if abs(self.level_slope) > 1:
            raise ValueError("Dynamics: level_slope is a correlation")
        if self.wander_years <= 0:
            raise ValueError("Dynamics: wander_years must be positive")
        if not self.steadiness or any(f <= 0 or w <= 0 for f, w in self.steadiness):
            raise ValueError("Dynamics: steadiness needs positive factors and weights")

    @property
    def factors(self) -> FloatArray:
        """Shape (K,)."""
        return np.array([factor for factor, _ in self.steadiness])

    @property
    def log_weights(self) -> FloatArray:
        """Logarithm of the prior weights, summing to one; shape (K,)."""
        weights = np.array([weight for _, weight in self.steadiness])
        return np.log(weights / weights.sum())

    def to_dict(self) -> dict[str, Any]:
        """JSON of the parameters."""
        return {**asdict(self), "steadiness": [list(pair) for pair in self.steadiness]}

    @classmethod
    def from_dict(cls, content: dict[str, Any]) -> "Dynamics":
        """The parameters of `to_dict`."""
        pairs = tuple((float(f), float(w)) for f, w in content["steadiness"])
        return cls(**{**content, "steadiness": pairs})


def start(dynamics: Dynamics) -> tuple[FloatArray, FloatArray]:
    """Mean (K, 3) and covariance (K, 3, 3) before the first measurement."""
    factors = dynamics.factors
    mean = np.zeros((len(factors), STATE_SIZE))
    mean[:, 0] = dynamics.level_mean
    covariance = np.zeros((len(factors), STATE_SIZE, STATE_SIZE))
    covariance[:, 0, 0] = dynamics.level_sd**2
    covariance[:, 1, 1] = dynamics.slope_sd**2
    both = dynamics.level_slope * dynamics.level_sd * dynamics.slope_sd
    covariance[:, 0, 1] = covariance[:, 1, 0] = both
    covariance[:, 2, 2] = dynamics.wander_sd**2
    return mean, covariance


def step(dynamics: Dynamics, years: FloatArray) -> tuple[FloatArray, FloatArray, FloatArray]:
    """Exact transition over `years` (n,) >= 0: F (n, 3, 3), shift of the level (n,), Q (n, 3, 3).

    Q is for factor 1; a person's factor multiplies it by its square.
    dLevel = (drift + slope) dt + sqrt(level_walk) dB, dSlope = -slope/slope_years dt +
    sqrt(slope_walk) dB, wander an Ornstein-Uhlenbeck process; with slope_years 0 this is the local
    linear trend, F = [[1, t], [0, 1]], Q = slope_walk [[t^3/3, t^2/2], [t^2/2, t]].
    """
    n = len(years)
    transition = np.zeros((n, STATE_SIZE, STATE_SIZE))
    noise = np.zeros((n, STATE_SIZE, STATE_SIZE))
    forgets = np.exp(-years / dynamics.wander_years)
    if dynamics.slope_years > 0:
        tau = dynamics.slope_years
        keeps = np.exp(-years / tau)
        fades, twice = -np.expm1(-years / tau), -np.expm1(-2 * years / tau)
        reach = tau * fades
        level = tau**2 * (years - 2 * tau * fades + tau * twice / 2)
        both, slope = tau**2 * fades**2 / 2, tau * twice / 2
    else:
        keeps, reach = np.ones(n), years
        level, both, slope = years**3 / 3, years**2 / 2, years
    transition[:, 0, 0] = 1.0
    transition[:, 0, 1] = reach
    transition[:, 1, 1] = keeps
    transition[:, 2, 2] = forgets
    noise[:, 0, 0] = dynamics.slope_walk * level + dynamics.level_walk * years
    noise[:, 0, 1] = noise[:, 1, 0] = dynamics.slope_walk * both
    noise[:, 1, 1] = dynamics.slope_walk * slope
    noise[:, 2, 2] = dynamics.wander_sd**2 * -np.expm1(-2 * years / dynamics.wander_years)
    return transition, dynamics.drift * years, noise
