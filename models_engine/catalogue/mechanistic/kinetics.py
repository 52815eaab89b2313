"""Concentration of a drug in one compartment: infusions and doses given at once, superposed.

    during an infusion   C(t) = (R / CL) (1 - e^(-k t)),             k = CL / V
    after it             C(t) = (R / CL) (1 - e^(-k T)) e^(-k (t - T))
    all at once          C(t) = (D / V) e^(-k t)

Hours, mg, L, L/h, mg/L. Linear: twice the doses, twice the concentrations.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from models_engine.catalogue.contract import FloatArray, Input
from models_engine.catalogue.mechanistic.refusing import require

HOURS_A_DAY = 24.0
INTERVAL = Input(
    concept="interval",
    role="record",
    unit="h",
    low=1,
    high=168,
    label="Dose interval",
)


@dataclass(frozen=True)
class Dose:
    """`amount` mg that reach the circulation, over `duration` hours from `at`; 0 is all at once."""

    at: float
    amount: float
    duration: float = 0.0

    def __post_init__(self) -> None:
        if not (np.isfinite([self.at, self.amount, self.duration]).all() and self.duration >= 0):
            raise ValueError("a dose needs a time, an amount and a duration that are numbers")
        if self.amount <= 0:
            raise ValueError("a dose is more than nothing")


@dataclass(frozen=True)
class Regimen:
    """The same dose again and again: mg that reach the circulation, h, h. Raises RefusedError."""

    amount: float
    interval: float
    duration: float = 0.0

    def __post_init__(self) -> None:
        require((INTERVAL,), {"interval": self.interval})
        Dose(0.0, self.amount, self.duration)
        if self.duration >= self.interval:
            raise ValueError("an infusion ends before the next one begins")

    @property
    def daily_amount(self) -> float:
        """mg/d."""
        return self.amount * HOURS_A_DAY / self.interval

    def doses(self, start: float, end: float) -> tuple[Dose, ...]:
        """Those given from `start` on and before `end`, in hours."""
        count = max(int(np.ceil((end - start) / self.interval)), 0)
        return tuple(
            Dose(start + at * self.interval, self.amount, self.duration) for at in range(count)
        )


def concentration(
    times: FloatArray,
    doses: Iterable[Dose],
    clearance: float | FloatArray,
    volume: float | FloatArray,
) -> FloatArray:
    """mg/L at `times` (m,), h. Shape (m,), or (n, m) for clearances and volumes of shape (n,)."""
    cl = np.asarray(clearance, dtype=np.float64)[..., np.newaxis]
    rate = cl / np.asarray(volume, dtype=np.float64)[..., np.newaxis]
    total = np.zeros((*rate.shape[:-1], len(times)))
    for dose in doses:
        since = np.asarray(times, dtype=np.float64) - dose.at
        after = np.maximum(since - dose.duration, 0.0)
        if dose.duration > 0:
            within = np.clip(since, 0.0, dose.duration)
            rise = dose.amount / dose.duration / cl * -np.expm1(-rate * within)
        else:
            rise = dose.amount * rate / cl * (since >= 0)
        total = total + rise * np.exp(-rate * after)
    return np.asarray(total)


@dataclass(frozen=True)
class SteadyState:
    """Of a regimen kept long enough: mg/L at the end of an infusion and before the next dose,
    mg h/L over a day, and the mean over an interval.
    """

    peak: FloatArray
    trough: FloatArray
    auc24: FloatArray
    average: FloatArray


def steady_state(
    regimen: Regimen, clearance: float | FloatArray, volume: float | FloatArray
) -> SteadyState:
    """In closed form; arrays in, arrays out."""
    cl = np.asarray(clearance, dtype=np.float64)
    rate = cl / np.asarray(volume, dtype=np.float64)
    if regimen.duration > 0:
        reached = regimen.amount / regimen.duration / cl * -np.expm1(-rate * regimen.duration)
    else:
        reached = regimen.amount * rate / cl
    peak = reached / -np.expm1(-rate * regimen.interval)
    trough = peak * np.exp(-rate * (regimen.interval - regimen.duration))
    auc24 = regimen.daily_amount / cl
    return SteadyState(peak, trough, auc24, auc24 / HOURS_A_DAY)


def half_life(clearance: float, volume: float) -> float:
    """Hours."""
    return float(np.log(2.0) * volume / clearance)
