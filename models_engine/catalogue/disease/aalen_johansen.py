"""Aalen-Johansen: the probability of a first diagnosis within a window, with death competing.

States: at risk, diagnosed, dead before the diagnosis; whoever leaves is censored.
"""

from dataclasses import dataclass

import numpy as np

from models_engine.catalogue.contract import FloatArray

CENSORED, DIAGNOSED, DIED = 0, 1, 2
Z95 = 1.959963984540054


@dataclass(frozen=True)
class Curve:
    """By day 1 to horizon: shares still at risk, diagnosed and dead first; they sum to 1."""

    at_risk: FloatArray
    diagnosed: FloatArray
    died: FloatArray


def curve(
    time: FloatArray, cause: FloatArray, horizon: int, weights: FloatArray | None = None
) -> Curve:
    """The estimate from `time` (n,) in whole days above 0 and `cause` (n,) of the constants above.

    Times beyond `horizon` are censored there. Who is censored on a day is at risk on that day.

    Raises:
        ValueError: nobody, or a time that is not above 0.
    """
    events, deaths, entered = _counts(time, cause, horizon, weights)
    with np.errstate(divide="ignore", invalid="ignore"):
        h1 = np.where(entered > 0, events / entered, 0.0)
        h2 = np.where(entered > 0, deaths / entered, 0.0)
    at_risk: FloatArray = np.cumprod(np.maximum(1.0 - h1 - h2, 0.0), dtype=np.float64)
    before = np.concatenate([[1.0], at_risk[:-1]])
    return Curve(at_risk, np.cumsum(before * h1), np.cumsum(before * h2))


def _counts(
    time: FloatArray, cause: FloatArray, horizon: int, weights: FloatArray | None
) -> tuple[FloatArray, FloatArray, FloatArray]:
    days = np.asarray(np.rint(time), dtype=np.int64)
    if not len(days) or days.min() < 1:
        raise ValueError("times are whole days above 0 of at least one person")
    beyond = days > horizon
    days = np.minimum(days, horizon)
    causes = np.where(beyond, CENSORED, cause)
    weight = np.ones(len(days)) if weights is None else np.asarray(weights, dtype=np.float64)
    size = horizon + 1

    def tally(chosen: np.ndarray) -> FloatArray:
        found = np.bincount(days[chosen], weights=weight[chosen], minlength=size)
        return np.asarray(found[1:])

    everybody = np.bincount(days, weights=weight, minlength=size)[1:]
    # still there when the day begins; not by subtraction, which would leave tiny remains
    entered = np.cumsum(everybody[::-1])[::-1]
    return tally(causes == DIAGNOSED), tally(causes == DIED), np.asarray(entered)


@dataclass(frozen=True)
class Share:
    """A probability with its 95 % interval; in how many different people it was observed, and how
    many first diagnoses there were.
    """

    probability: float
    low: float
    high: float
    people: int
    events: int


def share(time: FloatArray, cause: FloatArray, horizon: int, person: np.ndarray) -> Share:
    """The probability within `horizon` days over all rows; `person` (n,) says whose they are.

    A person may have several rows. To take one of them at random would be wrong: whoever dies soon
    has few, so that the rows before a death would weigh more. The interval is Wilson's with the
    effective number of people p (1 - p) / variance; the variance is that of the people's sums of
    weighted events. With one row a person and no censoring it is the plain Wilson interval.
    """
    p = min(float(curve(time, cause, horizon).diagnosed[-1]), 1.0)
    _, at = np.unique(person, return_inverse=True)
    added = np.bincount(at, weights=weighted_events(time, cause, horizon))
    rows = np.bincount(at)
    variance = float(np.sum((added - p * rows) ** 2)) / len(time) ** 2
    effective = min(p * (1 - p) / variance, len(time)) if variance > 0 else float(len(rows))
    low, high = wilson(p, max(effective, 1.0))
    events = (np.asarray(cause) == DIAGNOSED) & (np.rint(time) <= horizon)
    return Share(p, low, high, len(rows), int(events.sum()))


def weighted_events(time: FloatArray, cause: FloatArray, horizon: int) -> FloatArray:
    """Each event over the share not yet censored then: their mean is the Aalen-Johansen share."""
    days = np.minimum(np.rint(time).astype(np.int64), horizon)
    beyond = np.rint(time) > horizon
    kind = np.where(beyond, CENSORED, cause)
    size = horizon + 1
    entered = np.cumsum(np.bincount(days, minlength=size)[::-1])[::-1]
    gone = np.bincount(days[kind != CENSORED], minlength=size)
    left = np.bincount(days[(kind == CENSORED) & (days < horizon)], minlength=size)
    staying = 1.0 - left / np.maximum(entered - gone, 1)
    before = np.concatenate([[1.0], np.cumprod(staying)[:-1]])
    return np.where(kind == DIAGNOSED, 1.0 / np.maximum(before[days], 1e-9), 0.0)


def wilson(p: float, n: float) -> tuple[float, float]:
    """95 % interval of a share of `n` people. Raises ValueError unless 0 <= p <= 1 and n > 0."""
    if not 0 <= p <= 1 or n <= 0:
        raise ValueError("a share of at least somebody is needed")
    z2 = Z95**2 / n
    middle = (p + z2 / 2) / (1 + z2)
    reach = Z95 / (1 + z2) * np.sqrt(p * (1 - p) / n + z2 / (4 * n))
    return max(0.0, float(middle - reach)), min(1.0, float(middle + reach))
