"""How good it is in people who had no part in the training: recall, calibration."""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from models_engine.catalogue.contract import FloatArray
from models_engine.catalogue.disease.aalen_johansen import DIAGNOSED, share
from models_engine.catalogue.disease.groups import Groups
from models_engine.catalogue.disease.landmarks import Landmarks, views
from models_engine.catalogue.disease.methods import Fitted, Method
from models_engine.catalogue.disease.people import People

TOP = 10
RESAMPLES = 1000
BANDS = 5


@dataclass(frozen=True, eq=False)
class Outlook:
    """Index days (n,) and outcomes (o,): scores by method, and what came. `next_in_all` (n,):
    how many different diagnoses of the whole vocabulary were first made on the next day on which
    one was; `next` (n, o): which of the outcomes were among them.
    """

    person: np.ndarray
    scores: Mapping[Method, FloatArray]
    at_risk: np.ndarray
    time: FloatArray
    cause: np.ndarray
    next: np.ndarray
    next_in_all: np.ndarray


def outlook(people: People, found: Landmarks, fitted: Fitted, outcomes: np.ndarray) -> Outlook:
    """Everything about the outcomes at these index days."""
    parts: list[tuple[np.ndarray, ...]] = []
    for view in views(people, found):
        when = np.where(view.event, view.time, np.inf)
        soonest = when.min(axis=1, initial=np.inf)
        is_next = view.event & (when == soonest[:, None])
        parts.append(
            (
                view.person,
                view.at_risk[:, outcomes],
                view.time[:, outcomes],
                view.cause[:, outcomes],
                is_next[:, outcomes],
                is_next.sum(axis=1),
                *(fitted.scores(method, view)[:, outcomes] for method in Method),
            )
        )
    person, at_risk, time, cause, is_next, in_all, *scores = (
        np.concatenate(columns) for columns in zip(*parts, strict=True)
    )
    by_method = dict(zip(Method, scores, strict=True))
    return Outlook(person, by_method, at_risk, time, cause, is_next, in_all)


def probabilities(seen: Outlook, method: Method, groups: list[Groups | None]) -> FloatArray:
    """(n, o): NaN where not at risk or where the outcome has no groups."""
    found = np.full(seen.at_risk.shape, np.nan)
    for j, group in enumerate(groups):
        if group is not None:
            found[:, j] = group.probabilities(seen.scores[method][:, j])
    return np.where(seen.at_risk, found, np.nan)


def recalls(seen: Outlook, method: Method, chances: FloatArray, top: int = TOP) -> FloatArray:
    """By person with a next diagnosis: the share of the next ones among the `top` likeliest, the
    mean over the index days of a person.

    Diagnoses of the vocabulary that are no outcomes (too rare) are missed by every method.
    """
    asked = seen.next_in_all > 0
    chance = np.where(np.isnan(chances[asked]), -1.0, chances[asked])
    # people of one group have one probability: the score says who of the diagnoses comes first
    order = np.lexsort((-seen.scores[method][asked], -chance), axis=1)[:, :top]
    named = np.zeros(chance.shape, dtype=bool)
    np.put_along_axis(named, order, True, axis=1)
    hits = (named & (chance >= 0) & seen.next[asked]).sum(axis=1)
    shares = hits / seen.next_in_all[asked]
    _, at = np.unique(seen.person[asked], return_inverse=True)
    return np.asarray(np.bincount(at, weights=shares) / np.bincount(at))


def log_likelihoods(seen: Outlook, chances: FloatArray, window: int) -> FloatArray:
    """By person, over all index days: of what came, under constant rates that give these
    probabilities.

    Higher is better. It rewards right probabilities, and nobody has to be followed to the end.
    """
    certain = np.clip(np.where(np.isnan(chances), 0.0, chances), 1e-6, 1 - 1e-6)
    rate = -np.log1p(-certain) / window
    each = (seen.cause == DIAGNOSED) * np.log(rate) - rate * np.minimum(seen.time, window)
    rows = np.where(np.isnan(chances), 0.0, each).sum(axis=1)
    _, at = np.unique(seen.person, return_inverse=True)
    return np.asarray(np.bincount(at, weights=rows), dtype=np.float64)


def mean_interval(values: FloatArray, seed: int) -> tuple[float, float, float]:
    """Mean with its 95 % bootstrap interval over people; NaN without anybody."""
    if not len(values):
        return (np.nan, np.nan, np.nan)
    rng = np.random.default_rng(seed)
    drawn = rng.integers(0, len(values), size=(RESAMPLES, len(values)), dtype=np.int32)
    means = values[drawn].mean(axis=1)
    low, high = np.percentile(means, [2.5, 97.5])
    return float(values.mean()), float(low), float(high)


def choose(by_method: Mapping[Method, FloatArray], seed: int) -> Method:
    """The simplest method that no later one beats: by its mean log likelihood, the 95 % interval
    of the difference in the same people above 0.
    """
    best = Method.FREQUENCY
    for method in Method:
        if method is not best and mean_interval(by_method[method] - by_method[best], seed)[1] > 0:
            best = method
    return best


@dataclass(frozen=True)
class Band:
    """Pairs of a person and a diagnosis with much the same probability, and what came."""

    people: int
    predicted: float
    observed: float
    low: float
    high: float


def calibration(seen: Outlook, chances: FloatArray, horizon: int, bands: int) -> list[Band]:
    """Bands of rising probability with as many expected diagnoses each; one: in the large."""
    rows, columns = np.nonzero(~np.isnan(chances))
    chance = chances[rows, columns]
    if not len(chance):
        return []
    order = np.argsort(chance, kind="stable")
    met = np.cumsum(chance[order])
    limits = chance[order][np.searchsorted(met, np.arange(1, bands) / bands * met[-1])]
    place = np.searchsorted(np.unique(limits), chance, side="left")
    return [
        _band(
            seen.person[rows[place == b]],
            chance[place == b],
            seen.time[rows, columns][place == b],
            seen.cause[rows, columns][place == b],
            horizon,
        )
        for b in np.unique(place)
    ]


def _band(
    person: np.ndarray, chance: FloatArray, time: FloatArray, cause: np.ndarray, horizon: int
) -> Band:
    found = share(time, cause, horizon, person)
    return Band(found.people, float(chance.mean()), found.probability, found.low, found.high)
