"""What the counters say of what was pushed, and that no push hears of their troubles."""

import doctest
import json
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from django.core.management import call_command
from django.db import connection
from django.test import Client
from django.utils import timezone
from oauth2_provider.models import Application

from patients.models import ClientHour, RejectedElement
from patients.models.activity import COUNTS, OTHER
from patients.services import activity
from patients.services.activity_store import MOST_CAUSES
from tests.factories import fhir
from tests.integration.conftest import wait_until
from tests.integration.fhir.calls import Json, post, put
from tests.integration.real_server import Door, RealServer


@pytest.fixture(autouse=True)
def new_ledger(monkeypatch: pytest.MonkeyPatch, db: None) -> Iterator[None]:
    monkeypatch.setattr(activity, "_ledger", None)
    yield


def source() -> str:
    return f"client {Application.objects.get(name='Test EHR').pk}"


def counted(name: str = "") -> dict[str, int]:
    """All that is counted of a sender, without zeros and bytes."""
    activity.flush()
    rows = ClientHour.objects.filter(source=name or source())
    sums = {count: sum(getattr(row, count) for row in rows) for count in COUNTS}
    return {count: n for count, n in sums.items() if n and count != "bytes_in"}


def causes() -> set[tuple[str, str, int, int]]:
    activity.flush()
    return set(RejectedElement.objects.values_list("path", "code", "status", "count"))


def observation(**more: Any) -> Json:
    made = fhir.quantity("o1", "8480-6", 120, "mm[Hg]")
    return made | more


def test_each_kind_of_write_has_its_own_count(ehr_client: Client) -> None:
    # given a patient who is pushed twice, then changed, created and deleted
    put(ehr_client, fhir.patient("p1"))
    put(ehr_client, fhir.patient("p1"))
    put(ehr_client, fhir.patient("p1", family="Other"))
    put(ehr_client, observation(id="o9"))
    ehr_client.get("/fhir/Patient/p1")
    ehr_client.delete("/fhir/Patient/p1-not-there")
    answer = ehr_client.delete("/fhir/Observation/o9")
    assert answer.status_code == 204
    # then each is counted as what it was, a read as a request only
    assert counted() == {
        "requests": 7,
        "created": 2,
        "unchanged": 2,
        "updated": 1,
        "deleted": 1,
    }
    # and the size of what came is known
    assert ClientHour.objects.get().bytes_in > 500


def test_a_refusal_names_the_element_and_no_value(ehr_client: Client) -> None:
    body = observation(status="secret-name", component=[{"code": {"text": "x"}, "valeu": 1}])
    answer = post(ehr_client, "/Observation", body, **{"X-Request-ID": "find-me"})
    assert answer.status_code == 422
    # the made-up member is cut off where R4 ends
    assert causes() == {
        ("Observation.status", "code-invalid", 422, 1),
        ("Observation.component", "structure", 422, 1),
    }
    row = RejectedElement.objects.get(path="Observation.status")
    assert (row.type, row.source, row.last_request_id) == ("Observation", source(), "find-me")
    assert "secret" not in json.dumps(list(RejectedElement.objects.values()), default=str)
    assert counted() == {"requests": 1, "refused": 1}


def test_the_entries_of_a_batch_are_counted_one_by_one(ehr_client: Client) -> None:
    entries = [
        fhir.patient("p1"),
        observation(),
        observation(id="o2", status="nonsense"),
        observation(id="o3", subject={"reference": "Patient/nobody"}),
    ]
    bundle = {
        "resourceType": "Bundle",
        "type": "batch",
        "entry": [
            {
                "resource": entry,
                "request": {"method": "PUT", "url": f"{entry['resourceType']}/{entry['id']}"},
            }
            for entry in entries
        ]
        + [{"request": {"method": "GET", "url": "Patient/gone"}}],
    }
    put(ehr_client, fhir.patient("p1"))
    assert post(ehr_client, "", bundle).status_code == 200
    assert counted() == {"requests": 2, "created": 2, "unchanged": 1, "refused": 2}
    assert causes() == {
        ("Observation.status", "code-invalid", 422, 1),
        ("Observation.subject", "not-found", 422, 1),
    }


def test_a_transaction_is_one_refusal_with_every_cause(ehr_client: Client) -> None:
    entries = [observation(status="nonsense"), observation(id="o2", status="nonsense")]
    bundle = fhir.transaction([fhir.patient("p1", gender="x"), *entries])
    assert post(ehr_client, "", bundle).status_code == 422
    assert counted() == {"requests": 1, "refused": 1}
    assert causes() == {
        ("Observation.status", "code-invalid", 422, 1),
        ("Patient.gender", "code-invalid", 422, 1),
    }


def test_who_has_no_token_is_nobody_and_refuses_no_client(ehr_client: Client) -> None:
    Client().post("/fhir/Observation", b"{}", content_type="application/json")
    assert counted("nobody") == {"requests": 1}
    assert causes() == set()


def test_who_asks_too_often_is_counted_apart(ehr_client: Client, settings: Any) -> None:
    settings.FHIR_RATE = "1/d"
    ehr_client.get("/fhir/Patient")
    ehr_client.get("/fhir/Patient")
    assert counted() == {"requests": 2, "throttled": 1}


