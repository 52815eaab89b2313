"""One patient's kinetics from measured levels: maximum a posteriori, with a Laplace approximation.

The logarithms of clearance and volume are moved from what is expected by eta, which minimises

    sum ((observed - predicted)^2 / sigma^2) + sum (eta^2 / omega^2)

with sigma^2 = (share x observed)^2 + fixed^2. Around the minimum the posterior is taken as normal:
its covariance is the inverse of J'J, J being the Jacobian of the weighted residuals. Without a
level it is what was expected; with many precise ones it is what they say.

One compartment, constant kinetics: renal function that changes between the levels, dialysis, and a
dose or a time that was recorded wrongly are not modelled, and show as levels that do not fit.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from scipy.optimize import least_squares
from scipy.stats import norm

from models_engine.catalogue.contract import FloatArray
from models_engine.catalogue.mechanistic.drugs import Prior
from models_engine.catalogue.mechanistic.kinetics import (
    Dose,
    Regimen,
    SteadyState,
    concentration,
    half_life,
    steady_state,
)

SHARE = 0.95
DRAWS = 2000
# SDs from which a level, or the patient, is said not to fit [J]
MISFIT = 3.0


@dataclass(frozen=True)
class Level:
    """A measured concentration: hours, mg/L."""

    at: float
    value: float

    def __post_init__(self) -> None:
        if not (np.isfinite(self.at) and np.isfinite(self.value) and self.value > 0):
            raise ValueError("a level is a positive number at a time")


@dataclass(frozen=True)
class Span:
    """A value and the bounds of its interval (95 %)."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class Chances:
    """Probabilities of a value below, inside and above a range; together one."""

    below: float
    inside: float
    above: float


@dataclass(frozen=True, eq=False)
class Kinetics:
    """L/h and L, and how sure: the covariance (2, 2) of their logarithms.

    `misfits` are the places of the levels that do not fit, by more than three SDs.
    """

    clearance: float
    volume: float
    covariance: FloatArray
    levels: tuple[Level, ...] = ()
    predicted: tuple[float, ...] = ()
    misfits: tuple[int, ...] = ()
    is_unusual: bool = False

    @property
    def half_life(self) -> float:
        """Hours."""
        return half_life(self.clearance, self.volume)

    @property
    def clearance_span(self) -> Span:
        """L/h."""
        return log_normal(self.clearance, self.covariance[0, 0])

    @property
    def volume_span(self) -> Span:
        """L."""
        return log_normal(self.volume, self.covariance[1, 1])

    @property
    def half_life_span(self) -> Span:
        """Hours."""
        spread = self.covariance[0, 0] + self.covariance[1, 1] - 2 * self.covariance[0, 1]
        return log_normal(self.half_life, spread)

    def draws(self, seed: int = 0, number: int = DRAWS) -> tuple[FloatArray, FloatArray]:
        """Clearances and volumes, each (number,), from the approximated posterior."""
        rng = np.random.default_rng(seed)
        eta = rng.multivariate_normal(np.zeros(2), self.covariance, size=number)
        return self.clearance * np.exp(eta[:, 0]), self.volume * np.exp(eta[:, 1])


@dataclass(frozen=True, eq=False)
class Course:
    """mg/L at `times` (m,), h, with the bounds of the 95 % interval of the true concentration."""

    times: FloatArray
    value: FloatArray
    low: FloatArray
    high: FloatArray


@dataclass(frozen=True)
class Expected:
    """Of a regimen at steady state: mg/L, mg/L, mg h/L, mg/L."""

    peak: Span
    trough: Span
    auc24: Span
    average: Span


def before_levels(prior: Prior) -> Kinetics:
    """What is expected of the patient, with the spread between people."""
    spread = np.diag([prior.clearance_spread**2, prior.volume_spread**2])
    return Kinetics(prior.clearance, prior.volume, spread)


