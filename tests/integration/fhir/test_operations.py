"""`$everything`, `$validate`, histories in pages."""

import json
from typing import Any

import pytest
from django.test import Client

from patients.models import AuditEvent, Resource
from tests.factories import fhir
from tests.integration.fhir.calls import expressions, faults, post, put

pytestmark = pytest.mark.django_db
Json = dict[str, Any]


def ids(bundle: Json, mode: str = "match") -> list[str]:
    entries = bundle.get("entry", [])
    return [e["resource"]["id"] for e in entries if e["search"]["mode"] == mode]


def is_clinical(entry: Json) -> bool:
    return bool(entry["resource"]["resourceType"] != "Provenance")


def follow(ehr: Client, url: str) -> list[Json]:
    """Every page."""
    pages = []
    while url:
        pages.append(ehr.get(url).json())
        links = {link["relation"]: link["url"] for link in pages[-1]["link"]}
        url = links.get("next", "").removeprefix("http://testserver")
    return pages


class TestEverything:
    @pytest.fixture
    def filled(self, ehr: Client) -> Client:
        resources = [
            fhir.practitioner(),
            *fhir.complete_record("p1", practitioner="dr1"),
            *fhir.complete_record("p2"),
        ]
        assert post(ehr, "", fhir.transaction(resources)).status_code == 200
        return ehr

    def test_it_is_the_record_of_one_patient_and_whom_it_names(self, filled: Client) -> None:
        bundle = filled.get("/fhir/Patient/p1/$everything").json()
        found = [e["resource"]["id"] for e in bundle["entry"] if is_clinical(e)]
        assert found[0] == "p1"
        assert found.pop() == "dr1"
        assert set(found[1:]) == {r["id"] for r in fhir.complete_record("p1")[1:]}
        assert ids(bundle, "include") == ["dr1"]
        event = AuditEvent.objects.latest("pk")
        assert (event.action, event.detail) == ("everything", "Patient/p1")

    def test_pages_visit_everything_once(self, filled: Client) -> None:
        pages = follow(filled, "/fhir/Patient/p1/$everything?_count=2")
        found = [i for page in pages for i in ids(page)]
        assert len(pages) == 4
        assert len(found) == len(set(found)) == 8  # with the Provenance of the ingest

    def test_types_and_since(self, filled: Client) -> None:
        only = filled.get("/fhir/Patient/p1/$everything?_type=Observation").json()
        assert {e["resource"]["resourceType"] for e in only["entry"]} == {"Observation"}
        future = filled.get("/fhir/Patient/p1/$everything?_since=2999-01-01").json()
        assert "entry" not in future
        for query in ("_type=Obs", "_since=x", "start=2020", "_count=x", "_count=1&_count=2"):
            assert faults(filled.get(f"/fhir/Patient/p1/$everything?{query}"))

    def test_post_says_the_same_as_get(self, filled: Client) -> None:
        address = "/Patient/p1/$everything"

        def asked(*parameters: Json) -> Any:
            body = {"resourceType": "Parameters", "parameter": list(parameters)}
            return post(filled, address, body)

        def found(answer: Any) -> list[str]:
            return [e["resource"]["id"] for e in answer.json()["entry"]]

        plain = filled.get(f"/fhir{address}")
        assert found(post(filled, address, "")) == found(asked()) == found(plain)
        kinds = [{"name": "_type", "valueCode": kind} for kind in ("Patient", "Observation")]
        page = asked(*kinds, {"name": "_count", "valueInteger": 3})
        few = "_type=Patient,Observation&_count=3"
        assert found(page) == found(filled.get(f"/fhir{address}?{few}"))
        rest = [i for p in follow(filled, page.json()["link"][1]["url"]) for i in ids(p)]
        assert len({*found(page), *rest}) == 7
        for wrong in ({"name": "_count"}, {"name": "start", "valueDate": "2020"}, "x", {}):
            assert faults(asked(wrong))  # type: ignore[arg-type]
        assert post(filled, address, fhir.patient()).status_code == 400

    def test_who_is_not_there_has_nothing(self, filled: Client) -> None:
        assert filled.get("/fhir/Patient/nobody/$everything").status_code == 404
        for row in Resource.objects.filter(patient__fhir_id="p1").exclude(type="Patient"):
            filled.delete(f"/fhir/{row.type}/{row.fhir_id}")
        filled.delete("/fhir/Patient/p1")
        assert filled.get("/fhir/Patient/p1/$everything").status_code == 410