def test_a_file_is_counted_for_the_server_itself(ehr_client: Client, tmp_path: Path) -> None:
    lines = [fhir.patient("p1"), observation(), observation(id="o2", status="nonsense")]
    (tmp_path / "a.ndjson").write_text("\n".join(json.dumps(line) for line in lines))
    call_command("import_fhir", str(tmp_path), workers=1, tolerant=True)
    assert counted("server") == {"created": 2, "refused": 1}
    assert causes() == {("Observation.status", "code-invalid", 422, 1)}


def test_counts_that_are_stored_in_parts_add_up(ehr_client: Client) -> None:
    for _ in range(3):
        post(ehr_client, "/Observation", observation(status="nonsense"))
        activity.flush()
    activity.flush()
    assert counted() == {"requests": 3, "refused": 3}
    assert causes() == {("Observation.status", "code-invalid", 422, 3)}


def test_an_hour_keeps_its_own_counts(db: None, monkeypatch: pytest.MonkeyPatch) -> None:
    start = datetime(2026, 5, 1, 13, 59, 59, tzinfo=UTC)
    for moment in (start, start + timedelta(seconds=2)):
        monkeypatch.setattr(activity.time, "time", moment.timestamp)
        activity.count("client 1", requests=1)
    activity.flush()
    hours = ClientHour.objects.order_by("hour").values_list("hour", "requests", "last_at")
    second = start + timedelta(seconds=1)
    assert list(hours) == [
        (start.replace(minute=0, second=0), 1, start),
        (second, 1, start + timedelta(seconds=2)),
    ]


def test_a_client_cannot_fill_the_table(ehr_client: Client) -> None:
    # given as many different causes as a day may have, and more, in two portions
    for start in (0, 400):
        for number in range(start, start + 400):
            activity.refuse("client 1", 422, [(f"Observation.x{number}", "structure")])
        activity.flush()
    # then there is one line more, with the rest, and nothing is lost
    assert RejectedElement.objects.count() == MOST_CAUSES + 1
    assert RejectedElement.objects.get(code=OTHER).count == 800 - MOST_CAUSES
    # and a cause that has its line keeps it
    activity.refuse("client 1", 422, [("Observation.x1", "structure")])
    activity.flush()
    assert RejectedElement.objects.get(path="Observation.x1").count == 2


@pytest.mark.parametrize(
    "body",
    [
        b"\x00\xff",
        b'{"resourceType": "Observation", "<script>alert(1)</script>": 1}',
        json.dumps({"resourceType": "Observation", "Smith^John" * 30: {"a": 1}}).encode(),
        json.dumps({"resourceType": "Observation", "extension": [{"x\u0000y": 1}]}).encode(),
    ],
)
def test_names_that_a_client_makes_up_are_not_kept(ehr_client: Client, body: bytes) -> None:
    assert post(ehr_client, "/Observation", body).status_code in (400, 422)
    activity.flush()
    for row in RejectedElement.objects.all():
        assert all(name.isalpha() for name in row.path.split(".")) or row.path == ""
        assert "Smith" not in row.path and "script" not in row.path


def test_a_type_that_r4_does_not_have_is_not_kept(ehr_client: Client) -> None:
    post(ehr_client, "/JohnSmith", {"resourceType": "JohnSmith"})
    assert causes() == {("", "not-supported", 404, 1)}
    assert RejectedElement.objects.get().type == ""


def test_a_push_is_answered_though_nothing_can_be_counted(
    ehr_client: Client, transactional_db: None
) -> None:
    # given a table that is locked away
    with connection.cursor() as cursor:
        cursor.execute("ALTER TABLE patients_clienthour RENAME TO hidden")
    try:
        # then a push is stored and an attempt to store the counts fails by itself
        assert put(ehr_client, fhir.patient("p1")).status_code == 201
        activity.try_to_store()
    finally:
        with connection.cursor() as cursor:
            cursor.execute("ALTER TABLE hidden RENAME TO patients_clienthour")
    # and what was counted meanwhile is not lost
    assert put(ehr_client, fhir.patient("p1")).status_code == 200
    assert counted() == {"requests": 2, "created": 1, "unchanged": 1}


def test_the_processes_of_a_real_server_store_what_they_count(
    ehr_client: Client, transactional_db: None
) -> None:
    server = RealServer(TWINPORTAL_ACTIVITY_SECONDS="0.1")
    try:
        door = Door(server.port, "test-token-of-an-ehr")
        for number in range(20):
            person = fhir.patient(f"p{number}")
            assert door.send("PUT", f"/Patient/p{number}", person).status == 201
        assert door.send("PUT", "/Patient/p0", fhir.patient("p0", gender="x")).status == 422
        wait_until(
            lambda: counted() == {"requests": 21, "created": 20, "refused": 1},
            "both processes have stored their counts",
        )
    finally:
        server.kill()
    assert timezone.now() - ClientHour.objects.latest("last_at").last_at < timedelta(minutes=1)


def test_what_comes_out_of_quarantine_is_its_clients(ehr_client: Client) -> None:
    assert doctest.testmod(activity).failed == 0
    activity.count("client 7, replayed from quarantine by user 12345678", created=1)
    assert counted("client 7") == {"created": 1}
