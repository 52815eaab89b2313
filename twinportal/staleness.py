"""Which twins wait for a refresh, and which must be refreshed because time went by."""

from datetime import datetime, timedelta

from django.db import transaction
from django.db.models import F, Q

from models_engine.models import ModelRun, Prediction
from patients.models import StaleTwin

# a wake-up gets this long before the sweep sends another
WAKE_UP_PATIENCE = timedelta(seconds=60)
FIRST_PATIENCE = timedelta(seconds=5)
SWEEP_BATCH = 2000
LONGEST_BACK_OFF = timedelta(hours=1)


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


def record_failure(patient_id: int, error: Exception, *, now: datetime) -> None:
    """Back off, and say on the page that the refresh failed; the class name carries no PHI."""
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
    expired = (
        ModelRun.objects.filter(
            predictions__status=Prediction.Status.CURRENT,
            valid_until__lte=today,
            made_at__date__lt=today,
        )
        .values_list("patient_id", flat=True)
        .distinct()
    )
    rows = [StaleTwin(patient_id=patient_id, marked_at=now) for patient_id in expired]
    StaleTwin.objects.bulk_create(rows, ignore_conflicts=True)
    return len(rows)
