"""Batches and transactions, conditional creates, references between entries."""

from typing import Any

import pytest
from django.db import connection
from django.test import Client
from django.test.utils import CaptureQueriesContext
from oauth2_provider.models import AccessToken

from patients.models import Fact, Patient, Resource, StaleTwin
from tests.factories import fhir
from tests.integration.fhir.calls import expressions, post, put, sent, sent_versions

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
        assert set(sent().values_list("fhir_id", flat=True)) == {"p1", "a"}

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

    def test_deletes_come_first_and_gets_see_the_result(self, ehr: Client) -> None:
        put(ehr, fhir.patient())
        put(ehr, fhir.blood_pressure("gone", 140, 80))
        bundle = fhir.transaction([fhir.blood_pressure("new", 150, 90)])
        bundle["entry"].insert(0, {"request": {"method": "GET", "url": "Observation?patient=p1"}})
        bundle["entry"].append({"request": {"method": "DELETE", "url": "Observation/gone"}})
        answer = post(ehr, "", bundle).json()["entry"]
        assert [e["response"]["status"][:3] for e in answer] == ["200", "201", "204"]
        assert [e["resource"]["id"] for e in answer[0]["resource"]["entry"]] == ["new"]

    def test_the_same_bundle_again_is_no_work(self, ehr: Client) -> None:
        bundle = fhir.transaction(fhir.complete_record())
        post(ehr, "", bundle)
        versions = sent_versions().count()
        StaleTwin.objects.all().delete()
        again = post(ehr, "", bundle).json()["entry"]
        assert {e["response"]["status"] for e in again} == {"200 OK"}
        assert {e["response"]["etag"] for e in again} == {'W/"1"'}
        assert sent_versions().count() == versions
        assert not StaleTwin.objects.exists()

    def test_a_precondition_that_fails_fails_the_whole(self, ehr: Client) -> None:
        put(ehr, fhir.patient())
        bundle = fhir.transaction([fhir.patient(family="New"), fhir.practitioner()])
        bundle["entry"][0]["request"]["ifMatch"] = 'W/"7"'
        answer = post(ehr, "", bundle)
        assert answer.status_code == 412
        assert expressions(answer) == ["Bundle.entry[0].request.ifMatch"]
        assert set(sent().values_list("type", flat=True)) == {"Patient"}

    def test_conditional_creates_inside_a_bundle(self, ehr: Client) -> None:
        bundle = fhir.transaction([fhir.patient(), fhir.practitioner()], method="POST")
        query = f"identifier={fhir.MRN}|MRN-p1"
        bundle["entry"][0]["request"]["ifNoneExist"] = query
        statuses = []
        for _ in range(2):
            entries = post(ehr, "", bundle).json()["entry"]
            statuses.append([e["response"]["status"][:3] for e in entries])
        assert statuses == [["201", "201"], ["200", "201"]]
        assert Patient.objects.count() == 1

    def test_the_number_of_entries_is_limited(self, ehr: Client, settings: Any) -> None:
        settings.FHIR_MAX_BUNDLE_ENTRIES = 2
        bundle = fhir.transaction([fhir.practitioner(f"d{i}") for i in range(3)])
        assert post(ehr, "", bundle).status_code == 413
        assert not Resource.objects.exists()

    def test_a_scope_that_lacks_one_type_fails_the_whole(self, ehr: Client) -> None:
        AccessToken.objects.update(scope="system/Patient.cruds")
        bundle = fhir.transaction([fhir.patient(), fhir.practitioner()])
        assert post(ehr, "", bundle).status_code == 403
        assert not Resource.objects.exists()

    def test_the_same_condition_twice_in_one_request_is_refused(self, ehr: Client) -> None:
        bundle = fhir.transaction([fhir.patient("a"), fhir.patient("b")], method="POST")
        for entry in bundle["entry"]:
            entry["request"]["ifNoneExist"] = "identifier=urn:x|1"
        answer = post(ehr, "", bundle)
        assert answer.status_code == 412
        assert expressions(answer) == ["Bundle.entry[1].request.ifNoneExist"]
        assert not Resource.objects.exists()

    def test_only_bundles_are_taken_at_the_base(self, ehr: Client) -> None:
        assert post(ehr, "", fhir.patient()).status_code == 400

    @pytest.mark.parametrize("kind", ["batch", "transaction"])
    def test_an_empty_bundle_has_an_answer_without_entries(self, ehr: Client, kind: str) -> None:
        answer = post(ehr, "", {"resourceType": "Bundle", "type": kind})
        assert answer.json() == {"resourceType": "Bundle", "type": f"{kind}-response"}

    def test_a_read_that_fails_fails_alone(self, ehr: Client) -> None:
        bundle = fhir.transaction([fhir.patient()])
        for url in ("Patient/p1", "Patient/nobody", "Patient?nmae=x"):
            bundle["entry"].append({"request": {"method": "GET", "url": url}})
        entries = post(ehr, "", bundle).json()["entry"]
        assert [e["response"]["status"][:3] for e in entries] == ["201", "200", "404", "400"]


