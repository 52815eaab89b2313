"""A smoker with weight, lipids and blood pressure: much to change."""

from typing import Any

from django.test import Client

from patients.models import Patient
from tests.factories import fhir
from tests.factories.people import push

DAY = "2026-10-02T09:00:00Z"


def smoker(ehr: Client, fhir_id: str = "p1", *, doctor: str = "dr1", **person: Any) -> Patient:
    """A complete record with weight, LDL cholesterol and current smoking.

    A what-if reads the record: who needs stored predictions or forecasts refreshes the twin.
    """
    push(
        ehr,
        fhir.practitioner(doctor),
        *fhir.complete_record(fhir_id, practitioner=doctor, **person),
        fhir.quantity(f"{fhir_id}-weight", "29463-7", 92, "kg", subject=fhir_id, date=DAY),
        fhir.quantity(f"{fhir_id}-ldl", "13457-7", 3.6, "mmol/L", subject=fhir_id, date=DAY),
        fhir.smoking(f"{fhir_id}-now", "current", subject=fhir_id, date=DAY),
    )
    return Patient.objects.get(fhir_id=fhir_id)


def history() -> list[dict[str, Any]]:
    """Of a smoker "p1": height, and pressure, weight and LDL cholesterol of two more years."""
    found = [fhir.quantity("p1-height", "8302-2", 172, "cm", date=DAY)]
    for at, pressure, weight, ldl in (("2023", 150, 91, 3.5), ("2024", 153, 93, 3.7)):
        date = f"{at}-09-04T09:00:00Z"
        found += [
            fhir.blood_pressure(f"p1-bp{at}", pressure, 90, date=date),
            fhir.quantity(f"p1-weight{at}", "29463-7", weight, "kg", date=date),
            fhir.quantity(f"p1-ldl{at}", "13457-7", ldl, "mmol/L", date=date),
        ]
    return found
