"""Cross-validation of several learners on one cohort, with group-safe folds, as a table."""

from collections.abc import Callable, Mapping
from typing import Any

import numpy as np

from models_engine.catalogue.contract import FloatArray
from models_engine.training.cohorts import Cohort
from models_engine.training.learners import SurvivalLearner, YesNoLearner
from models_engine.training.metrics import (
    Outcomes,
    binary_metrics,
    grid_of,
    harrell_c,
    observed_risk,
    survival_metrics,
)
from models_engine.training.splits import folds

Table = dict[str, dict[str, dict[str, float]]]
AGE_BANDS = ((0, 50), (50, 65), (65, 75), (75, 120))
FEWEST_EVENTS = 10


def outcomes_of(cohort: Cohort) -> Outcomes:
    return Outcomes(cohort.time, cohort.event)


def compare_survival(
    cohort: Cohort,
    learners: Mapping[str, tuple[SurvivalLearner, tuple[str, ...]]],
    horizon: float,
    say: Callable[[str], None] = print,
) -> tuple[Table, dict[str, FloatArray]]:
    """Mean and SD over the folds of every metric by learner, and the held-out risks (n,) of each.

    A learner comes with the columns it may use; none means all of the cohort.
    """
    everything = outcomes_of(cohort)
    times = grid_of(everything, horizon)
    table: Table = {}
    held_out: dict[str, FloatArray] = {}
    for name, (learner, wanted) in learners.items():
        columns = cohort.only(wanted) if wanted else cohort
        risks = np.zeros(cohort.size)
        rows = []
        for train, test in folds(cohort.groups):
            known, unseen = columns.rows(train), columns.rows(test)
            fitted = learner(known.columns, outcomes_of(known))
            risk = fitted.risk(unseen.columns, times)
            risks[test] = risk[:, -1]
            score = fitted.score(unseen.columns)
            rows.append(
                survival_metrics(outcomes_of(known), outcomes_of(unseen), score, risk, times)
            )
        table[name], held_out[name] = _summary(rows), risks
        say(f"  {name}: {_line(table[name])}")
    return table, held_out


def compare_yes_no(
    cohort: Cohort,
    learners: Mapping[str, tuple[YesNoLearner, tuple[str, ...]]],
    say: Callable[[str], None] = print,
) -> tuple[Table, dict[str, FloatArray]]:
    """The same of a yes/no outcome."""
    table: Table = {}
    held_out: dict[str, FloatArray] = {}
    for name, (learner, wanted) in learners.items():
        columns = cohort.only(wanted) if wanted else cohort
        risks = np.zeros(cohort.size)
        rows = []
        for train, test in folds(cohort.groups):
            fitted = learner(columns.rows(train).columns, cohort.event[train])
            risks[test] = fitted.risk(columns.rows(test).columns)
            rows.append(binary_metrics(cohort.event[test], risks[test]))
        table[name], held_out[name] = _summary(rows), risks
        say(f"  {name}: {_line(table[name])}")
    return table, held_out


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


def subgroups(
    cohort: Cohort, risk: FloatArray, horizon: float | None
) -> dict[str, dict[str, float | int | None]]:
    """Held-out performance by sex and by age band; no C where there are too few events."""
    sex, age = cohort.columns["sex"], cohort.columns["age"]
    chosen = {"women": sex == 1, "men": sex == 0}
    for low, high in AGE_BANDS:
        chosen[f"age {low} to {high - 1}" if low else f"age under {high}"] = (age >= low) & (
            age < high
        )
    return {
        name: _of_group(cohort.rows(who), risk[who], horizon)
        for name, who in chosen.items()
        if who.any()
    }


def _of_group(
    cohort: Cohort, risk: FloatArray, horizon: float | None
) -> dict[str, float | int | None]:
    if horizon is None:
        observed, events = float(cohort.event.mean()), int(cohort.event.sum())
    else:
        observed, _ = observed_risk(outcomes_of(cohort), horizon)
        events = int((cohort.event & (cohort.time <= horizon)).sum())
    row: dict[str, Any] = {
        "people": cohort.size,
        "events": events,
        "observed": round(observed, 4),
        "expected": round(float(risk.mean()), 4),
        "c": None,
    }
    if FEWEST_EVENTS <= events < cohort.size:
        if horizon is None:
            row["c"] = round(binary_metrics(cohort.event, risk)["auc"], 4)
        else:
            row["c"] = round(harrell_c(outcomes_of(cohort).until(horizon), risk), 4)
    return row
