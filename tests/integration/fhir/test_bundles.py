"""Batches and transactions, conditional creates, references between entries."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext

from patients.models import Fact, Patient, Resource, StaleTwin
from tests.factories import fhir
from tests.integration.fhir.calls import expressions, post, put

pytestmark = pytest.mark.django_db
Json = dict[str, Any]


class TestBundles:
    def test_a_transaction_resolves_urns_and_identifiers(self, ehr: Client) -> None:
        put(ehr, {"resourceType": "Organization", "id": "o", "name": "Clinic", "identifier": [
            {"system": "urn:o", "value": "7"}]})  # fmt: skip
        person = fhir.patient() | {
            "managingOrganization": {"reference": "Organization?identifier=urn:o|7"}
        }
        bp = fhir.blood_pressure("bp", 140, 80)
        bp["subject"] = {"reference": "urn:uuid:11111111-1111-4111-8111-111111111111"}
        bundle = fhir.transaction([bp, person], method="POST")
        bundle["entry"][1]["fullUrl"] = "urn:uuid:11111111-1111-4111-8111-111111111111"
        answer = post(ehr, "", bundle)
        assert answer.status_code == 200, answer.content
        locations = [e["response"]["location"] for e in answer.json()["entry"]]
        stored = ehr.get(locations[0].split("testserver")[1]).json()
        patient = ehr.get(locations[1].split("testserver")[1]).json()
        assert stored["subject"]["reference"] == f"Patient/{patient['id']}"
        assert patient["managingOrganization"]["reference"] == "Organization/o"
        assert Fact.objects.filter(concept="systolic_bp", value=140).count() == 1

    def test_a_failed_transaction_stores_nothing_and_names_every_entry(self, ehr: Client) -> None:
        bad = fhir.quantity("x", "2093-3", 5, "mmol/L")
        bad["status"] = "finished"
        worse = fhir.quantity("y", "2093-3", 5, "mmol/L")
        del worse["code"]
        answer = post(ehr, "", fhir.transaction([fhir.patient(), bad, worse]))
        assert answer.status_code in (400, 422)
        assert {"Bundle.entry[1].resource.status", "Bundle.entry[2].resource.code"} <= set(
            expressions(answer)
        )
        assert not Resource.objects.exists() and not StaleTwin.objects.exists()

    def test_an_unresolvable_reference_fails_the_whole(self, ehr: Client) -> None:
        bp = fhir.blood_pressure("bp", 140, 80)
        bp["subject"]["reference"] = "Patient?identifier=urn:x|nobody"
        answer = post(ehr, "", fhir.transaction([fhir.patient(), bp]))
        assert answer.status_code in (412, 422)
        assert expressions(answer) == ["Bundle.entry[1].resource.subject"]
        assert not Resource.objects.exists()

    def test_a_batch_gives_each_entry_its_own_answer(self, ehr: Client) -> None:
        put(ehr, fhir.patient())
        bundle = fhir.transaction(
            [fhir.blood_pressure("a", 140, 80), fhir.blood_pressure("b", 1, 1, subject="no")]
        )
        bundle["type"] = "batch"
        bundle["entry"].append({"request": {"method": "GET", "url": "Patient/p1"}})
        answer = post(ehr, "", bundle).json()
        assert answer["type"] == "batch-response"
        assert [e["response"]["status"][:3] for e in answer["entry"]] == ["201", "422", "200"]
        assert answer["entry"][1]["response"]["outcome"]["resourceType"] == "OperationOutcome"
        assert answer["entry"][2]["resource"]["id"] == "p1"
        assert set(Resource.objects.values_list("fhir_id", flat=True)) == {"p1", "a"}

    def test_conditional_create(self, ehr: Client) -> None:
        query = f"identifier={fhir.MRN}|MRN-p1"
        first = post(ehr, "/Patient", fhir.patient(), **{"If-None-Exist": query})
        second = post(ehr, "/Patient", fhir.patient(), **{"If-None-Exist": query})
        assert (first.status_code, second.status_code) == (201, 200)
        assert first.json()["id"] == second.json()["id"]
        post(ehr, "/Patient", fhir.patient())
        third = post(ehr, "/Patient", fhir.patient(), **{"If-None-Exist": query})
        assert third.status_code == 412
        assert Patient.objects.count() == 2

    @pytest.mark.parametrize("kind", ["searchset", "document", "history", "message", None])
    def test_other_bundles_are_refused(self, ehr: Client, kind: str | None) -> None:
        bundle = fhir.transaction([fhir.patient()]) | {"type": kind}
        assert post(ehr, "", bundle).status_code == 400

    def test_the_number_of_statements_does_not_grow_with_the_bundle(self, ehr: Client) -> None:
        def statements(n: int, who: str) -> int:
            resources = [fhir.patient(who)]
            resources += [
                fhir.quantity(f"{who}-{i}", "2093-3", 200 + i, "mg/dL", subject=who)
                for i in range(n)
            ]
            with CaptureQueriesContext(connection) as captured:
                answer = post(ehr, "", fhir.transaction(resources))
            assert answer.status_code == 200, answer.content
            return len(captured)

        few, many = statements(10, "few"), statements(300, "many")
        assert many == few
        assert Fact.objects.count() == 310
