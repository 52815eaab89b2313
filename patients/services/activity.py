"""Counts what every sender does and why it is refused, in memory; a thread stores it soon after.

A request pays a few additions for it and never waits: neither for the database nor for other
processes that count the same client. What a process had not stored yet when it was killed is
lost, and with it statistics of a few seconds. While the database is away the counts wait.
"""

import atexit
import logging
import os
import re
import threading
import time
from collections import defaultdict
from collections.abc import Iterable
from dataclasses import dataclass, field
from typing import NamedTuple

from django.conf import settings
from django.db import DatabaseError, InterfaceError, connection

from patients.models.activity import OTHER
from patients.services.activity_store import store

log = logging.getLogger(__name__)
HOUR = 3600
DAY = 24 * HOUR
OUTCOMES = {201: "created", 204: "deleted"}
CLIENT = re.compile(r"client [0-9]{1,19}")
SERVER, PERSON, NOBODY = "server", "person", "nobody"
# beyond these a process forgets rather than grows: the database has been away for weeks
MOST_HOURS = 5000
MOST_CAUSES = 500
LONGEST_PAUSE_SECONDS = 60


class Cause(NamedTuple):
    """One reason of refusals. `path` is that of `known_elements`, `code` of the value set issue-type."""

    type: str
    path: str
    code: str
    status: int


@dataclass
class Hour:
    """Counts by name, and when the sender was last heard (seconds since 1970)."""

    counts: defaultdict[str, int] = field(default_factory=lambda: defaultdict(int))
    last: float = 0.0


@dataclass
class Refusals:
    """How often, first and last when, and the request to look for."""

    count: int = 0
    first: float = 0.0
    last: float = 0.0
    request_id: str = ""


@dataclass
class Gathered:
    """By hour (seconds since 1970) and sender; causes by day and sender."""

    hours: dict[tuple[int, str], Hour] = field(default_factory=dict)
    causes: dict[tuple[int, str], dict[Cause, Refusals]] = field(default_factory=dict)

    def add(self, source: str, now: float, counts: dict[str, int]) -> None:
        key = int(now // HOUR) * HOUR, source
        hour = self.hours.get(key)
        if hour is None:
            if len(self.hours) >= MOST_HOURS:
                return
            hour = self.hours[key] = Hour()
        for name, number in counts.items():
            hour.counts[name] += number
        hour.last = max(hour.last, now)

    def add_cause(self, source: str, cause: Cause, made: Refusals) -> None:
        day = int(made.last // DAY) * DAY
        known = self.causes.setdefault((day, source), {})
        if cause not in known and len(known) >= MOST_CAUSES:
            cause = Cause("", "", OTHER, 0)
        kept = known.setdefault(cause, Refusals(first=made.first))
        kept.count += made.count
        kept.first = min(kept.first, made.first)
        if made.last >= kept.last:
            kept.last, kept.request_id = made.last, made.request_id

    def join(self, other: "Gathered") -> None:
        for (_, source), hour in other.hours.items():
            self.add(source, hour.last, hour.counts)
        for (_, source), causes in other.causes.items():
            for cause, made in causes.items():
                self.add_cause(source, cause, made)


class Ledger:
    """What this process has counted and not yet stored, and the thread that stores it."""

    def __init__(self) -> None:
        self.process = os.getpid()
        self._gathered = Gathered()
        self._lock = threading.Lock()
        self._storing = threading.Lock()
        self._something = threading.Event()
        if settings.ACTIVITY_SECONDS:
            threading.Thread(target=self._run, name="activity", daemon=True).start()
            atexit.register(self._last_words)

    def add(self, source: str, counts: dict[str, int]) -> None:
        with self._lock:
            self._gathered.add(source, time.time(), counts)
        self._something.set()

    def refuse(self, source: str, causes: Iterable[Cause], request_id: str) -> None:
        now = time.time()
        with self._lock:
            for cause in causes:
                self._gathered.add_cause(source, cause, Refusals(1, now, now, request_id))
        self._something.set()

    def flush(self) -> None:
        """Store what has gathered; raises DatabaseError, and keeps it then."""
        with self._storing:
            with self._lock:
                gathered, self._gathered = self._gathered, Gathered()
            self._something.clear()
            try:
                store(gathered)
            except BaseException:
                with self._lock:
                    gathered.join(self._gathered)
                    self._gathered = gathered
                raise

    def _run(self) -> None:
        pause = settings.ACTIVITY_SECONDS
        while True:
            self._something.wait()
            time.sleep(pause)
            try:
                self.flush()
                pause = settings.ACTIVITY_SECONDS
            except Exception as error:  # noqa: BLE001 whatever it is
                # the thread must live
                log.error("activity is not stored yet: %s", type(error).__name__)
                self._something.set()
                pause = min(2 * pause, LONGEST_PAUSE_SECONDS)
            finally:
                connection.close()

    def _last_words(self) -> None:
        if os.getpid() == self.process:
            try_to_store()


_ledger: Ledger | None = None
_making = threading.Lock()


def _own() -> Ledger:
    """This process's ledger: threads do not survive a fork."""
    global _ledger
    ledger = _ledger
    if ledger is None or ledger.process != os.getpid():
        with _making:
            if _ledger is None or _ledger.process != os.getpid():
                _ledger = Ledger()
            ledger = _ledger
    return ledger


def count(source: str, **counts: int) -> None:
    """Add to this hour's counts of a sender; the names are those of ClientHour."""
    _own().add(source_key(source), counts)


def refuse(
    source: str, status: int, faults: Iterable[tuple[str, str]], request_id: str = ""
) -> None:
    """One write was refused for these faults: each an element (see `known_elements`) and the code of
    its issue. The same fault of several rows of one write counts once.
    """
    key, ledger = source_key(source), _own()
    ledger.add(key, {"refused": 1})
    causes = {Cause(path.partition(".")[0], path, code, status) for path, code in faults}
    ledger.refuse(key, sorted(causes), request_id)


def count_stored(source: str, statuses: Iterable[tuple[int, bool]]) -> None:
    """What became of writes that are in: the HTTP status of each, and whether it changed anything."""
    made: dict[str, int] = defaultdict(int)
    for status, is_change in statuses:
        made[OUTCOMES.get(status, "updated") if is_change else "unchanged"] += 1
    count(source, **made)


def flush() -> None:
    """Store what this process has counted. Raises DatabaseError; nothing is lost then."""
    _own().flush()


def try_to_store() -> None:
    """`flush` where nothing may depend on it: at the end of a file, or of a process."""
    try:
        flush()
    except (DatabaseError, InterfaceError) as error:
        log.error("activity is not stored: %s", type(error).__name__)


def source_key(source: str) -> str:
    """ "client 3", also of what is replayed from its quarantine; whatever runs on the server itself
    has one line together.

    >>> source_key("client 3, replayed from quarantine by user 5"), source_key("import x.json")
    ('client 3', 'server')
    """
    client = CLIENT.match(source)
    return client[0] if client else source if source in (PERSON, NOBODY) else SERVER
