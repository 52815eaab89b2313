"""The whole search list against the database: chains, `_has`, includes, sorting, names, numbers."""

from datetime import timedelta
from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from django.utils import timezone
from oauth2_provider.models import AccessToken, Application

from patients.models import Patient
from tests.factories import fhir
from tests.factories.people import patient_user
from tests.integration.fhir.calls import faults, post, put
from tests.integration.fhir.smallest import smallest

pytestmark = pytest.mark.django_db
Json = dict[str, Any]


def visit(fhir_id: str, subject: str, status: str = "finished") -> Json:
    return {
        "resourceType": "Encounter",
        "id": fhir_id,
        "status": status,
        "class": {"system": "http://v3", "code": "AMB"},
        "subject": {"reference": f"Patient/{subject}"},
        "participant": [{"individual": {"reference": "Practitioner/dr1"}}],
    }


def reading(fhir_id: str, value: float, subject: str, date: str, visit_id: str = "") -> Json:
    made = fhir.quantity(fhir_id, "2093-3", value, "mg/dL", subject=subject, date=date)
    if visit_id:
        made["encounter"] = {"reference": f"Encounter/{visit_id}"}
    return made


def provenance(fhir_id: str, *targets: str) -> Json:
    return {
        "resourceType": "Provenance",
        "id": fhir_id,
        "target": [{"reference": target} for target in targets],
        "recorded": "2026-01-01T00:00:00Z",
        "agent": [{"who": {"reference": "Practitioner/dr1"}}],
    }


@pytest.fixture
def filled(ehr: Client) -> Client:
    resources = [
        fhir.practitioner(),
        fhir.patient("p1", family="Núñez", practitioner="dr1"),
        fhir.patient("p2", family="Nunes", gender="male", birth_date="1950"),
        visit("e1", "p1"),
        visit("e2", "p2", status="planned"),
        reading("a", 180, "p1", "2024-01-01", "e1"),
        reading("b", 200.5, "p1", "2025-01-01"),
        reading("c", 240, "p2", "2023-01-01", "e2"),
        fhir.blood_pressure("bp", 150, 90, date="2022-01-01"),
        provenance("pv", "Observation/a", "Observation/c"),
    ]
    assert post(ehr, "", fhir.transaction(resources)).status_code == 200
    return ehr


def search(client: Client, query: str) -> Json:
    answer = client.get(f"/fhir/{query}")
    assert answer.status_code == 200, answer.content
    return dict(answer.json())


def ids(bundle: Json, mode: str = "match") -> list[str]:
    entries = bundle.get("entry", [])
    return [e["resource"]["id"] for e in entries if e["search"]["mode"] == mode]


@pytest.mark.parametrize(
    ("query", "expected"),
    [
        ("Observation?subject:Patient.family=nunez", "a b bp"),
        ("Observation?patient.identifier=urn:example:mrn|MRN-p2", "c"),
        ("Observation?subject.name=nu", "a b bp c"),
        ("Observation?patient.birthdate=lt1960", "c"),
        ("Observation?patient._id=p1&code=2093-3", "a b"),
        ("Observation?encounter.status=finished", "a"),
        ("Observation?encounter.status=finished,planned&value-quantity=gt200", "c"),
        ("Observation?patient.family=nobody", ""),
        ("Encounter?participant:Practitioner.family=doc", "e1 e2"),
        ("Patient?_has:Observation:patient:code=2093-3", "p1 p2"),
        ("Patient?_has:Observation:patient:value-quantity=gt220", "p2"),
        ("Patient?_has:Encounter:patient:status=finished", "p1"),
        ("Patient?_has:Encounter:patient:status=finished&_has:Observation:patient:code=1", ""),
        ("Observation?_has:Provenance:target:agent=Practitioner/dr1", "a c"),
        ("Practitioner?_has:Patient:general-practitioner:family=nunez", "dr1"),
        ("Patient?name=nun", "p1 p2"),
        ("Patient?family:exact=N%C3%BA%C3%B1ez", "p1"),
        ("Patient?given=test&gender=male", "p2"),
        ("Patient?birthdate=1950", "p2"),
        ("Patient?birthdate=ge1960", "p1"),
        ("Patient?general-practitioner=Practitioner/dr1", "p1"),
        ("Observation?combo-code=8480-6", "bp"),
        ("Observation?subject:Patient=p2", "c"),
        ("Observation?status=final&value-quantity=200.5||mg/dL", "b"),
        ("Observation?value-quantity=le180|http://unitsofmeasure.org|mg/dL", "a"),
        ("Observation?value-quantity=gt1||kg", ""),
        ("Observation?_lastUpdated=gt2999", ""),
        ("Observation?_lastUpdated=ge2020&code=85354-9", "bp"),
        ("Provenance?target=Observation/a&agent=Practitioner/dr1", "pv"),
        ("Provenance?patient=p1&agent=Practitioner/dr1", ""),
        ("Encounter?class=http://v3|AMB&status=planned", "e2"),
    ],
)
def test_what_is_found(filled: Client, query: str, expected: str) -> None:
    assert sorted(ids(search(filled, query))) == expected.split()


