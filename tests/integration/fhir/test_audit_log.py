"""The audit log over the FHIR door."""

from typing import Any
from urllib.parse import urlsplit

import orjson
import pytest
from django.test import Client
from fhir.resources.R4B.auditevent import AuditEvent as Checked
from oauth2_provider.models import AccessToken

from patients.fhir.validation import validate
from patients.models import AuditEvent, Patient
from tests.factories import fhir
from tests.factories.people import patient_user
from tests.integration.fhir.calls import faults, post, put

pytestmark = pytest.mark.django_db
Json = dict[str, Any]


def search(ehr: Client, query: str) -> list[Json]:
    answer = ehr.get(f"/fhir/AuditEvent?{query}")
    assert answer.status_code == 200, answer.content
    return [entry["resource"] for entry in answer.json().get("entry", [])]


@pytest.fixture
def used(ehr: Client) -> Client:
    """update p1, update p2, transaction on p1, read p1, search that finds both, history of p2."""
    put(ehr, fhir.patient("p1", family="Secretname"))
    put(ehr, fhir.patient("p2"))
    post(ehr, "", fhir.transaction([fhir.quantity("lab", "2093-3", 200, "mg/dL")]))
    ehr.get("/fhir/Patient/p1")
    ehr.get("/fhir/Patient?gender=female,male")
    ehr.get("/fhir/Patient/p2/_history")
    return ehr


def test_every_access_is_a_valid_resource(used: Client) -> None:
    found = search(used, "_count=100")
    assert [e["subtype"][0]["code"] for e in found] == [
        *("update", "update", "transaction", "read", "search-type", "history-instance")
    ]
    assert [e["action"] for e in found] == ["U", "U", "E", "R", "E", "R"]
    for event in found:
        assert validate(event) == []
        Checked.model_validate(event)
        assert event["agent"][0]["who"]["identifier"]["value"]
    assert "Secretname" not in str(found)
    assert {"reference": "Patient/p1"} in [x["what"] for x in found[0]["entity"]]
    assert len(search(used, "_count=100")) == 7, "the log says who looked at the log"


@pytest.mark.parametrize(
    ("query", "number"),
    [
        ("patient=p1", 4),
        ("patient=Patient/p2", 3),
        ("patient=p1,p2", 6),
        ("patient=nobody", 0),
        ("date=ge2020-01-01", 6),
        ("date=lt2020-01-01", 0),
        ("_lastUpdated=gt2020-01-01", 6),
        ("type=rest", 6),
        ("type=110110", 0),
        ("agent=Practitioner/x", 0),
        ("_tag=x", 0),
        ("patient=p1&_sort=-date&_count=2", 2),
    ],
)
def test_search(used: Client, query: str, number: int) -> None:
    assert len(search(used, query)) == number


def test_pages_in_both_directions(used: Client) -> None:
    for sort in ("", "&_sort=-date"):
        seen: list[str] = []
        url = f"/fhir/AuditEvent?_count=2&date=ge2020-01-01{sort}"
        for _ in range(3):
            page = used.get(url).json()
            seen += [entry["resource"]["id"] for entry in page["entry"]]
            url = next(link["url"] for link in page["link"] if link["relation"] == "next")
            url = url.removeprefix("http://testserver")
            assert urlsplit(url).path == "/fhir/AuditEvent"
        assert sorted(seen, key=int, reverse=bool(sort)) == seen
        assert len(set(seen)) == 6


def test_read_version_and_history(used: Client) -> None:
    first = search(used, "_count=1")[0]
    path = f"/fhir/AuditEvent/{first['id']}"
    for address in (path, f"{path}/_history/1"):
        answer = used.get(address)
        assert answer.json() == first
        assert answer.headers["ETag"] == 'W/"1"'
    assert used.get(path, headers={"If-None-Match": 'W/"1"'}).status_code == 304
    assert used.get(f"{path}/_history/2").status_code == 404
    history = used.get(f"{path}/_history").json()
    assert [e["resource"] for e in history["entry"]] == [first]
    batch = {"resourceType": "Bundle", "type": "batch"}
    batch["entry"] = [{"request": {"method": "GET", "url": f"AuditEvent/{first['id']}"}}]  # type: ignore[assignment]
    assert post(used, "", batch).json()["entry"][0]["resource"] == first
    for unknown in ("0", "x", "9" * 30, "-1"):
        assert used.get(f"/fhir/AuditEvent/{unknown}").status_code == 404


@pytest.mark.parametrize(
    "query",
    ["agent.name=x", "_include=AuditEvent:patient", "_revinclude=Provenance:target", "altid=1"],
)
def test_what_the_log_cannot_answer_is_refused(used: Client, query: str) -> None:
    answer = used.get(f"/fhir/AuditEvent?{query}")
    assert answer.status_code == 400
    assert faults(answer)


def test_the_log_does_not_leak_into_other_searches(used: Client) -> None:
    for query in ("_revinclude=AuditEvent:patient", "_has:AuditEvent:patient:type=rest"):
        assert used.get(f"/fhir/Patient?{query}").status_code == 400


def test_only_systems_with_the_scope_see_it(used: Client) -> None:
    event = AuditEvent.objects.first()
    assert event is not None
    AccessToken.objects.update(scope="system/Patient.rs")
    for path in ("AuditEvent", f"AuditEvent/{event.pk}", f"AuditEvent/{event.pk}/_history"):
        assert used.get(f"/fhir/{path}").status_code == 403
    AccessToken.objects.update(scope="system/*.rs", user=patient_user(Patient.objects.all()[0]))
    assert search(used, "") == []
    for path in (f"AuditEvent/{event.pk}", f"AuditEvent/{event.pk}/_history"):
        assert used.get(f"/fhir/{path}").status_code == 404


def test_people_are_not_rest(used: Client) -> None:
    AuditEvent.objects.filter(action="read").update(actor_kind="user", actor="7", what="twin page")
    (event,) = search(used, "type=110110")
    assert event["type"]["display"] == "Patient Record"
    assert event["agent"][0]["who"]["identifier"] == {"system": "urn:twinportal:user", "value": "7"}
    assert validate(orjson.loads(orjson.dumps(event))) == []
