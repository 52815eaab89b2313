"""`manage.py demo` from an empty folder to a page, through a kill, to a clean end."""

import json
import signal
import socket
import tempfile
from collections.abc import Iterator
from pathlib import Path

import psutil
import pytest

from tests.integration.conftest import wait_until
from tests.integration.running_demo import Demo, free_port

pytestmark = pytest.mark.worker


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
        demo.stop()
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