class TestValidate:
    def validate(self, ehr: Client, path: str, body: Json) -> Any:
        return post(ehr, f"/{path}/$validate", body)

    def test_a_verdict_stores_nothing(self, ehr: Client) -> None:
        answer = self.validate(ehr, "Patient", fhir.patient())
        assert answer.status_code == 200
        assert [i["severity"] for i in faults(answer)] == ["information"]
        wrong = self.validate(ehr, "Patient", fhir.patient(gender="F"))
        assert (wrong.status_code, expressions(wrong)) == (200, ["Patient.gender"])
        assert not Resource.objects.exists()

    def test_parameters_carry_resource_mode_and_profile(self, ehr: Client) -> None:
        def parameters(**more: Any) -> Json:
            given = [{"name": n, **v} for n, v in more.items()]
            return {"resourceType": "Parameters", "parameter": given}

        good = {"resource": fhir.patient()}
        assert "error" not in str(faults(self.validate(ehr, "Patient", parameters(resource=good))))
        nameless = {k: v for k, v in fhir.patient().items() if k != "id"}
        update = parameters(resource={"resource": nameless}, mode={"valueCode": "update"})
        assert expressions(self.validate(ehr, "Patient", update)) == ["Patient.id"]
        profile = parameters(resource=good, profile={"valueUri": "http://x"})
        assert "not checked here" in str(faults(self.validate(ehr, "Patient", profile)))
        for broken in (parameters(), parameters(resource=good, mode={"valueCode": "x"})):
            assert self.validate(ehr, "Patient", broken).status_code == 400
        assert self.validate(ehr, "Patient", parameters(mode={"valueCode": "delete"}))

    def test_the_second_opinion_is_a_warning(self, ehr: Client) -> None:
        # R4B knows other elements of this type than R4 does
        resource = {
            "resourceType": "MedicinalProductIndication",
            "diseaseSymptomProcedure": {"text": "x"},
        }
        answer = self.validate(ehr, "MedicinalProductIndication", resource)
        assert all(i["severity"] != "error" for i in faults(answer))

    def test_type_id_and_address_must_agree(self, ehr: Client) -> None:
        assert expressions(self.validate(ehr, "Observation", fhir.patient())) == ["resourceType"]
        assert expressions(self.validate(ehr, "Patient/p2", fhir.patient())) == ["Patient.id"]
        assert self.validate(ehr, "Patience", fhir.patient()).status_code == 404
        assert post(ehr, "/Patient/$validate", "{").status_code == 400


class TestHistory:
    def test_in_pages_and_since(self, ehr: Client) -> None:
        for i in range(5):
            put(ehr, fhir.patient(family=f"Name{i}"))
        pages = follow(ehr, "/fhir/Patient/p1/_history?_count=2")
        versions = [e["resource"]["meta"]["versionId"] for p in pages for e in p["entry"]]
        assert versions == ["5", "4", "3", "2", "1"]
        assert {page["total"] for page in pages} == {5}
        assert ehr.get("/fhir/Patient/p1/_history?_since=2999").json()["total"] == 0
        for query in ("_count=x", "_since=x", "_count=1&_count=1", "at=2020"):
            assert ehr.get(f"/fhir/Patient/p1/_history?{query}").status_code == 400


def test_a_search_by_post_says_the_same_as_by_get(ehr: Client) -> None:
    post(ehr, "", fhir.transaction(fhir.complete_record("p1")))
    form = "application/x-www-form-urlencoded"
    query = "patient=p1&code=http%3A%2F%2Floinc.org%7C2093-3"
    by_post = ehr.post("/fhir/Observation/_search", query, content_type=form).json()
    by_get = ehr.get(f"/fhir/Observation?{query}").json()
    by_post.pop("timestamp"), by_get.pop("timestamp")
    assert by_post == by_get
    both = ehr.post("/fhir/Observation/_search?patient=p1", "code=2093-3", content_type=form)
    assert len(both.json()["entry"]) == 1
    assert ehr.post("/fhir/Observation/_search", "nmae=x", content_type=form).status_code == 400
    wrong = ehr.post("/fhir/Observation/_search", json.dumps({}), content_type="application/json")
    assert wrong.status_code == 415
    bare = "/fhir/Observation/_search?patient=p1&code=2093-3"
    assert len(ehr.post(bare, "", content_type="application/json").json()["entry"]) == 1
