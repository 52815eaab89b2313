"""Sends wake-ups for stale twins from a thread of its own, gathered while the last one goes out.

A push does not wait for the broker, and a burst of pushes is a few messages. What is lost with
the process or with the broker is found by the sweep.
"""

import logging
import os
import threading
from collections.abc import Iterable
from enum import StrEnum

import redis
from kombu.exceptions import OperationalError

from twinportal import open_jobs
from twinportal.tasks import (
    freeze_references,
    refresh_twins,
    replay_mapping,
    replay_quarantined,
    work_on_bulk_job,
)

log = logging.getLogger(__name__)
# a message is one worker's work: small enough that others find some too
MOST_TOGETHER = 10


class Asked(StrEnum):
    """What became of a wish."""

    TAKEN = "A worker sets the references; it takes a minute or two."
    OPEN = "A worker is setting the references already: nothing more was started."
    NO_BROKER = "The message broker does not answer: no reference was set."


class Waker:
    """Keys of twins in, messages out."""

    def __init__(self) -> None:
        self.process = os.getpid()
        self._waiting: set[int] = set()
        self._changed = threading.Condition()
        threading.Thread(target=self._run, name="wake-ups", daemon=True).start()

    def add(self, patient_ids: Iterable[int]) -> None:
        with self._changed:
            self._waiting.update(patient_ids)
            self._changed.notify()

    def _run(self) -> None:
        while True:
            with self._changed:
                while not self._waiting:
                    self._changed.wait()
                ids, self._waiting = sorted(self._waiting), set()
            send(ids)


def send(patient_ids: list[int]) -> None:
    """With the broker down, leave it to the sweep."""
    try:
        for start in range(0, len(patient_ids), MOST_TOGETHER):
            refresh_twins.delay(patient_ids[start : start + MOST_TOGETHER])
    except OperationalError:
        log.warning("the broker is down; the sweep will find the stale twins")
    except Exception as error:  # noqa: BLE001 whatever it is
        # the thread must live: the next push needs it
        log.error("no wake-up was sent: %s", type(error).__name__)


def try_quarantined() -> None:
    """Have a worker try what is due now; with the broker down beat does within a minute."""
    try:
        replay_quarantined.delay()
    except OperationalError:
        log.warning("the broker is down; beat will find what is due in quarantine")


def wake_for_bulk_job(job_id: int) -> None:
    """The same for an import or export."""
    try:
        work_on_bulk_job.delay(job_id)
    except OperationalError:
        log.warning("the broker is down; the sweep will find the bulk job")


def ask_for_references(actor: str, seen: int, request_id: str) -> Asked:
    """Nothing but the broker remembers that it was asked for."""
    try:
        if not open_jobs.begin(open_jobs.REFERENCES, actor):
            return Asked.OPEN
        freeze_references.delay(actor, seen, request_id)
    except (OperationalError, redis.RedisError):
        open_jobs.end(open_jobs.REFERENCES)
        log.warning("the broker is down; no reference was set")
        return Asked.NO_BROKER
    return Asked.TAKEN


def wake_for_mappings(mapping_ids: list[int]) -> None:
    """A steward's click waits for the broker, a second at most; the sweep finds what is lost."""
    try:
        for mapping_id in mapping_ids:
            replay_mapping.delay(mapping_id)
    except OperationalError:
        log.warning("the broker is down; the sweep will find the mappings")


_waker: Waker | None = None
_making = threading.Lock()


def wake(patient_ids: Iterable[int]) -> None:
    """Tell the workers soon. Returns at once."""
    global _waker
    waker = _waker
    if waker is None or waker.process != os.getpid():  # threads do not survive a fork
        with _making:
            if _waker is None or _waker.process != os.getpid():
                _waker = Waker()
            waker = _waker
    waker.add(patient_ids)