def test_other_dates_are_found_in_the_database_as_in_memory(filled: Client) -> None:
    put(filled, fhir.condition("k", "38341003") | {"recordedDate": "2024-05-06"})
    for query, found in [
        ("recorded-date=2024-05", True), ("recorded-date=ge2024-05-06", True),
        ("recorded-date=gt2024-05-06", False), ("recorded-date=le2024-05-06", True),
        ("recorded-date=lt2024-05-06", False), ("recorded-date=2023,2024", True),
        ("onset-date=2020&clinical-status=active", True), ("abatement-date=ge0001", False),
    ]:  # fmt: skip
        assert bool(ids(search(filled, f"Condition?{query}"))) is found, query


def test_includes_bring_what_is_named_and_nothing_twice(filled: Client) -> None:
    bundle = search(filled, "Observation?code=2093-3&_include=Observation:subject"
                            "&_include=Observation:encounter&_revinclude=Provenance:target")  # fmt: skip
    assert sorted(ids(bundle)) == ["a", "b", "c"]
    assert {"e1", "e2", "p1", "p2", "pv"} < set(ids(bundle, "include"))
    kinds = sorted(e["resource"]["resourceType"] for e in bundle["entry"])
    # one Provenance came, and one is of the ingest of each of the two patients
    assert kinds == ["Encounter"] * 2 + ["Observation"] * 3 + ["Patient"] * 2 + ["Provenance"] * 3
    assert bundle["total"] == 3
    only = search(filled, "Observation?_id=a&_include=Observation:subject:Patient")
    assert ids(only, "include") == ["p1"]
    back = search(filled, "Patient?_id=p1&_revinclude=Observation:patient")
    assert sorted(ids(back, "include")) == ["a", "b", "bp"]


def test_more_included_than_a_page_takes_is_said(filled: Client, settings: Any) -> None:
    settings.FHIR_MAX_INCLUDED = 2
    bundle = search(filled, "Patient?_id=p1&_revinclude=Observation:patient")
    *_, last = bundle["entry"]
    assert last["search"]["mode"] == "outcome"
    assert last["resource"]["issue"][0]["code"] == "incomplete"
    assert len(ids(bundle, "include")) == 2


@pytest.mark.parametrize(
    ("sort", "expected"),
    [
        ("date", "bp c a b d"),
        ("-date", "b a c bp d"),
        ("_id", "a b bp c d"),
        ("-_id", "d c bp b a"),
        ("-_lastUpdated,-_id", "d c bp b a"),
    ],
)
def test_pages_keep_the_order_asked_for(filled: Client, sort: str, expected: str) -> None:
    undated = fhir.quantity("d", "2093-3", 1, "mg/dL")
    del undated["effectiveDateTime"]
    put(filled, undated)
    url, seen = f"Observation?_sort={sort}&_count=2", []
    while url:
        bundle = search(filled, url)
        seen += ids(bundle)
        links = {link["relation"]: link["url"] for link in bundle["link"]}
        url = links.get("next", "").removeprefix("http://testserver/fhir/")
    assert seen == expected.split()


def test_a_cursor_of_another_search_is_refused(filled: Client) -> None:
    links = search(filled, "Observation?_count=1&_sort=date")["link"]
    cursor = links[-1]["url"].partition("_cursor=")[2]
    assert faults(filled.get(f"/fhir/Observation?_cursor={cursor}"))
    assert filled.get(f"/fhir/Observation?_sort=_id,_id&_cursor={cursor}").status_code == 400


