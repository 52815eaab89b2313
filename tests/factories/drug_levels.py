"""A course of vancomycin as a hospital sends it: who, the doses with their times, the levels."""

from datetime import datetime, timedelta
from typing import Any

from tests.factories import fhir

Json = dict[str, Any]
INTRAVENOUS = {"coding": [{"system": fhir.SNOMED, "code": "47625008"}]}
VANCOMYCIN_RXNORM, GENTAMICIN_RXNORM = "11124", "1596450"


def moment(at: datetime) -> str:
    return f"{at:%Y-%m-%dT%H:%M:%SZ}"


def infusion(
    fhir_id: str,
    start: datetime,
    *,
    subject: str = "p1",
    mg: float = 1000,
    hours: float = 1.0,
    code: str = VANCOMYCIN_RXNORM,
    system: str = fhir.RXNORM,
    **more: Any,
) -> Json:
    dose = {"value": mg, "unit": "mg", "system": fhir.UCUM, "code": "mg"}
    period = {"start": moment(start), "end": moment(start + timedelta(hours=hours))}
    return {
        "resourceType": "MedicationAdministration",
        "id": fhir_id,
        "status": "completed",
        "medicationCodeableConcept": {
            "coding": [{"system": system, "code": code, "display": "drug given"}]
        },
        "subject": {"reference": f"Patient/{subject}"},
        "effectivePeriod": period,
        "dosage": {"route": INTRAVENOUS, "dose": dose},
    } | more


def level(
    fhir_id: str, at: datetime, value: float, *, subject: str = "p1", code: str = "20578-1"
) -> Json:
    return fhir.quantity(fhir_id, code, value, "ug/mL", subject=subject, date=moment(at))


def body(subject: str, at: datetime, *, weight: float = 70, creatinine: float = 1.0) -> list[Json]:
    own: Json = {"subject": subject, "date": moment(at)}
    return [
        fhir.quantity(f"{subject}-weight", "29463-7", weight, "kg", **own),
        fhir.quantity(f"{subject}-height", "8302-2", 178, "cm", **own),
        fhir.quantity(f"{subject}-scr", "2160-0", creatinine, "mg/dL", **own),
    ]


def course(subject: str, now: datetime, *, trough: float = 22.0) -> list[Json]:
    """1 g every 12 h since two days ago, each over an hour, and one level before the last dose."""
    begun = (now - timedelta(hours=49)).replace(second=0, microsecond=0)
    doses = [
        infusion(f"{subject}-dose{n}", begun + timedelta(hours=12 * n), subject=subject)
        for n in range(4)
    ]
    before_the_last = begun + timedelta(hours=35, minutes=30)
    seen = level(f"{subject}-level", before_the_last, trough, subject=subject)
    return [*body(subject, begun - timedelta(hours=5)), *doses, seen]
