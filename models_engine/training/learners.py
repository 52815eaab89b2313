"""The learners that are compared: ridge Cox, random survival forest, gradient boosting, ours.

Settings are those of the project's benchmark table, so that its figures can be met: ridge Cox of
standardised columns with alpha 1, 200 trees with leaves of 15, 150 boosted trees of depth 2.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol, Self

import numpy as np
from sklearn.ensemble import HistGradientBoostingClassifier, RandomForestClassifier
from sklearn.linear_model import LogisticRegression
from sksurv.ensemble import GradientBoostingSurvivalAnalysis, RandomSurvivalForest
from sksurv.linear_model import CoxPHSurvivalAnalysis

from models_engine.catalogue.contract import Arrays, FloatArray
from models_engine.catalogue.trained.additive import COX, LOGISTIC, Term, design, probability
from models_engine.training.cox import newton_cox
from models_engine.training.metrics import Events, Outcomes

SEED = 0
# the ridge of our own models: enough that a fit always converges, and no more
RIDGE = 0.01


class Fitted(Protocol):
    """A fitted survival model."""

    def score(self, columns: Arrays) -> FloatArray:
        """(n,), higher is worse."""

    def risk(self, columns: Arrays, times: FloatArray) -> FloatArray:
        """Probabilities (n, len(times))."""


class FittedYesNo(Protocol):
    """A fitted model of a yes/no outcome."""

    def risk(self, columns: Arrays) -> FloatArray:
        """Probabilities (n,)."""


def matrix(columns: Mapping[str, FloatArray]) -> FloatArray:
    """Columns side by side, (n, p)."""
    return np.stack([np.asarray(v, dtype=np.float64) for v in columns.values()], axis=1)


@dataclass(frozen=True, eq=False)
class Prepared:
    """A learner of scikit-learn's kind behind median imputation and standardisation."""

    estimator: Any
    median: FloatArray
    mean: FloatArray
    sd: FloatArray

    @classmethod
    def fit(cls, estimator: Any, columns: Arrays, target: Any) -> Self:
        raw = matrix(columns)
        median = np.nanmedian(raw, axis=0)
        filled = np.where(np.isnan(raw), median, raw)
        mean, sd = filled.mean(axis=0), filled.std(axis=0) + 1e-12
        estimator.fit((filled - mean) / sd, target)
        return cls(estimator, median, mean, sd)

    def _ready(self, columns: Arrays) -> FloatArray:
        raw = matrix(columns)
        return np.asarray((np.where(np.isnan(raw), self.median, raw) - self.mean) / self.sd)


class PreparedSurvival(Prepared):
    """Of survival."""

    def score(self, columns: Arrays) -> FloatArray:
        return np.asarray(self.estimator.predict(self._ready(columns)))

    def risk(self, columns: Arrays, times: FloatArray) -> FloatArray:
        ready = self._ready(columns)
        curves = self.estimator.predict_survival_function(ready, return_array=True)
        known = self.estimator.unique_times_
        at = np.searchsorted(known, times, side="right") - 1
        return np.where(at[np.newaxis, :] >= 0, 1 - curves[:, np.maximum(at, 0)], 0.0)


class PreparedYesNo(Prepared):
    """Of a yes/no outcome."""

    def risk(self, columns: Arrays) -> FloatArray:
        return np.asarray(self.estimator.predict_proba(self._ready(columns))[:, 1])


@dataclass(frozen=True, eq=False)
class AdditiveFit:
    """Our own form: the terms of the artefact, fitted by Cox regression."""

    terms: Sequence[Term]
    coefficients: FloatArray
    # times and cumulative hazard where the linear predictor is 0
    times: FloatArray
    hazard: FloatArray

    def score(self, columns: Arrays) -> FloatArray:
        return np.asarray(design(self.terms, columns) @ self.coefficients)

    def log_hazard(self, times: FloatArray) -> FloatArray:
        """ln H0 at the given times (Breslow, a step function)."""
        at = np.searchsorted(self.times, times, side="right") - 1
        return np.log(np.where(at >= 0, self.hazard[np.maximum(at, 0)], 1e-300))

    def risk(self, columns: Arrays, times: FloatArray) -> FloatArray:
        return probability(COX, self.score(columns)[:, np.newaxis] + self.log_hazard(times))