def individualised(prior: Prior, doses: Sequence[Dose], levels: Sequence[Level]) -> Kinetics:
    """What the levels make of it.

    Raises
    ------
    ValueError
        a level before the first dose, which tells nothing.
    ArithmeticError
        the solver found no minimum.
    """
    if not levels:
        return before_levels(prior)
    if not doses or min(level.at for level in levels) < min(dose.at for dose in doses):
        raise ValueError("a level before the first dose")
    times = np.array([level.at for level in levels])
    observed = np.array([level.value for level in levels])
    sigma = np.hypot(prior.level_share * observed, prior.level_fixed)
    omega = np.array([prior.clearance_spread, prior.volume_spread])

    def predicted(eta: FloatArray) -> FloatArray:
        clearance = prior.clearance * float(np.exp(eta[0]))
        return concentration(times, doses, clearance, prior.volume * float(np.exp(eta[1])))

    def residuals(eta: FloatArray) -> FloatArray:
        return np.concatenate(((observed - predicted(eta)) / sigma, eta / omega))

    found = least_squares(residuals, np.zeros(2), method="trf", xtol=1e-12, ftol=1e-12, gtol=1e-12)
    if not found.success or not np.isfinite(found.x).all():
        raise ArithmeticError(f"no kinetics fit these levels: {found.message}")
    at_best = predicted(found.x)
    misfits = np.flatnonzero(np.abs(observed - at_best) > MISFIT * sigma)
    return Kinetics(
        clearance=prior.clearance * float(np.exp(found.x[0])),
        volume=prior.volume * float(np.exp(found.x[1])),
        covariance=np.linalg.inv(found.jac.T @ found.jac),
        levels=tuple(levels),
        predicted=tuple(float(value) for value in at_best),
        misfits=tuple(int(at) for at in misfits),
        is_unusual=bool((np.abs(found.x) > MISFIT * omega).any()),
    )


def course(
    kinetics: Kinetics,
    doses: Sequence[Dose],
    times: FloatArray,
    *,
    seed: int = 0,
    number: int = DRAWS,
) -> Course:
    """Concentrations over time, with the interval of what is not known of the patient.

    A measured level differs from it by the error of the assay as well.
    """
    drawn = concentration(times, doses, *kinetics.draws(seed, number))
    low, high = np.quantile(drawn, [(1 - SHARE) / 2, (1 + SHARE) / 2], axis=0)
    best = concentration(times, doses, kinetics.clearance, kinetics.volume)
    return Course(times, best, np.minimum(low, best), np.maximum(high, best))


def expected(kinetics: Kinetics, regimen: Regimen, *, seed: int = 0) -> Expected:
    """What a regimen leads to once it has been kept for about five half-lives."""
    best = steady_state(regimen, kinetics.clearance, kinetics.volume)
    drawn = steady_state(regimen, *kinetics.draws(seed))
    auc = log_normal(float(best.auc24), kinetics.covariance[0, 0])
    average = log_normal(float(best.average), kinetics.covariance[0, 0])
    return Expected(_drawn(best, drawn, "peak"), _drawn(best, drawn, "trough"), auc, average)


def chances(kinetics: Kinetics, value: float, low: float, high: float) -> Chances:
    """Where `value`, AUC24 or the mean level of a regimen, truly lies.

    Both are a dose rate over the clearance, so that they are log-normal with its spread, exactly
    so in the approximation. What the approximation leaves out (see above) is not in it.
    """
    spread = np.sqrt(kinetics.covariance[0, 0])
    below, not_above = (float(norm.cdf(np.log(bound / value) / spread)) for bound in (low, high))
    return Chances(below, not_above - below, 1.0 - not_above)


def _drawn(best: SteadyState, drawn: SteadyState, what: str) -> Span:
    values = getattr(drawn, what)
    low, high = np.quantile(values, [(1 - SHARE) / 2, (1 + SHARE) / 2])
    return Span(float(getattr(best, what)), float(low), float(high))


def log_normal(value: float, variance: float) -> Span:
    factor = float(np.exp(norm.ppf((1 + SHARE) / 2) * np.sqrt(variance)))
    return Span(value, value / factor, value * factor)
