"""How many requests a client may make, counted in a real Redis."""

import logging
import math
from collections.abc import Callable, Iterator
from datetime import timedelta
from typing import Any
from uuid import uuid4

import pytest
from django.core.exceptions import ValidationError
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import AccessToken, Application

from patients.api import rates
from patients.fhir.validation import validate
from patients.models import AuditEvent, ClientProfile, Resource
from tests.factories import fhir
from tests.integration.fhir.calls import faults, post, put

pytestmark = pytest.mark.django_db
NOW = 1_800_000_015.0
DEAD = {"nobody there": "redis://127.0.0.1:1/0", "no socket": "unix:///nonexistent/redis.sock"}


@pytest.fixture(autouse=True)
def own_counters(settings: Any, monkeypatch: pytest.MonkeyPatch) -> None:
    """No test meets another's counters, nor the end of a minute."""
    redis = settings.CACHES["rates"] | {"KEY_PREFIX": uuid4().hex}
    settings.CACHES = settings.CACHES | {"rates": redis}
    at(monkeypatch, NOW)
    monkeypatch.setattr(rates, "_pause", rates.Pause())


def at(monkeypatch: pytest.MonkeyPatch, seconds: float) -> None:
    monkeypatch.setattr(rates.Rate, "timer", staticmethod(lambda: seconds))


@pytest.fixture
def new_client(db: None) -> Callable[[str], Client]:
    """Another EHR."""

    def make(name: str) -> Client:
        application = Application.objects.create(
            name=name,
            client_type=Application.CLIENT_CONFIDENTIAL,
            authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
        )
        expires = timezone.now() + timedelta(hours=1)
        AccessToken.objects.create(
            application=application, token=name, expires=expires, scope="system/*.cruds"
        )
        return Client(headers={"Authorization": f"Bearer {name}"})

    return make


@pytest.fixture
def lines() -> Iterator[list[str]]:
    """What is logged about rates."""
    found: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            found.append(record.getMessage())

    listener = Listener()
    rates.log.addHandler(listener)
    yield found
    rates.log.removeHandler(listener)


def statuses(client: Client, n: int) -> list[int]:
    return [client.get("/fhir/Patient?_count=1").status_code for _ in range(n)]


