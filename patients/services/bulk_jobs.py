"""Imports and exports in the background: begun by a client, done in slices, ended, and cleared away.

A slice holds a lock of its database session: two workers never do the same job, and the lock of a
killed one is gone with it. What a slice did is committed; the next goes on behind it.
"""

import logging
import shutil
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F, Q
from django.utils import timezone
from oauth2_provider.models import get_application_model

from patients import audit
from patients.errors import BulkJobFailed, FhirError
from patients.fhir.outcome import Issue
from patients.models import BulkJob, ImportFault
from patients.services import bulk_export, bulk_import
from patients.services.bulk_import_report import UUID_NAME
from patients.services.session_locks import alone
from patients.signals import bulk_job_waits

log = logging.getLogger(__name__)
LOCK = 7005
# short, for one worker goes round all open jobs
SLICE_SECONDS = 4.0
# a job without a sign of work for this long is sent to the workers again
PATIENCE = timedelta(seconds=30)
MOST_FAILURES = 5
FOLDER_MODE = 0o700
State = BulkJob.State


@transaction.atomic
def begin(kind: str, *, now: datetime, **given: Any) -> BulkJob:
    """A new job, for a worker that hears of it after the commit. FhirError as of `may_begin`."""
    # two requests of one client count one after the other
    get_application_model().objects.select_for_update().get(pk=given["application_id"])
    may_begin(given["application_id"])
    return BulkJob.objects.create(kind=kind, created_at=now, **given)


def may_begin(application_id: Any) -> None:
    """FhirError 429 when the client has as many open jobs as it may have."""
    mine = BulkJob.objects.filter(
        application_id=application_id, state__in=(State.WAITING, State.RUNNING)
    )
    if mine.count() >= settings.BULK_MOST_JOBS:
        words = f"This client has {settings.BULK_MOST_JOBS} open jobs: wait for one, or cancel it"
        raise FhirError(429, [Issue("error", "throttled", words)], {"Retry-After": "60"})


def wake(job: BulkJob) -> None:
    """Tell a worker once the transaction is committed."""
    transaction.on_commit(partial(bulk_job_waits.send_robust, sender=None, job_id=job.pk))


def folder(job: BulkJob) -> Path:
    """The job's own folder, made if it is not there. For this system's user only."""
    path = place(job)
    path.mkdir(mode=FOLDER_MODE, parents=True, exist_ok=True)
    return path


def place(job: BulkJob) -> Path:
    """Where its folder is, if it has one."""
    return Path(settings.BULK_DIR) / str(job.public_id)


def work(job_id: int) -> bool:
    """Do a slice of the job; whether more is left to do."""
    with alone(LOCK, job_id) as is_mine:
        job = BulkJob.objects.filter(pk=job_id, state__in=(State.WAITING, State.RUNNING)).first()
        if job is None or not is_mine or not _start(job):
            return False
        try:
            is_done, is_well = _slice(job), True
        except BulkJobFailed as error:
            end(job, State.FAILED, now=timezone.now(), error=str(error)[:200])
            is_done, is_well = False, False
        except Exception as error:  # noqa: BLE001 whatever it is
            _failed(job, error)
            is_done, is_well = False, False
        if is_well:
            BulkJob.objects.filter(pk=job_id).update(failures=0)
        if is_done:
            end(job, State.COMPLETE, now=timezone.now())
        job.refresh_from_db()
        if not job.is_open and job.state != State.COMPLETE:
            # whoever cancelled it may have cleared before the last step wrote
            _clear(job)
        return is_well and job.is_open


def _slice(job: BulkJob) -> bool:
    if not _may_go_on(job):
        end(job, State.FAILED, now=timezone.now(), error="the client was revoked")
        return False
    step: Callable[..., bool] = (
        bulk_export.step if job.kind == BulkJob.Kind.EXPORT else bulk_import.step
    )
    deadline = time.monotonic() + SLICE_SECONDS
    while time.monotonic() < deadline:
        if step(job, folder(job)):
            return True
        # whoever cancelled it is heard between two steps
        if not BulkJob.objects.filter(pk=job.pk, state=State.RUNNING).update(
            worked_at=timezone.now()
        ):
            return False
    return False


