"""Cross-validation of several learners on one cohort, with group-safe folds, as a table."""

from collections.abc import Callable, Mapping

import numpy as np

from models_engine.training.cohorts import Cohort
from models_engine.training.learners import SurvivalLearner, YesNoLearner
from models_engine.training.metrics import (
    Outcomes,
    binary_metrics,
    grid_of,
    survival_metrics,
)
from models_engine.training.splits import folds

Table = dict[str, dict[str, dict[str, float]]]


def outcomes_of(cohort: Cohort) -> Outcomes:
    return Outcomes(cohort.time, cohort.event)


def compare_survival(
    cohort: Cohort,
    learners: Mapping[str, tuple[SurvivalLearner, tuple[str, ...]]],
    horizon: float,
    say: Callable[[str], None] = print,
) -> Table:
    """Mean and SD over the folds of every metric by learner.

    A learner comes with the columns it may use; none means all of the cohort.
    """
    everything = outcomes_of(cohort)
    times = grid_of(everything, horizon)
    table: Table = {}
    for name, (learner, wanted) in learners.items():
        columns = cohort.only(wanted) if wanted else cohort
        rows = []
        for train, test in folds(cohort.groups):
            known, unseen = columns.rows(train), columns.rows(test)
            fitted = learner(known.columns, outcomes_of(known))
            risk = fitted.risk(unseen.columns, times)
            score = fitted.score(unseen.columns)
            rows.append(
                survival_metrics(outcomes_of(known), outcomes_of(unseen), score, risk, times)
            )
        table[name] = _summary(rows)
        say(f"  {name}: {_line(table[name])}")
    return table


def compare_yes_no(
    cohort: Cohort,
    learners: Mapping[str, tuple[YesNoLearner, tuple[str, ...]]],
    say: Callable[[str], None] = print,
) -> Table:
    """The same of a yes/no outcome."""
    table: Table = {}
    for name, (learner, wanted) in learners.items():
        columns = cohort.only(wanted) if wanted else cohort
        rows = []
        for train, test in folds(cohort.groups):
            fitted = learner(columns.rows(train).columns, cohort.event[train])
            risk = fitted.risk(columns.rows(test).columns)
            rows.append(binary_metrics(cohort.event[test], risk))
        table[name] = _summary(rows)
        say(f"  {name}: {_line(table[name])}")
    return table


def _summary(rows: list[dict[str, float]]) -> dict[str, dict[str, float]]:
    return {
        metric: {
            "mean": round(float(np.mean([row[metric] for row in rows])), 4),
            "sd": round(float(np.std([row[metric] for row in rows])), 4),
        }
        for metric in rows[0]
    }


def _line(metrics: Mapping[str, Mapping[str, float]]) -> str:
    return ", ".join(f"{name} {v['mean']:.3f} ({v['sd']:.3f})" for name, v in metrics.items())
