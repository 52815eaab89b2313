"""Takes snapshots of the models of this hospital, and freezes references, which is audited."""

from collections.abc import Collection
from datetime import datetime

from django.conf import settings
from django.db import transaction

from models_engine.catalogue.contract import ClinicalModel
from models_engine.models import MonitoringSnapshot
from models_engine.monitoring import snapshots
from models_engine.registry import all_models
from patients import audit


def monitored(model_ids: Collection[str] = ()) -> list[ClinicalModel]:
    """The registered models, or those of these ids. Raises KeyError on an unknown id."""
    models = {m.id: m for m in all_models(settings.KFRE_REGION, settings.SCORE2_REGION)}
    return [models[model_id] for model_id in model_ids] if model_ids else list(models.values())


def take(*, now: datetime) -> int:
    """A snapshot of every model as of `now`; returns how many."""
    return snapshots.take_snapshots(monitored(), now=now)


class NotNowError(RuntimeError):
    """Snapshots are being taken, or references set, by somebody else."""


class ChangedError(RuntimeError):
    """Another reference was set since the drift was looked at."""


def standing(model_ids: Collection[str] = ()) -> int:
    """What stands now of these models, or of all: it is given back to `freeze`."""
    return snapshots.standing([model.id for model in monitored(model_ids)])


@transaction.atomic
def freeze(
    model_ids: Collection[str] = (),
    *,
    actor_kind: str,
    actor: str,
    now: datetime,
    request_id: str = "",
    seen: int | None = None,
    wait: bool = True,
) -> int:
    """Make what stands now the reference of these models, or of all; returns of how many.

    Their snapshots of the day are taken anew, so that the pages compare with it at once. The audit
    says what drift the last snapshots showed: it is not seen any more. All or nothing of it.

    Raises:
        NotNowError: `wait` is False, and another one is at work.
        ChangedError: what stands is not what was `seen`; so that a second click changes nothing.
    """
    if not wait and not snapshots.is_free():
        raise NotNowError
    snapshots.alone()
    if seen is not None and seen != standing(model_ids):
        raise ChangedError
    models = monitored(model_ids)
    drifted = _drifted(models)
    number = snapshots.set_references(models, by=actor, now=now)
    said = ", ".join(model_ids) or f"{number} models"
    audit.record(
        actor_kind=actor_kind,
        actor=actor,
        action="set-reference",
        what="model monitoring",
        detail=f"{said}; large drift before: {', '.join(drifted) or 'none seen'}",
        request_id=request_id,
    )
    snapshots.take_snapshots(models, now=now)
    return number


def _drifted(models: list[ClinicalModel]) -> list[str]:
    """The ids of the models whose newest snapshot shows large drift."""
    versions = {model.id: model.version for model in models}
    newest = MonitoringSnapshot.objects.filter(model_id__in=versions).order_by(
        "model_id", "model_version", "-taken_on"
    )
    return [
        row.model_id
        for row in newest.distinct("model_id", "model_version")
        if row.model_version == versions[row.model_id]
        and any(one["level"] == "large" for one in row.content["drift"] or ())
    ]
