"""A scenario as FHIR R4: a Goal for each target, a CarePlan for the whole, a Provenance.

All of it is a proposal and says so: `draft`, `proposal`, `proposed`. Nothing here is an order.
Built with `fhir.resources.R4B`, whose Goal, CarePlan and Provenance have R4's elements.
"""

from collections.abc import Iterable, Sequence
from datetime import datetime
from typing import Any, Literal
from uuid import UUID

from models_engine.catalogue.what_if.controls import CONTROL_OF
from models_engine.catalogue.what_if.effects import SMOKING
from models_engine.catalogue.what_if.interventions import Intervention, treatments
from patients.services.server_written import OWN_SYSTEM
from twinportal.what_if.words import intervention_words

Json = dict[str, Any]

LOINC, SNOMED, ATC = "http://loinc.org", "http://snomed.info/sct", "http://www.whocc.no/atc"
UCUM = "http://unitsofmeasure.org"
PARTICIPANT = "http://terminology.hl7.org/CodeSystem/provenance-participant-type"
OPERATION = "http://terminology.hl7.org/CodeSystem/v3-DataOperation"
CAUTION = (
    "A what-if, not an order: estimates of what the models would say if the estimated effects "
    "hold. Contraindications, doses and interactions were not checked."
)


def goals(interventions: Iterable[Intervention], *, scenario: UUID, patient_id: str) -> list[Json]:
    """One Goal for each value that is set, in order."""
    from fhir.resources.R4B.goal import Goal

    found = []
    for one in interventions:
        if one.kind != "set":
            continue
        content: Json = {
            "resourceType": "Goal",
            "identifier": [_identifier(f"what-if:{scenario}:{one.target}")],
            "lifecycleStatus": "proposed",
            "description": {"text": intervention_words(one)},
            "subject": {"reference": f"Patient/{patient_id}"},
            "target": [_target(one)],
            "note": [{"text": CAUTION}],
        }
        Goal.model_validate(content)
        found.append(content)
    return found


def care_plan(
    interventions: Iterable[Intervention],
    *,
    name: str,
    scenario: UUID,
    patient_id: str,
    practitioner_id: str,
    goal_ids: Sequence[str],
    results: Sequence[str],
    now: datetime,
) -> Json:
    """The CarePlan: the goals by reference, the treatments as activities, the numbers as notes."""
    from fhir.resources.R4B.careplan import CarePlan

    activities = [_activity(one) for one in interventions if one.kind == "treatment"]
    content: Json = {
        "resourceType": "CarePlan",
        "identifier": [_identifier(f"what-if:{scenario}")],
        "status": "draft",
        "intent": "proposal",
        "title": name,
        "description": CAUTION,
        "subject": {"reference": f"Patient/{patient_id}"},
        "created": now.isoformat(),
        "author": {"reference": f"Practitioner/{practitioner_id}"},
        "note": [{"text": text} for text in results],
    }
    if goal_ids:
        content["goal"] = [{"reference": f"Goal/{goal_id}"} for goal_id in goal_ids]
    if activities:
        content["activity"] = activities
    if not results:
        del content["note"]
    CarePlan.model_validate(content)
    return content


def provenance(
    targets: Sequence[str],
    *,
    practitioner_id: str,
    now: datetime,
    activity: Literal["CREATE", "UPDATE"] = "CREATE",
    reason: str = "",
    tag: str = "what-if",
) -> Json:
    """Made by Twinportal on behalf of the clinician; of nobody, where `practitioner_id` is empty.

    `targets` are versioned references.
    """
    from fhir.resources.R4B.provenance import Provenance

    agent: Json = {
        "type": {"coding": [{"system": PARTICIPANT, "code": "assembler"}]},
        "who": {"display": "Twinportal"},
    }
    if practitioner_id:
        agent["onBehalfOf"] = {"reference": f"Practitioner/{practitioner_id}"}
    content: Json = {
        "resourceType": "Provenance",
        "meta": {"tag": [{"system": OWN_SYSTEM, "code": tag}]},
        "target": [{"reference": reference} for reference in targets],
        "recorded": now.isoformat(),
        "activity": {"coding": [{"system": OPERATION, "code": activity}]},
        "agent": [agent],
    }
    if reason:
        content["reason"] = [{"text": reason}]
    Provenance.model_validate(content)
    return content


def withdrawn(content: Json, *, in_error: bool = False) -> Json:
    """The next version of a Goal or CarePlan whose scenario was deleted, or was never right."""
    from fhir.resources.R4B.careplan import CarePlan
    from fhir.resources.R4B.goal import Goal

    kept = {name: value for name, value in content.items() if name != "meta"}
    if content["resourceType"] == "CarePlan":
        kept["status"] = "entered-in-error" if in_error else "revoked"
        CarePlan.model_validate(kept)
    else:
        kept["lifecycleStatus"] = "entered-in-error" if in_error else "rejected"
        Goal.model_validate(kept)
    return kept


def _identifier(value: str) -> Json:
    return {"system": OWN_SYSTEM, "value": value}


def _target(one: Intervention) -> Json:
    if one.target == SMOKING:
        return {
            "measure": {"coding": [{"system": LOINC, "code": "72166-2"}]},
            "detailCodeableConcept": {
                "coding": [{"system": SNOMED, "code": "8517006"}],
                "text": "former smoker",
            },
        }
    control = CONTROL_OF[one.target]
    return {
        "measure": {"coding": [{"system": LOINC, "code": control.loinc}], "text": control.label},
        "detailQuantity": {
            "value": round(one.value, 2),
            "unit": control.unit,
            "system": UCUM,
            "code": control.ucum,
        },
    }


def _activity(one: Intervention) -> Json:
    treatment = treatments()[one.target]
    code: Json = {"text": treatment.label}
    if treatment.atc:
        code["coding"] = [{"system": ATC, "code": treatment.atc}]
    detail: Json = {"status": "not-started", "description": treatment.label, "code": code}
    if treatment.group != "salt":
        detail["kind"] = "MedicationRequest"
    return {"detail": detail}
