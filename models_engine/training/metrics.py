"""How good held-out predictions are: discrimination, error, calibration. Of survival or yes/no.

Harrell's C and Uno's C are scikit-survival's: packages differ in how they treat ties and
censoring, so the implementation is part of the figure.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from sklearn.linear_model import LogisticRegression
from sklearn.metrics import roc_auc_score
from sksurv.linear_model import CoxPHSurvivalAnalysis
from sksurv.metrics import (
    concordance_index_censored,
    concordance_index_ipcw,
    integrated_brier_score,
)
from sksurv.nonparametric import kaplan_meier_estimator
from sksurv.util import Surv

from models_engine.catalogue.contract import FloatArray

Events = NDArray[np.bool_]
GRID = 20
TINY = 1e-6
BEYOND = 1e-3


@dataclass(frozen=True, eq=False)
class Outcomes:
    """Time in years and whether it ended in the event, (n,) each."""

    time: FloatArray
    event: Events

    @property
    def pairs(self) -> NDArray[np.void]:
        """As scikit-survival wants it."""
        return np.asarray(Surv.from_arrays(self.event, self.time))

    def until(self, horizon: float) -> "Outcomes":
        """The same, followed no longer than `horizon`."""
        return Outcomes(np.minimum(self.time, horizon), self.event & (self.time <= horizon))


def harrell_c(outcomes: Outcomes, score: FloatArray) -> float:
    """Share of comparable pairs in the right order, over the whole follow-up."""
    return float(concordance_index_censored(outcomes.event, outcomes.time, score)[0])


def observed_risk(outcomes: Outcomes, horizon: float) -> tuple[float, float]:
    """Kaplan-Meier risk at a horizon, and the standard error of its ln(-ln S) (Greenwood)."""
    times, survival = kaplan_meier_estimator(outcomes.event, outcomes.time)
    reached = times <= horizon
    if not reached.any():
        return 0.0, float("inf")
    left = float(survival[reached][-1])
    if not 0 < left < 1:
        return 1 - left, float("inf")
    at = np.unique(outcomes.time[outcomes.event & (outcomes.time <= horizon)])
    risk = np.array([(outcomes.time >= t).sum() for t in at])
    died = np.array([(outcomes.event & (outcomes.time == t)).sum() for t in at])
    variance = np.sum(died / (risk * np.maximum(risk - died, 1)))
    return 1 - left, float(np.sqrt(variance) / abs(np.log(left)))


def cloglog(risk: FloatArray) -> FloatArray:
    """ln(-ln(1 - risk)), of risks kept off 0 and 1."""
    return np.asarray(np.log(-np.log1p(-np.clip(risk, TINY, 1 - TINY))))


def survival_metrics(
    train: Outcomes, test: Outcomes, score: FloatArray, risk: FloatArray, times: FloatArray
) -> dict[str, float]:
    """Metrics of one held-out fold.

    `score` (n,) orders people; `risk` (n, len(times)) are probabilities at `times`, the last of
    which is the horizon. Uno's C and the integrated Brier score run up to it.
    """
    horizon = float(times[-1])
    within = test.until(horizon)
    # a little beyond, so that the horizon itself lies inside what was followed
    known, seen = (part.until(horizon + BEYOND).pairs for part in (train, test))
    observed, _ = observed_risk(test, horizon)
    transformed = cloglog(risk[:, -1])
    slope = CoxPHSurvivalAnalysis(alpha=1e-9).fit(transformed[:, None], within.pairs).coef_[0]
    expected = float(risk[:, -1].mean())
    return {
        "harrell_c": harrell_c(test, score),
        "uno_c": float(concordance_index_ipcw(known, seen, score, tau=horizon)[0]),
        "integrated_brier": float(integrated_brier_score(known, seen, 1 - risk, times)),
        "calibration_slope": float(slope),
        # ln(-ln) of the observed less that of the mean expected risk: 0 is right on average
        "calibration_intercept": float(
            cloglog(np.array([observed]))[0] - cloglog(np.array([expected]))[0]
        ),
        "observed_over_expected": observed / expected,
    }


def grid_of(outcomes: Outcomes, horizon: float) -> FloatArray:
    """Times from the 5th percentile of the events to the horizon, for the Brier score."""
    first = np.percentile(outcomes.time[outcomes.event], 5)
    return np.linspace(min(float(first), horizon / 2), horizon, GRID)


def binary_metrics(event: Events, risk: FloatArray) -> dict[str, float]:
    """Metrics of held-out probabilities of a yes/no outcome."""
    clipped = np.clip(risk, TINY, 1 - TINY)
    logit = np.log(clipped / (1 - clipped))
    slope = LogisticRegression(C=np.inf).fit(logit[:, None], event).coef_[0, 0]
    return {
        "auc": float(roc_auc_score(event, risk)),
        "brier": float(np.mean((risk - event) ** 2)),
        "calibration_slope": float(slope),
        "calibration_intercept": offset_intercept(event, logit),
        "observed_over_expected": float(event.mean() / risk.mean()),
    }


def offset_intercept(event: Events, logit: FloatArray) -> float:
    """The intercept of a logistic model with `logit` as offset, by Newton's method."""
    at = 0.0
    for _ in range(50):
        risk = 1 / (1 + np.exp(-(logit + at)))
        step = float(np.sum(event - risk) / np.sum(risk * (1 - risk)))
        at += step
        if abs(step) < 1e-12:
            break
    return at