class TestBatches:
    def batch(self, ehr: Client, bundle: Json) -> list[Json]:
        answer = post(ehr, "", bundle | {"type": "batch"})
        assert answer.status_code == 200, answer.content
        return list(answer.json()["entry"])

    def statuses(self, entries: list[Json]) -> list[str]:
        return [e["response"]["status"][:3] for e in entries]

    def test_a_clean_batch_takes_constant_statements(self, ehr: Client) -> None:
        put(ehr, fhir.patient())

        def statements(n: int) -> int:
            resources = [fhir.quantity(f"{n}-{i}", "2093-3", 200, "mg/dL") for i in range(n)]
            with CaptureQueriesContext(connection) as captured:
                entries = self.batch(ehr, fhir.transaction(resources))
            assert self.statuses(entries) == ["201"] * n
            return len(captured)

        assert statements(5) <= statements(20) == statements(100)

    def test_an_entry_knows_no_other(self, ehr: Client) -> None:
        bp = fhir.blood_pressure("bp", 140, 80)
        bp["subject"]["reference"] = "urn:uuid:Patient-p1"
        bundle = fhir.transaction([fhir.patient(), bp, fhir.practitioner()], method="POST")
        entries = self.batch(ehr, bundle)
        assert self.statuses(entries) == ["201", "422", "201"]
        assert "urn:uuid" not in "".join(sent_versions().values_list("content", flat=True))

    def test_the_same_target_twice_is_two_versions(self, ehr: Client) -> None:
        bundle = fhir.transaction([fhir.patient(family="A"), fhir.patient(family="B")])
        bundle["entry"][1]["fullUrl"] = "urn:uuid:other"
        assert self.statuses(self.batch(ehr, bundle)) == ["201", "200"]
        assert ehr.get("/fhir/Patient/p1").json()["name"][0]["family"] == "B"

    def test_what_a_failed_entry_resolved_is_stored_right_by_the_others(self, ehr: Client) -> None:
        doctor = fhir.practitioner() | {"identifier": [{"system": "urn:npi", "value": "7"}]}
        put(ehr, doctor)
        person = fhir.patient()
        person["generalPractitioner"] = [{"reference": "Practitioner?identifier=urn:npi|7"}]
        lost = fhir.patient("p2")
        lost["generalPractitioner"] = [{"reference": "Practitioner?identifier=urn:npi|8"}]
        entries = self.batch(ehr, fhir.transaction([person, lost]))
        assert self.statuses(entries) == ["201", "422"]
        found = ehr.get("/fhir/Patient/p1").json()["generalPractitioner"]
        assert found == [{"reference": "Practitioner/dr1"}]

    def test_scopes_count_for_each_entry(self, ehr: Client) -> None:
        AccessToken.objects.update(scope="system/Patient.cruds")
        bundle = fhir.transaction([fhir.patient(), fhir.practitioner()])
        assert self.statuses(self.batch(ehr, bundle)) == ["201", "403"]
