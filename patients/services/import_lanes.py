"""Processes that store files side by side, each with a database connection of its own.

A lane is a pool of one process. If a process dies, it is certain which file it had in hand, and
the other lanes go on; a pool of many would lose all its processes with the one.
"""

from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import FIRST_COMPLETED, Future, ProcessPoolExecutor, wait
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path
from types import TracebackType
from typing import Self

from django.db import connection, connections

from patients.services import import_process
from patients.services.file_import import Outcome, Task
from patients.services.interruption import CONTEXT, Stop, interrupts_held

Progress = Callable[[Path, int], object]
# how often the progress of a file is looked at
LOOK_SECONDS = 0.3
DIED = "the process that stored this file was killed or ran out of memory"


class Lane:
    """One process, begun with its first file and again after it died."""

    def __init__(self, stop: Stop) -> None:
        self.position = CONTEXT.RawValue("q", 0)
        self._stop = stop
        self._pool: ProcessPoolExecutor | None = None
        self.task = Task(Path())

    def start(self, task: Task) -> Future[Outcome]:
        self.task, self.position.value = task, 0
        try:
            return self._submit(task)
        except BrokenProcessPool:
            # it died while it had nothing to do
            self.close()
            return self._submit(task)

    def _submit(self, task: Task) -> Future[Outcome]:
        if self._pool is None:
            given = (str(connection.settings_dict["NAME"]), self._stop.flag, self.position)
            self._pool = ProcessPoolExecutor(
                1, CONTEXT, initializer=import_process.begin, initargs=given
            )
        # not around the making of the pool, which would let interrupts through again
        with interrupts_held():
            return self._pool.submit(import_process.store, task)

    def outcome(self, future: Future[Outcome]) -> Outcome:
        try:
            return future.result()
        except BrokenProcessPool:
            self.close()
            return Outcome.lost(self.task.path, DIED)

    def close(self) -> None:
        if self._pool is not None:
            self._pool.shutdown(cancel_futures=True)
            self._pool = None


class Lanes:
    """So many processes. Use as a context manager: none outlives it."""

    def __init__(self, number: int, stop: Stop) -> None:
        self._stop = stop
        self._lanes = [Lane(stop) for _ in range(number)]

    def __enter__(self) -> Self:
        # nothing is asked of the database here until all is done
        connections.close_all()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if error is not None:
            self._stop.set()
        for lane in self._lanes:
            lane.close()

    def run(self, tasks: Sequence[Task], progress: Progress) -> Iterator[Outcome]:
        """Outcomes as they come. The largest file goes first: nobody waits for it at the end."""
        left = deque(sorted(tasks, key=_size, reverse=True))
        idle, busy = list(self._lanes), dict[Future[Outcome], Lane]()
        while True:
            while idle and left and not self._stop.is_set():
                lane = idle.pop()
                busy[lane.start(left.popleft())] = lane
            if not busy:
                return
            done, _ = wait(busy, LOOK_SECONDS, FIRST_COMPLETED)
            for lane in busy.values():
                progress(lane.task.path, lane.position.value)
            for future in done:
                lane = busy.pop(future)
                idle.append(lane)
                yield lane.outcome(future)
                progress(lane.task.path, _size(lane.task))


def _size(task: Task) -> int:
    return task.path.stat().st_size if task.path.exists() else 0
