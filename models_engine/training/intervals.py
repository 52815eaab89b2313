"""Intervals of a probability: bootstrap spread, widened by conformal calibration, and measured.

A probability is never observed, a group's risk is. Held-out people are put into groups by their
predicted risk; the distance between observed and predicted risk, on the scale of the linear
predictor, is divided by what the bootstrap's spread and the group's own sampling error explain.
The 90 % conformal quantile of these ratios over all held-out groups is the factor by which the
spread is multiplied (never less than the normal 1.645). Coverage of a fold is counted with the
factor of the other folds.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from models_engine.catalogue.contract import FloatArray
from models_engine.catalogue.trained.additive import COX, Additive, Term
from models_engine.training.cohorts import Cohort
from models_engine.training.learners import fit_cox, fit_logistic
from models_engine.training.metrics import Outcomes, cloglog, observed_risk
from models_engine.training.splits import bootstrap, folds

LEVEL = 0.9
NORMAL = 1.645
PEOPLE_A_GROUP = 45
MOST_GROUPS = 10
SEED = 20261121


@dataclass(frozen=True)
class Recipe:
    """What is fitted: kind of model, terms, horizons in years (none of a yes/no outcome)."""

    kind: str
    terms: tuple[Term, ...]
    horizons: tuple[float, ...] = ()

    @property
    def outcomes(self) -> int:
        return max(1, len(self.horizons))

    def fit(self, cohort: Cohort) -> tuple[FloatArray, FloatArray]:
        """Coefficients (k,) and baseline (o,)."""
        if self.kind == COX:
            fitted = fit_cox(self.terms, cohort.columns, Outcomes(cohort.time, cohort.event))
            return fitted.coefficients, fitted.log_hazard(np.array(self.horizons))
        yes_no = fit_logistic(self.terms, cohort.columns, cohort.event)
        return yes_no.coefficients, np.array([yes_no.intercept])


def fit_with_spread(
    recipe: Recipe, cohort: Cohort, *, draws: int, factor: FloatArray, seed: int = SEED
) -> Additive:
    """The model on all of the cohort, with the covariance of `draws` bootstrap fits by person."""
    coefficients, baseline = recipe.fit(cohort)
    rng = np.random.default_rng(seed)
    made = [recipe.fit(cohort.rows(bootstrap(cohort.groups, rng))) for _ in range(draws)]
    covariance = [
        np.cov(np.array([[*betas, at[o]] for betas, at in made]), rowvar=False)
        for o in range(recipe.outcomes)
    ]
    return Additive(recipe.kind, recipe.terms, coefficients, baseline, np.array(covariance), factor)


def conformal(scores: Sequence[float], level: float = LEVEL) -> float:
    """The conformal quantile of scores: ceil((n + 1) level) of n, at most the largest."""
    ordered = np.sort(scores)
    at = int(np.ceil((len(ordered) + 1) * level)) - 1
    return float(ordered[min(at, len(ordered) - 1)])


def calibrate(
    recipe: Recipe, cohort: Cohort, *, draws: int, repeats: int, say: Callable[[str], None] = print
) -> tuple[FloatArray, list[dict[str, float]]]:
    """The factor (o,), and by outcome the coverage measured on held-out groups."""
    scores: list[list[list[float]]] = []  # by fold, outcome, group
    for seed in range(repeats):
        for train, test in folds(cohort.groups, seed=seed):
            fitted = fit_with_spread(
                recipe, cohort.rows(train), draws=draws, factor=np.full(recipe.outcomes, NORMAL)
            )
            scores.append(_scores(recipe, fitted, cohort.rows(test)))
    factors, measured = [], []
    for o in range(recipe.outcomes):
        by_fold = [fold[o] for fold in scores]
        covered = [
            score <= max(NORMAL, conformal(_others(by_fold, at)))
            for at, fold in enumerate(by_fold)
            for score in fold
        ]
        pooled = [score for fold in by_fold for score in fold]
        factors.append(max(NORMAL, conformal(pooled)))
        measured.append(
            {
                "level": LEVEL,
                "coverage": round(float(np.mean(covered)), 4),
                "coverage_of_the_bootstrap_alone": round(
                    float(np.mean(np.array(pooled) <= NORMAL)), 4
                ),
                "held_out_groups": len(pooled),
            }
        )
    say(f"  intervals: factor {np.round(factors, 3)}, {measured}")
    return np.array(factors), measured


def _others(by_fold: list[list[float]], at: int) -> list[float]:
    return [score for other, fold in enumerate(by_fold) if other != at for score in fold]


def _scores(recipe: Recipe, fitted: Additive, unseen: Cohort) -> list[list[float]]:
    """Of each outcome: by group of predicted risk, the distance over its expected error."""
    risks, spreads = fitted.predict(unseen.columns), fitted.spread(unseen.columns)
    count = int(np.clip(unseen.size // PEOPLE_A_GROUP, 2, MOST_GROUPS))
    found = []
    for o in range(recipe.outcomes):
        order = np.argsort(risks[:, o], kind="stable")
        found.append(
            [
                _score(recipe, o, unseen.rows(who), risks[who, o], spreads[who, o])
                for who in np.array_split(order, count)
            ]
        )
    return found


def _score(recipe: Recipe, o: int, group: Cohort, risk: FloatArray, spread: FloatArray) -> float:
    expected = float(risk.mean())
    if recipe.kind == COX:
        outcomes = Outcomes(group.time, group.event)
        observed, error = observed_risk(outcomes, recipe.horizons[o])
        gap = cloglog(np.array([observed, expected]))
    else:
        seen = float(np.clip(group.event.mean(), 0.5 / group.size, 1 - 0.5 / group.size))
        error = float(1 / np.sqrt(group.size * seen * (1 - seen)))
        pair = np.array([seen, expected])
        gap = np.log(pair / (1 - pair))
    if not np.isfinite(error):
        return 0.0
    return float(abs(gap[0] - gap[1]) / np.hypot(spread.mean(), error))