def test_totals_and_summaries(filled: Client) -> None:
    assert "total" not in search(filled, "Observation?_total=none")
    assert search(filled, "Observation?_total=accurate")["total"] == 4
    by_another_name = search(filled, "Observation?_count=0&_totalMethod=count")
    assert by_another_name["total"] == 4
    assert "_total=accurate" in by_another_name["link"][0]["url"]
    counted = search(filled, "Observation?_summary=count")
    assert (counted["total"], "entry" in counted) == (4, False)


def test_elements_are_a_subset_that_says_so(filled: Client) -> None:
    bundle = search(filled, "Observation?_id=a&_elements=value,subject")
    (entry,) = bundle["entry"]
    kept = {"resourceType", "id", "meta", "status", "code", "subject", "valueQuantity"}
    assert set(entry["resource"]) == kept
    assert entry["resource"]["meta"]["tag"][0]["code"] == "SUBSETTED"
    named = search(filled, "Observation?_id=a&_elements=resourceType,id,value,subject")
    assert named["entry"] == bundle["entry"]


def test_a_subset_keeps_the_choice_that_r4_demands(filled: Client) -> None:
    order = smallest("MedicationRequest", "m")
    put(filled, order)
    (entry,) = search(filled, "MedicationRequest?_id=m&_elements=note")["entry"]
    assert set(entry["resource"]) == {*order, "meta"}


def test_statements_do_not_grow_with_the_rows(filled: Client) -> None:
    query = (
        "Observation?patient.family=nu&_include=Observation:subject&_revinclude=Provenance:target"
    )

    def statements(count: int) -> int:
        with CaptureQueriesContext(connection) as captured:
            search(filled, f"{query}&_sort=-date&_count={count}")
        return len(captured)

    assert statements(1) == statements(3) <= 10


class TestNothingLeaks:
    """A search looks only at what its token may see, however it gets there."""

    def client(self, scope: str, user: Any = None) -> Client:
        token = AccessToken.objects.create(
            user=user,
            application=Application.objects.get(),
            token=f"token-{scope}-{user}",
            expires=timezone.now() + timedelta(hours=1),
            scope=scope,
        )
        return Client(headers={"Authorization": f"Bearer {token.token}"})

    @pytest.mark.parametrize(
        "query",
        [
            "Patient?_has:Observation:patient:code=2093-3",
            "Patient?_id=p1&_revinclude=Observation:patient",
            "Patient?_id=p1&_include=Patient:general-practitioner",
            "Patient?general-practitioner.family=doctor",
        ],
    )
    def test_types_outside_the_scope(self, filled: Client, query: str) -> None:
        bundle = search(self.client("system/Patient.rs"), query)
        assert not ids(bundle, "include")
        assert "_has" not in query or not ids(bundle)
        assert "." not in query or not ids(bundle)

    def test_everything_holds_the_scope(self, filled: Client) -> None:
        bundle = self.client("system/Patient.rs").get("/fhir/Patient/p1/$everything").json()
        assert [e["resource"]["resourceType"] for e in bundle["entry"]] == ["Patient"]
        assert self.client("system/Observation.rs").get("/fhir/Patient/p1/$everything").status_code == 403  # fmt: skip

    def test_other_patients(self, filled: Client) -> None:
        mine = patient_user(Patient.objects.get(fhir_id="p1"))
        client = self.client("system/*.rs", mine)
        assert sorted(ids(search(client, "Observation?subject.name=nu"))) == ["a", "b", "bp"]
        assert ids(search(client, "Patient?_has:Observation:patient:code=2093-3")) == ["p1"]
        assert ids(search(client, "Observation?_id=c")) == []
        shared = search(client, "Observation?_id=a&_revinclude=Provenance:target")
        assert "pv" not in ids(shared, "include")
        assert client.get("/fhir/Patient/p2/$everything").status_code == 404
        everything = client.get("/fhir/Patient/p1/$everything").json()
        assert "p2" not in ids(everything) and "c" not in ids(everything)

    def test_a_person_does_not_write_by_patch_or_condition(self, filled: Client) -> None:
        mine = patient_user(Patient.objects.get(fhir_id="p1"))
        client = self.client("system/*.cruds", mine)
        kind = "application/json-patch+json"
        assert client.patch("/fhir/Patient/p1", "[]", content_type=kind).status_code == 403
        assert client.delete("/fhir/Patient?_id=p1").status_code == 403
        assert client.put("/fhir/Patient?_id=p1", "{}").status_code == 403
