"""Takes the daily snapshot of every registered model, and freezes references."""

import time
from collections.abc import Collection, Iterable, Sequence
from dataclasses import asdict
from datetime import datetime, timedelta
from typing import Any

from django.db import connection, transaction
from django.db.models import Max

from models_engine.catalogue.contract import ClinicalModel
from models_engine.models import MonitoringReference, MonitoringSnapshot
from models_engine.monitoring import counting, drift
from models_engine.monitoring.counting import Bins, Counts, Distribution
from models_engine.monitoring.courses import Courses, first_predictions, hold_first_predictions
from models_engine.monitoring.judging import judge
from patients.models import Patient

# daily ones are kept so long, the first of each month for good
KEPT_DAYS = 90
# PostgreSQL's advisory lock: one at a time, the daily one or a steward's
MONITORING_LOCK = 7008


@transaction.atomic
def take_snapshots(models: Iterable[ClinicalModel], *, now: datetime) -> int:
    """One snapshot of each model as of `now`; an earlier one of the same day (UTC) gives way.

    Returns how many. Reads everything in one transaction; writes nothing but the snapshots.
    """
    alone()
    wanted = list(models)
    counting.hold_standing_runs()
    hold_first_predictions(now=now)
    counted = counting.counts()
    events = [o.event for model in wanted for o in model.outcomes if o.event]
    courses = Courses({c for event in events for c in event.concepts}, now=now)
    twins = Patient.objects.filter(active=True, merged_into=None).count()
    references = current_references()
    made = [
        _snapshot(
            model,
            counted.get((model.id, model.version), Counts()),
            references.get((model.id, model.version)),
            courses,
            twins=twins,
            now=now,
        )
        for model in wanted
    ]
    today = now.date()
    ids = [model.id for model in wanted]
    MonitoringSnapshot.objects.filter(taken_on=today, model_id__in=ids).delete()
    MonitoringSnapshot.objects.bulk_create(made)
    old = MonitoringSnapshot.objects.filter(taken_on__lt=today - timedelta(days=KEPT_DAYS))
    old.exclude(taken_on__day=1).delete()
    return len(made)


@transaction.atomic
def set_references(models: Iterable[ClinicalModel], *, by: str, now: datetime) -> int:
    """Freeze what stands now as the reference of each model; a model without runs gets none.

    The reference before it is kept, retired. Returns how many were set.
    """
    alone()
    counting.hold_standing_runs()
    counted = counting.counts()
    made = []
    for model in models:
        of_model = counted.get((model.id, model.version))
        if of_model is None:
            continue
        found = counting.distribution(model, of_model)
        content = {**asdict(of_model), **asdict(found)}
        made.append(
            MonitoringReference(
                model_id=model.id,
                model_version=model.version,
                set_at=now,
                set_by=by,
                content=content,
            )
        )
    for one in made:
        standing = MonitoringReference.objects.filter(retired_at=None, model_id=one.model_id)
        standing.filter(model_version=one.model_version).update(retired_at=now)
    MonitoringReference.objects.bulk_create(made)
    return len(made)


def alone() -> None:
    """Wait until no other transaction takes snapshots or sets references."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_advisory_xact_lock(%s)", [MONITORING_LOCK])


def is_free() -> bool:
    """Whether nobody else takes snapshots or sets references; if so, nobody will until the
    transaction, which must be open, ends."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_try_advisory_xact_lock(%s)", [MONITORING_LOCK])
        return bool(cursor.fetchone()[0])


def standing(model_ids: Collection[str]) -> int:
    """A number that grows whenever a reference of one of these models is set; 0 before the first."""
    found = MonitoringReference.objects.filter(model_id__in=model_ids)
    return found.aggregate(newest=Max("pk"))["newest"] or 0


def current_references() -> dict[counting.Key, MonitoringReference]:
    """Those that are in force, by model and version. One statement."""
    rows = MonitoringReference.objects.filter(retired_at=None)
    return {(row.model_id, row.model_version): row for row in rows}


def _snapshot(
    model: ClinicalModel,
    counted: Counts,
    reference: MonitoringReference | None,
    courses: Courses,
    *,
    twins: int,
    now: datetime,
) -> MonitoringSnapshot:
    started = time.monotonic()
    content = {
        "artefact_hash": model.artefact_hash,
        "reasons": [list(reason) for reason in counted.reasons],
        "drift": _drift(model, counted, reference) if reference else None,
        "jump": _jump(counted, reference) if reference else None,
        "judged": _judged(model, courses, replayed=False, now=now),
        "retrospective": _judged(model, courses, replayed=True, now=now),
    }
    return MonitoringSnapshot(
        model_id=model.id,
        model_version=model.version,
        taken_on=now.date(),
        taken_at=now,
        milliseconds=int((time.monotonic() - started) * 1000),
        reference=reference,
        twins=twins,
        asked=counted.asked,
        applicable=counted.applicable,
        numbers=counted.numbers,
        content=content,
    )


def _judged(
    model: ClinicalModel, courses: Courses, *, replayed: bool, now: datetime
) -> list[dict[str, Any]]:
    """Each probability whose event the record tells."""
    found = []
    for outcome in model.outcomes:
        if outcome.event and outcome.is_probability:
            made = first_predictions(model.id, model.version, outcome.id, replayed=replayed)
            found.append(judge(outcome, outcome.event, made, courses, now=now))
    return found


def _drift(
    model: ClinicalModel, counted: Counts, reference: MonitoringReference
) -> list[dict[str, Any]]:
    """Every input and output against the reference, in the reference's bins, and how inputs came
    about."""
    before = _distribution(reference.content)
    cuts = {name: bins.cuts for name, bins in before.values.items()}
    by_value = {name: bins.by_value for name, bins in before.values.items()}
    now = counting.binned(model, counted, cuts, by_value)
    rows = [
        _compared(name, bins.counts, now.values[name].counts)
        | {"cuts": bins.cuts, "by_value": bins.by_value}
        for name, bins in sorted(before.values.items())
    ]
    for concept, ways in before.ways.items():
        if concept in now.ways:
            then, today = (
                [found.get(w, 0) for w in counting.WAYS] for found in (ways, now.ways[concept])
            )
            rows.append(_compared(f"ways:{concept}", then, today))
    return rows


def _compared(name: str, before: Sequence[int], now: Sequence[int]) -> dict[str, Any]:
    return {
        "name": name,
        **asdict(drift.compare(before, now)),
        "before": list(before),
        "now": list(now),
    }


def _distribution(content: dict[str, Any]) -> Distribution:
    """As it was stored."""
    values = {
        name: Bins(tuple(row["cuts"]), tuple(row["counts"]), row["by_value"])
        for name, row in content["values"].items()
    }
    return Distribution(values, content["ways"])


def _jump(counted: Counts, reference: MonitoringReference) -> dict[str, Any]:
    """Whether another share of those whom the model was made for gets no number than at first."""
    then = reference.content
    refused_then = then["applicable"] - then["numbers"]
    refused = counted.applicable - counted.numbers
    return {
        "before": refused_then,
        "of_before": then["applicable"],
        "now": refused,
        "of_now": counted.applicable,
        "jumped": drift.has_jumped(refused_then, then["applicable"], refused, counted.applicable),
    }
