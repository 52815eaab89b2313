"""What a tolerant client imports amiss is kept in quarantine, and named in the report all the same."""

from datetime import timedelta
from pathlib import Path
from typing import Any

import psycopg
import pytest
from django.db import connection
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import Application

from patients.models import AuditEvent, ClientProfile, Fact, QuarantinedResource
from patients.services.correcting import make_rule
from patients.services.quarantine_replay import replay_due
from tests.factories import fhir
from tests.factories.people import push
from tests.integration.conftest import database_url
from tests.integration.fhir.calls import sent
from tests.integration.fhir.importing import imported, ndjson, send_lines

pytestmark = pytest.mark.django_db
State = QuarantinedResource.State


@pytest.fixture(autouse=True)
def folder(settings: Any, tmp_path: Path) -> None:
    settings.BULK_DIR = tmp_path / "bulk"


@pytest.fixture
def tolerant(ehr: Client) -> Client:
    ClientProfile.objects.create(application=Application.objects.get(), tolerant=True)
    return ehr


def lines() -> bytes:
    """One that is well, one of a patient who is not here, one with a status that is none."""
    faulty = fhir.quantity("o2", "2093-3", 5, "mmol/L", status="done")
    early = fhir.quantity("o3", "2093-3", 5, "mmol/L", subject="late")
    return ndjson([fhir.patient(), fhir.quantity("o1", "2093-3", 5, "mmol/L"), faulty, early])


def test_faults_of_lines_wait_in_quarantine(tolerant: Client) -> None:
    found = imported(tolerant, send_lines(tolerant, lines()))
    assert [o["issue"][0]["expression"] for o in found] == [
        ["Observation.status"],
        ["Observation.subject"],
    ]
    kept = QuarantinedResource.objects.order_by("fhir_id")
    assert [(k.fhir_id, k.state, k.type) for k in kept] == [
        ("o2", State.WAITING, "Observation"),
        ("o3", State.WAITING, "Observation"),
    ]
    assert {f.resource_fhir_id for f in Fact.objects.all()} == {"o1"}
    assert AuditEvent.objects.filter(action="quarantine", what="Observation").count() == 2


def test_the_report_says_where_a_line_is_kept(tolerant: Client) -> None:
    found = imported(tolerant, send_lines(tolerant, lines()))
    assert [[i["severity"] for i in o["issue"]] for o in found] == [["error", "information"]] * 2
    for outcome, kept in zip(found, QuarantinedResource.objects.order_by("fhir_id"), strict=True):
        words = outcome["issue"][1]["diagnostics"]
        assert words.endswith(f"kept in quarantine as {kept.public_id}")
        status = tolerant.get(f"/fhir/quarantine/{kept.public_id}")
        assert status.json()["issue"][0]["diagnostics"].startswith("Waiting since")


@pytest.mark.django_db(transaction=True)
def test_what_lost_a_race_is_tried_soon(tolerant: Client) -> None:
    """Somebody else has the resource in hand for as long as the import lasts."""
    push(tolerant, fhir.patient())
    push(tolerant, fhir.quantity("o1", "2093-3", 4, "mmol/L"))
    newer = ndjson([fhir.quantity("o1", "2093-3", 5, "mmol/L")])
    with psycopg.connect(database_url()) as other, connection.cursor() as cursor:
        other.execute("SELECT 1 FROM patients_resource WHERE fhir_id = 'o1' FOR UPDATE")
        cursor.execute("SET lock_timeout = '20ms'")
        try:
            (outcome,) = imported(tolerant, send_lines(tolerant, newer))
        finally:
            cursor.execute("RESET lock_timeout")
            other.rollback()
    assert [i["code"] for i in outcome["issue"]] == ["conflict", "informational"]
    kept = QuarantinedResource.objects.get()
    assert kept.retry_at is not None
    assert kept.retry_at <= timezone.now()
    replay_due(now=timezone.now())
    kept.refresh_from_db()
    assert (kept.state, kept.stored_version) == (State.STORED, 2)


def test_they_enter_when_what_was_missing_is_there(tolerant: Client) -> None:
    imported(tolerant, send_lines(tolerant, lines()))
    push(tolerant, fhir.patient("late"))
    rule = {"element": "Observation.status", "from_text": "done", "to_text": "final"}
    now = timezone.now()
    make_rule(application_id=None, reason="its word", by="1", now=now, **rule)
    replay_due(now=now + timedelta(minutes=2))
    assert set(QuarantinedResource.objects.values_list("state", flat=True)) == {State.STORED}
    assert sent().filter(type="Observation").count() == 3


def test_a_line_that_a_rule_is_about_enters_soon(tolerant: Client) -> None:
    rule = {"element": "Observation.status", "from_text": "done", "to_text": "final"}
    make_rule(application_id=None, reason="its word", by="1", now=timezone.now(), **rule)
    imported(tolerant, send_lines(tolerant, lines()))
    replay_due(now=timezone.now() + timedelta(seconds=1))
    assert QuarantinedResource.objects.get(fhir_id="o2").state == State.STORED


def test_a_strict_client_has_no_lane(ehr: Client) -> None:
    assert len(imported(ehr, send_lines(ehr, lines()))) == 2
    assert not QuarantinedResource.objects.exists()
