"""From a resource to facts, and back when it is corrected, moved or deleted."""

from typing import Any

import pytest
from django.test import Client

from patients.models import Fact, StaleTwin
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
