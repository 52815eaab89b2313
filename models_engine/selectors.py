"""Reads of stored predictions."""

from collections.abc import Collection
from dataclasses import dataclass
from datetime import datetime, timedelta

from django.db.models import Count, Max, Min, QuerySet

from models_engine.fingerprints import lost_evidence, usable_fingerprints
from models_engine.models import ModelRun, Prediction
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


def replayed_predictions(patient_id: int, moments: Collection[datetime]) -> "QuerySet[Prediction]":
    """What stands of the replays at these moments, with runs."""
    return Prediction.objects.filter(
        patient_id=patient_id,
        run__replayed=True,
        as_of__in=moments,
        status=Prediction.Status.PAST,
    ).select_related("run")


def earlier_prediction(current: Prediction, *, now: datetime) -> Prediction | None:
    """The newest standing one of the same model and outcome from at least 90 days ago."""
    return (
        standing_history(current.patient_id)
        .filter(
            model_id=current.model_id,
            outcome=current.outcome,
            as_of__lte=now - CHANGE_AFTER,
        )
        .first()
    )


def current_runs(patient_id: int) -> list[ModelRun]:
    """Runs whose predictions stand now."""
    return list(
        ModelRun.objects.filter(
            patient_id=patient_id, predictions__status=Prediction.Status.CURRENT
        ).distinct()
    )


def standing_runs(patient_id: int) -> "QuerySet[ModelRun]":
    """Runs that are not superseded, oldest first."""
    return (
        ModelRun.objects.filter(patient_id=patient_id)
        .exclude(predictions__status=Prediction.Status.SUPERSEDED)
        .select_related("risk_assessment")
        .order_by("pk")
    )


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