class TestOfClients:
    def test_beyond_the_rate_there_is_429(self, ehr: Client, settings: Any) -> None:
        settings.FHIR_RATE = "3/min"
        assert statuses(ehr, 3) == [200] * 3
        answer = put(ehr, fhir.patient(), **{"X-Request-ID": "one-too-many"})
        assert answer.status_code == 429
        # the minute ends in 45 seconds
        assert answer["Retry-After"] == "45" == str(math.ceil(60 - NOW % 60))
        assert [(i["severity"], i["code"]) for i in faults(answer)] == [("error", "throttled")]
        assert validate(answer.json()) == []
        assert answer["X-Request-ID"] == "one-too-many"
        assert not Resource.objects.exists()

    def test_the_next_span_begins_anew(
        self, ehr: Client, settings: Any, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        settings.FHIR_RATE = "2/min"
        assert statuses(ehr, 3) == [200, 200, 429]
        at(monkeypatch, NOW + 44.9)
        assert statuses(ehr, 1) == [429]
        at(monkeypatch, NOW + 45)
        assert statuses(ehr, 3) == [200, 200, 429]

    def test_one_client_does_not_use_up_anothers(
        self, ehr: Client, new_client: Callable[[str], Client], settings: Any
    ) -> None:
        settings.FHIR_RATE = "2/h"
        assert statuses(ehr, 3) == [200, 200, 429]
        assert statuses(new_client("another"), 3) == [200, 200, 429]

    def test_all_tokens_of_a_client_count_together(self, ehr: Client, settings: Any) -> None:
        settings.FHIR_RATE = "2/h"
        given = AccessToken.objects.get()
        AccessToken.objects.create(
            application=given.application, token="more", expires=given.expires, scope=given.scope
        )
        more = Client(headers={"Authorization": "Bearer more"})
        assert statuses(ehr, 1) + statuses(more, 1) == [200, 200]
        assert statuses(ehr, 1) + statuses(more, 1) == [429, 429]

    def test_a_bundle_is_one_request(self, ehr: Client, settings: Any) -> None:
        settings.FHIR_RATE = "1/h"
        assert post(ehr, "", fhir.transaction(fhir.complete_record())).status_code == 200
        assert statuses(ehr, 1) == [429]

    @pytest.mark.parametrize("rate", ["", "off"])
    def test_it_can_be_off(self, ehr: Client, settings: Any, rate: str) -> None:
        settings.FHIR_RATE = rate
        settings.CACHES = settings.CACHES | {"rates": {"BACKEND": "none.that.is.asked"}}
        assert statuses(ehr, 2) == [200, 200]

    @pytest.mark.parametrize(
        ("own", "expected"), [("1/h", [200, 429, 429]), ("off", [200] * 3), ("", [200, 200, 429])]
    )
    def test_a_profile_says_otherwise(
        self, ehr: Client, settings: Any, own: str, expected: list[int]
    ) -> None:
        settings.FHIR_RATE = "2/h"
        ClientProfile.objects.create(application=Application.objects.get(), rate=own)
        assert statuses(ehr, 3) == expected

    @pytest.mark.parametrize("rate", ["0/min", "10", "10/week", "many", "10/min\n", "-1/s"])
    def test_a_profile_has_no_other_rates(self, ehr: Client, rate: str) -> None:
        profile = ClientProfile(application=Application.objects.get(), rate=rate)
        with pytest.raises(ValidationError):
            profile.clean_fields(exclude=["default_care_team"])

    def test_what_needs_no_token_is_not_counted(self, ehr: Client, settings: Any) -> None:
        settings.FHIR_RATE = settings.FHIR_ANONYMOUS_RATE = "1/h"
        for path in ("metadata", "openapi.json", "metadata"):
            assert ehr.get(f"/fhir/{path}").status_code == 200
        assert statuses(ehr, 1) == [200]


class TestOfAddresses:
    @staticmethod
    def ask(address: str, **headers: str) -> Any:
        return Client().get("/fhir/Patient", headers=headers, REMOTE_ADDR=address)

    def test_beyond_the_rate_a_wrong_token_is_429(self, settings: Any) -> None:
        settings.FHIR_ANONYMOUS_RATE = "2/min"
        assert self.ask("192.0.2.1").status_code == 401
        assert self.ask("192.0.2.1", Authorization="Bearer wrong").status_code == 401
        answer = self.ask("192.0.2.1", Authorization="Bearer wrong")
        assert (answer.status_code, answer["Retry-After"]) == (429, "45")
        assert [i["code"] for i in faults(answer)] == ["throttled"]
        assert self.ask("2001:db8::1").status_code == 401
        assert {e.detail[:3] for e in AuditEvent.objects.all()} == {"401"}

    def test_a_made_up_forwarding_opens_nothing(self, settings: Any) -> None:
        settings.FHIR_ANONYMOUS_RATE = "1/min"
        assert self.ask("192.0.2.1").status_code == 401
        assert self.ask("192.0.2.1", **{"X-Forwarded-For": "192.0.2.9"}).status_code == 429

    def test_a_valid_token_is_heard_from_the_same_address(self, ehr: Client, settings: Any) -> None:
        settings.FHIR_ANONYMOUS_RATE = "1/min"
        for expected in (401, 429):
            assert self.ask("127.0.0.1").status_code == expected
        assert statuses(ehr, 1) == [200]


class TestWithoutRedis:
    @pytest.mark.parametrize("url", list(DEAD.values()), ids=list(DEAD))
    def test_the_door_stays_open(
        self, ehr: Client, settings: Any, lines: list[str], url: str
    ) -> None:
        settings.FHIR_RATE = settings.FHIR_ANONYMOUS_RATE = "1/h"
        dead = settings.CACHES["rates"] | {"LOCATION": url}
        settings.CACHES = settings.CACHES | {"rates": dead}
        assert put(ehr, fhir.patient()).status_code == 201
        assert put(ehr, fhir.blood_pressure("bp", 140, 80)).status_code == 201
        assert [Client().get("/fhir/Patient").status_code for _ in range(3)] == [401] * 3
        assert len(lines) == 1
        assert "Redis is away" in lines[0] and "127.0.0.1" not in lines[0]

    def test_it_is_asked_again_after_a_minute(
        self,
        ehr: Client,
        settings: Any,
        lines: list[str],
        monkeypatch: pytest.MonkeyPatch,
    ) -> None:
        settings.FHIR_RATE = "1/h"
        alive = settings.CACHES
        settings.CACHES = alive | {"rates": alive["rates"] | {"LOCATION": DEAD["no socket"]}}
        assert statuses(ehr, 2) == [200, 200]
        settings.CACHES = alive
        assert statuses(ehr, 2) == [200, 200]
        monkeypatch.setattr(rates, "_pause", rates.Pause())
        assert statuses(ehr, 2) == [200, 429]
        assert len(lines) == 1

    def test_a_pause_is_begun_once_and_ends(self) -> None:
        pause = rates.Pause()
        assert [pause.is_on(100), pause.begin(100), pause.begin(100), pause.is_on(159)] == [
            *(False, True, False, True)
        ]
        assert [pause.is_on(160), pause.begin(160)] == [False, True]


def test_metadata_and_openapi_say_so(client: Client, settings: Any) -> None:
    settings.FHIR_RATE = "123/min"
    words = client.get("/fhir/metadata").json()["rest"][0]["documentation"]
    for piece in ("123/min", "429", "Retry-After", str(settings.FHIR_MAX_BODY_BYTES)):
        assert piece in words
    settings.FHIR_RATE = ""
    words = client.get("/fhir/metadata").json()["rest"][0]["documentation"]
    assert "any number of requests" in words
    document = client.get("/fhir/openapi.json").json()
    assert "429" in document["paths"]["/Patient"]["get"]["responses"]
    assert "Retry-After" in document["components"]["responses"]["429"]["headers"]
