"""The data steward's first pages: who may see them, what they say, and what they cost."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from oauth2_provider.models import Application

from patients.models import (
    AuditEvent,
    BulkJob,
    ClientHour,
    Heartbeat,
    Patient,
    QuarantinedResource,
    StaleTwin,
)
from patients.services import activity
from tests.factories import fhir
from tests.factories.people import clinician, patient_user, push, signed_in, twin
from tests.integration.fhir.calls import put
from tests.integration.fhir.tolerant import make_tolerant, odd_value
from twinportal.accounts.models import User
from twinportal.heartbeat import BULK, SWEEP, WORKER, note
from twinportal.population import services as population

pytestmark = pytest.mark.django_db
PAGES = ("/steward/", "/steward/rejects/", "/steward/senders/nobody/")


@pytest.fixture(autouse=True)
def new_ledger(monkeypatch: pytest.MonkeyPatch) -> Iterator[None]:
    monkeypatch.setattr(activity, "_ledger", None)
    yield


@pytest.fixture
def steward() -> Client:
    for name in (WORKER, BULK, SWEEP):
        note(name)
    return signed_in(User.objects.create_user("steward", role="steward"))


def shown(steward: Client, path: str = "/steward/") -> str:
    activity.flush()
    answer = steward.get(path)
    assert answer.status_code == 200
    return " ".join(answer.content.decode().split())


def test_nobody_else_gets_in(ehr_client: Client) -> None:
    mine = twin(ehr_client, "p1")
    doctor, patient = signed_in(clinician()), signed_in(patient_user(mine))
    for path in (*PAGES, f"/steward/clients/{Application.objects.get().pk}/"):
        assert doctor.get(path).status_code == 403
        assert patient.get(path).status_code == 403
        assert Client().get(path).status_code == 302
    assert doctor.post("/steward/retry/").status_code == 403


def test_all_is_well(steward: Client) -> None:
    assert "Everything that was sent is in, and every twin is up to date." in shown(steward)


def test_what_was_pushed_and_refused(steward: Client, ehr_client: Client) -> None:
    """UX A7: the cause and the time are on a page, and what was sound went in."""
    push(ehr_client, fhir.patient("p1"))
    faulty = fhir.quantity("o1", "2093-3", 5, "mmol/L", status="done")
    put(ehr_client, faulty)
    put(ehr_client, faulty | {"id": "o2"})
    page = shown(steward)
    assert "2 writes of the last 24 hours were refused." in page
    assert '<td class="number" data-label="Created">1</td>' in page
    assert "Observation.status" in page and "Observation.status" in shown(steward, PAGES[1])
    application = Application.objects.get()
    one = shown(steward, f"/steward/clients/{application.pk}/")
    assert "Test EHR" in one and "Observation.status" in one
    # names, ids and values of patients are on none of them
    for text in (page, one):
        assert "Example" not in text and "MRN-p1" not in text and "done" not in text


def test_what_is_in_no_twin_is_named(steward: Client, ehr_client: Client) -> None:
    make_tolerant()
    push(ehr_client, fhir.patient("p1"), fhir.quantity("o1", "2093-3", 5, "furlong"))
    put(ehr_client, odd_value("odd", "p1"))
    assert QuarantinedResource.objects.count() == 1
    page = shown(steward)
    assert "1 resource in quarantine: sent, faulty, used by nothing." in page
    assert "Values of 1 resource are not used: their unit is missing, or not known here." in page
    assert "Not counted yet" in page


def test_a_worker_that_is_gone_comes_first(steward: Client, ehr_client: Client) -> None:
    put(ehr_client, fhir.quantity("o1", "2093-3", 5, "mmol/L", status="done"))
    long_ago = timezone.now() - timedelta(hours=2)
    Heartbeat.objects.filter(name=WORKER).update(at=long_ago)
    page = shown(steward)
    assert page.index("No worker has done anything for 2 hours") < page.index("was refused")
    Heartbeat.objects.filter(name=WORKER).update(at=timezone.now())
    Heartbeat.objects.filter(name=BULK).update(at=long_ago)
    assert "no worker of the queue bulk" not in shown(steward)
    BulkJob.objects.create(kind="export", created_at=timezone.now())
    assert "1 import or export wait, and no worker of the queue bulk" in shown(steward)


def test_no_broker_no_trouble(steward: Client, settings: Any) -> None:
    settings.REDIS_URL = "unix:///nonexistent/redis.sock"
    assert "The message broker (Redis) does not answer." in shown(steward)


def test_when_all_twins_were_last_scored(steward: Client, ehr_client: Client) -> None:
    assert "Never yet; each is when it changes." in shown(steward)
    push(ehr_client, fhir.patient("p1"))
    run = population.begin(now=timezone.now())
    assert run is not None
    assert "under way</strong>, 0 of 1 twins, none failed" in shown(steward)
    population.work(run.pk)
    assert "): 1 of 1 twins, none failed" in shown(steward)


def test_failed_twins_are_tried_again(steward: Client, ehr_client: Client) -> None:
    push(ehr_client, fhir.patient("p1"))
    later = timezone.now() + timedelta(hours=1)
    StaleTwin.objects.update_or_create(
        patient=Patient.objects.get(),
        defaults={
            "marked_at": timezone.now(),
            "attempts": 4,
            "last_error": "ZeroDivisionError",
            "retry_at": later,
        },
    )
    page = shown(steward)
    assert "1 twin could not be recalculated." in page and "ZeroDivisionError" in page
    assert steward.post("/steward/retry/").status_code == 302
    assert StaleTwin.objects.get().retry_at < later
    event = AuditEvent.objects.get(action="retry")
    assert (event.what, event.detail) == ("twins that failed", "1 twin")


def test_the_number_of_statements_does_not_grow(steward: Client) -> None:
    now = timezone.now()

    def make(number: int) -> None:
        for n in range(number):
            made = Application.objects.create(
                name=f"EHR {n}",
                client_type=Application.CLIENT_CONFIDENTIAL,
                authorization_grant_type=Application.GRANT_CLIENT_CREDENTIALS,
            )
            ClientHour.objects.create(hour=now, source=f"client {made.pk}", last_at=now, created=n)

    def statements() -> int:
        with CaptureQueriesContext(connection) as captured:
            shown(steward)
        return len(captured)

    make(5)
    few = statements()
    make(45)
    assert statements() == few


@pytest.mark.parametrize("query", ["?period=x", "?period=", "?days=99999", "?source=x%00y"])
def test_odd_addresses_are_no_errors(steward: Client, query: str) -> None:
    for path in PAGES:
        assert steward.get(path + query).status_code == 200


def test_who_is_not_there_is_not_found(steward: Client) -> None:
    assert steward.get("/steward/senders/somebody/").status_code == 404
    assert steward.get("/steward/clients/999999/").status_code == 404
