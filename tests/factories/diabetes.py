"""A person with type 2 diabetes and every input of the UKPDS OM2 models, as an EHR sends them."""

from datetime import datetime, timedelta
from typing import Any

from tests.factories import fhir

TYPE_2 = "44054006"


def moment(at: datetime) -> str:
    return at.strftime("%Y-%m-%dT%H:%M:%SZ")


def measured(now: datetime, *, subject: str = "p1") -> list[dict[str, Any]]:
    """Everything that is measured, three weeks ago; eGFR and so creatinine are of that day."""
    at: dict[str, Any] = {"subject": subject, "date": moment(now - timedelta(days=21))}

    def own(name: str) -> str:
        return f"{subject}-t2-{name}"

    return [
        fhir.blood_pressure(own("bp"), 142, 84, **at),
        fhir.quantity(own("bmi"), "39156-5", 31, "kg/m2", **at),
        fhir.quantity(own("egfr"), "33914-3", 75, "mL/min/{1.73_m2}", **at),
        fhir.quantity(own("hba1c"), "4548-4", 8.0, "%", **at),
        fhir.quantity(own("hdl"), "2085-9", 1.1, "mmol/L", **at),
        fhir.quantity(own("ldl"), "13457-7", 3.0, "mmol/L", **at),
        fhir.quantity(own("hr"), "8867-4", 76, "/min", **at),
        fhir.quantity(own("wbc"), "6690-2", 7.5, "10*3/uL", **at),
        fhir.quantity(own("hb"), "718-7", 14.2, "g/dL", **at),
        fhir.quantity(own("acr"), "9318-7", 12, "mg/g", **at),
        fhir.smoking(own("smoking"), "current", **at),
    ]


def type_2(now: datetime, *, subject: str = "p1", years: int = 8) -> dict[str, Any]:
    """Diagnosed so many years ago, and a month."""
    onset = (now - timedelta(days=365.25 * years + 30)).strftime("%Y-%m-%d")
    return fhir.condition(f"{subject}-t2", TYPE_2, subject=subject, onset=onset)


def record(now: datetime, *, subject: str = "p1") -> list[dict[str, Any]]:
    """All of it, without the patient."""
    return [type_2(now, subject=subject), *measured(now, subject=subject)]
