"""`manage.py demo` as a new user starts it, with servers and data of its own."""

import json
import os
import signal
import socket
import subprocess
import sys
import urllib.request
from pathlib import Path
from typing import IO, Any

import psutil

from tests.integration.conftest import ROOT


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

    def stop(self) -> None:
        """As Ctrl-C does."""
        self.process.send_signal(signal.SIGINT)
        self.process.wait(timeout=60)

    def get(self, path: str, token: str = "") -> tuple[int, Any]:
        headers = {"Authorization": f"Bearer {token}"} if token else {}
        url = f"http://127.0.0.1:{self.port}{path}"
        with urllib.request.urlopen(urllib.request.Request(url, headers=headers)) as answer:
            return answer.status, json.load(answer)
