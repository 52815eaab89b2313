"""Observed against expected events when follow-up differs between people. Pure.

A probability p over a horizon is a cumulative hazard of -ln(1 - p). Spread evenly over the horizon,
a person who was followed for a share t of it was expected to have -ln(1 - p) t events; if the model
is right the sum of these over all people is the expectation of the number of events, whatever ended
each follow-up, as long as it ended for reasons apart from the event. The number of events is
Poisson given it: its exact interval is that of observed : expected, and Poisson regression on
ln(-ln(1 - p)), with ln t as offset, is the calibration slope. Follow-up ends with death from
another cause, so that expected numbers are cause-specific.

References
----------
Berry G. The analysis of mortality by the subject-years method. Biometrics 1983;39:173. [M]
Crowson CS, Atkinson EJ, Therneau TM. Assessing calibration of prognostic risk scores. Statistical
Methods in Medical Research 2016;25:1692. [M]
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]
# a probability of 1 has no finite hazard
MOST = 1 - 1e-9
LEAST = 1e-12
# events below which no slope is told: often asked of a validation [M]
SLOPE_EVENTS = 100
EVENTS_A_GROUP = 10
MOST_GROUPS = 5
Z_95 = 1.959963984540054


@dataclass(frozen=True)
class Ratio:
    """Events, their expectation, and observed : expected with its exact 95 % interval."""

    people: int
    observed: int
    expected: float
    ratio: float
    low: float
    high: float


@dataclass(frozen=True)
class Slope:
    """Of the Poisson regression: 1 is right; the interval is Wald's, 95 %."""

    slope: float
    low: float
    high: float


@dataclass(frozen=True)
class Group:
    """People of like probability: the mean of it, and the one that their events tell, 95 %."""

    people: int
    events: int
    predicted: float
    observed: float
    low: float
    high: float


def cumulative_hazard(probability: FloatArray) -> FloatArray:
    """-ln(1 - p); p of 1 counts as a little less. Raises ValueError outside 0 to 1."""
    if not np.all((probability >= 0) & (probability <= 1)):
        raise ValueError("a probability is from 0 to 1")
    return np.asarray(-np.log1p(-np.minimum(probability, MOST)))


def expected_events(probability: FloatArray, share: FloatArray) -> FloatArray:
    """Expected events (n,) of people followed for `share` (n,), 0 to 1, of the horizon."""
    if not np.all((share >= 0) & (share <= 1 + 1e-9)):
        raise ValueError("nobody is followed for less than nothing, or beyond the horizon")
    return cumulative_hazard(probability) * share


def poisson_limits(count: int, level: float = 0.95) -> tuple[float, float]:
    """The exact (Garwood) interval of a Poisson mean, from its tail probabilities."""
    if count < 0:
        raise ValueError("a count is not negative")
    tail = (1 - level) / 2
    beyond = count + 20 * np.sqrt(count + 1) + 20
    low = 0.0 if count == 0 else _root(lambda mu: 1 - _cumulative(count - 1, mu) - tail, beyond)
    high = _root(lambda mu: tail - _cumulative(count, mu), beyond)
    return low, high


def _cumulative(count: int, mean: float) -> float:
    """P(X <= count) of a Poisson variable with that mean."""
    if mean <= 0:
        return 1.0
    steps = np.arange(count + 1)
    log_factorial = np.concatenate([[0.0], np.cumsum(np.log(np.arange(1, count + 1)))])
    return float(min(np.exp(steps * np.log(mean) - mean - log_factorial).sum(), 1.0))


def _root(rising: Callable[[float], float], beyond: float) -> float:
    """Where a rising function of 0 to `beyond` is nought, by bisection."""
    low, high = 0.0, float(beyond)
    for _ in range(100):
        middle = (low + high) / 2
        low, high = (middle, high) if rising(middle) < 0 else (low, middle)
    return (low + high) / 2


def observed_to_expected(expected: FloatArray, event: NDArray[np.bool_]) -> Ratio | None:
    """Of people with `expected` (n,) events each; None when nothing was to be expected."""
    total, events = float(expected.sum()), int(event.sum())
    if total <= 0:
        return None
    low, high = poisson_limits(events)
    return Ratio(len(expected), events, total, events / total, low / total, high / total)


def calibration_slope(
    probability: FloatArray, share: FloatArray, event: NDArray[np.bool_]
) -> Slope | None:
    """The slope on ln(-ln(1 - p)); None when it cannot be fitted (all alike, no events)."""
    used = share > 0
    hazard = np.maximum(cumulative_hazard(probability[used]), LEAST)
    x, offset, y = np.log(hazard), np.log(share[used]), event[used].astype(float)
    if len(x) < 2 or np.ptp(x) < 1e-9 or not y.any():
        return None
    # centred, so that the two parameters do not lean on each other
    x = x - x.mean()
    a, b = float(np.log(y.sum() / np.exp(offset + x).sum())), 1.0
    for _ in range(100):
        mean = np.exp(np.clip(a + b * x + offset, -700, 50))
        gradient = np.array([(y - mean).sum(), ((y - mean) * x).sum()])
        information = np.array(
            [[mean.sum(), (mean * x).sum()], [(mean * x).sum(), (mean * x * x).sum()]]
        )
        try:
            step = np.linalg.solve(information, gradient)
        except np.linalg.LinAlgError:
            return None
        step = np.clip(step, -2, 2)
        a, b = a + float(step[0]), b + float(step[1])
        if np.abs(step).max() < 1e-10:
            break
    else:
        return None
    error = float(np.sqrt(np.linalg.inv(information)[1, 1]))
    return Slope(b, b - Z_95 * error, b + Z_95 * error)


def groups(
    probability: FloatArray, share: FloatArray, event: NDArray[np.bool_]
) -> tuple[Group, ...]:
    """Up to five groups of rising probability with about as many expected events in each.

    Fewer with fewer events, so that each has its interval; none below twenty. What was observed
    is the probability over the whole horizon that the rate of the group's events tells.
    """
    count = min(int(event.sum()) // EVENTS_A_GROUP, MOST_GROUPS)
    if count < 2:
        return ()
    order = np.argsort(probability, kind="stable")
    expected = expected_events(probability, share)[order]
    place = np.minimum((np.cumsum(expected) / expected.sum() * count).astype(int), count - 1)
    found = []
    for number in range(count):
        who = order[place == number]
        followed = float(share[who].sum())
        if not followed:
            continue
        events = int(event[who].sum())
        rates = (events, *poisson_limits(events))
        seen, low, high = (float(-np.expm1(-rate / followed)) for rate in rates)
        mean = float(np.average(probability[who], weights=share[who]))
        found.append(Group(len(who), events, mean, seen, low, high))
    return tuple(found)