def _start(job: BulkJob) -> bool:
    """Whether it may run: somebody may have cancelled it at this moment."""
    now = timezone.now()
    job.state, job.started_at, job.worked_at = State.RUNNING, job.started_at or now, now
    still_open = BulkJob.objects.filter(pk=job.pk, state__in=(State.WAITING, State.RUNNING))
    return bool(
        still_open.update(state=job.state, started_at=job.started_at, worked_at=job.worked_at)
    )


def _may_go_on(job: BulkJob) -> bool:
    """A client that was revoked, or is gone, gets nothing more."""
    profile = getattr(job.application, "profile", None)
    return job.application is not None and (profile is None or profile.is_active)


def _failed(job: BulkJob, error: Exception) -> None:
    """Try again later, and not for ever. The class name carries no PHI."""
    log.error("bulk job: %s", type(error).__name__, exc_info=settings.MODE == "test")
    BulkJob.objects.filter(pk=job.pk).update(failures=F("failures") + 1, worked_at=timezone.now())
    job.refresh_from_db()
    if job.failures >= MOST_FAILURES:
        words = error.strerror if isinstance(error, OSError) else ""
        end(job, State.FAILED, now=timezone.now(), error=words or type(error).__name__)


def end(job: BulkJob, state: str, *, now: datetime, error: str = "") -> bool:
    """Whether this ended it, rather than somebody else. Its files stay for a while."""
    ended = BulkJob.objects.filter(pk=job.pk, state__in=(State.WAITING, State.RUNNING)).update(
        state=state,
        ended_at=now,
        expires_at=now + timedelta(hours=settings.BULK_FILE_HOURS),
        error=error,
    )
    if state != State.COMPLETE:
        _clear(job)
    return bool(ended)


def waiting(*, now: datetime) -> list[int]:
    """Open jobs that nobody has worked on lately."""
    quiet = Q(worked_at__isnull=True, created_at__lt=now - PATIENCE) | Q(
        worked_at__lt=now - PATIENCE
    )
    rows = BulkJob.objects.filter(quiet, state__in=(State.WAITING, State.RUNNING))
    return list(rows.order_by("created_at").values_list("pk", flat=True))


def cancel(job: BulkJob, *, now: datetime) -> None:
    """Stop an open job, or forget a finished one: its files go at once."""
    if not end(job, State.CANCELLED, now=now):
        BulkJob.objects.filter(pk=job.pk).update(state=State.CANCELLED)
    # they quote what was sent
    ImportFault.objects.filter(file__job=job).delete()
    _clear(job)


def expire(*, now: datetime) -> int:
    """Clear away the files whose time is over; returns how many jobs that were."""
    bulk_import.forget(now=now)
    over = BulkJob.objects.filter(state=State.COMPLETE, expires_at__lte=now)
    for job in over:
        BulkJob.objects.filter(pk=job.pk).update(state=State.EXPIRED)
        _clear(job)
        audit.record(actor_kind="system", actor="bulk", action="delete", what=f"{job.kind} files")
    _clear_leftovers()
    return len(over)


def _clear(job: BulkJob) -> None:
    shutil.rmtree(place(job), ignore_errors=True)


def _clear_leftovers() -> None:
    """Folders of jobs whose worker was killed after somebody had cancelled them."""
    over = BulkJob.objects.filter(state__in=(State.FAILED, State.CANCELLED, State.EXPIRED))
    there = [path for path in Path(settings.BULK_DIR).glob("*") if UUID_NAME.fullmatch(path.name)]
    for job in over.filter(public_id__in=[path.name for path in there]):
        _clear(job)
