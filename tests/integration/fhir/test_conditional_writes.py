"""Conditional update and delete, JSON Patch, preconditions and what the client prefers to hear."""

import base64
import json
from typing import Any

import pytest
from django.test import Client

from patients.models import Resource
from tests.factories import fhir
from tests.integration.fhir.calls import (
    FHIR_JSON,
    expressions,
    faults,
    post,
    put,
    sent,
)

pytestmark = pytest.mark.django_db
Json = dict[str, Any]
MRN = "identifier=urn:example:mrn|MRN-p1"
PATCH_JSON = "application/json-patch+json"


def patch(ehr: Client, path: str, *operations: Json, **headers: str) -> Any:
    body = json.dumps(list(operations))
    return ehr.patch(f"/fhir/{path}", body, content_type=PATCH_JSON, headers=headers)


def put_where(ehr: Client, query: str, resource: Json, **headers: str) -> Any:
    path = f"/fhir/{resource['resourceType']}?{query}"
    return ehr.put(path, json.dumps(resource), content_type=FHIR_JSON, headers=headers)


def unnamed(resource: Json) -> Json:
    return {name: value for name, value in resource.items() if name != "id"}


class TestUpdate:
    def test_none_creates_one_updates_many_are_refused(self, ehr: Client) -> None:
        first = put_where(ehr, MRN, unnamed(fhir.patient()))
        assert first.status_code == 201
        fhir_id = first.json()["id"]
        again = put_where(ehr, MRN, unnamed(fhir.patient()))
        assert (again.status_code, again["ETag"]) == (200, 'W/"1"')
        changed = put_where(ehr, MRN, unnamed(fhir.patient(family="New")))
        assert (changed.status_code, changed["ETag"]) == (200, 'W/"2"')
        assert changed.json()["id"] == fhir_id
        put(ehr, fhir.patient() | {"id": "double"})
        assert put_where(ehr, MRN, unnamed(fhir.patient())).status_code == 412
        assert sent().count() == 2

    def test_the_id_of_the_resource_must_be_that_of_the_match(self, ehr: Client) -> None:
        assert put_where(ehr, MRN, fhir.patient("own")).json()["id"] == "own"
        other = put_where(ehr, "identifier=urn:example:mrn|MRN-own", fhir.patient("other"))
        assert other.status_code == 400
        assert expressions(other) == ["Patient.id"]

    def test_nobody_is_overwritten_by_what_matches_nobody(self, ehr: Client) -> None:
        put(ehr, fhir.patient())
        wrong = fhir.patient(family="Somebody") | {"birthDate": "1901-01-01"}
        answer = put_where(ehr, "identifier=urn:example:mrn|new", wrong)
        assert answer.status_code == 409
        assert expressions(answer) == ["Patient.id"]
        assert ehr.get("/fhir/Patient/p1").headers["ETag"] == 'W/"1"'
        ehr.delete("/fhir/Patient/p1")
        assert put_where(ehr, "identifier=urn:example:mrn|new", wrong).status_code == 201

    @pytest.mark.parametrize("query", ["", "colour=red", "_sort=_id"])
    def test_a_condition_that_says_nothing_is_refused(self, ehr: Client, query: str) -> None:
        assert put_where(ehr, query, unnamed(fhir.patient())).status_code in (400, 412)
        assert ehr.delete(f"/fhir/Patient?{query}").status_code in (400, 412)
        assert not Resource.objects.exists()

    def test_if_none_match_star_only_creates(self, ehr: Client) -> None:
        star = {"If-None-Match": "*"}
        assert put(ehr, fhir.patient(), **star).status_code == 201
        answer = put(ehr, fhir.patient(family="Other"), **star)
        assert answer.status_code == 412
        assert "is here already" in faults(answer)[0]["diagnostics"]
        assert ehr.get("/fhir/Patient/p1").json()["name"][0]["family"] == "Example"
        assert put(ehr, fhir.patient(), **{"If-None-Match": 'W/"1"'}).status_code == 400
        ehr.delete("/fhir/Patient/p1")
        assert put(ehr, fhir.patient(), **star).status_code == 201


class TestCreate:
    @pytest.mark.parametrize("suffix", ["", "&_format=json&_pretty=true"])
    def test_a_condition_in_the_address_is_heard(self, ehr: Client, suffix: str) -> None:
        """R4 has a header for it; some clients use the address, and would make doubles."""
        path = f"/Patient?{MRN}{suffix}"
        first, again = (post(ehr, path, unnamed(fhir.patient())) for _ in range(2))
        assert (first.status_code, again.status_code) == (201, 200)
        assert first.json()["id"] == again.json()["id"]

    def test_the_form_of_the_answer_is_no_condition(self, ehr: Client) -> None:
        for _ in range(2):
            assert post(ehr, "/Patient?_format=json", unnamed(fhir.patient())).status_code == 201

    def test_conditions_in_both_places_are_refused(self, ehr: Client) -> None:
        answer = post(ehr, f"/Patient?{MRN}", unnamed(fhir.patient()), **{"If-None-Exist": MRN})
        assert answer.status_code == 400
        assert "not both" in faults(answer)[0]["diagnostics"]
        assert post(ehr, "/Patient?colour=red", unnamed(fhir.patient())).status_code == 400
        assert not Resource.objects.exists()


