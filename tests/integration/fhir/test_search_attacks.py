"""Odd searches: each is answered rightly or refused with a 400 that says why."""

import base64
import json
from typing import Any

import pytest
from django.test import Client

from tests.factories import fhir
from tests.integration.fhir.calls import faults, post, put

pytestmark = pytest.mark.django_db
FORM = "application/x-www-form-urlencoded"


@pytest.fixture
def filled(ehr: Client) -> Client:
    resources = [fhir.practitioner(), fhir.patient("p1", family="Núñez"), fhir.patient("p2")]
    assert post(ehr, "", fhir.transaction(resources)).status_code == 200
    return ehr


def cursor(*values: Any) -> str:
    return base64.urlsafe_b64encode(json.dumps(values).encode()).rstrip(b"=").decode()


def found(answer: Any) -> list[str]:
    assert answer.status_code == 200, answer.content
    return sorted(e["resource"]["id"] for e in answer.json().get("entry", []))


def refusal(answer: Any, status: int = 400) -> str:
    assert answer.status_code == status, answer.content
    return str(faults(answer)[0]["diagnostics"])


@pytest.mark.parametrize(
    ("sort", "values"),
    [
        ("", [True]), ("", [1.5]), ("", [-1]), ("", [2**63]), ("", ["1"]), ("", []), ("", [None]),
        ("_id", ["\x00", 1]), ("_id", [1, 1]), ("birthdate", ["x", 1]),
        ("birthdate", ["2024-01-01", 1]), ("birthdate", ["2024-01-01T00:00:00", 1]),
        ("_lastUpdated", ["0001-01-01T00:00:00+23:00", 1]),
        ("_lastUpdated", ["9999-12-31T23:59:59-23:00", 1]),
        ("_id,_id", ["a", 1]),
    ],
)  # fmt: skip
def test_made_up_cursors(filled: Client, sort: str, values: list[Any]) -> None:
    sorting = f"_sort={sort}&" if sort else ""
    assert "_cursor" in refusal(filled.get(f"/fhir/Patient?{sorting}_cursor={cursor(*values)}"))


def test_made_up_cursors_that_could_be_ours(filled: Client) -> None:
    late = cursor("2900-01-01T00:00:00+00:00", 1)
    assert found(filled.get(f"/fhir/Patient?_sort=birthdate&_cursor={late}")) == []
    assert found(filled.get(f"/fhir/Patient?_cursor={cursor(0)}")) == ["p1", "p2"]


@pytest.mark.parametrize("query", ["name=%FF", "%FF=1", "name=%ED%A0%80", "_count=1&name=N%FA"])
def test_what_is_not_utf_8(filled: Client, query: str) -> None:
    assert "UTF-8" in refusal(filled.get(f"/fhir/Patient?{query}"))
    assert "UTF-8" in refusal(filled.post("/fhir/Patient/_search", query, content_type=FORM))
    assert "UTF-8" in refusal(filled.get(f"/fhir/Patient/p1?{query}"))
    assert "UTF-8" in refusal(filled.delete(f"/fhir/Patient?{query}"))
    bundle = {
        "resourceType": "Bundle",
        "type": "batch",
        "entry": [{"request": {"method": "GET", "url": f"Patient?{query}"}}],
    }
    (entry,) = post(filled, "", bundle).json()["entry"]
    assert entry["response"]["status"] == "400"


def test_text_that_is_not_encoded_is_read(filled: Client) -> None:
    raw = "name=Núñez".encode().decode("latin-1")
    assert found(filled.get("/fhir/Patient", QUERY_STRING=raw)) == ["p1"]


