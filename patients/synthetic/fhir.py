"""Small pieces that every resource of the cohort is made of."""

from collections.abc import Iterable
from datetime import date, datetime, time, timedelta
from typing import Any

from patients.synthetic.chance import stable_id

Json = dict[str, Any]

TAG_SYSTEM = "urn:twinportal:tag"
TAG = {"system": TAG_SYSTEM, "code": "synthetic", "display": "Synthetic: not a real person"}
MRN_SYSTEM = "urn:twinportal:synthetic:mrn"
NPI_SYSTEM = "urn:twinportal:synthetic:npi"
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"


def resource(kind: str, fhir_id: str, **elements: Any) -> Json:
    """A tagged resource; elements that are None are left out, a trailing underscore is dropped."""
    body: Json = {"resourceType": kind, "id": fhir_id, "meta": {"tag": [dict(TAG)]}}
    body |= {key.rstrip("_"): value for key, value in elements.items() if value is not None}
    return body


def coding(system: str, code: str, display: str = "") -> Json:
    found = {"system": system, "code": code}
    return found | {"display": display} if display else found


def concept(*codings: Json, text: str = "") -> Json:
    """A CodeableConcept; its text is the first coding's display unless given."""
    words = text or codings[0].get("display", "")
    found: Json = {"coding": list(codings)}
    return found | {"text": words} if words else found


def hl7(system: str, code: str, display: str = "") -> Json:
    """A CodeableConcept of one of HL7's own code systems."""
    return concept(coding(f"{TERMINOLOGY}/{system}", code, display))


def reference(kind: str, fhir_id: str) -> Json:
    return {"reference": f"{kind}/{fhir_id}"}


def moment(day: date, minute: int) -> str:
    """A FHIR instant: so many minutes after midnight UTC."""
    return (datetime.combine(day, time()) + timedelta(minutes=minute)).isoformat() + "Z"


def child_id(patient_id: str, seed: int, *parts: object) -> str:
    """An id that says nothing but whose it is, and stays the same for the same content."""
    return f"{patient_id}-{stable_id(seed, patient_id, *parts)}"


def transaction(resources: Iterable[Json]) -> Json:
    """A transaction Bundle that puts every resource under its own id, so that a reload is idle."""
    entries = [
        {
            "resource": body,
            "request": {"method": "PUT", "url": f"{body['resourceType']}/{body['id']}"},
        }
        for body in resources
    ]
    return {"resourceType": "Bundle", "type": "transaction", "entry": entries}
