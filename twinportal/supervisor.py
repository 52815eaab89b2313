"""Runs the processes of `make demo` and keeps them running, as compose does in production."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from types import FrameType

from twinportal import embedded

# a process that dies is started again, after a pause that doubles up to this
LONGEST_PAUSE_SECONDS = 30
GRACE_SECONDS = 10
# a shell starts background jobs with SIGINT ignored: it is asked for by name
ENDING_SIGNALS = (signal.SIGINT, signal.SIGTERM, signal.SIGHUP)


@dataclass
class Child:
    """One process: how to start it and when it may be started again."""

    name: str
    command: list[str]
    log: Path
    process: "subprocess.Popen[bytes] | None" = None
    pause: float = 1
    start_after: float = 0
    environment: dict[str, str] = field(default_factory=dict)

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                embedded.tied_to_parent(self.command),
                cwd=embedded.BASE_DIR,
                env=os.environ | self.environment,
                stdin=subprocess.DEVNULL,
                stdout=log,
                stderr=subprocess.STDOUT,
                # Ctrl-C reaches the supervisor only, which stops its children in order
                start_new_session=True,
            )

    def is_running(self) -> bool:
        return self.process is not None and self.process.poll() is None


class Supervisor:
    """Starts children, restarts those that die, stops them all."""

    def __init__(self, children: list[Child], report: Callable[[str], None]) -> None:
        self.children = children
        self.report = report

    def start(self) -> None:
        for child in self.children:
            child.start()

    def restart_the_dead(self, now: float) -> None:
        """Start again what has died; also the embedded Redis, which is no child of ours."""
        for child in self.children:
            if child.is_running() or now < child.start_after:
                continue
            self.report(f"{child.name} stopped; starting it again (log: {child.log})")
            child.start()
            child.start_after = now + child.pause
            child.pause = min(child.pause * 2, LONGEST_PAUSE_SECONDS)
        embedded.revive()

    def watch(self) -> None:
        """Until a signal raises KeyboardInterrupt."""
        while True:
            time.sleep(1)
            self.restart_the_dead(time.monotonic())

    def stop(self) -> None:
        """Ask every process group to end; after a grace period make it."""
        for child in reversed(self.children):
            self._signal(child, signal.SIGTERM)
        deadline = time.monotonic() + GRACE_SECONDS
        for child in self.children:
            if child.process is None:
                continue
            try:
                child.process.wait(max(deadline - time.monotonic(), 0.1))
            except subprocess.TimeoutExpired:
                self._signal(child, signal.SIGKILL)
                child.process.wait()

    @staticmethod
    def _signal(child: Child, number: signal.Signals) -> None:
        if child.process is not None and child.process.poll() is None:
            os.killpg(child.process.pid, number)


def portal_children(port: int, logs: Path) -> list[Child]:
    """Web, worker and beat, as production runs them; two of each kind for two cores."""
    logs.mkdir(parents=True, exist_ok=True)
    python = [sys.executable, "-m"]
    celery = [*python, "celery", "-A", "twinportal.celery"]
    # one thread a core: numpy's own threads would only fight over two cores
    one_thread = {"OMP_NUM_THREADS": "1", "OPENBLAS_NUM_THREADS": "1", "MKL_NUM_THREADS": "1"}
    web = ["gunicorn", "twinportal.wsgi:application", "--bind", f"127.0.0.1:{port}"]
    web += ["--workers", "2", "--threads", "4", "--timeout", "120", "--preload"]
    web += ["--logger-class", "twinportal.server_log.ServerLog"]
    worker = ["worker", "--concurrency", "2", "--loglevel", "WARNING"]
    worker += ["--without-gossip", "--without-mingle"]
    bulk = ["worker", "--concurrency", "1", "--queues", "bulk,molecular", "--hostname", "bulk@%h"]
    bulk += ["--loglevel", "WARNING", "--without-gossip", "--without-mingle"]
    return [
        Child("web", [*python, *web], logs / "web.log", environment=one_thread),
        Child("worker", [*celery, *worker], logs / "worker.log", environment=one_thread),
        # imports and exports, so that predictions do not wait for them
        Child("bulk", [*celery, *bulk], logs / "bulk.log", environment=one_thread),
        Child("beat", [*celery, "beat", "--loglevel", "WARNING"], logs / "beat.log"),
    ]


@contextmanager
def interrupt_on_signals() -> Iterator[None]:
    """SIGTERM and SIGHUP end the program as Ctrl-C does, which works in the background too."""

    def interrupt(number: int, frame: FrameType | None) -> None:
        raise KeyboardInterrupt

    previous = {s: signal.signal(s, interrupt) for s in ENDING_SIGNALS}
    try:
        yield
    finally:
        for number, handler in previous.items():
            signal.signal(number, handler)
