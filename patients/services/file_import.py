"""Stores one FHIR file through the same path as everything else, and says what was rejected."""

import logging
from collections import Counter
from collections.abc import Callable, Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field, replace
from pathlib import Path

from django.conf import settings
from django.db import close_old_connections, connection
from django.utils import timezone

from patients.errors import FhirError
from patients.fhir.known_elements import ENTRY, element_of
from patients.fhir.outcome import Issue
from patients.services import activity, ingest, reception
from patients.services.fhir_files import Fault, Portion, Rejected, portions
from patients.services.interactions import Interaction, Sender

log = logging.getLogger(__name__)
# single resources go in by the hundred: a commit each would cost ten times as much
CHUNK = 500


@dataclass
class Outcome:
    """What became of a file's portions, which are known by their number in the file.

    `counts` by resource type, of what is in the store now. `waiting`: those that may go in when
    others have, with the faults of the last try.
    """

    path: Path
    counts: Counter[str] = field(default_factory=Counter)
    rejected: dict[int, list[Fault]] = field(default_factory=dict)
    waiting: dict[int, list[Fault]] = field(default_factory=dict)

    @classmethod
    def lost(cls, path: Path, words: str) -> "Outcome":
        """Nobody knows what of the file is stored."""
        issue = Issue("fatal", "exception", f"{words}; a part of this file may be stored")
        return cls(path, rejected={0: [Fault(path, 1, issue)]})


@dataclass(frozen=True)
class Task:
    """A file to store; with `only`, those of its portions. `match_directory` as in Sender."""

    path: Path
    only: Collection[int] | None = None
    match_directory: bool = True


def import_file(
    task: Task,
    *,
    progress: Callable[[int], object] = lambda position: None,
    is_stopped: Callable[[], bool] = lambda: False,
) -> Outcome:
    """Store a file; `progress` hears how far it has been read, in bytes.

    Whatever goes wrong is said in the outcome: the files after this one do not suffer.
    """
    work = _FileImport(task)
    try:
        work.run(progress, is_stopped)
    except Exception as error:  # noqa: BLE001 whatever it is
        _note(error)
        words = f"an error of this server: {type(error).__name__}"
        lost = Outcome.lost(task.path, words)
        # behind every portion that is named already
        work.outcome.rejected[work.number + 1] = lost.rejected[0]
    # this process may end with the file
    activity.try_to_store()
    return work.outcome


class _FileImport:
    """One pass over one file."""

    def __init__(self, task: Task) -> None:
        self.task = task
        self.number = -1
        self.outcome = Outcome(task.path)
        self._chunk: dict[tuple[str, str], tuple[int, Portion]] = {}

    def run(self, progress: Callable[[int], object], is_stopped: Callable[[], bool]) -> None:
        for number, portion in enumerate(portions(self.task.path)):
            self.number = number
            if is_stopped():
                break
            if self.task.only is not None and self.number not in self.task.only:
                continue
            if isinstance(portion, Rejected):
                self.outcome.rejected[self.number] = portion.faults()
            elif self._is_valid(portion):
                self._take(portion)
                progress(portion.position)
        self._flush()

    def _is_valid(self, portion: Portion) -> bool:
        try:
            with as_fault():
                reception.check(portion.interactions)
        except FhirError as error:
            self.outcome.rejected[self.number] = _faults(portion, error)
            return False
        return True

    def _take(self, portion: Portion) -> None:
        if len(portion.interactions) != 1:
            self._flush()
            self._store(self.number, portion)
            return
        (interaction,) = portion.interactions
        # what counts as the same twice must be seen by the second
        key = (interaction.type, interaction.if_none_exist or interaction.fhir_id)
        if key in self._chunk or self._is_full(portion):
            self._flush()
        self._chunk[key] = self.number, portion

    def _is_full(self, portion: Portion) -> bool:
        """A bundle's entries stay together: they may name each other by urn."""
        if len(self._chunk) < CHUNK:
            return False
        _, last = next(reversed(self._chunk.values()))
        return portion.lines is None or portion.lines is not last.lines

    def _flush(self) -> None:
        """Store the single resources that have gathered; if they fail together, one by one."""
        gathered, self._chunk = list(self._chunk.values()), {}
        if not gathered:
            return
        try:
            self._process([i for _, portion in gathered for i in portion.interactions])
        except FhirError:
            for number, portion in gathered:
                self._store(number, portion)

    def _store(self, number: int, portion: Portion) -> None:
        try:
            self._process(portion.interactions)
        except FhirError as error:
            into = self.outcome.waiting if may_go_in_later(error) else self.outcome.rejected
            into[number] = _faults(portion, error)

    def _process(self, interactions: Sequence[Interaction]) -> None:
        source = f"import {self.task.path.name}"[:200]
        sender = Sender(source, match_directory=self.task.match_directory)
        with as_fault():
            ingest.process(interactions, sender=sender, now=timezone.now())
        self.outcome.counts.update(interaction.type for interaction in interactions)


def _faults(portion: Portion, error: FhirError) -> list[Fault]:
    found = Rejected(portion.path, portion.line, tuple(error.issues), portion.lines).faults()
    types = {int(m[1]): i.type for i in portion.interactions if (m := ENTRY.match(i.where))}
    return [replace(f, element=_element(f.issue.expression, types)) for f in found]


def _element(expression: str, types: Mapping[int, str]) -> str:
    return element_of(expression, expression.partition(".")[0], types)


def may_go_in_later(error: FhirError) -> bool:
    """It names what is not here yet, or others were faster."""
    return error.status == 409 or all(issue.code == "not-found" for issue in error.issues)


@contextmanager
def as_fault() -> Iterator[None]:
    """An error nobody foresaw costs this portion only."""
    try:
        yield
    except FhirError:
        raise
    except Exception as error:
        _note(error)
        words = f"an error of this server: {type(error).__name__}"
        raise FhirError(500, [Issue("fatal", "exception", words)]) from error


def _note(error: Exception) -> None:
    """The class is enough to find it: a message may hold PHI."""
    log.error("unhandled %s", type(error).__name__, exc_info=settings.MODE == "test")
    # the next portion shall not meet a broken connection; a transaction around this has its own
    # savepoint to go back to
    if not connection.in_atomic_block:
        close_old_connections()