class TestTooMuch:
    def test_parameters(self, filled: Client) -> None:
        query = "&".join(["name=x"] * 1001)
        assert "1000" in refusal(filled.get(f"/fhir/Patient?{query}"))
        assert "1000" in refusal(filled.post("/fhir/Patient/_search", query, content_type=FORM))
        assert "1000" in refusal(filled.get(f"/fhir/Patient/p1/_history?{query}"))
        assert "1000" in refusal(filled.get(f"/fhir/metadata?{query}"))

    @pytest.mark.parametrize("parameter", ["name", "birthdate", "_id", "_lastUpdated", "_elements"])
    def test_values(self, filled: Client, parameter: str) -> None:
        value = {"name": "n", "_id": "p1", "_elements": "name"}.get(parameter, "ge1900")
        most = ",".join([value] * 1000)
        assert found(filled.get(f"/fhir/Patient?{parameter}={most}"))
        assert "1000" in refusal(filled.get(f"/fhir/Patient?{parameter}={most},{value}"))
        twice = f"{parameter}={most}&name=x"
        assert "1000" in refusal(filled.post("/fhir/Patient/_search", twice, content_type=FORM))

    @pytest.mark.parametrize(
        ("type_name", "inner"),
        [("Observation", "subject.name=x"), ("Patient", "_has:Observation:patient:code=x")],
    )
    def test_searches_inside(self, filled: Client, type_name: str, inner: str) -> None:
        assert found(filled.get(f"/fhir/{type_name}?{'&'.join([inner] * 20)}")) == []
        assert "20" in refusal(filled.get(f"/fhir/{type_name}?{'&'.join([inner] * 21)}"))

    @pytest.mark.parametrize(
        "parameter",
        ["identifier", "name", "name:exact", "_profile", "general-practitioner", "_count"],
    )
    def test_long_values(self, filled: Client, parameter: str) -> None:
        assert refusal(filled.get(f"/fhir/Patient?{parameter}={'9' * 5000}"))

    def test_the_beginning_of_a_long_value_finds_nothing(self, filled: Client) -> None:
        profile = "http://x/" + "y" * 491
        patient = fhir.patient("long") | {"meta": {"profile": [profile]}}
        assert put(filled, patient).status_code == 201
        assert found(filled.get(f"/fhir/Patient?_profile={profile}")) == ["long"]
        assert refusal(filled.get(f"/fhir/Patient?_profile={profile}z"))


@pytest.mark.parametrize(
    "query",
    [
        "Patient?name:=x",
        "Patient?name::exact=x",
        "Observation?subject:.name=x",
        "Observation?subject.name.x=x",
        "Observation?subject:Patient.general-practitioner:Practitioner.name=x",
        "Provenance?target:Nope._id=x",
        "Provenance?_include=Provenance:target:Nope",
        "Provenance?_include=Provenance:target:",
        "Patient?_has:Observation:patient:_has:Provenance:target:agent=x",
        "Observation?subject:Group=Patient/p1",
        "Observation?subject:Patient=Group/p1",
        "Observation?subject=Patient/p1/_history/1",
        "Patient?_sort=-_lastUpdated,name",
        "Patient?_summary=true",
        "Patient?_summary=count&_summary=false",
        "Patient?identifier=a|b|c",
        "Patient?name=%00",
        "Patient?%00=x",
        "Patient?=x",
        "Patient??name=x",
    ],
)
def test_what_is_not_understood(filled: Client, query: str) -> None:
    assert refusal(filled.get(f"/fhir/{query}"))


def test_a_summary_is_a_count_whatever_the_count_is(filled: Client) -> None:
    for query in (
        "_summary=count&_count=1",
        "_count=0&_summary=count",
        "_total=none&_summary=count",
    ):
        bundle = filled.get(f"/fhir/Patient?{query}").json()
        assert (bundle["total"], "entry" in bundle) == (2, False)


class TestForms:
    def test_a_form_and_an_address_are_one_search(self, filled: Client) -> None:
        where = "/fhir/Patient/_search"
        assert found(filled.post(f"{where}?_id=p1", "_id=p1,p2", content_type=FORM)) == ["p1"]
        assert found(filled.post(f"{where}?_id=p1", "", content_type=FORM)) == ["p1"]
        assert found(filled.post(f"{where}?_id=p1", "_id=p2", content_type=FORM)) == []
        twice = filled.post(f"{where}?_count=1", "_count=2", content_type=FORM)
        assert "twice" in refusal(twice)

    def test_a_format_in_a_form_counts(self, filled: Client) -> None:
        for body, status in (("_format=xml", 406), ("_format=json", 200)):
            answer = filled.post("/fhir/Patient/_search", body, content_type=FORM)
            assert answer.status_code == status


@pytest.mark.parametrize(("version", "status"), [("4.0", 200), ("3.0", 406), ("4.3", 406)])
def test_the_version_of_fhir_that_is_asked_for(filled: Client, version: str, status: int) -> None:
    kind = f"application/fhir+json; fhirVersion={version}"
    assert filled.get("/fhir/Patient", headers={"Accept": kind}).status_code == status
    assert filled.get("/fhir/Patient", {"_format": kind}).status_code == status
    sent = filled.post("/fhir/Practitioner", '{"resourceType":"Practitioner"}', content_type=kind)
    assert sent.status_code == (201 if status == 200 else 415)


def test_a_condition_may_come_with_a_format(filled: Client) -> None:
    where = "/fhir/Patient?identifier=urn:example:mrn|MRN-p1&_format=json&_pretty=true"
    assert filled.delete(where).status_code == 204
    assert filled.get("/fhir/Patient/p1").status_code == 410
    assert filled.delete("/fhir/Patient?_format=json").status_code == 412
