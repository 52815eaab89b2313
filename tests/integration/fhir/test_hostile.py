"""What an impatient or ill-meaning client sends, and what it must get back."""

import gzip
import json
import logging
from datetime import timedelta
from io import BytesIO
from typing import Any

import pytest
from django.conf import settings
from django.test import Client, RequestFactory
from django.utils import timezone
from oauth2_provider.models import AccessToken, Application
from rest_framework.request import Request

from patients.api import reading
from patients.api.negotiation import read_body
from patients.api.request_ids import request_id_var
from patients.errors import FhirError
from patients.models import Patient, Resource, ResourceVersion
from patients.selectors.resources import concerns
from patients.services import ingest
from tests.factories import fhir
from tests.factories.people import patient_user
from tests.integration.fhir.calls import FHIR_JSON, expressions, faults, post, put

pytestmark = pytest.mark.django_db
Json = dict[str, Any]


def batch(*entries: Json) -> Json:
    return {"resourceType": "Bundle", "type": "batch", "entry": list(entries)}


def entry(resource: Json) -> Json:
    url = f"{resource['resourceType']}/{resource['id']}"
    return {"resource": resource, "request": {"method": "PUT", "url": url}}


def statuses(answer: Any) -> list[str]:
    return [e["response"]["status"][:3] for e in answer.json()["entry"]]


def of_patient(resource: Json, patient_id: str) -> Json:
    return {**resource, "subject": {"reference": f"Patient/{patient_id}"}}


class TestBodies:
    def test_a_compressed_body_is_415_and_says_so(self, ehr: Client) -> None:
        body = gzip.compress(json.dumps(fhir.patient()).encode())
        answer = post(ehr, "/Patient", body, **{"Content-Encoding": "gzip"})
        assert answer.status_code == 415
        assert "compressed" in faults(answer)[0]["diagnostics"]

    @pytest.mark.parametrize("ends", [True, False])
    def test_a_body_without_its_length_is_read(self, ends: bool) -> None:
        body = b'{"resourceType":"Patient"}'
        request = RequestFactory().post("/fhir/Patient", body, content_type=FHIR_JSON)
        request.META |= {
            "CONTENT_LENGTH": "",
            "wsgi.input": BytesIO(body),
            "wsgi.input_terminated": ends,
        }
        request._stream = BytesIO()  # what Django makes of a body without its length
        if ends:
            assert read_body(Request(request)) == body
        else:
            with pytest.raises(FhirError) as refusal:
                read_body(Request(request))
            assert refusal.value.status == 400

    def test_a_body_without_its_length_has_the_same_limit(self) -> None:
        request = RequestFactory().post("/fhir/Patient", b"{}", content_type=FHIR_JSON)
        request.META |= {
            "CONTENT_LENGTH": "",
            "wsgi.input": BytesIO(b" " * (settings.FHIR_MAX_BODY_BYTES + 1)),
            "wsgi.input_terminated": True,
        }
        with pytest.raises(FhirError) as refusal:
            read_body(Request(request))
        assert refusal.value.status == 413

    def test_an_empty_accept_means_anything(self, ehr: Client) -> None:
        assert ehr.get("/fhir/Patient", headers={"Accept": ""}).status_code == 200


class TestAddresses:
    @pytest.mark.parametrize("path", ["/fhir/Patient/a%0Ab", "/fhir/Patient/p1%0A", "/fhir/%0D%0A"])
    def test_line_feeds_stay_behind_the_door(self, ehr: Client, path: str) -> None:
        put(ehr, fhir.patient())
        answer = ehr.get(path)
        assert answer.status_code == 404
        assert faults(answer)
        assert Client().get(path).status_code == 401

    @pytest.mark.parametrize("method", ["post", "options"])
    def test_a_refused_method_names_the_others(self, ehr: Client, method: str) -> None:
        answer = getattr(ehr, method)("/fhir/Patient/p1")
        assert answer.status_code == 405
        assert set(answer["Allow"].split(", ")) == {"GET", "HEAD", "PUT", "PATCH", "DELETE"}
        assert faults(answer)

    @pytest.mark.parametrize("version", ["0", "7", "-1", "99999999999999999999", "x"])
    def test_an_absent_version_is_not_an_absent_resource(self, ehr: Client, version: str) -> None:
        put(ehr, fhir.patient())
        answer = ehr.get(f"/fhir/Patient/p1/_history/{version}")
        assert answer.status_code == 404
        assert "no version" in faults(answer)[0]["diagnostics"]


