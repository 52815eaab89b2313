"""A kept ranking as FHIR R4: a RequestGroup with one action an option, a DetectedIssue a finding.

All of it is a proposal and says so: the group and every MedicationRequest in it are `draft`, the
requests have the intent `option`. Nothing here is an order. Built with `fhir.resources.R4B`, whose
RequestGroup, MedicationRequest and DetectedIssue have R4's elements.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from models_engine.catalogue.treatment.safety.finding import Finding
from patients.services.server_written import OWN_SYSTEM

Json = dict[str, Any]

ATC, RXNORM = "http://www.whocc.no/atc", "http://www.nlm.nih.gov/research/umls/rxnorm"
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
CAUTION = (
    "A proposal to discuss, not an order. Estimates rest on the average effects of trials and on the "
    "record as it was then."
)
# codes of HL7's AdministrationDetectedIssueCode
ISSUE_CODES = {
    "interaction": ("DRG", "Drug Interaction Alert"),
    "duplicate": ("DUPTHPY", "Duplicate Therapy Alert"),
    "contraindication": ("COND", "Condition Alert"),
    "hepatic": ("COND", "Condition Alert"),
    "pregnancy": ("PREG", "Pregnancy Alert"),
    "age": ("AGE", "Age Alert"),
    "laboratory": ("LAB", "Lab Alert"),
    "kidney_dose": ("DOSECOND", "dosage-condition alert"),
    "allergy": ("ALGY", "Allergy Alert"),
    "gene": ("GEN", "Genetic Alert"),
}
# for these HL7 has no code: told in words alone
ISSUE_WORDS = {"missing": "Missing information", "unresolved": "Medicine not recognised"}
SEVERITIES = {"X": "high", "ask": "high", "D": "high", "C": "moderate", "told": "low"}


def request_group(
    candidates: Sequence[Json],
    *,
    title: str,
    proposal: UUID,
    patient_id: str,
    practitioner_id: str,
    notes: Sequence[str],
    now: datetime,
) -> Json:
    """One action with at most one to be chosen below it; options to begin carry a request."""
    from fhir.resources.R4B.requestgroup import RequestGroup

    contained: list[Json] = []
    actions = [
        _action(one, f"option-{n}", patient_id, contained) for n, one in enumerate(candidates, 1)
    ]
    content: Json = {
        "resourceType": "RequestGroup",
        "contained": contained,
        "identifier": [{"system": OWN_SYSTEM, "value": f"treatment:{proposal}"}],
        "status": "draft",
        "intent": "proposal",
        "code": {"text": title},
        "subject": {"reference": f"Patient/{patient_id}"},
        "authoredOn": now.isoformat(),
        "author": {"reference": f"Practitioner/{practitioner_id}"},
        "note": [{"text": text} for text in (CAUTION, *notes)],
        "action": [
            {
                "title": title,
                "groupingBehavior": "logical-group",
                "selectionBehavior": "at-most-one",
                "action": actions,
            }
        ],
    }
    RequestGroup.model_validate(content)
    return content


def _action(one: Json, local_id: str, patient_id: str, contained: list[Json]) -> Json:
    """One way; what it puts into the group goes to `contained`.

    An action has either a resource or actions below it (rqg-1): an exchange is both its halves.
    """
    action: Json = {"title": one["label"], "description": one["summary"]}
    if one["kind"] not in ("start", "add", "switch", "change_dose"):
        words = f"{one['label']}, {one['dose']}" if one["dose"] else one["label"]
        contained.append(_discussion(words, local_id, patient_id))
        return action | {"resource": {"reference": f"#{local_id}"}}
    contained.append(_request(one, local_id, patient_id))
    begin = {"reference": f"#{local_id}"}
    if one["kind"] != "switch" or not one["replaces"]:
        return action | {"resource": begin}
    away = f"Stop {one['replaces']} before {one['name']} is begun. {' '.join(_about(one))}".strip()
    contained.append(_discussion(away, f"{local_id}-stop", patient_id))
    return action | {
        "selectionBehavior": "all",
        "action": [
            {"title": f"Stop {one['replaces']}", "resource": {"reference": f"#{local_id}-stop"}},
            {"title": one["name"], "resource": begin},
        ],
    }


def _about(one: Json) -> list[str]:
    """What is to be minded of what goes away: a pause between the two, above all."""
    return [f["message"] for f in one["findings"] if f["other"] and f["other"] in one["replaces"]]


def _request(one: Json, local_id: str, patient_id: str) -> Json:
    codings = [
        {"system": system, "code": code}
        for system, code in ((RXNORM, one["rxnorm"]), (ATC, one["atc"]))
        if code
    ]
    # the dose stands in the dosage alone: the one of the label is the usual one
    medication: Json = {"text": one["name"]}
    if codings:
        medication["coding"] = codings
    request: Json = {
        "resourceType": "MedicationRequest",
        "id": local_id,
        "status": "draft",
        "intent": "option",
        "medicationCodeableConcept": medication,
        "subject": {"reference": f"Patient/{patient_id}"},
        "note": [{"text": CAUTION}],
    }
    if one["dose"]:
        request["dosageInstruction"] = [{"text": one["dose"]}]
    return request


def _discussion(words: str, local_id: str, patient_id: str) -> Json:
    """To keep or to stop something is nothing to prescribe: it is to be talked about."""
    return {
        "resourceType": "CommunicationRequest",
        "id": local_id,
        "status": "draft",
        "subject": {"reference": f"Patient/{patient_id}"},
        "payload": [{"contentString": words}],
    }


def detected_issues(
    findings: Iterable[tuple[str, Finding]],
    *,
    proposal: UUID,
    patient_id: str,
    now: datetime,
) -> list[Json]:
    """One DetectedIssue a finding; each comes with what it is about. Only findings of a known kind."""
    from fhir.resources.R4B.detectedissue import DetectedIssue

    made = []
    for number, (about, found) in enumerate(findings, 1):
        if found.kind not in ISSUE_CODES and found.kind not in ISSUE_WORDS:
            continue
        detail = f"{about}: {found.message}" if about else found.message
        content: Json = {
            "resourceType": "DetectedIssue",
            "identifier": [{"system": OWN_SYSTEM, "value": f"treatment:{proposal}:issue-{number}"}],
            "status": "preliminary",
            "code": _issue_code(found.kind),
            "severity": SEVERITIES[found.level],
            "patient": {"reference": f"Patient/{patient_id}"},
            "identifiedDateTime": now.isoformat(),
            "detail": detail,
        }
        implicated = [
            {"reference": f"{kind}/{fhir_id}/_history/{version}"}
            for kind, fhir_id, version in dict.fromkeys(found.references)
        ]
        if implicated:
            content["implicated"] = implicated
        DetectedIssue.model_validate(content)
        made.append(content)
    return made


def _issue_code(kind: str) -> Json:
    if kind in ISSUE_WORDS:
        return {"text": ISSUE_WORDS[kind]}
    code, display = ISSUE_CODES[kind]
    return {"coding": [{"system": ACT_CODE, "code": code, "display": display}]}


def withdrawn(content: Json, *, in_error: bool = False) -> Json:
    """The next version of what a withdrawn proposal left in the record."""
    from fhir.resources.R4B.detectedissue import DetectedIssue
    from fhir.resources.R4B.requestgroup import RequestGroup

    kept = {name: value for name, value in content.items() if name != "meta"}
    if kept["resourceType"] == "RequestGroup":
        kept["status"] = "entered-in-error" if in_error else "revoked"
        RequestGroup.model_validate(kept)
    else:
        kept["status"] = "entered-in-error" if in_error else "cancelled"
        DetectedIssue.model_validate(kept)
    return kept
