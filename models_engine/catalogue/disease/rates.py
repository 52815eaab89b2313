"""Yearly rates of each first diagnosis: by age and sex, and by what is known already.

All are Poisson: events against days at risk, so that nobody has to be followed to the end.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np

from models_engine.catalogue.contract import FloatArray
from models_engine.catalogue.disease.landmarks import View
from models_engine.catalogue.disease.people import YEAR

OLDEST = 100
SEXES = (-0.5, 0.0, 0.5)
# by how much the curve over age and the difference between the sexes are held back [J]
RIDGE = 1.0
STEPS = 50
# events that are added to what was seen and to what was expected of a pair [J]
SHRINKAGE = 2.0


@dataclass(frozen=True, eq=False)
class BaseRates:
    """ln of the yearly rate of token j: b0 + b1 z + b2 z^2 + b3 sex, z = (age - 50) / 20.

    `coefficients` (v, 4). `overall` (v,): ln of the rate of everybody. A smooth curve, and no
    table by age group, whose small cells could tell of a person.
    """

    coefficients: FloatArray
    overall: FloatArray

    def log_rates(self, age: FloatArray, sex: FloatArray) -> FloatArray:
        """(n, v) for ages in years and `sex` of `people.sex_code`."""
        return np.asarray(design(age, sex) @ self.coefficients.T)


def design(age: FloatArray, sex: FloatArray) -> FloatArray:
    """(n, 4); ages beyond 0 to 100 are taken at the limit."""
    z = (np.clip(age, 0, OLDEST) - 50.0) / 20.0
    return np.stack([np.ones_like(z), z, z**2, sex], axis=1)


def base_rates(seen: Iterable[View], size: int) -> BaseRates:
    """Fitted to events and days at risk in cells of a year of age and sex."""
    cells = (OLDEST + 1) * len(SEXES)
    events, years = np.zeros((cells, size)), np.zeros((cells, size))
    for view in seen:
        age = np.clip(view.age, 0, OLDEST).astype(np.int64)
        cell = age * len(SEXES) + np.searchsorted(SEXES, view.sex)
        np.add.at(events, cell, view.event)
        np.add.at(years, cell, np.where(view.at_risk, view.time, 0.0) / YEAR)
    used = years.sum(axis=1) > 0
    age = np.repeat(np.arange(OLDEST + 1) + 0.5, len(SEXES))[used]
    sex = np.tile(SEXES, OLDEST + 1)[used]
    total = years.sum(axis=0)
    overall = np.log((events.sum(axis=0) + 0.5) / np.maximum(total, 1.0))
    rows = [
        _poisson(design(age, sex), events[used, j], years[used, j], start, RIDGE)
        for j, start in enumerate(overall)
    ]
    return BaseRates(np.array(rows).reshape(size, 4), overall)


def poisson(columns: FloatArray, events: FloatArray, exposure: FloatArray) -> FloatArray:
    """Coefficients (k,) of ln(rate) by Newton's method; the first column is the constant.

    `exposure` (n,) holds expected events or years; rows without any do not count.
    """
    start = float(np.log((events.sum() + 0.5) / max(exposure.sum(), 1e-9)))
    return _poisson(columns, events, exposure, start, 1e-3)


def _poisson(
    x: FloatArray, events: FloatArray, exposure: FloatArray, start: float, ridge: float
) -> FloatArray:
    held = np.full(x.shape[1], ridge)
    # the constant is hardly held: half an event, as in `overall`
    held[0] = 1e-6
    beta = np.zeros(x.shape[1])
    beta[0] = start

    def loss(b: FloatArray) -> float:
        eta = x @ b
        return float(np.sum(exposure * np.exp(eta) - events * eta) + 0.5 * np.sum(held * b**2))

    value = loss(beta)
    for _ in range(STEPS):
        mean = exposure * np.exp(x @ beta)
        gradient = x.T @ (mean - events) + held * beta
        step = np.linalg.solve((x * mean[:, None]).T @ x + np.diag(held), gradient)
        # a full step may overshoot where events are few
        size = 1.0
        while (tried := loss(beta - size * step)) > value + 1e-12 and size > 1e-6:
            size /= 2
        beta, before, value = beta - size * step, value, tried
        if abs(before - value) < 1e-10 * (abs(value) + 1.0):
            break
    return beta


def lifts(seen: Iterable[View], base: BaseRates, least: int) -> FloatArray:
    """(v, v): ln of how many times as often j follows where i is known as in people of that age
    and sex; 0 where it is not more often, or where fewer than `least` people with i had j next.

    Only what raises counts, as in PPMI: that j follows less often is mostly said of people who
    have i instead of something else, and is wrong for who has both.
    """
    size = len(base.overall)
    observed, expected = np.zeros((size, size)), np.zeros((size, size))
    for view in seen:
        known = view.known.astype(np.float64)
        rates = np.exp(base.log_rates(view.age, view.sex))
        observed += known.T @ view.event
        expected += known.T @ (np.where(view.at_risk, view.time, 0.0) / YEAR * rates)
    found = np.log((observed + SHRINKAGE) / (expected + SHRINKAGE))
    return np.asarray(np.where(observed >= max(least, 1), np.maximum(found, 0.0), 0.0))
