"""What is refused: with a status that fits, every fault at once, and nothing stored."""

import json
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from models_engine.fhir_rendering import PREDICTION_SYSTEM
from patients.models import Patient, Resource
from patients.services.server_written import create_resources
from tests.factories import fhir
from tests.integration.fhir.calls import FHIR_JSON, expressions, faults, post, put

pytestmark = pytest.mark.django_db
Json = dict[str, Any]


class TestBadInput:
    @pytest.mark.parametrize(
        "body",
        [
            b"",
            b"{",
            b"[]",
            b"null",
            b'{"resourceType":"Patient","a":NaN}',
            b'{"resourceType":"Patient","id":"a","id":"b"}',
            b'\xff\xfe{"resourceType":"Patient"}',
            b'{"a":' * 300 + b"1" + b"}" * 300,
        ],
    )
    def test_what_is_no_json_object_is_400(self, ehr: Client, body: bytes) -> None:
        answer = post(ehr, "/Patient", body)
        assert answer.status_code == 400
        assert faults(answer)
        assert not Resource.objects.exists()

    def test_every_fault_at_once(self, ehr: Client) -> None:
        put(ehr, fhir.patient())
        wrong = fhir.quantity("x", "2093-3", 5, "mmol/L")
        del wrong["status"]
        wrong["effectiveDateTime"] = "2026-13-45"
        wrong["subject"] = {"reference": 5}
        answer = put(ehr, wrong)
        assert answer.status_code == 422
        assert {
            "Observation.status",
            "Observation.effectiveDateTime",
            "Observation.subject.reference",
        } <= set(expressions(answer))

    def test_an_unknown_patient_is_named(self, ehr: Client) -> None:
        answer = put(ehr, fhir.blood_pressure("bp", 140, 80, subject="nobody"))
        assert answer.status_code == 422
        assert expressions(answer) == ["Observation.subject"]
        assert not Resource.objects.exists()

    def test_xml_is_refused(self, ehr: Client) -> None:
        answer = ehr.post("/fhir/Patient", "<Patient/>", content_type="application/fhir+xml")
        assert answer.status_code == 415
        assert (
            ehr.get("/fhir/Patient", headers={"Accept": "application/fhir+xml"}).status_code == 406
        )

    def test_a_body_that_is_too_large(self, ehr: Client, settings: Any) -> None:
        settings.DATA_UPLOAD_MAX_MEMORY_SIZE = 100
        assert post(ehr, "/Patient", fhir.patient()).status_code == 413

    def test_unknown_types_addresses_and_methods(self, ehr: Client) -> None:
        assert ehr.get("/fhir/Patience").status_code == 404
        assert ehr.get("/fhir/Patient/1/$nothing").status_code == 404
        assert ehr.post("/fhir/Patient/1", "{}", content_type=FHIR_JSON).status_code == 405
        assert put(ehr, fhir.patient() | {"id": "x" * 65}).status_code == 404
        for path in ("/fhir/Patience", "/fhir/Patient/1/$nothing"):
            assert faults(ehr.get(path))

    def test_type_and_id_must_agree_with_the_address(self, ehr: Client) -> None:
        assert post(ehr, "/Observation", fhir.patient()).status_code == 422
        answer = ehr.put("/fhir/Patient/other", json.dumps(fhir.patient()), content_type=FHIR_JSON)
        assert expressions(answer) == ["Patient.id"]

    def test_what_we_write_nobody_else_writes(self, ehr: Client) -> None:
        put(ehr, fhir.patient())
        forged = {
            "resourceType": "RiskAssessment",
            "status": "final",
            "subject": {"reference": "Patient/p1"},
            "identifier": [{"system": "urn:twinportal:prediction", "value": "1"}],
        }
        assert post(ehr, "/RiskAssessment", forged).status_code == 403
        for system in ("URN:TWINPORTAL:PREDICTION", "urn:TwinPortal:prediction"):
            tagged = {**forged, "meta": {"tag": [{"system": system, "code": "x"}]}}
            del tagged["identifier"]
            assert post(ehr, "/RiskAssessment", tagged).status_code == 403
            forged["identifier"] = [{"system": system, "value": "1"}]
            assert post(ehr, "/RiskAssessment", forged).status_code == 403

    def test_what_we_wrote_nobody_else_changes(self, ehr: Client) -> None:
        put(ehr, fhir.patient())
        content = {
            "resourceType": "RiskAssessment",
            "status": "final",
            "identifier": [{"system": PREDICTION_SYSTEM, "value": "1"}],
            "subject": {"reference": "Patient/p1"},
        }
        pk = Patient.objects.get().pk
        (ours,) = create_resources([content], patient_id=pk, now=timezone.now())
        del content["identifier"], content["meta"]
        assert put(ehr, content).status_code == 403
        assert ehr.delete(f"/fhir/RiskAssessment/{ours.fhir_id}").status_code == 403
        assert ehr.get(f"/fhir/RiskAssessment/{ours.fhir_id}").status_code == 200
        theirs = {k: v for k, v in content.items() if k != "id"}
        assert post(ehr, "/RiskAssessment", theirs).status_code == 201

    def test_audit_events_are_ours_alone(self, ehr: Client) -> None:
        answer = post(ehr, "/AuditEvent", {"resourceType": "AuditEvent"})
        assert answer.status_code == 403

    @pytest.mark.parametrize("accept", ["application/fhir+json", "application/json", "*/*", ""])
    def test_json_by_any_name(self, ehr: Client, accept: str) -> None:
        put(ehr, fhir.patient())
        headers = {"Accept": accept} if accept else {}
        answer = ehr.get("/fhir/Patient/p1", headers=headers)
        assert answer.status_code == 200
        assert answer.headers["Content-Type"].startswith("application/fhir+json")

    def test_format_beats_accept(self, ehr: Client) -> None:
        path, xml = "/fhir/metadata", {"Accept": "application/fhir+xml"}
        assert ehr.get(f"{path}?_format=json", headers=xml).status_code == 200
        assert ehr.get(f"{path}?_format=application/fhir%2Bjson").status_code == 200
        assert ehr.get(f"{path}?_format=xml").status_code == 406

    @pytest.mark.parametrize(
        "name", ["a\u0000b", "\u0001", "\ud800", "x" * 300_000], ids=["nul", "soh", "half", "long"]
    )
    def test_odd_text_is_stored_or_refused_and_never_an_error(self, ehr: Client, name: str) -> None:
        answer = put(ehr, fhir.patient(family=name))
        assert answer.status_code in (201, 400, 422)
        if answer.status_code == 201:
            assert ehr.get("/fhir/Patient/p1").json()["name"][0]["family"] == name