class TestConditions:
    def test_any_version_will_do(self, ehr: Client) -> None:
        assert put(ehr, fhir.patient(), **{"If-Match": "*"}).status_code == 412
        put(ehr, fhir.patient())
        assert put(ehr, fhir.patient(family="B"), **{"If-Match": "*"}).status_code == 200
        ehr.delete("/fhir/Patient/p1")
        assert put(ehr, fhir.patient(family="C"), **{"If-Match": "*"}).status_code == 412

    def test_one_of_several_versions_will_do(self, ehr: Client) -> None:
        put(ehr, fhir.patient())
        asked = {"If-Match": 'W/"1", W/"2"'}
        assert put(ehr, fhir.patient(family="B"), **asked).status_code == 200
        assert put(ehr, fhir.patient(family="C"), **asked).status_code == 200
        assert put(ehr, fhir.patient(family="D"), **asked).status_code == 412

    @pytest.mark.parametrize("known", ["*", '"1"', 'W/"9", W/"1"'])
    def test_what_the_client_has_is_304(self, ehr: Client, known: str) -> None:
        put(ehr, fhir.patient())
        answer = ehr.get("/fhir/Patient/p1", headers={"If-None-Match": known})
        assert answer.status_code == 304

    def test_a_bad_condition_names_its_entry(self, ehr: Client) -> None:
        resource = {**fhir.quantity("x", "2093-3", 5, "mmol/L")}
        resource["subject"] = {"reference": "Patient?colour=red"}
        bundle = {**batch(entry(fhir.patient()), entry(resource)), "type": "transaction"}
        answer = post(ehr, "", bundle)
        assert answer.status_code == 400
        assert expressions(answer) == ["Bundle.entry[1].resource.subject"]
        assert not Resource.objects.exists()

    def test_a_bad_search_of_a_batch_names_its_entry(self, ehr: Client) -> None:
        search = {"request": {"method": "GET", "url": "Patient?colour=red"}}
        answer = post(ehr, "", batch(search))
        (found,) = answer.json()["entry"]
        assert found["response"]["status"] == "400"
        issue = found["response"]["outcome"]["issue"][0]
        assert issue["expression"] == ["Bundle.entry[0].request.url"]

    def test_an_unknown_patient_is_named_where_the_record_is_theirs(self, ehr: Client) -> None:
        resource = {
            "resourceType": "MedicationStatement",
            "id": "m",
            "informationSource": {"reference": "Patient/nobody"},
            "status": "active",
            "medicationCodeableConcept": {"text": "x"},
            "subject": {"reference": "Patient/nobody"},
        }
        assert expressions(put(ehr, resource)) == ["MedicationStatement.subject"]


class TestBatches:
    def test_the_faultless_are_stored_together_though_others_fail(
        self, ehr: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        put(ehr, fhir.patient())
        commits = []
        process = ingest.process
        monkeypatch.setattr(
            ingest, "process", lambda i, **more: (commits.append(len(i)), process(i, **more))[1]
        )
        resources = [fhir.quantity(f"o{i}", "2093-3", i + 1, "mmol/L") for i in range(8)]
        resources[3] = of_patient(resources[3], "nobody")
        answer = post(ehr, "", batch(*map(entry, resources)))
        assert statuses(answer) == ["201"] * 3 + ["422"] + ["201"] * 4
        assert commits == [8, 7, 1]
        assert Resource.objects.filter(type="Observation").count() == 7

    def test_an_error_of_ours_spares_the_other_entries(
        self, ehr: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        process = ingest.process

        def failing(interactions: Any, **more: Any) -> Any:
            if any(i.fhir_id == "p2" for i in interactions):
                raise RuntimeError("Smith")
            return process(interactions, **more)

        monkeypatch.setattr(ingest, "process", failing)
        answer = post(ehr, "", batch(*[entry(fhir.patient(f"p{i}")) for i in (1, 2, 3)]))
        assert statuses(answer) == ["201", "500", "201"]
        assert b"Smith" not in answer.content
        assert set(Patient.objects.values_list("fhir_id", flat=True)) == {"p1", "p3"}

    def test_an_error_of_ours_in_a_read_spares_what_is_stored(
        self, ehr: Client, monkeypatch: pytest.MonkeyPatch
    ) -> None:
        monkeypatch.setattr(reading, "find", lambda *_, **__: 1 / 0)
        read = {"request": {"method": "GET", "url": "Patient/p1"}}
        answer = post(ehr, "", batch(entry(fhir.patient()), read))
        assert statuses(answer) == ["201", "500"]


class TestWhoseVersion:
    """A result filed with the wrong patient, then corrected: its past is not the new patient's."""

    def test_a_person_sees_only_versions_about_them(self, ehr: Client) -> None:
        put(ehr, fhir.patient("p1"))
        put(ehr, fhir.patient("p2"))
        secret = fhir.quantity("x", "2093-3", 5, "mmol/L")
        put(ehr, of_patient(secret, "p1"))
        put(ehr, of_patient(secret, "p2"))
        old, new = ResourceVersion.objects.filter(resource__fhir_id="x").order_by("version")
        one, two = Patient.objects.order_by("fhir_id")
        assert concerns(old, one)
        assert concerns(new, two)
        assert not concerns(old, two)

        theirs = self._client_of(two)
        assert theirs.get("/fhir/Observation/x/_history/2").status_code == 200
        assert theirs.get("/fhir/Observation/x/_history/1").status_code == 404
        assert theirs.get("/fhir/Observation/x/_history").json()["total"] == 1
        assert ehr.get("/fhir/Observation/x/_history").json()["total"] == 2

    def test_a_deletion_is_seen(self, ehr: Client) -> None:
        put(ehr, fhir.patient("p1"))
        put(ehr, of_patient(fhir.quantity("x", "2093-3", 5, "mmol/L"), "p1"))
        ehr.delete("/fhir/Observation/x")
        theirs = self._client_of(Patient.objects.get())
        assert theirs.get("/fhir/Observation/x").status_code == 410

    @staticmethod
    def _client_of(patient: Patient) -> Client:
        token = AccessToken.objects.create(
            user=patient_user(patient),
            application=Application.objects.first(),
            token="test-token-of-a-person",
            expires=timezone.now() + timedelta(hours=1),
            scope="system/*.rs",
        )
        return Client(headers={"Authorization": f"Bearer {token.token}"})


def test_the_line_about_an_error_status_has_the_request_id(
    ehr: Client,
) -> None:
    seen: list[str] = []

    class Listener(logging.Handler):
        def emit(self, record: logging.LogRecord) -> None:
            seen.append(request_id_var.get())

    listener = Listener()
    logger = logging.getLogger("django.request")
    logger.addHandler(listener)
    try:
        ehr.get("/fhir/Patient/nobody", headers={"X-Request-ID": "asked-for"})
    finally:
        logger.removeHandler(listener)
    assert seen == ["asked-for"]