class TestDelete:
    def test_one_is_deleted_none_is_well_many_are_refused(self, ehr: Client) -> None:
        put(ehr, fhir.patient())
        for name in ("a", "b"):
            put(ehr, fhir.quantity(name, "2093-3", 200, "mg/dL"))
        assert ehr.delete("/fhir/Observation?code=2093-3").status_code == 412
        assert ehr.delete("/fhir/Observation?code=9999-9").status_code == 204
        assert ehr.delete("/fhir/Observation?_id=a&code=2093-3").status_code == 204
        assert ehr.get("/fhir/Observation/a").status_code == 410
        assert ehr.get("/fhir/Observation/b").status_code == 200


class TestPatch:
    def test_numbers_that_are_not_touched_stay_as_written(self, ehr: Client) -> None:
        put(ehr, fhir.patient())
        text = json.dumps(fhir.quantity("x", "2093-3", 1, "mg/dL")).replace(
            '"value": 1', '"value": 405.70'
        )
        ehr.put("/fhir/Observation/x", text, content_type=FHIR_JSON)
        answer = patch(ehr, "Observation/x", {"op": "replace", "path": "/status", "value": "final"})
        assert (answer.status_code, answer["ETag"]) == (200, 'W/"1"')  # as it was: no new version
        amended = {"op": "replace", "path": "/status", "value": "amended"}
        answer = patch(ehr, "Observation/x", amended)
        assert (answer.status_code, answer["ETag"]) == (200, 'W/"2"')
        assert '"value":405.70' in answer.content.decode()
        assert answer.json()["status"] == "amended"

    @pytest.mark.parametrize(
        ("operation", "status"),
        [
            ({"op": "replace", "path": "/gender", "value": "F"}, 422),
            ({"op": "remove", "path": "/maritalStatus"}, 422),
            ({"op": "test", "path": "/gender", "value": "male"}, 422),
            ({"op": "replace", "path": "/id", "value": "other"}, 422),
            ({"op": "replace", "path": "", "value": 1}, 422),
            ({"op": "add", "path": "gender", "value": "male"}, 400),
            ({"op": "jump", "path": "/gender"}, 400),
            ({"path": "/gender"}, 400),
            (5, 400),
        ],
    )
    def test_what_does_not_fit_is_refused(self, ehr: Client, operation: Any, status: int) -> None:
        put(ehr, fhir.patient())
        answer = patch(ehr, "Patient/p1", operation)
        assert answer.status_code == status
        assert faults(answer)
        assert ehr.get("/fhir/Patient/p1")["ETag"] == 'W/"1"'

    def test_copies_of_copies_end(self, ehr: Client) -> None:
        put(ehr, fhir.patient())
        more = [{"op": "copy", "from": "/name", "path": "/name/-"} for _ in range(60)]
        answer = patch(ehr, "Patient/p1", *more)
        assert answer.status_code == 413

    @pytest.mark.parametrize("value", [10**40, -(10**40), 1e300, 2**64])
    def test_numbers_of_any_size_are_read(self, ehr: Client, value: Any) -> None:
        put(ehr, fhir.patient())
        answer = patch(ehr, "Patient/p1", {"op": "add", "path": "/birthDate", "value": value})
        assert answer.status_code == 422
        assert expressions(answer) == ["Patient.birthDate"]

    def test_what_becomes_too_deep_is_refused(self, ehr: Client) -> None:
        put(ehr, fhir.patient())
        deep: Json = {}
        for _ in range(90):
            deep = {"x": deep}
        for times in (2, 4, 40):
            steps = ["/x" * (90 * i + 1) for i in range(times)]
            more = [{"op": "add", "path": path, "value": deep} for path in steps]
            more += [{"op": "copy", "from": "/x", "path": "/y"}]
            assert patch(ehr, "Patient/p1", *more).status_code in (400, 422)

    @pytest.mark.parametrize("op", ["remove", "test", "replace", "copy"])
    def test_a_refusal_does_not_quote_the_resource(self, ehr: Client, op: str) -> None:
        put(ehr, fhir.patient(family="Confidential"))
        wrong = {"op": op, "path": "/name/0/family/x", "from": "/name/0/x", "value": 1}
        answer = patch(ehr, "Patient/p1", wrong)
        assert answer.status_code == 422
        assert b"Confidential" not in answer.content
        assert f"operation 0 of the patch, {op} at" in faults(answer)[0]["diagnostics"]

    def test_addresses_preconditions_and_media_type(self, ehr: Client) -> None:
        male = {"op": "replace", "path": "/gender", "value": "male"}
        assert patch(ehr, "Patient/p1", male).status_code == 404
        put(ehr, fhir.patient())
        assert patch(ehr, "Patient/p1", male, **{"If-Match": 'W/"7"'}).status_code == 412
        assert patch(ehr, f"Patient?{MRN}", male).json()["gender"] == "male"
        assert patch(ehr, "Patient?identifier=nobody", male).status_code == 404
        as_fhir = ehr.patch("/fhir/Patient/p1", "[]", content_type=FHIR_JSON)
        assert as_fhir.status_code == 415
        ehr.delete("/fhir/Patient/p1")
        assert patch(ehr, "Patient/p1", male).status_code == 410