def fit_cox(terms: Sequence[Term], columns: Arrays, outcomes: Outcomes) -> AdditiveFit:
    """Cox regression of the terms."""
    fitted = newton_cox(design(terms, columns), outcomes.time, outcomes.event, RIDGE)
    return AdditiveFit(tuple(terms), fitted.coefficients, fitted.times, fitted.hazard)


@dataclass(frozen=True, eq=False)
class LogisticFit:
    """Our own form of a yes/no outcome."""

    terms: Sequence[Term]
    coefficients: FloatArray
    intercept: float

    def risk(self, columns: Arrays) -> FloatArray:
        eta = design(self.terms, columns) @ self.coefficients + self.intercept
        return probability(LOGISTIC, eta)


def fit_logistic(terms: Sequence[Term], columns: Arrays, event: Events) -> LogisticFit:
    """Ridge logistic regression by Newton's method; the intercept is not penalised."""
    columns_ = design(terms, columns)
    x = np.concatenate([columns_, np.ones((len(columns_), 1))], axis=1)
    ridge = np.diag([RIDGE] * columns_.shape[1] + [0.0])
    theta = np.zeros(x.shape[1])
    for _ in range(100):
        risk = 1 / (1 + np.exp(-(x @ theta)))
        gradient = x.T @ (event - risk) - ridge @ theta
        step = np.linalg.solve((x * (risk * (1 - risk))[:, None]).T @ x + ridge, gradient)
        theta = theta + step
        if np.max(np.abs(step)) < 1e-10:
            return LogisticFit(tuple(terms), theta[:-1], float(theta[-1]))
    raise ArithmeticError("logistic regression did not converge")


SurvivalLearner = Callable[[Arrays, Outcomes], Fitted]
YesNoLearner = Callable[[Arrays, Events], FittedYesNo]


def ridge_cox(columns: Arrays, outcomes: Outcomes) -> Fitted:
    return PreparedSurvival.fit(CoxPHSurvivalAnalysis(alpha=1.0), columns, outcomes.pairs)


def forest(columns: Arrays, outcomes: Outcomes, *, coarse: float = 0.0) -> Fitted:
    """`coarse` rounds times up to that many years: a forest keeps a curve for each leaf."""
    if coarse:
        outcomes = Outcomes(np.ceil(outcomes.time / coarse) * coarse, outcomes.event)
    estimator = RandomSurvivalForest(
        n_estimators=200, min_samples_leaf=15, random_state=SEED, n_jobs=2
    )
    return PreparedSurvival.fit(estimator, columns, outcomes.pairs)


def boosting(columns: Arrays, outcomes: Outcomes) -> Fitted:
    estimator = GradientBoostingSurvivalAnalysis(
        n_estimators=150, max_depth=2, learning_rate=0.1, subsample=0.7, random_state=SEED
    )
    return PreparedSurvival.fit(estimator, columns, outcomes.pairs)


def on_some(learner: SurvivalLearner, people: int) -> SurvivalLearner:
    """The learner on at most so many of the people it is given: some take n squared time."""

    def fit(columns: Arrays, outcomes: Outcomes) -> Fitted:
        size = len(outcomes.time)
        some = np.sort(np.random.default_rng(SEED).permutation(size)[:people])
        return learner(
            {c: v[some] for c, v in columns.items()},
            Outcomes(outcomes.time[some], outcomes.event[some]),
        )

    return fit


def plain_logistic(columns: Arrays, event: Events) -> FittedYesNo:
    return PreparedYesNo.fit(LogisticRegression(C=1.0, max_iter=500), columns, event)


def boosting_yes_no(columns: Arrays, event: Events) -> FittedYesNo:
    estimator = HistGradientBoostingClassifier(
        max_iter=150, learning_rate=0.05, max_leaf_nodes=15, random_state=SEED
    )
    return PreparedYesNo.fit(estimator, columns, event)


def forest_yes_no(columns: Arrays, event: Events) -> FittedYesNo:
    estimator = RandomForestClassifier(
        n_estimators=200, min_samples_leaf=50, random_state=SEED, n_jobs=2
    )
    return PreparedYesNo.fit(estimator, columns, event)
