"""Explains what a page would show of each twin and moment, unless that was done before.

Of the variants of a model only one is shown: exact Shapley values of all would cost most of a
refresh. A variant that becomes the one shown is explained then. Research models and plug-ins are
all shown. What was explained before the stability of reasons was measured is explained anew.
"""

from collections import defaultdict
from collections.abc import Collection, Sequence
from dataclasses import dataclass
from datetime import datetime

from explain.models import Attribution
from explain.services import Explained, explain_runs
from models_engine.catalogue.contract import ClinicalModel
from models_engine.catalogue.display import displayed
from models_engine.models import ModelRun, Prediction
from models_engine.plugins import package_of
from models_engine.selectors import StandingRow
from models_engine.services.run import ModelResult
from patients.services import table_rows
from twinportal.attention.services import Line


@dataclass(frozen=True, eq=False)
class Stored:
    """A run that stands after the refresh, what it rests on, and its predictions."""

    run: ModelRun
    moment: datetime
    result: ModelResult
    lines: Sequence[Line]
    is_new: bool


def kept(
    run: ModelRun, stored: Collection[StandingRow], result: ModelResult, moment: datetime
) -> Stored:
    """A run that was there: it was given what `result` was given."""
    statuses = [{"status": source.status} for source in result.features.sources.values()]
    lines = [
        Line(row.pk, row.model_id, row.outcome, row.value, statuses, row.refusals) for row in stored
    ]
    return Stored(run, moment, result, lines, is_new=False)


def created(run: ModelRun, predictions: Collection[Prediction], result: ModelResult) -> Stored:
    """A run that has just been stored."""
    lines = [
        Line(row.pk, row.model_id, row.outcome, row.value, run.inputs, run.refusals)
        for row in predictions
    ]
    return Stored(run, run.as_of, result, lines, is_new=True)


def explain(stands: Collection[Stored]) -> None:
    """Attribute and store what is shown and was not explained before."""
    moments: defaultdict[tuple[int, datetime], list[Stored]] = defaultdict(list)
    for stored in stands:
        moments[stored.run.patient_id, stored.moment].append(stored)
    wanted = [stored for together in moments.values() for stored in _shown(together)]
    explained = _explained([stored.run.pk for stored in wanted if not stored.is_new])
    table_rows.insert(
        explain_runs(
            [
                Explained(
                    stored.result.model,
                    stored.result.features,
                    {
                        line.outcome: (line.pk, line.value)
                        for line in stored.lines
                        if line.value is not None
                    },
                )
                for stored in wanted
                if stored.run.pk not in explained
            ]
        )
    )


def _explained(run_ids: Sequence[int]) -> set[int]:
    """Which of these are explained; those without a measured stability are unexplained first."""
    if not run_ids:
        return set()
    rows = Attribution.objects.filter(prediction__run__in=run_ids)
    found = list(rows.values_list("prediction__run_id", "overlap"))
    unmeasured = {run_id for run_id, overlap in found if overlap is None}
    if unmeasured:
        rows.filter(prediction__run__in=unmeasured).delete()
    return {run_id for run_id, _ in found} - unmeasured


def _shown(together: Sequence[Stored]) -> list[Stored]:
    """Of what stands of one twin at one moment, the runs with a number that a page shows."""
    of_line = {line.pk: stored for stored in together for line in stored.lines}
    lines = [line for stored in together for line in stored.lines]
    shown = [line for block in displayed(lines) for line in block.predictions]
    shown += [
        line for stored in together if _stands_alone(stored.result.model) for line in stored.lines
    ]
    runs = {of_line[line.pk].run.pk: of_line[line.pk] for line in shown if line.value is not None}
    return list(runs.values())


def _stands_alone(model: ClinicalModel) -> bool:
    """True of a probability that no block of the page chooses among variants."""
    return model.is_probability and (model.research or bool(package_of(model)))
