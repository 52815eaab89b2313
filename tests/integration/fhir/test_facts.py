"""From a resource to facts, and back when it is corrected, moved or deleted."""

from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from patients.models import Fact, Patient, StaleTwin
from patients.record.loading import state_of
from patients.services.rebuild import rebuild_facts
from patients.signals import twins_changed
from tests.factories import fhir
from tests.integration.fhir.calls import post, put

pytestmark = pytest.mark.django_db
Json = dict[str, Any]


class TestFacts:
    def test_a_deletion_takes_the_facts_along(self, ehr: Client) -> None:
        post(ehr, "", fhir.transaction(fhir.complete_record()))
        StaleTwin.objects.all().delete()
        ehr.delete("/fhir/Observation/p1-bp")
        assert not Fact.objects.filter(resource_fhir_id="p1-bp").exists()
        assert StaleTwin.objects.filter(patient__fhir_id="p1").exists()

    def test_facts_name_the_exact_version(self, ehr: Client) -> None:
        post(ehr, "", fhir.transaction(fhir.complete_record()))
        put(ehr, fhir.blood_pressure("p1-bp", 141, 81))
        rows = Fact.objects.filter(resource_fhir_id="p1-bp").order_by("path")
        assert [(r.path, r.value, r.resource_version) for r in rows] == [
            ("Observation.component[0]", 141, 2),
            ("Observation.component[1]", 81, 2),
        ]

    def test_si_units_become_the_canonical_ones(self, ehr: Client) -> None:
        put(ehr, fhir.patient())
        put(ehr, fhir.quantity("a", "4548-4", 48, "mmol/mol"))
        put(ehr, fhir.quantity("b", "2160-0", 88.4, "umol/L"))
        facts = {f.concept: f for f in Fact.objects.all()}
        assert facts["hba1c"].value == pytest.approx(6.54, abs=0.01)
        assert facts["creatinine"].value == pytest.approx(1.0)
        assert (facts["hba1c"].raw_value, facts["hba1c"].raw_unit) == ("48", "mmol/mol")

    def test_a_measurement_of_tomorrow_is_never_used(self, ehr: Client) -> None:
        put(ehr, fhir.patient())
        for name, days in (("today", 0.9), ("typo", 1.1)):
            at = (timezone.now() + timedelta(days=days)).isoformat(timespec="seconds")
            put(ehr, fhir.quantity(name, "2093-3", 200, "mg/dL", date=at))
        rows = Fact.objects.order_by("resource_fhir_id").values_list("quality", "reason")
        assert list(rows) == [("usable", ""), ("implausible", "dated after it was received")]
        twin = Patient.objects.get()
        later = state_of(twin.pk, timezone.now() + timedelta(days=400))
        assert [v.resource_id for v in later.series("total_cholesterol")] == ["today"]
        assert rebuild_facts(now=timezone.now()) == set()

    def test_a_medication_that_changes_is_projected_again(self, ehr: Client) -> None:
        put(ehr, fhir.patient())
        drug = {
            "resourceType": "Medication",
            "id": "m",
            "code": {"coding": [{"system": fhir.RXNORM, "code": "83367"}]},
        }
        put(ehr, drug)
        request = {
            "resourceType": "MedicationRequest",
            "id": "r",
            "status": "active",
            "intent": "order",
            "medicationReference": {"reference": "Medication/m"},
            "subject": {"reference": "Patient/p1"},
            "authoredOn": "2026-01-01",
        }
        put(ehr, request)
        assert [f.concept for f in Fact.objects.all()] == ["statin"]
        StaleTwin.objects.all().delete()
        drug["code"]["coding"][0]["code"] = "197361"
        put(ehr, drug)
        assert [f.concept for f in Fact.objects.all()] == ["antihypertensive"]
        assert StaleTwin.objects.exists()

    def test_a_resource_that_changes_its_subject_concerns_both(self, ehr: Client) -> None:
        put(ehr, fhir.patient("p1"))
        put(ehr, fhir.patient("p2"))
        put(ehr, fhir.blood_pressure("bp", 140, 80, subject="p1"))
        StaleTwin.objects.all().delete()
        put(ehr, fhir.blood_pressure("bp", 140, 80, subject="p2"))
        owners = Fact.objects.values_list("patient__fhir_id", flat=True)
        assert set(owners) == {"p2"}
        stale = StaleTwin.objects.values_list("patient__fhir_id", flat=True)
        assert set(stale) == {"p1", "p2"}

    def test_a_resource_that_loses_its_subject_leaves_no_fact(self, ehr: Client) -> None:
        put(ehr, fhir.patient())
        put(ehr, fhir.blood_pressure("bp", 140, 80))
        StaleTwin.objects.all().delete()
        orphan = fhir.blood_pressure("bp", 140, 80)
        del orphan["subject"]
        assert put(ehr, orphan).status_code == 200
        assert not Fact.objects.exists()
        assert StaleTwin.objects.filter(patient__fhir_id="p1").exists()

    def test_what_is_entered_in_error_feeds_nothing(self, ehr: Client) -> None:
        put(ehr, fhir.patient())
        put(ehr, fhir.blood_pressure("bp", 140, 80))
        put(ehr, fhir.blood_pressure("bp", 140, 80, status="entered-in-error"))
        assert set(Fact.objects.values_list("quality", flat=True)) <= {"inactive"}

    def test_a_visit_without_facts_starts_no_model(self, ehr: Client) -> None:
        put(ehr, fhir.patient())
        StaleTwin.objects.all().delete()
        visit = {
            "resourceType": "Encounter",
            "id": "e",
            "status": "finished",
            "class": {"code": "AMB"},
            "subject": {"reference": "Patient/p1"},
        }
        assert put(ehr, visit).status_code == 201
        assert not StaleTwin.objects.exists()

    def test_a_deleted_patient_is_no_twin_until_it_comes_again(self, ehr: Client) -> None:
        put(ehr, fhir.patient())
        ehr.delete("/fhir/Patient/p1")
        assert not Patient.objects.get().active
        assert put(ehr, fhir.blood_pressure("bp", 140, 80)).status_code == 422
        put(ehr, fhir.patient())
        assert Patient.objects.get().active
        assert put(ehr, fhir.blood_pressure("bp", 140, 80)).status_code == 201

    def test_a_medication_in_the_same_bundle_or_later(self, ehr: Client) -> None:
        drug = {
            "resourceType": "Medication",
            "id": "m",
            "code": {"coding": [{"system": fhir.RXNORM, "code": fhir.ATORVASTATIN_INGREDIENT}]},
        }

        def request(fhir_id: str) -> Json:
            return {
                "resourceType": "MedicationRequest",
                "id": fhir_id,
                "status": "active",
                "intent": "order",
                "medicationReference": {"reference": "Medication/m"},
                "subject": {"reference": "Patient/p1"},
                "authoredOn": "2026-01-01",
            }

        put(ehr, fhir.patient())
        put(ehr, request("before"))
        assert Fact.objects.get().quality == "unclassified"
        post(ehr, "", fhir.transaction([request("with"), drug]))
        found = Fact.objects.values_list("resource_fhir_id", "concept", "quality")
        assert set(found) == {("before", "statin", "usable"), ("with", "statin", "usable")}
        ehr.delete("/fhir/Medication/m")
        assert set(Fact.objects.values_list("quality", flat=True)) == {"unclassified"}


