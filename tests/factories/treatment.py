"""Somebody with high blood pressure who takes lisinopril: something to add, keep, switch or stop."""

from typing import Any

from django.test import Client

from patients.models import Patient
from tests.factories import fhir
from tests.factories.people import push

DAY = "2026-10-02T09:00:00Z"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
SNOMED = "http://snomed.info/sct"


def order(fhir_id: str, rxnorm: str, display: str, *, subject: str = "p1") -> dict[str, Any]:
    """An active order of one tablet a day."""
    return {
        "resourceType": "MedicationRequest",
        "id": fhir_id,
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": {
            "coding": [{"system": RXNORM, "code": rxnorm, "display": display}]
        },
        "subject": {"reference": f"Patient/{subject}"},
        "authoredOn": "2026-01-10",
        "dosageInstruction": [
            {
                "text": "One tablet once daily",
                "timing": {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}},
                "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "tablet"}}],
            }
        ],
    }


def hypertensive(ehr: Client, fhir_id: str = "p1", *, doctor: str = "dr1") -> Patient:
    """A complete record with hypertension, weight, potassium, LDL cholesterol and lisinopril 10 mg."""
    push(
        ehr,
        fhir.practitioner(doctor),
        *fhir.complete_record(fhir_id, practitioner=doctor),
        fhir.condition(f"{fhir_id}-htn", "59621000", subject=fhir_id),
        fhir.quantity(f"{fhir_id}-weight", "29463-7", 92, "kg", subject=fhir_id, date=DAY),
        fhir.quantity(f"{fhir_id}-height", "8302-2", 172, "cm", subject=fhir_id, date=DAY),
        fhir.quantity(f"{fhir_id}-k", "2823-3", 4.2, "mmol/L", subject=fhir_id, date=DAY),
        fhir.quantity(f"{fhir_id}-ldl", "13457-7", 3.6, "mmol/L", subject=fhir_id, date=DAY),
        order(f"{fhir_id}-acei", "314076", "lisinopril 10 MG Oral Tablet", subject=fhir_id),
    )
    return Patient.objects.get(fhir_id=fhir_id)
