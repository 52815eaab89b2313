"""Stores FHIR files through the same path as everything else, and remembers what was rejected."""

from collections import Counter
from collections.abc import Callable, Iterable
from dataclasses import dataclass, field
from pathlib import Path

from django.utils import timezone

from patients.errors import FhirError
from patients.services import ingest, reception
from patients.services.fhir_files import Portion, Rejected, portions
from patients.services.interactions import Interaction, Sender

# single resources go in by the hundred: a commit each would cost ten times as much
CHUNK = 500
Progress = Callable[[Path, int], object]


@dataclass
class FileImport:
    """One run over some files. `counts` by resource type, of what is in the store now."""

    counts: Counter[str] = field(default_factory=Counter)
    rejected: list[Rejected] = field(default_factory=list)
    _chunk: dict[tuple[str, str], Portion] = field(default_factory=dict)
    _waiting: list[Portion] = field(default_factory=list)

    def run(self, files: Iterable[Path], progress: Progress = lambda path, position: None) -> None:
        """Store every file; `progress` hears how far each has been read, in bytes."""
        for path in files:
            for portion in portions(path):
                if isinstance(portion, Rejected):
                    self.rejected.append(portion)
                elif self._is_valid(portion):
                    self._take(portion)
                    progress(path, portion.position)
            self._flush()
            progress(path, path.stat().st_size if path.exists() else 0)
        self._store_the_waiting()

    def _is_valid(self, portion: Portion) -> bool:
        try:
            reception.check(portion.interactions)
        except FhirError as error:
            self._reject(portion, error)
            return False
        return True

    def _take(self, portion: Portion) -> None:
        if len(portion.interactions) != 1:
            self._flush()
            self._store(portion)
            return
        (interaction,) = portion.interactions
        # what counts as the same twice must be seen by the second
        key = (interaction.type, interaction.if_none_exist or interaction.fhir_id)
        if key in self._chunk or self._is_full(portion):
            self._flush()
        self._chunk[key] = portion

    def _is_full(self, portion: Portion) -> bool:
        """A bundle's entries stay together: they may name each other by urn."""
        if len(self._chunk) < CHUNK:
            return False
        last = next(reversed(self._chunk.values()))
        return portion.lines is None or portion.lines is not last.lines

    def _flush(self) -> None:
        """Store the single resources that have gathered; if they fail together, one by one."""
        gathered, self._chunk = list(self._chunk.values()), {}
        if not gathered:
            return
        try:
            self._process(gathered[0].path, [i for p in gathered for i in p.interactions])
        except FhirError:
            for portion in gathered:
                self._store(portion)

    def _store(self, portion: Portion) -> None:
        try:
            self._process(portion.path, list(portion.interactions))
        except FhirError as error:
            if all(issue.code == "not-found" for issue in error.issues):
                self._waiting.append(portion)
            else:
                self._reject(portion, error)

    def _store_the_waiting(self) -> None:
        """What refers to a resource of a later file; again while that helps any."""
        before = -1
        while self._waiting and len(self._waiting) != before:
            before, again = len(self._waiting), self._waiting
            self._waiting = []
            for portion in again:
                self._store(portion)
        for portion in self._waiting:
            try:
                self._process(portion.path, list(portion.interactions))
            except FhirError as error:
                self._reject(portion, error)

    def _process(self, path: Path, interactions: list[Interaction]) -> None:
        sender = Sender(source=f"import {path.name}"[:200])
        ingest.process(interactions, sender=sender, now=timezone.now())
        self.counts.update(interaction.type for interaction in interactions)

    def _reject(self, portion: Portion, error: FhirError) -> None:
        rejected = Rejected(portion.path, portion.line, tuple(error.issues), portion.lines)
        self.rejected.append(rejected)
