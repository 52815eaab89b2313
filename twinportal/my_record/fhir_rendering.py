"""A patient's choice as a FHIR R4 Consent, and a wish for a correction as a Task."""

from datetime import datetime
from typing import Any

from patients.models import ConsentChoice, Patient
from patients.services.server_written import OWN_SYSTEM
from twinportal.my_record.models import CorrectionRequest

Json = dict[str, Any]
SCOPE = "http://terminology.hl7.org/CodeSystem/consentscope"
LOINC = "http://loinc.org"
PURPOSES = "urn:twinportal:consent-purpose"
REASONS = "urn:twinportal:correction-reason"
OUTCOMES = "urn:twinportal:correction-outcome"


def consent_identifier(patient: Patient, purpose: str) -> str:
    """One Consent for each patient and purpose, whatever its version says."""
    return f"consent:{purpose}:{patient.public_id}"


def consent(patient: Patient, purpose: str, *, granted: bool, at: datetime) -> Json:
    """The newest choice; earlier ones are earlier versions of the same resource."""
    person = {"reference": f"Patient/{patient.fhir_id}"}
    label = ConsentChoice.Purpose(purpose).label
    return {
        "resourceType": "Consent",
        "identifier": [{"system": OWN_SYSTEM, "value": consent_identifier(patient, purpose)}],
        "status": "active",
        "scope": {"coding": [{"system": SCOPE, "code": "patient-privacy"}]},
        "category": [{"coding": [{"system": LOINC, "code": "59284-0"}]}],
        "patient": person,
        "dateTime": at.isoformat(),
        "performer": [person],
        "policyRule": {"text": f"{label}: chosen by the patient on a page of Twinportal."},
        "provision": {
            "type": "permit" if granted else "deny",
            "code": [{"coding": [{"system": PURPOSES, "code": purpose}], "text": label}],
        },
    }


def task(request: CorrectionRequest, *, practitioner_id: str = "") -> Json:
    """The wish with its answer, if there is one. `practitioner_id`: who answered."""
    person = {"reference": f"Patient/{request.patient.fhir_id}"}
    focus = f"{request.resource.type}/{request.resource.fhir_id}"
    content: Json = {
        "resourceType": "Task",
        "identifier": [{"system": OWN_SYSTEM, "value": f"correction:{request.public_id}"}],
        "status": request.status,
        "intent": "proposal",
        "code": {"text": "Correct a fact of the record"},
        "focus": {"reference": f"{focus}/_history/{request.resource_version}"},
        "for": person,
        "authoredOn": request.created_at.isoformat(),
        "lastModified": (request.answered_at or request.created_at).isoformat(),
        "requester": person,
        "reasonCode": _coded(REASONS, request.reason, request.get_reason_display()),
        "input": [
            {"type": {"text": label}, "valueString": words}
            for label, words in (
                ("What the record said", f"{request.label}: {request.said}".removesuffix(": ")),
                ("What the patient says", request.text),
                ("What would be right", request.right_value),
            )
            if words
        ],
    }
    if request.outcome:
        content["businessStatus"] = _coded(OUTCOMES, request.outcome, request.get_outcome_display())
    if request.answer:
        content["output"] = [{"type": {"text": "Answer"}, "valueString": request.answer}]
    if practitioner_id:
        content["owner"] = {"reference": f"Practitioner/{practitioner_id}"}
    return content


def _coded(system: str, code: str, text: str) -> Json:
    return {"coding": [{"system": system, "code": code}], "text": text}
