"""docker-compose.yml describes production: it must fit the settings, and hold no secret."""

import os
import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml
from django.conf import settings

from twinportal import tasks

ROOT = Path(__file__).resolve().parents[2]
COMPOSE = yaml.safe_load((ROOT / "docker-compose.yml").read_text())
SERVICES = COMPOSE["services"]
RUNNING = ("web", "worker", "bulk", "beat")
PORTAL = ("migrate", *RUNNING)
VARIABLE = re.compile(r"\$\{(\w+)(?::([?-])([^}]*))?\}")


def filled(text: str, values: dict[str, str]) -> str:
    """`text` with ${NAME}, ${NAME:-default} and ${NAME:?needed} filled in as compose does."""
    return VARIABLE.sub(lambda m: values.get(m[1], m[3] if m[2] == "-" else ""), str(text))


def load_settings(environment: dict[str, str]) -> subprocess.CompletedProcess[str]:
    program = (
        "from django.conf import settings as s; d = s.DATABASES['default'];"
        "print(s.MODE, d['HOST'], d['NAME'], s.CELERY_BROKER_URL, s.RELEASE_POLICY)"
    )
    base = {"PATH": os.environ["PATH"], "DJANGO_SETTINGS_MODULE": "twinportal.settings"}
    return subprocess.run(
        [sys.executable, "-c", program],
        env=base | environment,
        cwd=ROOT,
        capture_output=True,
        text=True,
        check=False,
    )


def production_environment() -> dict[str, str]:
    given = {
        "SECRET_KEY": "k" * 50,
        "ALLOWED_HOSTS": "twin.example.org",
        "POSTGRES_PASSWORD": "pw",
        "REDIS_PASSWORD": "pw",
    }
    return {k: filled(v, given) for k, v in SERVICES["web"]["environment"].items()}


def test_the_settings_accept_what_compose_gives() -> None:
    run = load_settings(production_environment())
    assert run.returncode == 0, run.stderr
    assert run.stdout.split() == [
        "production",
        "postgres",
        "twinportal",
        "redis://:pw@redis:6379/0",
        "review",
    ]


@pytest.mark.parametrize("name", ["SECRET_KEY", "ALLOWED_HOSTS", "DATABASE_URL", "REDIS_URL"])
def test_the_settings_refuse_to_start_without(name: str) -> None:
    environment = production_environment()
    del environment[name]
    run = load_settings(environment)
    assert run.returncode != 0
    assert name in run.stderr


def test_every_environment_variable_is_one_that_something_reads() -> None:
    text = (ROOT / "twinportal" / "settings.py").read_text()
    known_elsewhere = {"OMP_NUM_THREADS", "OPENBLAS_NUM_THREADS"}
    unread = {n for n in SERVICES["web"]["environment"] if f'"{n}"' not in text}
    assert unread == known_elsewhere


def test_no_secret_has_a_default() -> None:
    text = (ROOT / "docker-compose.yml").read_text()
    secrets = [m for m in VARIABLE.finditer(text) if m[1] == "SECRET_KEY" or "PASSWORD" in m[1]]
    assert len(secrets) >= 5
    assert {m[2] for m in secrets} == {"?"}


def test_the_parts_of_production() -> None:
    assert set(SERVICES) == {*PORTAL, "postgres", "redis"}
    assert SERVICES["postgres"]["image"].startswith("pgvector/pgvector:pg")
    for name in (*RUNNING, "postgres", "redis"):
        assert "healthcheck" in SERVICES[name], name
    for name in RUNNING:
        needs = SERVICES[name]["depends_on"]
        assert needs["postgres"]["condition"] == "service_healthy"
        assert needs["migrate"]["condition"] == "service_completed_successfully"


def test_the_worker_scales() -> None:
    """A fixed name or a published port would forbid a second one."""
    assert "container_name" not in SERVICES["worker"]
    assert "ports" not in SERVICES["worker"]


def queues_of(name: str) -> set[str]:
    command = SERVICES[name]["command"]
    given = command[command.index("--queues") + 1] if "--queues" in command else "celery"
    return set(given.split(","))


def test_every_queue_has_a_worker() -> None:
    routed = {str(route["queue"]) for route in settings.CELERY_TASK_ROUTES.values()}
    assert routed == queues_of("bulk")
    assert queues_of("worker") == {"celery"}


def test_bulk_files_are_where_they_are_written_read_and_cleared_away() -> None:
    """Who has the folder runs every task that touches it."""
    (folder,) = {SERVICES[name]["environment"]["TWINPORTAL_BULK_DIR"] for name in PORTAL}
    volume, _, place = SERVICES["bulk"]["volumes"][0].partition(":")
    assert place == folder
    assert volume in COMPOSE["volumes"]
    assert SERVICES["web"]["volumes"] == SERVICES["bulk"]["volumes"]
    assert not any("volumes" in SERVICES[name] for name in ("worker", "beat"))
    for task in (tasks.work_on_bulk_job, tasks.expire_bulk_jobs):
        assert settings.CELERY_TASK_ROUTES[task.name] == {"queue": "bulk"}
    assert f"-o twinportal -g twinportal -m 700 {folder}" in (ROOT / "Dockerfile").read_text()


def test_commands_name_what_exists() -> None:
    for name in ("worker", "bulk", "beat"):
        command = SERVICES[name]["command"]
        assert command[command.index("-A") + 1] == "twinportal.celery"
    assert (ROOT / "twinportal" / "celery.py").exists()
    assert SERVICES["migrate"]["command"][:2] == ["python", "manage.py"]
