"""Network rankings in the background: asked for, done by one worker, ended, never lost.

The row is the truth and a message only a wake-up. A worker holds a lock of its database session: two
never do the same ranking, and the lock of a killed one is gone with it. A ranking that was cut off is
done from the start: its seed makes it the same.
"""

import json
import logging
import time
from collections.abc import Callable
from datetime import datetime, timedelta
from functools import partial
from hashlib import sha256
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import F
from django.utils import timezone
from kombu.exceptions import OperationalError

from models_engine.catalogue.treatment.network.identifiers import NetworkError
from models_engine.catalogue.treatment.network.ranking import METHOD_VERSION, Settings, rank_drugs
from patients.services.session_locks import alone
from twinportal.molecular import rendering
from twinportal.molecular.centralities import Centralities
from twinportal.molecular.expression import expression_of
from twinportal.molecular.imports import drug_targets_of, network_of
from twinportal.molecular.models import (
    DrugTargetTable,
    ExpressionSet,
    InteractionNetwork,
    RankingRun,
)
from twinportal.molecular.peak_memory import peak_mib, reset_peak

log = logging.getLogger(__name__)
State = RankingRun.State
OPEN = (State.WAITING, State.RUNNING)
# second key: the run's
LOCK = 7010
# longer without a sign, and whoever worked on it is gone
PATIENCE = timedelta(minutes=2)
# begun so often and never ended: the next worker would die of it too
MOST_ATTEMPTS = 3
# of one twin; one more waits for one of them
MOST_OPEN = 3
DRAWS = (100, 10_000)


class TooManyOpen(ValueError):
    """The twin has as many open rankings as it may have."""


class Cancelled(Exception):
    """Somebody has cancelled the run that is being worked on."""


def ask(
    *,
    expression: ExpressionSet,
    network: InteractionNetwork,
    drugs: DrugTargetTable,
    centralities: Centralities | None,
    seed: int,
    draws: int,
    by: Any,
    now: datetime,
) -> tuple[RankingRun, bool]:
    """The run for these inputs and whether it is new: the same that waits, runs or is done stands.

    Raises NetworkError where the tables do not fit together, TooManyOpen.
    """
    for table in (network, drugs):
        if table.system != expression.system:
            raise NetworkError(
                f"{table} names genes by {table.get_system_display()}, "
                f"the data set by {expression.get_system_display()}"
            )
    values = dict(centralities.values) if centralities else None
    key = _key(expression, network, drugs, values, Settings(seed=seed, draws=draws))
    with transaction.atomic():
        # two clicks count one after the other
        ExpressionSet.objects.select_for_update().get(pk=expression.pk)
        same = RankingRun.objects.filter(expression=expression, key=key)
        known = same.filter(state__in=(*OPEN, State.DONE)).first()
        if known is not None:
            return known, False
        mine = RankingRun.objects.filter(expression__patient=expression.patient_id, state__in=OPEN)
        if mine.count() >= MOST_OPEN:
            raise TooManyOpen
        run = RankingRun.objects.create(
            expression=expression,
            network=network,
            drugs=drugs,
            centralities=values,
            centralities_from=dict(centralities.origin) if centralities else {},
            seed=seed,
            draws=draws,
            key=key,
            asked_by=by,
            asked_at=now,
            worked_at=now,
            total=len(expression.cell_types),
        )
        transaction.on_commit(partial(wake, run.pk))
    return run, True


def _key(
    expression: ExpressionSet,
    network: InteractionNetwork,
    drugs: DrugTargetTable,
    centralities: dict[str, float] | None,
    chosen: Settings,
) -> str:
    parts = [
        METHOD_VERSION,
        expression.sha256,
        network.sha256,
        drugs.sha256,
        centralities,
        chosen.seed,
        chosen.draws,
        chosen.smallest_bin,
    ]
    return sha256(json.dumps(parts, sort_keys=True).encode()).hexdigest()


