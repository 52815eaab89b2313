"""Takes snapshots of the models of this hospital, and freezes references, which is audited."""

from collections.abc import Collection
from datetime import datetime

from django.conf import settings
from django.db import transaction

from models_engine.catalogue.contract import ClinicalModel
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


@transaction.atomic
def freeze(
    model_ids: Collection[str] = (),
    *,
    actor_kind: str,
    actor: str,
    now: datetime,
    request_id: str = "",
) -> int:
    """Make what stands now the reference of these models, or of all; returns of how many.

    Their snapshots of the day are taken anew, so that the pages compare with it at once.
    """
    number = snapshots.set_references(monitored(model_ids), by=actor, now=now)
    audit.record(
        actor_kind=actor_kind,
        actor=actor,
        action="set-reference",
        what="model monitoring",
        detail=", ".join(model_ids) or f"{number} models",
        request_id=request_id,
    )
    snapshots.take_snapshots(monitored(model_ids), now=now)
    return number
