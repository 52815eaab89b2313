"""What the benchmarks share: an empty database, a server as production runs it, a token."""

import os
import secrets
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import closing, contextmanager
from datetime import UTC, datetime, timedelta
from pathlib import Path

import psycopg

ROOT = Path(__file__).resolve().parents[1]
sys.path.insert(0, str(ROOT))
DATABASE = "twinportal_bench"
PATIENCE_SECONDS = 30
APPLICATION = "twinportal.wsgi:application"


def prepare() -> str:
    """An empty database on the embedded (or given) server; returns its URL."""
    from twinportal import embedded

    os.environ.setdefault("TWINPORTAL_MODE", "test")
    embedded.ensure_environment()
    server, _, _ = os.environ["DATABASE_URL"].rpartition("/")
    with psycopg.connect(os.environ["DATABASE_URL"], autocommit=True) as connection:
        connection.execute(f"DROP DATABASE IF EXISTS {DATABASE} WITH (FORCE)")
        connection.execute(f"CREATE DATABASE {DATABASE}")
    os.environ["DATABASE_URL"] = f"{server}/{DATABASE}"
    os.environ["DJANGO_SETTINGS_MODULE"] = "twinportal.settings"
    os.environ["LOG_LEVEL"] = "ERROR"
    os.environ["FHIR_RATE"] = "off"
    import django
    from django.core.management import call_command

    django.setup()
    call_command("migrate", verbosity=0)
    return os.environ["DATABASE_URL"]


def token() -> str:
    from oauth2_provider.models import AccessToken, Application

    application = Application.objects.create(
        name="Benchmark",
        client_type=Application.CLIENT_CONFIDENTIAL,
        authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
    )
    made = AccessToken.objects.create(
        application=application,
        token=secrets.token_urlsafe(32),
        expires=datetime.now(UTC) + timedelta(hours=4),
        scope="system/*.rs system/*.cud",
    )
    return str(made.token)


@contextmanager
def server(application: str = APPLICATION) -> Iterator[int]:
    """gunicorn as production runs it; yields its port."""
    with closing(socket.socket()) as probe:
        probe.bind(("127.0.0.1", 0))
        port = int(probe.getsockname()[1])
    command = [
        sys.executable,
        "-m",
        "gunicorn",
        application,
        "--preload",
        "--pythonpath",
        "benchmarks",
    ]
    command += ["--bind", f"127.0.0.1:{port}", "--workers", "2", "--threads", "4"]
    quiet = os.environ | {"PYTHONWARNINGS": "ignore"}
    process = subprocess.Popen([*command, "--log-level", "error"], cwd=ROOT, env=quiet)
    try:
        deadline = time.monotonic() + PATIENCE_SECONDS
        while time.monotonic() < deadline:
            with closing(socket.socket()) as probe:
                if probe.connect_ex(("127.0.0.1", port)) == 0:
                    break
            time.sleep(0.1)
        yield port
    finally:
        process.terminate()
        process.wait()


def copy_rows(url: str, batches: list[list[bytes]]) -> None:
    """The floor of everything that stores resources: COPY into one jsonb column, a commit a batch."""
    with psycopg.connect(url) as connection:
        connection.execute("CREATE TABLE IF NOT EXISTS bench_copy (content jsonb)")
        connection.commit()
        for batch in batches:
            with connection.cursor().copy("COPY bench_copy (content) FROM STDIN") as stream:
                for resource in batch:
                    stream.write_row([resource.decode()])
            connection.commit()


def timed(work: Callable[[], None]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start
