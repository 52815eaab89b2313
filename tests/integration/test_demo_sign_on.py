"""The demo's EHR: its key, and a token that may be copied and pasted for as long as the demo lives."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import pytest
from django.utils import timezone
from oauth2_provider.models import AccessToken

from patients.models import ClientProfile
from tests.factories.backend_client import with_token
from tests.integration.conftest import wait_until
from tests.integration.real_server import RealServer, sessions
from twinportal import demo

pytestmark = pytest.mark.django_db(transaction=True)


@dataclass
class Started:
    """A server, and a folder with the var/demo.json that its demo would write."""

    base_url: str
    folder: Path

    @property
    def key_path(self) -> Path:
        return self.folder / "var" / "ehr-key.json"

    def sign_on(self, known: demo.Record) -> demo.Record:
        return demo.ehr_sign_on(self.base_url, self.key_path, known)


@pytest.fixture
def started(tmp_path: Path) -> Iterator[Started]:
    server = RealServer(workers=1)
    found = Started(f"http://127.0.0.1:{server.port}", tmp_path)
    (tmp_path / "var").mkdir()
    ehr = found.sign_on({})
    demo.write_summary(tmp_path / "var" / "demo.json", base_url=found.base_url, users=[], ehr=ehr)
    yield found
    server.kill()
    wait_until(lambda: sessions() == 0, "the server's sessions end")


def test_the_demo_keeps_its_key_and_a_token_that_lasts(started: Started) -> None:
    summary = demo.read_summary(started.folder / "var" / "demo.json")
    assert with_token(summary["ehr_token"]).get("/fhir/Patient").status_code == 200
    assert started.key_path.stat().st_mode & 0o077 == 0
    assert summary["ehr_client"]["key"] == str(started.key_path)
    key = started.key_path.read_text()
    fresh = started.sign_on(summary)
    assert fresh["ehr_token"] != summary["ehr_token"], "five minutes are not enough for a demo"
    AccessToken.objects.update(expires=timezone.now() + demo.TOKEN_LIFE)
    assert started.sign_on(fresh) == fresh
    assert started.key_path.read_text() == key
    assert ClientProfile.objects.count() == 1