def wake(run_id: int) -> None:
    """Tell a worker; with the broker down the sweep finds the run."""
    from twinportal.molecular.tasks import work_on_ranking

    try:
        work_on_ranking.delay(run_id)
    except OperationalError:
        log.warning("the broker is down; the sweep will find the ranking")


def waiting(*, now: datetime) -> list[int]:
    """Open runs of which nobody has heard lately; they are not found again at once."""
    quiet = RankingRun.objects.filter(state__in=OPEN, worked_at__lt=now - PATIENCE)
    found = list(quiet.order_by("asked_at").values_list("pk", flat=True))
    RankingRun.objects.filter(pk__in=found).update(worked_at=now)
    return found


def cancel(run: RankingRun, *, now: datetime) -> bool:
    """Whether this ended it; whoever works on it stops after the cell type in hand."""
    return _end(run.pk, State.CANCELLED, now=now)


def work(run_id: int) -> None:
    """Do the ranking, unless somebody does or it has ended. Harmless when it comes twice or late."""
    with alone(LOCK, run_id) as is_mine:
        if not is_mine or not _start(run_id):
            return
        with_inputs = RankingRun.objects.select_related("expression", "network", "drugs")
        run = with_inputs.filter(pk=run_id).first()
        if run is None:  # deleted in between, with its data set
            return
        if run.attempts > MOST_ATTEMPTS:
            words = f"Begun {MOST_ATTEMPTS} times and never ended"
            why = run.error or "the worker was lost each time, perhaps for want of memory"
            _end(run_id, State.FAILED, now=timezone.now(), error=f"{words}: {why}.")
            return
        try:
            _work(run)
        except Cancelled:
            log.info("a network ranking was cancelled")
        except NetworkError as error:
            _end(run_id, State.FAILED, now=timezone.now(), error=str(error))
        except Exception as error:
            # tried again by the sweep, not for ever; the class name carries no PHI
            log.error("network ranking: %s", type(error).__name__, exc_info=settings.MODE == "test")
            RankingRun.objects.filter(pk=run_id).update(
                error=type(error).__name__, worked_at=timezone.now()
            )


def _start(run_id: int) -> bool:
    """Whether it is still open. That a worker begins is written before it can die of it."""
    now = timezone.now()
    is_open = RankingRun.objects.filter(pk=run_id, state__in=OPEN)
    is_open.filter(started_at=None).update(started_at=now)
    return bool(
        is_open.update(state=State.RUNNING, worked_at=now, done=0, attempts=F("attempts") + 1)
    )


def _work(run: RankingRun) -> None:
    begun = time.monotonic()
    is_whole = reset_peak()
    drugs = drug_targets_of(run.drugs)
    ranking = rank_drugs(
        network_of(run.network),
        drugs,
        expression_of(run.expression),
        Settings(seed=run.seed, draws=run.draws),
        centralities=run.centralities,
        labels={
            "network": str(run.network),
            "drug targets": str(run.drugs),
            "expression": str(run.expression.public_id),
        },
        progress=_progress(run.pk),
    )
    result = rendering.result_of(ranking, drugs.statuses)
    result["memory_is_of_the_run"] = is_whole
    _end(
        run.pk,
        State.DONE,
        now=timezone.now(),
        result=result,
        table=rendering.packed_table(ranking, drugs.statuses),
        error="",
        done=run.total,
        seconds=time.monotonic() - begun,
        peak_mib=peak_mib(),
    )


def _progress(run_id: int) -> Callable[[int, int], None]:
    def told(done: int, of: int) -> None:
        mine = RankingRun.objects.filter(pk=run_id, state=State.RUNNING)
        if not mine.update(done=done, total=of, worked_at=timezone.now()):
            raise Cancelled

    return told


def _end(run_id: int, state: str, *, now: datetime, **more: Any) -> bool:
    """Whether this ended it, rather than somebody else."""
    still_open = RankingRun.objects.filter(pk=run_id, state__in=OPEN)
    return bool(still_open.update(state=state, ended_at=now, worked_at=now, **more))
