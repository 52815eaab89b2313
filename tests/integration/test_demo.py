"""`manage.py demo` from an empty folder to a page, through a kill, to a clean end."""

import json
import os
import signal
import socket
import subprocess
import sys
import tempfile
import urllib.request
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import psutil
import pytest

from tests.integration.conftest import ROOT, wait_until

pytestmark = pytest.mark.worker


def free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


class Demo:
    """A running demo with its own servers, in a folder of its own."""

    def __init__(self, var: Path, port: int) -> None:
        ours = ("DATABASE_URL", "REDIS_URL", "DJANGO_SETTINGS_MODULE")
        kept = {k: v for k, v in os.environ.items() if k not in ours}
        self.var, self.port = var, port
        with (var / "out.txt").open("w") as output:
            self.process = self._start(kept, output)
        self.seen: dict[int, psutil.Process] = {}

    def _start(self, kept: dict[str, str], output: IO[str]) -> "subprocess.Popen[bytes]":
        return subprocess.Popen(
            [sys.executable, "manage.py", "demo", "--port", str(self.port), "--patients", "3"],
            cwd=ROOT,
            env=kept | {"TWINPORTAL_MODE": "demo", "TWINPORTAL_VAR": str(self.var)},
            stdout=output,
            stderr=subprocess.STDOUT,
            start_new_session=True,
        )

    @property
    def output(self) -> str:
        return (self.var / "out.txt").read_text()

    def is_up(self) -> bool:
        assert self.process.poll() is None, self.output
        return "Ctrl-C stops everything" in self.output

    def family(self) -> list[psutil.Process]:
        """Every descendant; remembered, to see later whether they ended."""
        children = psutil.Process(self.process.pid).children(recursive=True)
        self.seen |= {child.pid: child for child in children}
        return children

    def get(self, path: str, token: str = "") -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        url = f"http://127.0.0.1:{self.port}{path}"
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
            return answer.status, json.load(answer)


@pytest.fixture
def folder() -> Iterator[Path]:
    with tempfile.TemporaryDirectory(prefix="tp-", ignore_cleanup_errors=True) as name:
        Path(name).chmod(0o755)
        yield Path(name)


def test_demo_from_empty_to_stopped(folder: Path) -> None:
    demo = Demo(folder, free_port())
    try:
        wait_until(demo.is_up, "the demo is up")
        summary = json.loads((folder / "demo.json").read_text())
        assert (folder / "demo.json").stat().st_mode & 0o077 == 0
        assert [user["role"] for user in summary["users"]] == [
            *("clinician", "patient", "patient", "steward"),
        ]
        assert len(summary["patients"]) == 3
        assert demo.get("/readyz")[0] == 200
        ehr = summary["ehr_client"]
        assert ehr["token_url"] == demo.get("/.well-known/smart-configuration")[1]["token_endpoint"]
        assert Path(ehr["key"]).stat().st_mode & 0o077 == 0
        token = summary["ehr_token"]
        patient = summary["users"][1]["patient"]
        found = demo.get(f"/fhir/RiskAssessment?patient={patient}", token)[1]
        assert found["total"] > 0, "predictions are there when the demo says that it is ready"

        # a worker that is killed comes back
        demo.family()
        workers = [p for p in demo.family() if "worker" in p.cmdline() and "celery" in p.cmdline()]
        before = {p.pid for p in workers}
        for process in workers:
            process.send_signal(signal.SIGKILL)
        wait_until(lambda: "worker stopped; starting it again" in demo.output, "it is restarted")
        wait_until(
            lambda: any(
                "worker" in p.cmdline() and p.pid not in before
                for p in demo.family()
                if p.is_running() and p.status() != psutil.STATUS_ZOMBIE
            ),
            "a new worker runs",
        )
    finally:
        demo.process.send_signal(signal.SIGINT)
        demo.process.wait(timeout=60)
    assert "Stopping" in demo.output
    left = [p for p in demo.seen.values() if p.is_running() and p.status() != psutil.STATUS_ZOMBIE]
    assert left == []


def test_a_taken_port_is_said_at_once(folder: Path) -> None:
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", 0))
        taken.listen()
        demo = Demo(folder, taken.getsockname()[1])
        assert demo.process.wait(timeout=60) != 0
    assert "is taken" in demo.output
