"""Scores every twin, a batch at a time: after a new model, and because time goes by.

How far a run has come is in its row, written after each batch: who is killed loses a batch at
most, and that is done again with the same result. One run is open at a time, and one process works
on it: a session's advisory lock ends with the session, whatever happens.
"""

import time
from contextlib import AbstractContextManager
from dataclasses import asdict
from datetime import datetime, timedelta

from django.db import IntegrityError, transaction
from django.db.models import Max, Q, QuerySet
from django.utils import timezone

from patients.models import Patient, StaleTwin
from patients.services import session_locks
from twinportal import pipeline
from twinportal.pipeline import Scored
from twinportal.population.models import PopulationRun

# second key: the run's
LOCK = 7007
# larger ones are hardly faster, and hold their twins for longer: a push waits for the batch
BATCH = 20
# a message is so much work: imports, exports and other messages find a turn in between
SLICE_SECONDS = 20.0
# longer without a batch, and whoever worked on it is gone
PATIENCE = timedelta(minutes=2)
State = PopulationRun.State


def begin(*, now: datetime, only_stale: bool = False) -> PopulationRun | None:
    """A new run; None while another one is open."""
    twins = _twins(only_stale)
    try:
        with transaction.atomic():
            return PopulationRun.objects.create(
                only_stale=only_stale,
                started_at=now,
                worked_at=now,
                through=twins.aggregate(last=Max("pk"))["last"] or 0,
                total=twins.count(),
            )
    except IntegrityError:
        return None


def open_run() -> PopulationRun | None:
    """The run that has not ended."""
    return PopulationRun.objects.filter(state=State.RUNNING).first()


def last_run() -> PopulationRun | None:
    """The one over all twins that began last."""
    runs = PopulationRun.objects.filter(only_stale=False)
    return runs.order_by("-started_at", "-pk").first()


def forsaken(*, now: datetime) -> PopulationRun | None:
    """The open run, if nobody has worked on it lately; it is not forsaken again at once.

    Each message goes on by sending the next: one that is only late must not get many beside it.
    """
    quiet = PopulationRun.objects.filter(state=State.RUNNING, worked_at__lt=now - PATIENCE)
    run = quiet.first()
    return run if run is not None and quiet.filter(pk=run.pk).update(worked_at=now) else None


def stop(run: PopulationRun, *, now: datetime) -> bool:
    """End an open run; whoever works on it ends after the batch in hand."""
    ended = PopulationRun.objects.filter(pk=run.pk, state=State.RUNNING)
    return bool(ended.update(state=State.STOPPED, ended_at=now))


def work(run_id: int, *, batch: int = BATCH, seconds: float = SLICE_SECONDS) -> bool:
    """Do a slice of the run; whether more is left for the next one."""
    with alone(run_id) as is_mine:
        if not is_mine:
            return False
        deadline = time.monotonic() + seconds
        while step(run_id, batch=batch):
            if time.monotonic() >= deadline:
                return True
        return False


def step(run_id: int, *, batch: int = BATCH) -> bool:
    """Score one batch, for whoever is `alone` with the run; whether it is still open."""
    run = PopulationRun.objects.filter(pk=run_id, state=State.RUNNING).first()
    if run is None:
        return False
    start = time.monotonic()
    waiting = _twins(run.only_stale).filter(pk__gt=run.after, pk__lte=run.through)
    ids = list(waiting.order_by("pk").values_list("pk", flat=True)[:batch])
    # those whom another worker had in hand come last; that one has scored them meanwhile, or will
    asked = ids or run.held[:batch]
    scored = score(asked, only_stale=run.only_stale) if asked else Scored()
    if ids:
        run.after = ids[-1]
        run.held = run.held + scored.held
    else:
        run.held = run.held[batch:]
    _add(run, scored)
    now = timezone.now()
    run.seconds += time.monotonic() - start
    run.worked_at = now
    if not ids and not run.held:
        run.state, run.ended_at = State.COMPLETE, now
    columns = {f.name: getattr(run, f.name) for f in PopulationRun._meta.fields if f.name != "id"}
    # not over somebody's word that it is to stop
    is_open = PopulationRun.objects.filter(pk=run_id, state=State.RUNNING).update(**columns)
    return bool(is_open) and run.state == State.RUNNING


def score(patient_ids: list[int], *, only_stale: bool) -> Scored:
    """One batch, and those of it that changed while it was in hand.

    Their wake-ups found them locked: without this they would wait for the sweep.
    """
    now = timezone.now()
    scored = pipeline.score_twins(patient_ids, now=now, only_stale=only_stale)
    changed = StaleTwin.objects.filter(
        pk__in=list(scored.refreshed), attempts=0, marked_at__lte=timezone.now()
    )
    again = sorted(changed.values_list("pk", flat=True))
    if again:
        later = pipeline.score_twins(again, now=timezone.now(), only_stale=True)
        scored.failed |= later.failed
    return scored


def _add(run: PopulationRun, scored: Scored) -> None:
    run.scored += len(scored.refreshed)
    for refresh in scored.refreshed.values():
        run.created += refresh.created
        run.kept += refresh.kept
        run.superseded += refresh.superseded
    run.failed += len(scored.failed)
    for error in scored.failed.values():
        run.failures[error] = run.failures.get(error, 0) + 1
    for model_id, count in scored.models.items():
        sums = run.by_model.setdefault(model_id, {})
        for name, n in asdict(count).items():
            sums[name] = sums.get(name, 0) + n


def _twins(only_stale: bool) -> "QuerySet[Patient]":
    """Whom a run scores: every twin that stands for itself, and what is marked in any case."""
    if only_stale:
        return Patient.objects.filter(stale__isnull=False)
    return Patient.objects.filter(Q(active=True, merged_into__isnull=True) | Q(stale__isnull=False))


def alone(run_id: int) -> AbstractContextManager[bool]:
    """Whether nobody else works on the run."""
    return session_locks.alone(LOCK, run_id)
