"""Projects again what a mapping touches, once it is made and once it is ended.

Safe to kill at any moment and to run twice: each batch is one transaction with its counts, and
what was projected already is found unchanged. Until it is finished the mapping says so, and
`due_replays` comes back to it.
"""

from collections.abc import Collection, Iterator, Sequence
from datetime import datetime, timedelta
from functools import partial
from itertools import groupby
from operator import itemgetter

from django.db import OperationalError, transaction
from django.db.models import F, Q, QuerySet
from django.db.models.functions import Coalesce
from django.utils import timezone

from patients import audit
from patients.models import Mapping, Resource
from patients.selectors.meanings import key_of
from patients.services.ingest import LOST_RACES
from patients.services.mapping_touch import touched_by
from patients.services.rebuild import rebuild_batch
from patients.signals import twins_changed

BATCH = 500
ATTEMPTS = 5
# while it runs it says so with every batch; after so long without a word somebody else takes over
PATIENCE = timedelta(minutes=5)
LONGEST_BACK_OFF = timedelta(hours=1)


def replay_mapping(pk: int, *, now: datetime) -> int:
    """Bring the facts that a mapping touches up to date; returns how many twins changed.

    A failure is recorded with the mapping, and raised.
    """
    mapping = Mapping.objects.filter(pk=pk, replayed_at=None).first()
    if mapping is None:
        return 0
    try:
        changed = _replay(mapping, now)
    except Exception as error:
        pause = min(timedelta(seconds=15 * 2**mapping.attempts), LONGEST_BACK_OFF)
        Mapping.objects.filter(pk=pk).update(
            attempts=F("attempts") + 1, last_error=type(error).__name__, retry_at=now + pause
        )
        raise
    return changed


def _replay(mapping: Mapping, now: datetime) -> int:
    # its end may be recorded while we are at it; that is for another replay
    same = Mapping.objects.filter(pk=mapping.pk, ended_at=mapping.ended_at)
    touched = touched_by(key_of(mapping))
    same.update(resources=len(touched), retry_at=now + PATIENCE)
    changed = 0
    for keys in _batches(touched):
        changed += _project(keys, same, now)
    _finish(mapping, same)
    return changed


def _project(keys: Sequence[int], same: "QuerySet[Mapping]", now: datetime) -> int:
    """One batch; again if it loses a race, for an ingest may lock in another order."""
    for _ in range(ATTEMPTS - 1):
        try:
            return _project_once(keys, same, now)
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", "") not in LOST_RACES:
                raise
    return _project_once(keys, same, now)


@transaction.atomic
def _project_once(keys: Sequence[int], same: "QuerySet[Mapping]", now: datetime) -> int:
    differing = rebuild_batch(keys, now)
    same.update(twins=F("twins") + len(differing), retry_at=timezone.now() + PATIENCE)
    if differing:
        ids = sorted(differing)
        wake = partial(twins_changed.send_robust, sender=None, patient_ids=ids)
        transaction.on_commit(wake)
    return len(differing)


def _batches(touched: Collection[int]) -> Iterator[list[int]]:
    """Keys of resources; all of one twin are in one batch, so that no twin is counted twice."""
    rows = (
        Resource.objects.filter(pk__in=list(touched), patient__isnull=False)
        .annotate(whose=Coalesce("patient__merged_into_id", "patient_id"))
        .order_by("whose", "pk")
        .values_list("whose", "pk")
    )
    batch: list[int] = []
    for _, group in groupby(list(rows), key=itemgetter(0)):
        batch += [pk for _, pk in group]
        if len(batch) >= BATCH:
            yield batch
            batch = []
    if batch:
        yield batch


@transaction.atomic
def _finish(mapping: Mapping, same: "QuerySet[Mapping]") -> None:
    done = same.filter(replayed_at=None).update(
        replayed_at=timezone.now(), retry_at=None, last_error=""
    )
    mapping.refresh_from_db()
    if done:
        ended = "its end" if mapping.ended_at else "its making"
        audit.record(
            actor_kind="system",
            actor="replay",
            action="replay",
            what="mapping",
            detail=f"mapping {mapping.pk}, {ended}: {mapping.resources} resources projected again,"
            f" {mapping.twins} twins changed",
        )


@transaction.atomic
def due_replays(*, now: datetime) -> list[int]:
    """Mappings whose replay nobody is at; they are not due again at once."""
    waiting = Q(retry_at__isnull=True) | Q(retry_at__lte=now)
    rows = Mapping.objects.select_for_update(skip_locked=True).filter(waiting, replayed_at=None)
    ids = list(rows.order_by("pk").values_list("pk", flat=True))
    Mapping.objects.filter(pk__in=ids).update(retry_at=now + PATIENCE)
    return ids
