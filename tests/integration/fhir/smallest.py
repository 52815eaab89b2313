"""The smallest resource of each type that R4 allows, made from the tables of its elements."""

from typing import Any

from patients.fhir.definitions import binding, elements

Json = dict[str, Any]
PRIMITIVES: Json = {
    "base64Binary": "eA==",
    "boolean": True,
    "canonical": "http://example.org/x",
    "code": "x",
    "date": "2024-01-02",
    "dateTime": "2024-01-02",
    "decimal": 1.5,
    "id": "x",
    "instant": "2024-01-02T03:04:05Z",
    "integer": 1,
    "markdown": "x",
    "oid": "urn:oid:1.2",
    "positiveInt": 1,
    "string": "x",
    "time": "10:00:00",
    "unsignedInt": 1,
    "uri": "http://example.org/x",
    "url": "http://example.org/x",
    "uuid": "urn:uuid:c757873d-ec9a-4326-a141-556f43239520",
    "xhtml": '<div xmlns="http://www.w3.org/1999/xhtml">x</div>',
}
# what invariants ask for beyond cardinality
MORE: dict[str, Json] = {
    "Appointment": {
        "status": "proposed",
        "participant": [{"actor": {"reference": "Patient/p1"}, "status": "accepted"}],
    },
    "AppointmentResponse": {"actor": {"reference": "Patient/p1"}},
    "CarePlan": {"title": "x"},
    "Bundle": {"type": "collection"},
    "Binary": {"contentType": "text/plain"},
    "CapabilityStatement": {
        "description": "x",
        "kind": "requirements",
        "rest": [{"mode": "server"}],
    },
    "Condition": {
        "clinicalStatus": {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/condition-clinical",
                    "code": "active",
                }
            ]
        }
    },
    "AllergyIntolerance": {
        "clinicalStatus": {
            "coding": [
                {
                    "system": "http://terminology.hl7.org/CodeSystem/allergyintolerance-clinical",
                    "code": "active",
                }
            ]
        }
    },
    "Consent": {"policyRule": {"text": "x"}},
    "EventDefinition": {"trigger": [{"type": "named-event", "name": "x"}]},
    "Group": {"type": "person", "actual": True},
    "ImmunizationRecommendation": {
        "recommendation": [
            {"targetDisease": {"text": "x"}, "forecastStatus": {"text": "x"}},
        ]
    },
    "InsurancePlan": {"name": "x"},
    "Linkage": {
        "item": [
            {"type": "source", "resource": {"reference": "Patient/p1"}},
            {"type": "alternate", "resource": {"reference": "Patient/p2"}},
        ]
    },
    "Organization": {"name": "x"},
    "RelatedPerson": {},
    "StructureDefinition": {"type": "X", "differential": {"element": [{"id": "X", "path": "X"}]}},
    "Subscription": {"channel": {"type": "message"}},
    "TerminologyCapabilities": {"description": "x", "kind": "requirements"},
}


def smallest(type_name: str, fhir_id: str) -> Json:
    """Required elements alone; of a choice the first type. Patients are Patient/p1."""
    return {
        "resourceType": type_name,
        **_members(type_name),
        **MORE.get(type_name, {}),
        "id": fhir_id,
    }


def _members(owner: str) -> Json:
    made: Json = {}
    choices: set[str] = set()
    for name, element in elements(owner).items():
        if not element.required or element.choice in choices:
            continue
        if element.choice:
            choices.add(element.choice)
        value = _value(element)
        if value is not None:
            made[name] = [value] if element.is_list else value
    return made


def _value(element: Any) -> Any:
    if element.binding:
        system, codes = next(iter(binding(element.binding).items()))
        code = min(codes)
        if element.type in ("code", "string", "uri"):
            return code
        coding = {"system": system, "code": code}
        return coding if element.type == "Coding" else {"coding": [coding]}
    if element.type in PRIMITIVES:
        return PRIMITIVES[element.type]
    if element.type == "Reference":
        targets = element.targets
        if not targets or "Patient" in targets:
            return {"reference": "Patient/p1"}
        return {"reference": f"{targets[0]}/x"}
    if element.type == "CodeableConcept":
        return {"text": "x"}
    if element.type == "Resource":
        return None
    return _members(element.type) or {"extension": [{"url": "http://x", "valueBoolean": True}]}
