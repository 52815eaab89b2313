"""Four ways to say what comes next, from the simplest to the embedding.

Each gives a score, ln of a yearly rate up to a constant. What the score is worth is not believed
but looked up: see `groups`.
"""

from collections.abc import Iterable
from dataclasses import dataclass
from enum import StrEnum

import numpy as np

from models_engine.catalogue.contract import FloatArray
from models_engine.catalogue.disease.landmarks import View
from models_engine.catalogue.disease.people import YEAR
from models_engine.catalogue.disease.rates import BaseRates, poisson
from models_engine.catalogue.disease.space import patient_vectors

# days since the newest first diagnosis: the work-up of one illness finds others [J]
RECENT = (90, 365)
MOST_PAIRS = 4_000_000


class Method(StrEnum):
    """In the order of what they need; a later one must beat the earlier ones to be used."""

    FREQUENCY = "frequency"
    AGE_SEX = "age_sex"
    CONDITIONAL = "conditional"
    EMBEDDING = "embedding"


METHOD_TEXT = {
    Method.FREQUENCY: "how often each diagnosis is made in everybody",
    Method.AGE_SEX: "how often it is made at this age and in this sex",
    Method.CONDITIONAL: "age, sex, and how often it followed each known diagnosis",
    Method.EMBEDDING: "age, sex, and how near it lies to the known diagnoses in disease space",
}


@dataclass(frozen=True, eq=False)
class Fitted:
    """What the scores are made of. `vectors` (v, d), `lifts` (v, v); `coefficients`: by method,
    of (constant, newest diagnosis under 90 days ago, under a year ago, the method's own column).
    """

    base: BaseRates
    lifts: FloatArray
    vectors: FloatArray
    half_life: float
    coefficients: dict[Method, FloatArray]

    def own_column(self, method: Method, view: View) -> FloatArray:
        """(n, v): what the history says by one method."""
        if method is Method.CONDITIONAL:
            return np.asarray(view.known.astype(np.float64) @ self.lifts)
        if method is Method.EMBEDDING:
            mine = patient_vectors(view.years_since, self.vectors, self.half_life)
            return np.asarray(mine @ self.vectors.T)
        return np.zeros(view.known.shape)

    def scores(self, method: Method, view: View) -> FloatArray:
        """(n, v), to compare people and diagnoses by."""
        if method is Method.FREQUENCY:
            return np.broadcast_to(self.base.overall, view.known.shape).copy()
        base = self.base.log_rates(view.age, view.sex)
        if method is Method.AGE_SEX:
            return base
        found = self.coefficients[method]
        recent = recency(view) @ found[1:3]
        return np.asarray(
            base + found[0] + recent[:, None] + found[3] * self.own_column(method, view)
        )


def recency(view: View) -> FloatArray:
    """(n, 2): 1 where the newest first diagnosis is under 90 days ago; where it is 90 to 365."""
    days = np.nanmin(np.where(view.known, view.years_since, np.inf), axis=1) * YEAR
    return np.stack([days < RECENT[0], (days >= RECENT[0]) & (days < RECENT[1])], axis=1).astype(
        np.float64
    )


def weigh(fitted: Fitted, method: Method, seen: Iterable[View], outcomes: np.ndarray) -> FloatArray:
    """The coefficients (4,) of a method: one set for all diagnoses `outcomes`, by Poisson."""
    columns, events, expected, pairs = [], [], [], 0
    for view in seen:
        chosen = view.at_risk[:, outcomes]
        rate = np.exp(fitted.base.log_rates(view.age, view.sex))[:, outcomes]
        near = np.broadcast_to(recency(view)[:, None, :], (*chosen.shape, 2))
        own = fitted.own_column(method, view)[:, outcomes]
        x = np.concatenate([np.ones((*chosen.shape, 1)), near, own[..., None]], axis=2)
        columns.append(x[chosen])
        events.append(view.event[:, outcomes][chosen])
        expected.append((view.time[:, outcomes] / YEAR * rate)[chosen])
        pairs += int(chosen.sum())
        if pairs > MOST_PAIRS:
            break
    return poisson(
        np.concatenate(columns),
        np.concatenate(events).astype(np.float64),
        np.concatenate(expected),
    )
