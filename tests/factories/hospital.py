"""A stay in a hospital and one set of observations, as an EHR sends them."""

from datetime import datetime
from typing import Any

from tests.factories import fhir

Json = dict[str, Any]
HL7 = "http://terminology.hl7.org/CodeSystem/"


def encounter(
    fhir_id: str,
    start: datetime,
    end: datetime | None = None,
    *,
    kind: str = "IMP",
    subject: str = "p1",
    priority: str = "",
    **more: Any,
) -> Json:
    """Finished with an end, in progress without one."""
    period = {"start": start.isoformat()} | ({"end": end.isoformat()} if end else {})
    resource = {
        "resourceType": "Encounter",
        "id": fhir_id,
        "status": "finished" if end else "in-progress",
        "class": {"system": f"{HL7}v3-ActCode", "code": kind},
        "subject": {"reference": f"Patient/{subject}"},
        "period": period,
    }
    if priority:
        resource["priority"] = {"coding": [{"system": f"{HL7}v3-ActPriority", "code": priority}]}
    return resource | more


def observations(at: datetime, *, subject: str = "p1", **changed: float) -> list[Json]:
    """A complete set on air, alert; `changed` by name (rate, saturation, pulse, warmth, gcs)."""
    values = {"rate": 18.0, "saturation": 97.0, "pulse": 80.0, "warmth": 37.0, "gcs": 15.0}
    given = values | {"flow": 0.0, "systolic": 120.0} | changed
    codes = {
        "rate": ("9279-1", "/min"),
        "saturation": ("59408-5", "%"),
        "pulse": ("8867-4", "/min"),
        "warmth": ("8310-5", "Cel"),
        "gcs": ("9269-2", "{score}"),
        "flow": ("3151-8", "L/min"),
    }
    stamp = f"{at:%H%M}"
    made = [
        fhir.quantity(
            f"{subject}-{name}-{stamp}",
            code,
            given[name],
            unit,
            subject=subject,
            date=at.isoformat(),
        )
        for name, (code, unit) in codes.items()
    ]
    pressure = fhir.blood_pressure(
        f"{subject}-bp-{stamp}", given["systolic"], 70, subject=subject, date=at.isoformat()
    )
    return [*made, pressure]
