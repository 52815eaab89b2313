"""One resource: create, read, update, delete, history, verbatim."""

from typing import Any

import pytest
from django.test import Client

from patients.models import Fact, ResourceVersion, StaleTwin
from tests.factories import fhir
from tests.integration.fhir.calls import FHIR_JSON, post, put

pytestmark = pytest.mark.django_db
Json = dict[str, Any]


class TestInstance:
    def test_create_gives_location_etag_and_the_resource(self, ehr: Client) -> None:
        answer = post(ehr, "/Patient", fhir.patient())
        assert answer.status_code == 201
        made = answer.json()
        assert made["id"] != "p1", "the server chooses the id of a create"
        assert answer.headers["ETag"] == 'W/"1"'
        assert answer.headers["Location"].endswith(f"/fhir/Patient/{made['id']}/_history/1")
        assert made["meta"]["versionId"] == "1"
        assert ehr.get(f"/fhir/Patient/{made['id']}").json() == made

    def test_update_as_create_then_versions(self, ehr: Client) -> None:
        assert put(ehr, fhir.patient()).status_code == 201
        changed = put(ehr, fhir.patient(family="Other"))
        assert changed.status_code == 200
        assert changed.headers["ETag"] == 'W/"2"'
        first = ehr.get("/fhir/Patient/p1/_history/1").json()
        assert first["name"][0]["family"] == "Example"
        history = ehr.get("/fhir/Patient/p1/_history").json()
        assert [e["response"]["etag"] for e in history["entry"]] == ['W/"2"', 'W/"1"']
        assert [e["response"]["status"] for e in history["entry"]] == ["200 OK", "201 Created"]
        assert history["total"] == 2

    def test_an_identical_re_push_is_no_version_and_no_work(self, ehr: Client) -> None:
        put(ehr, fhir.patient())
        put(ehr, fhir.blood_pressure("bp", 140, 80))
        before = list(ResourceVersion.objects.values_list("pk", flat=True))
        facts = list(Fact.objects.values_list("pk", flat=True))
        StaleTwin.objects.all().delete()
        again = put(ehr, fhir.blood_pressure("bp", 140, 80))
        assert (again.status_code, again.headers["ETag"]) == (200, 'W/"1"')
        assert list(ResourceVersion.objects.values_list("pk", flat=True)) == before
        assert list(Fact.objects.values_list("pk", flat=True)) == facts
        assert not StaleTwin.objects.exists()

    def test_if_match(self, ehr: Client) -> None:
        put(ehr, fhir.patient())
        assert put(ehr, fhir.patient(family="B"), **{"If-Match": 'W/"1"'}).status_code == 200
        lost = put(ehr, fhir.patient(family="C"), **{"If-Match": 'W/"1"'})
        assert lost.status_code == 412
        assert ehr.get("/fhir/Patient/p1").json()["name"][0]["family"] == "B"

    def test_not_found_and_gone_are_told_apart(self, ehr: Client) -> None:
        assert ehr.get("/fhir/Patient/p1").status_code == 404
        put(ehr, fhir.patient())
        assert ehr.delete("/fhir/Patient/p1").status_code == 204
        gone = ehr.get("/fhir/Patient/p1")
        assert gone.status_code == 410
        assert ehr.delete("/fhir/Patient/p1").status_code == 204
        assert ehr.delete("/fhir/Patient/never").status_code == 204
        assert put(ehr, fhir.patient()).status_code == 201
        assert ehr.get("/fhir/Patient/p1").headers["ETag"] == 'W/"3"'

    def test_not_modified(self, ehr: Client) -> None:
        put(ehr, fhir.patient())
        answer = ehr.get("/fhir/Patient/p1", headers={"If-None-Match": 'W/"1"'})
        assert answer.status_code == 304 and not answer.content

    def test_prefer(self, ehr: Client) -> None:
        minimal = post(ehr, "/Patient", fhir.patient(), Prefer="return=minimal")
        assert minimal.status_code == 201 and not minimal.content
        outcome = post(ehr, "/Patient", fhir.patient(), Prefer="return=OperationOutcome")
        assert outcome.json()["resourceType"] == "OperationOutcome"

    def test_content_is_stored_and_returned_verbatim(self, ehr: Client) -> None:
        put(ehr, fhir.patient())
        text = (
            b'{"resourceType":"Observation","id":"v","code":{"coding":[{"code":"2093-3",'
            b'"system":"http://loinc.org"}]},"status":"final","effectiveDateTime":'
            b'"2026-01-02T03:04:05.190+01:00","valueQuantity":{"value":405.70,"unit":"mg/dL"},'
            b'"subject":{"reference":"Patient/p1"},"note":[{"text":"\\u00e9 \\/ \xc3\xa9"}]}'
        )
        answer = ehr.put("/fhir/Observation/v", text, content_type=FHIR_JSON)
        assert answer.status_code == 201, answer.content
        back = ehr.get("/fhir/Observation/v").content
        for piece in (b'"value":405.70', b"05.190+01:00", b"\\u00e9 \\/ \xc3\xa9"):
            assert piece in back
        assert back.index(b'"code"') < back.index(b'"status"') < back.index(b'"note"')

    def test_history_tells_of_deletions_and_of_nothing_unknown(self, ehr: Client) -> None:
        assert ehr.get("/fhir/Patient/p1/_history").status_code == 404
        put(ehr, fhir.patient())
        ehr.delete("/fhir/Patient/p1")
        entries = ehr.get("/fhir/Patient/p1/_history?_format=json").json()["entry"]
        assert [e["request"]["method"] for e in entries] == ["DELETE", "PUT"]
        assert [("resource" in e) for e in entries] == [False, True]
        assert ehr.get("/fhir/Patient/p1/_history/1").status_code == 200
        assert ehr.get("/fhir/Patient/p1/_history/2").status_code == 410
        for version in ("3", "0", "x", "9" * 30):
            assert ehr.get(f"/fhir/Patient/p1/_history/{version}").status_code == 404
        assert ehr.get("/fhir/Patient/p1/_history?colour=red").status_code == 400
        # R4 has no empty lists
        for query in ("_count=0", "_before=1", "_since=2999"):
            page = ehr.get(f"/fhir/Patient/p1/_history?{query}").json()
            assert "entry" not in page, query

    def test_a_deletion_may_have_a_precondition(self, ehr: Client) -> None:
        put(ehr, fhir.patient())
        put(ehr, fhir.patient(family="B"))
        stale = ehr.delete("/fhir/Patient/p1", headers={"If-Match": 'W/"1"'})
        assert stale.status_code == 412
        assert ehr.delete("/fhir/Patient/p1", headers={"If-Match": 'W/"2"'}).status_code == 204

    def test_an_update_of_nothing_with_a_precondition_is_refused(self, ehr: Client) -> None:
        assert put(ehr, fhir.patient(), **{"If-Match": 'W/"1"'}).status_code == 412
        assert ehr.get("/fhir/Patient/p1").status_code == 404

    def test_representation_is_the_default_and_outcome_on_wish(self, ehr: Client) -> None:
        assert put(ehr, fhir.patient()).json()["id"] == "p1"
        again = put(ehr, fhir.patient(), Prefer="return=representation")
        assert again.json()["meta"]["versionId"] == "1", "an unchanged resource comes back whole"
        wish = put(ehr, fhir.patient(), Prefer="return=OperationOutcome")
        assert wish.json()["issue"][0]["severity"] == "information"

    def test_our_stamp_replaces_what_a_client_claims(self, ehr: Client) -> None:
        meta = {"versionId": "77", "lastUpdated": "1999-01-01T00:00:00Z", "tag": [{"code": "x"}]}
        stored = put(ehr, fhir.patient() | {"meta": meta}).json()["meta"]
        assert stored["versionId"] == "1"
        assert not stored["lastUpdated"].startswith("1999")
        assert stored["tag"] == [{"code": "x"}]

    def test_a_head_is_a_read_without_its_body(self, ehr: Client) -> None:
        put(ehr, fhir.patient())
        answer = ehr.head("/fhir/Patient/p1")
        assert answer.status_code == 200 and not answer.content
        assert answer.headers["ETag"] == 'W/"1"'


@pytest.mark.parametrize("path", ["Patient/p1", "Patient/p1/_history/1"])
def test_a_parameter_that_would_go_unheard_is_a_fault(ehr: Client, path: str) -> None:
    put(ehr, fhir.patient())
    for query in ("_elements=id", "identifier=x", "_summary=true"):
        answer = ehr.get(f"/fhir/{path}?{query}")
        assert answer.status_code == 400
        assert "parameter" in answer.json()["issue"][0]["diagnostics"]
    assert ehr.get(f"/fhir/{path}?_format=json&_pretty=true").status_code == 200
    assert ehr.delete("/fhir/Patient/p1?identifier=x").status_code == 400
    assert ehr.get("/fhir/Patient/p1").status_code == 200
