"""The server does not start open outside the demo and the tests."""

import os
import subprocess
import sys

import pytest

from tests.integration.conftest import ROOT

SOUND = {
    "TWINPORTAL_MODE": "production",
    "SECRET_KEY": "k3y" * 20,
    "ALLOWED_HOSTS": "twin.example.org",
    "DATABASE_URL": "postgresql:///nowhere",
    "REDIS_URL": "redis://127.0.0.1:1/0",
}
WEB = [sys.executable, "-c", "import twinportal.wsgi"]
ASYNC_WEB = [sys.executable, "-c", "import twinportal.asgi"]
CHECK = [sys.executable, "manage.py", "check"]


def start(command: list[str], **other: str) -> subprocess.CompletedProcess[str]:
    kept = {name: os.environ[name] for name in ("PATH", "HOME") if name in os.environ}
    environment = {name: value for name, value in (SOUND | other).items() if value}
    return subprocess.run(
        command, env=kept | environment, cwd=ROOT, capture_output=True, text=True, check=False
    )


def test_the_other_web_server_refuses_too() -> None:
    assert start(ASYNC_WEB).returncode == 0
    assert "ALLOWED_HOSTS" in start(ASYNC_WEB, ALLOWED_HOSTS="*").stderr


@pytest.mark.parametrize("command", [WEB, CHECK], ids=["wsgi", "check"])
class TestStart:
    def test_a_sound_production_starts(self, command: list[str]) -> None:
        run = start(command, TWINPORTAL_PUBLIC_URL="https://twin.example.org")
        assert run.returncode == 0, run.stderr

    @pytest.mark.parametrize(
        ("name", "value"),
        [
            ("SECRET_KEY", ""),
            ("SECRET_KEY", "short"),
            ("SECRET_KEY", "not-secret-demo-not-secret-demo-not-secret-demo"),
            ("ALLOWED_HOSTS", ""),
            ("ALLOWED_HOSTS", "*"),
            ("ALLOWED_HOSTS", "twin.example.org,"),
            ("DATABASE_URL", ""),
            ("REDIS_URL", ""),
            ("TWINPORTAL_PUBLIC_URL", "http://twin.example.org"),
            ("CSRF_TRUSTED_ORIGINS", "http://twin.example.org"),
            ("TWINPORTAL_MODE", "prod"),
        ],
    )
    def test_an_open_one_does_not(self, command: list[str], name: str, value: str) -> None:
        run = start(command, **{name: value})
        assert run.returncode != 0
        assert name in run.stderr

    def test_without_a_mode_it_is_production(self, command: list[str]) -> None:
        run = start(command, TWINPORTAL_MODE="", ALLOWED_HOSTS="*")
        assert run.returncode != 0
        assert "ALLOWED_HOSTS" in run.stderr


@pytest.mark.parametrize(
    ("name", "value", "about"),
    [
        ("DEBUG", True, "DEBUG"),
        ("SECURE_SSL_REDIRECT", False, "SECURE_SSL_REDIRECT"),
        ("SESSION_COOKIE_SECURE", False, "Cookies"),
        ("MOST_TOKEN_SECONDS", 3600, "Access tokens"),
    ],
)
def test_what_only_a_change_of_the_settings_file_opens(
    name: str, value: object, about: str
) -> None:
    program = (
        "import django; django.setup(); from django.conf import settings as s\n"
        f"s.{name} = {value!r}\n"
        "from twinportal.closed_door import open_doors; print(open_doors(s))"
    )
    run = start([sys.executable, "-c", program], DJANGO_SETTINGS_MODULE="twinportal.settings")
    assert run.returncode == 0, run.stderr
    assert about in run.stdout
