"""The web server as the product runs it (gunicorn, threads), on the test database."""

import http.client
import json
import os
import signal
import socket
import subprocess
import sys
from collections.abc import Mapping
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psutil
import psycopg

from tests.integration.conftest import ROOT, database_url, wait_until

Json = dict[str, Any]
# so that its connections can be told from those of the tests
NAME = "real-server"
FHIR_JSON = "application/fhir+json"
NO_BROKER = "unix:///nonexistent/redis.sock"
PATIENCE_SECONDS = 60


class Unanswered(Exception):
    """The connection ended before the whole answer came: nobody knows what became of it."""


@dataclass(frozen=True)
class Answer:
    status: int
    headers: Mapping[str, str]
    body: bytes

    @property
    def content(self) -> Json:
        found: Json = json.loads(self.body)
        return found

    @property
    def version(self) -> int:
        """What the ETag says; 0 without one."""
        return int(self.headers.get("etag", '"0"').split('"')[1])


@dataclass(frozen=True)
class Door:
    """A client of the FHIR door, with a connection for each request."""

    port: int
    token: str

    def send(
        self, method: str, path: str, body: Any = None, kind: str = FHIR_JSON, **headers: str
    ) -> Answer:
        """`headers` are named as in If_Match. Raises Unanswered."""
        text = body if isinstance(body, bytes | None) else json.dumps(body).encode()
        sent = {"Authorization": f"Bearer {self.token}"}
        sent |= {name.replace("_", "-"): value for name, value in headers.items()}
        if text is not None:
            sent["Content-Type"] = kind
        connection = http.client.HTTPConnection("127.0.0.1", self.port, timeout=PATIENCE_SECONDS)
        try:
            connection.request(method, f"/fhir{path}", text, sent)
            answer = connection.getresponse()
            found = {name.lower(): value for name, value in answer.getheaders()}
            return Answer(answer.status, found, answer.read())
        except (http.client.HTTPException, OSError) as error:
            raise Unanswered(f"{method} {path}") from error
        finally:
            connection.close()


class RealServer:
    """gunicorn in a process group of its own. No broker: the wake-ups are not what this is about."""

    def __init__(
        self,
        *,
        workers: int = 2,
        threads: int = 4,
        log: Path = Path(os.devnull),
        **environment: str,
    ) -> None:
        self.workers, self.log = workers, log
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = int(probe.getsockname()[1])
        self._command = [sys.executable, "-m", "gunicorn", "twinportal.wsgi:application"]
        self._command += ["--bind", f"127.0.0.1:{self.port}", "--no-control-socket", "--preload"]
        self._command += ["--workers", str(workers), "--threads", str(threads)]
        self._command += ["--logger-class", "twinportal.server_log.ServerLog"]
        self._environment = os.environ | {
            "TWINPORTAL_MODE": "test",
            "DATABASE_URL": f"{database_url()}?application_name={NAME}",
            "REDIS_URL": NO_BROKER,
            **environment,
        }
        self.start()

    def start(self) -> None:
        with self.log.open("ab") as log:
            self.process = subprocess.Popen(
                self._command,
                cwd=ROOT,
                env=self._environment,
                start_new_session=True,
                stdout=log,
                stderr=log,
            )
        wait_until(self._answers, "the server answers")

    def _answers(self) -> bool:
        with suppress(Unanswered):
            return Door(self.port, "").send("GET", "/metadata").status == 200
        return False

    def processes_that_serve(self) -> list[psutil.Process]:
        """gunicorn's workers; its master starts others in their place."""
        with suppress(psutil.NoSuchProcess):
            return psutil.Process(self.process.pid).children()
        return []

    def kill_workers(self) -> None:
        """SIGKILL to those that serve, in the midst of whatever they do."""
        for process in self.processes_that_serve():
            with suppress(psutil.NoSuchProcess):
                process.kill()

    def kill(self) -> None:
        """SIGKILL to all of it: no chance to tidy up."""
        if self.process.poll() is None:
            os.killpg(self.process.pid, signal.SIGKILL)
            self.process.wait()


def sessions(state: str = "%") -> int:
    """Database sessions of the server, of those in `state`."""
    with psycopg.connect(database_url()) as connection:
        row = connection.execute(
            "SELECT count(*) FROM pg_stat_activity WHERE application_name = %s AND state LIKE %s",
            [NAME, state],
        ).fetchone()
    return int(row[0]) if row else 0


def terminate_sessions() -> None:
    """As an administrator, or a failover, does."""
    with psycopg.connect(database_url(), autocommit=True) as connection:
        connection.execute(
            "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE application_name = %s",
            [NAME],
        )
