"""Fixtures for tests that need more than a database: a real worker, a real broker."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import pytest
from django.conf import settings
from django.db import connection

from patients import audit

ROOT = Path(__file__).resolve().parents[2]
PATIENCE_SECONDS = 60


def wait_until(condition: Callable[[], bool], what: str) -> None:
    """Poll until `condition` holds; fail with `what` when it never does."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if condition():
            return
        time.sleep(0.05)
    pytest.fail(f"never happened: {what}")


def database_url() -> str:
    """The test database's URL, for a process of its own."""
    given = settings.DATABASES["default"]
    host = given["HOST"].replace("/", "%2F")
    port = f":{given['PORT']}" if given["PORT"] else ""
    secret = f":{given['PASSWORD']}" if given["PASSWORD"] else ""
    return f"postgresql://{given['USER']}{secret}@{host}{port}/{connection.settings_dict['NAME']}"


class Worker:
    """A real Celery worker in its own process group, on the test database and broker."""

    def __init__(
        self,
        redis_url: str,
        log: Path = Path(os.devnull),
        queues: str = "celery",
        **more: str,
    ) -> None:
        environment = os.environ | {
            "TWINPORTAL_MODE": "test",
            "DATABASE_URL": database_url(),
            "REDIS_URL": redis_url,
            **more,
        }
        command = [sys.executable, "-m", "celery", "-A", "twinportal.celery", "worker"]
        command += ["--pool", "solo", "--without-gossip", "--without-mingle", "-l", "WARNING"]
        command += ["--queues", queues]
        with log.open("ab") as output:
            self.process = subprocess.Popen(
                command,
                cwd=ROOT,
                env=environment,
                start_new_session=True,
                stdout=output,
                stderr=output,
            )

    def kill(self) -> None:
        """SIGKILL: no chance to tidy up."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


@pytest.fixture
def start_worker() -> Iterator[Callable[..., Worker]]:
    """Start workers that do not outlive the test."""
    workers: list[Worker] = []

    def start(redis_url: str = settings.REDIS_URL, **more: Any) -> Worker:
        workers.append(Worker(redis_url, **more))
        return workers[-1]

    yield start
    for worker in workers:
        worker.kill()


@pytest.fixture(autouse=True)
def new_minute(monkeypatch: pytest.MonkeyPatch) -> None:
    """No test finds the audit log closed by the refusals of the tests before it."""
    monkeypatch.setattr(audit, "_minute", audit.Minute())