class TestInBundles:
    def test_patch_conditional_update_and_delete(self, ehr: Client) -> None:
        put(ehr, fhir.patient())
        for name in ("a", "b"):
            put(ehr, fhir.quantity(name, "2093-3", 200, "mg/dL"))
        operations = [{"op": "replace", "path": "/gender", "value": "male"}]
        binary = {
            "resourceType": "Binary",
            "contentType": PATCH_JSON,
            "data": base64.b64encode(json.dumps(operations).encode()).decode(),
        }
        changed = unnamed(fhir.quantity("b", "2093-3", 210, "mg/dL"))
        entries = [
            {"resource": binary, "request": {"method": "PATCH", "url": f"Patient?{MRN}"}},
            {"resource": changed, "request": {"method": "PUT", "url": "Observation?_id=b"}},
            {"request": {"method": "DELETE", "url": "Observation?_id=a"}},
            {"request": {"method": "GET", "url": "Patient/p1", "ifNoneMatch": 'W/"2"'}},
            {"request": {"method": "HEAD", "url": "Patient/p1"}},
        ]
        for kind in ("transaction", "batch"):
            answer = post(ehr, "", {"resourceType": "Bundle", "type": kind, "entry": entries})
            assert answer.status_code == 200, answer.json()
            found = answer.json()["entry"]
            statuses = [e["response"]["status"][:3] for e in found]
            assert statuses == ["200", "200", "204", "304", "200"]
            assert "resource" not in found[4]
        assert ehr.get("/fhir/Patient/p1").json()["gender"] == "male"
        assert ehr.get("/fhir/Observation/b").json()["valueQuantity"]["value"] == 210
        assert ehr.get("/fhir/Observation/b")["ETag"] == 'W/"2"'

    def test_a_bad_patch_is_named_and_stores_nothing(self, ehr: Client) -> None:
        put(ehr, fhir.patient())
        binary = {"resourceType": "Binary", "contentType": PATCH_JSON, "data": "e30="}
        bundle = fhir.transaction([fhir.practitioner()])
        request = {"method": "PATCH", "url": "Patient/p1"}
        bundle["entry"].append({"resource": binary, "request": request})
        answer = post(ehr, "", bundle)
        assert answer.status_code == 400
        assert expressions(answer) == ["Bundle.entry[1].resource.data"]
        binary["contentType"] = "text/plain"
        assert expressions(post(ehr, "", bundle)) == ["Bundle.entry[1].resource.contentType"]
        assert sent().count() == 1

    def test_two_entries_that_lead_to_one_resource(self, ehr: Client) -> None:
        put(ehr, fhir.patient())
        entries = [
            {
                "resource": fhir.patient(family="A"),
                "request": {"method": "PUT", "url": "Patient/p1"},
            },
            {
                "resource": unnamed(fhir.patient(family="B")),
                "request": {"method": "PUT", "url": f"Patient?{MRN}"},
            },
        ]
        answer = post(ehr, "", {"resourceType": "Bundle", "type": "transaction", "entry": entries})
        assert answer.status_code == 400
        assert expressions(answer) == ["Bundle.entry[1].request.url"]

    def test_what_the_client_prefers_to_hear(self, ehr: Client) -> None:
        bundle = fhir.transaction([fhir.patient()])
        for wanted in ("representation", "OperationOutcome", "minimal"):
            answer = post(ehr, "", bundle, Prefer=f"return={wanted}")
            (entry,) = answer.json()["entry"]
            assert ("resource" in entry) == (wanted == "representation")
            assert ("outcome" in entry["response"]) == (wanted == "OperationOutcome")
            single = put(ehr, fhir.patient(), Prefer=f"return={wanted}")
            kind = json.loads(single.content)["resourceType"] if single.content else ""
            kinds = {"representation": "Patient", "minimal": ""}
            assert kind == kinds.get(wanted, "OperationOutcome")
