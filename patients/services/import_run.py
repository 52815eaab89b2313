"""An import of many files: their order, the processes that store them, and what became of all."""

from collections import Counter
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from django.db import connection

from patients.services import activity
from patients.services.fhir_files import Fault, stages
from patients.services.file_import import Outcome, Task, import_file
from patients.services.import_lanes import Lanes
from patients.services.interruption import Stop

Progress = Callable[[Path, int], object]


class Crew(Protocol):
    """Who stores files. Yields outcomes as they come; of none after a stop."""

    def run(self, tasks: Sequence[Task], progress: Progress) -> Iterator[Outcome]: ...


@dataclass(frozen=True)
class Alone:
    """This process, one file after the other."""

    stop: Stop

    def run(self, tasks: Sequence[Task], progress: Progress) -> Iterator[Outcome]:
        for task in tasks:
            if self.stop.is_set():
                return
            yield import_file(
                task,
                progress=lambda position, path=task.path: progress(path, position),  # type: ignore[misc]
                is_stopped=self.stop.is_set,
            )
            progress(task.path, _size(task.path))


@dataclass
class ImportRun:
    """One run over some files. `counts` by resource type, of what is in the store now.

    The files of a stage are stored at once by `workers` processes; a stage begins when the one
    before it has ended. A resource that two files of a stage carry under one id gets both
    versions, in no certain order: with one worker, in the order of the files.
    """

    workers: int = 1
    match_directory: bool = True
    stop: Stop = field(default_factory=Stop)
    counts: Counter[str] = field(default_factory=Counter)
    _order: dict[Path, int] = field(default_factory=dict)
    _rejected: dict[tuple[int, int], list[Fault]] = field(default_factory=dict)
    _waiting: dict[tuple[int, int], list[Fault]] = field(default_factory=dict)

    def run(self, files: Iterable[Path], progress: Progress = lambda path, position: None) -> None:
        """Store every file; `progress` hears how far each has been read, in bytes."""
        staged = stages(files)
        ordered = [path for stage in staged for path in stage]
        self._order = {path: number for number, path in enumerate(ordered)}
        workers = min(self.workers, len(ordered))
        alone = Alone(self.stop)
        if workers < 2 or connection.in_atomic_block:
            # other processes would not see what an open transaction has written
            self._run(staged, [alone], progress)
        else:
            with Lanes(workers, self.stop) as lanes:
                self._run(staged, [lanes, alone], progress)
        self._count_rejected()

    def _count_rejected(self) -> None:
        for faults in self.rejected:
            causes = [(fault.element, fault.issue.code) for fault in faults]
            activity.refuse(activity.SERVER, 422, causes)
        activity.try_to_store()

    @property
    def rejected(self) -> list[list[Fault]]:
        """The faults of each portion that is not stored, in the order of the files."""
        return [faults for _, faults in sorted((self._rejected | self._waiting).items())]

    def _run(self, staged: list[list[Path]], crews: Sequence[Crew], progress: Progress) -> None:
        for stage in staged:
            tasks = [Task(path, match_directory=self.match_directory) for path in stage]
            self._pass(tasks, crews[0], progress)
        for crew in crews:
            self._again_while_it_helps(crew)

    def _again_while_it_helps(self, crew: Crew) -> None:
        """What refers to a resource of a later file. The last crew does one after the other, and
        nobody is then in its way.
        """
        before = -1
        while len(self._waiting) not in (0, before) and not self.stop.is_set():
            before = len(self._waiting)
            wanted: dict[int, set[int]] = {}
            for place, number in sorted(self._waiting):
                wanted.setdefault(place, set()).add(number)
            paths = list(self._order)
            tasks = [
                Task(paths[place], numbers, self.match_directory)
                for place, numbers in wanted.items()
            ]
            self._pass(tasks, crew, lambda path, position: None)

    def _pass(self, tasks: Sequence[Task], crew: Crew, progress: Progress) -> None:
        for outcome in crew.run(tasks, progress):
            place = self._order[outcome.path]
            self.counts.update(outcome.counts)
            for key in [key for key in self._waiting if key[0] == place]:
                del self._waiting[key]
            for found, kept in (
                (outcome.rejected, self._rejected),
                (outcome.waiting, self._waiting),
            ):
                kept.update({(place, number): faults for number, faults in found.items()})


def _size(path: Path) -> int:
    return path.stat().st_size if path.exists() else 0
