"""Other people's FHIR clients, unmodified, against the real server on a real socket."""

import gc
import threading
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import AccessToken

from tests.factories import fhir
from tests.integration.fhir.calls import post

MakeToken = Callable[[str], str]
A_MOMENT, PATIENCE_SECONDS = 0.2, 60


@dataclass(frozen=True)
class Door:
    """What an integrator is given: an address and a token."""

    url: str
    token: str


@pytest.fixture
def door(live_server: Any, ehr_client: Client, monkeypatch: pytest.MonkeyPatch) -> Iterator[Door]:
    # a proxy of this machine is not on the way to this machine
    monkeypatch.setenv("NO_PROXY", "localhost,127.0.0.1")
    token = ehr_client.defaults["HTTP_AUTHORIZATION"].removeprefix("Bearer ")
    yield Door(f"{live_server.url}/fhir", token)
    _let_the_server_finish()


def _let_the_server_finish() -> None:
    """A client has its answer before the server's thread has let go of the database, which the
    end of the tests wants for itself. It holds on while the client's connection is open; that of an
    answer which became an exception is open until the collector has found both.
    """
    for thread in threading.enumerate():
        if "process_request_thread" in thread.name:
            thread.join(A_MOMENT)
            if thread.is_alive():
                gc.collect()
            thread.join(PATIENCE_SECONDS)
            assert not thread.is_alive(), "a client has left its connection open"


@pytest.fixture
def make_token(door: Door) -> MakeToken:
    """Another token of the same EHR, with the scope named."""

    def make(scope: str) -> str:
        given = AccessToken.objects.get(token=door.token)
        expires = timezone.now() + timedelta(hours=1)
        token = f"token for {scope}".replace(" ", "-")
        AccessToken.objects.create(
            application=given.application, token=token, expires=expires, scope=scope
        )
        return token

    return make


@pytest.fixture
def ward(door: Door, ehr_client: Client) -> Door:
    """Two patients: p1 (dr1's) with a complete record, p2 with one old cholesterol value."""
    resources = [
        fhir.practitioner("dr1"),
        *fhir.complete_record("p1", practitioner="dr1"),
        fhir.patient("p2", family="Otherone", gender="male", birth_date="1950-01-02"),
        fhir.quantity("p2-tc", "2093-3", 180, "mg/dL", subject="p2", date="2019-05-01"),
    ]
    assert post(ehr_client, "", fhir.transaction(resources)).status_code == 200
    return door
