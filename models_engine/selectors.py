"""Reads of stored predictions."""

from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any, NamedTuple

from django.db.models import Count, F, Max, Min, Q, QuerySet

from models_engine.fingerprints import lost_evidence, usable_fingerprints
from models_engine.models import Forecast, ForecastCheck, ModelRun, Prediction
from patients.models import Fact, Patient, StaleTwin
from patients.record.loading import demographics_of

# a change is looked at over at least this long: shorter ones are mostly noise
CHANGE_AFTER = timedelta(days=90)


def current_predictions(patient_id: int) -> "QuerySet[Prediction]":
    """What stands now, with runs; refusals included."""
    return Prediction.objects.filter(
        patient_id=patient_id, status=Prediction.Status.CURRENT
    ).select_related("run")


def standing_history(patient_id: int) -> "QuerySet[Prediction]":
    """Current and past predictions with a number, newest first; superseded ones are wrong."""
    return (
        Prediction.objects.filter(patient_id=patient_id, value__isnull=False)
        .exclude(status=Prediction.Status.SUPERSEDED)
        .order_by("-as_of", "-pk")
    )


def current_runs(patient_id: int) -> list[ModelRun]:
    """Runs whose predictions stand now."""
    return list(
        ModelRun.objects.filter(
            patient_id=patient_id, predictions__status=Prediction.Status.CURRENT
        ).distinct()
    )


def standing_runs(patient_ids: Collection[int]) -> "QuerySet[ModelRun]":
    """Runs of these patients that are not superseded, oldest first; what they were given stays
    in the table until somebody asks for it.
    """
    return (
        ModelRun.objects.filter(patient_id__in=patient_ids)
        .exclude(predictions__status=Prediction.Status.SUPERSEDED)
        .defer("inputs", "refusals", "notes")
        .order_by("pk")
    )


class StandingRow(NamedTuple):
    """A stored prediction of a run that stands, and why it has no number if it has none."""

    pk: int
    run_id: int
    model_id: str
    outcome: str
    value: float | None
    refusals: list[dict[str, Any]]


def standing_rows(
    patient_ids: Collection[int], moments: Collection[datetime]
) -> defaultdict[int, list[StandingRow]]:
    """By run: what stands now, and of what was replayed at these moments. One query."""
    replays = Q(status=Prediction.Status.PAST, as_of__in=moments, run__replayed=True)
    found = Prediction.objects.filter(
        Q(status=Prediction.Status.CURRENT) | replays, patient_id__in=patient_ids
    ).order_by("pk")
    by_run: defaultdict[int, list[StandingRow]] = defaultdict(list)
    for row in found.values_list("pk", "run_id", "model_id", "outcome", "value", "run__refusals"):
        by_run[row[1]].append(StandingRow(*row))
    return by_run


def earlier_values(
    patient_ids: Collection[int], *, now: datetime
) -> dict[tuple[int, str, str], float]:
    """By patient, model and outcome: the newest standing value from at least 90 days ago.

    One query for any number of patients.
    """
    rows = (
        Prediction.objects.filter(
            patient_id__in=patient_ids, value__isnull=False, as_of__lte=now - CHANGE_AFTER
        )
        .exclude(status=Prediction.Status.SUPERSEDED)
        .order_by("patient_id", "model_id", "outcome", "-as_of", "-pk")
        .distinct("patient_id", "model_id", "outcome")
    )
    return {
        (row.patient_id, row.model_id, row.outcome): row.value
        for row in rows.only("patient_id", "model_id", "outcome", "value", "as_of")
        if row.value is not None
    }


@dataclass(frozen=True)
class UsedVersion:
    """What the stored runs know of one artefact of one version of a model; of no patient."""

    model_id: str
    version: str
    artefact_hash: str
    runs: int
    first: datetime
    last: datetime


def used_versions(model_id: str | None = None) -> list[UsedVersion]:
    """Every version that has run here, by model, last used first. One query, over all runs."""
    runs = (
        ModelRun.objects.all() if model_id is None else ModelRun.objects.filter(model_id=model_id)
    )
    rows = (
        runs.values_list("model_id", "model_version", "artefact_hash")
        .annotate(n=Count("pk"), first=Min("made_at"), last=Max("made_at"))
        .order_by("model_id", "-last", "artefact_hash")
    )
    return [UsedVersion(*row) for row in rows]


def unsupported_runs(patient: Patient) -> set[int]:
    """Current runs that rest on data since corrected, deleted or moved, before a worker said so.

    A refresh supersedes them; until then nobody may take their numbers for right. Two queries
    when the twin is stale, one when it is not.
    """
    if not StaleTwin.objects.filter(pk=patient.pk).exists():
        return set()
    facts = Fact.objects.filter(patient=patient)
    usable = usable_fingerprints(facts, demographics_of(patient))
    return {run.pk for run in current_runs(patient.pk) if lost_evidence(run, usable)}


def current_forecasts(patient_id: int) -> "QuerySet[Forecast]":
    """What stands now, by measurement; refusals included."""
    return Forecast.objects.filter(patient_id=patient_id, status=Forecast.Status.CURRENT)


def standing_checks(patient_id: int) -> "QuerySet[ForecastCheck]":
    """Measured values against the forecasts before them, newest first.

    `replayed`: the forecast was made later, from what the record says of its moment. Left out: values that were corrected or deleted since, and forecasts that rested on such.
    """
    return (
        ForecastCheck.objects.filter(patient_id=patient_id, withdrawn_at=None)
        .exclude(forecast__status=Forecast.Status.SUPERSEDED)
        .annotate(replayed=F("forecast__replayed"))
        .order_by("-effective_at", "-pk")
    )


def unsupported_forecasts(patient: Patient) -> set[int]:
    """Current forecasts that rest on data since corrected or deleted, before a worker said so."""
    if not StaleTwin.objects.filter(pk=patient.pk).exists():
        return set()
    facts = Fact.objects.filter(patient=patient)
    usable = usable_fingerprints(facts, demographics_of(patient))
    rows = current_forecasts(patient.pk).values_list("pk", "evidence")
    return {pk for pk, evidence in rows if not usable.issuperset(evidence)}