class TestWakeUps:
    @pytest.fixture
    def heard(self) -> Iterator[list[list[int]]]:
        calls: list[list[int]] = []

        def listen(*, patient_ids: list[int], **_: Any) -> None:
            calls.append(patient_ids)

        twins_changed.connect(listen)
        yield calls
        twins_changed.disconnect(listen)

    def test_one_after_the_commit_and_none_without_a_change(
        self, ehr: Client, heard: list[Any], django_capture_on_commit_callbacks: Any
    ) -> None:
        with django_capture_on_commit_callbacks(execute=True):
            post(ehr, "", fhir.transaction(fhir.complete_record()))
            assert heard == []
        assert heard == [[Patient.objects.get().pk]]
        with django_capture_on_commit_callbacks(execute=True):
            post(ehr, "", fhir.transaction(fhir.complete_record()))
        assert len(heard) == 1

    def test_a_listener_that_fails_fails_no_request(
        self, ehr: Client, django_capture_on_commit_callbacks: Any
    ) -> None:
        def broken(**_: Any) -> None:
            raise ConnectionError("the broker is down")

        twins_changed.connect(broken)
        try:
            with django_capture_on_commit_callbacks(execute=True):
                assert put(ehr, fhir.patient()).status_code == 201
        finally:
            twins_changed.disconnect(broken)
        assert StaleTwin.objects.exists(), "the mark is the truth, not the wake-up"
