"""Which twins wait for a refresh, and which must be refreshed because time went by."""

from collections.abc import Collection, Iterable, Mapping
from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from models_engine.models import ModelRun, Prediction
from patients.models import Patient, StaleTwin

# a wake-up gets this long before the sweep sends another
WAKE_UP_PATIENCE = timedelta(seconds=60)
FIRST_PATIENCE = timedelta(seconds=5)
SWEEP_BATCH = 2000
LONGEST_BACK_OFF = timedelta(hours=1)
# how far a sender's clock may run ahead
FAST_CLOCK = timedelta(minutes=10)
# what expired longer ago is found by its day
LOOK_BACK = timedelta(days=2)


@transaction.atomic
def due(*, now: datetime) -> list[int]:
    """Patient ids whose refresh is overdue, oldest mark first; they are not due again at once."""
    overdue = Q(retry_at__isnull=True, marked_at__lte=now - FIRST_PATIENCE) | Q(retry_at__lte=now)
    waiting = (
        StaleTwin.objects.select_for_update(skip_locked=True)
        .filter(overdue)
        .order_by("marked_at", "patient_id")
    )
    ids = list(waiting.values_list("patient_id", flat=True)[:SWEEP_BATCH])
    StaleTwin.objects.filter(pk__in=ids).update(retry_at=now + WAKE_UP_PATIENCE)
    return ids


def marks_of(patient_ids: Collection[int]) -> dict[int, StaleTwin]:
    """The marks of these twins by their keys; to be read before the facts."""
    return StaleTwin.objects.in_bulk(patient_ids)


def done(seen: Mapping[StaleTwin, Iterable[datetime | None]], *, now: datetime) -> None:
    """These twins are up to date, where nothing changed since the marks were read.

    Each mark with the moments of the twin's facts. A value that is dated a moment ahead, by a clock
    that runs fast, does not count yet: the mark stays until it does, or an early warning score
    would wait for the next push. Nobody has waited before that moment, which is what the mark then
    says. The marks are taken in the order in which a push takes them, so that none waits for the
    other in a circle.
    """
    if not seen:
        return
    read = {mark.pk: mark for mark in seen}
    held = StaleTwin.objects.select_for_update().filter(pk__in=read).order_by("pk")
    unchanged = {mark.pk for mark in held if mark.generation == read[mark.pk].generation}
    over = []
    for mark, moments in seen.items():
        if mark.pk not in unchanged:
            continue
        ahead = [at for at in moments if at is not None and now < at <= now + FAST_CLOCK]
        if ahead:
            StaleTwin.objects.filter(pk=mark.pk).update(
                marked_at=min(ahead), retry_at=min(ahead), attempts=0, last_error=""
            )
        else:
            over.append(mark.pk)
    StaleTwin.objects.filter(pk__in=over).delete()


def record_failure(patient_id: int, error: Exception, *, now: datetime) -> None:
    """Back off, and say on the page that the refresh failed; the class name carries no PHI.

    A twin that had no mark, scored with all others, has one from now on: the sweep tries again.
    """
    if Patient.objects.filter(pk=patient_id).exists():
        StaleTwin.objects.bulk_create(
            [StaleTwin(patient_id=patient_id, marked_at=now)], ignore_conflicts=True
        )
    row = StaleTwin.objects.filter(pk=patient_id).first()
    if row is None:
        return
    pause = min(timedelta(seconds=15 * 2**row.attempts), LONGEST_BACK_OFF)
    StaleTwin.objects.filter(pk=patient_id).update(
        attempts=F("attempts") + 1, last_error=type(error).__name__, retry_at=now + pause
    )


def retry_failed(*, now: datetime) -> int:
    """Make every twin that failed due at once; returns how many. The next sweep finds them."""
    return StaleTwin.objects.filter(attempts__gt=0).update(retry_at=now)


def mark_expired(*, now: datetime) -> int:
    """Mark the twins of which a current run is past its validity; returns how many."""
    today = now.date()
    return _mark(Q(valid_until__lte=today, made_at__date__lt=today), now)


def mark_expired_observations(*, now: datetime) -> int:
    """The same to the minute, for scores of the bedside that hold for an hour."""
    return _mark(Q(expires_at__lt=now, expires_at__gt=now - LOOK_BACK), now)


def _mark(over: Q, now: datetime) -> int:
    expired = (
        ModelRun.objects.filter(over, predictions__status=Prediction.Status.CURRENT)
        .values_list("patient_id", flat=True)
        .distinct()
    )
    rows = [StaleTwin(patient_id=patient_id, marked_at=now) for patient_id in expired]
    StaleTwin.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)
