"""Valid resources that between them use most of what the tables know; each call a fresh copy."""

import copy
from typing import Any

Json = dict[str, Any]
LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
UCUM = "http://unitsofmeasure.org"
HL7 = "http://terminology.hl7.org/CodeSystem"
XHTML = '<div xmlns="http://www.w3.org/1999/xhtml">'


def concept(system: str, code: str) -> Json:
    return {"coding": [{"system": system, "code": code}]}


def quantity(value: float, unit: str) -> Json:
    return {"value": value, "unit": unit, "system": UCUM, "code": unit}


PATIENT: Json = {
    "resourceType": "Patient",
    "id": "p1",
    "meta": {"profile": ["http://example.org/StructureDefinition/p"], "tag": [{"code": "t"}]},
    "text": {"status": "generated", "div": f"{XHTML}<p>Ann &amp; <b>co</b>&nbsp;</p></div>"},
    "extension": [
        {"url": "http://example.org/race", "extension": [{"url": "omb", "valueCode": "x"}]},
        {"url": "http://example.org/place", "valueAddress": {"city": "Leiden"}},
    ],
    "identifier": [{"system": "urn:oid:1.2.3", "value": "1", "period": {"start": "2001"}}],
    "active": True,
    "name": [{"use": "official", "family": "Smith", "given": ["Ann", "B"]}],
    "telecom": [{"system": "phone", "value": "555", "rank": 1}],
    "gender": "female",
    "birthDate": "1970-02-28",
    "_birthDate": {"extension": [{"url": "http://example.org/t", "valueTime": "10:00:00"}]},
    "deceasedBoolean": False,
    "contact": [{"name": {"text": "Bob"}, "gender": "male"}],
    "communication": [{"language": {"text": "Dutch"}, "preferred": True}],
    "generalPractitioner": [{"reference": "Practitioner/7", "display": "Dr Who"}],
    "managingOrganization": {"reference": "Organization?identifier=urn:x|9"},
    "link": [{"other": {"reference": "Patient/2"}, "type": "seealso"}],
}
OBSERVATION: Json = {
    "resourceType": "Observation",
    "id": "o1",
    "status": "final",
    "category": [concept(f"{HL7}/observation-category", "laboratory")],
    "code": concept(LOINC, "2093-3"),
    "subject": {"reference": "Patient/p1"},
    "encounter": {"reference": "urn:uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0"},
    "effectiveDateTime": "2024-02-29T10:00:00.5+01:00",
    "issued": "2024-03-01T10:00:00Z",
    "valueQuantity": quantity(405.70, "mg/dL"),
    "referenceRange": [{"low": quantity(1, "mg/dL"), "text": "low"}],
}

BLOOD_PRESSURE: Json = {
    "resourceType": "Observation",
    "status": "final",
    "code": concept(LOINC, "85354-9"),
    "subject": {"reference": "http://example.org/fhir/Patient/p1"},
    "effectivePeriod": {"start": "2024-01", "end": "2024"},
    "component": [
        {"code": concept(LOINC, "8480-6"), "valueQuantity": quantity(120, "mm[Hg]")},
        {"code": concept(LOINC, "8462-4"), "dataAbsentReason": concept(f"{HL7}/x", "unknown")},
    ],
}

CONDITION: Json = {
    "resourceType": "Condition",
    "clinicalStatus": concept(f"{HL7}/condition-clinical", "resolved"),
    "verificationStatus": concept(f"{HL7}/condition-ver-status", "confirmed"),
    "code": {"text": "asthma"},
    "subject": {"reference": "Patient/p1/_history/2"},
    "onsetAge": {"value": 12, "system": UCUM, "code": "a"},
    "abatementDateTime": "2001-05",
    "stage": [{"summary": {"text": "II"}}],
    "evidence": [{"detail": [{"reference": "Observation/o1"}]}],
}

ALLERGY: Json = {
    "resourceType": "AllergyIntolerance",
    "clinicalStatus": concept(f"{HL7}/allergyintolerance-clinical", "active"),
    "verificationStatus": concept(f"{HL7}/allergyintolerance-verification", "confirmed"),
    "category": ["food"],
    "criticality": "low",
    "code": concept(SNOMED, "256349002"),
    "patient": {"reference": "Patient/p1"},
    "reaction": [{"manifestation": [{"text": "rash"}], "severity": "mild"}],
}

MEDICATION_REQUEST: Json = {
    "resourceType": "MedicationRequest",
    "contained": [
        {"resourceType": "Medication", "id": "med", "code": {"text": "metformin"}},
    ],
    "status": "active",
    "intent": "order",
    "medicationReference": {"reference": "#med"},
    "subject": {"reference": "Patient/p1"},
    "authoredOn": "2024-01-01",
    "dosageInstruction": [
        {
            "sequence": 1,
            "timing": {"repeat": {"frequency": 2, "period": 1, "periodUnit": "d"}},
            "asNeededBoolean": False,
            "doseAndRate": [{"doseQuantity": {"value": 1, "unit": "tablet"}}],
        }
    ],
    "dispenseRequest": {"validityPeriod": {"start": "2024-01-01", "end": "2024-12-31"}},
}

ENCOUNTER: Json = {
    "resourceType": "Encounter",
    "status": "finished",
    "class": {"system": f"{HL7}/v3-ActCode", "code": "AMB"},
    "subject": {"reference": "Patient/p1"},
    "participant": [{"individual": {"reference": "Practitioner/7"}}],
    "period": {"start": "2024-01-01T10:00:00+01:00", "end": "2024-01-01T09:30:00Z"},
    "length": {"value": 30, "system": UCUM, "code": "min"},
}

DOCUMENT: Json = {
    "resourceType": "DocumentReference",
    "status": "current",
    "subject": {"reference": "Patient/p1"},
    "content": [
        {"attachment": {"contentType": "text/plain", "data": "SGVsbG8=", "size": 5}},
        {"attachment": {"contentType": "text/plain", "url": "http://example.org/x"}},
    ],
}

RISK: Json = {
    "resourceType": "RiskAssessment",
    "status": "final",
    "subject": {"reference": "Patient/p1"},
    "prediction": [
        {"outcome": {"text": "CVD"}, "probabilityDecimal": 14.7},
        {"probabilityRange": {"low": quantity(1, "%"), "high": quantity(2, "%")}},
    ],
    "note": [{"text": "smoking assumed absent", "time": "2024-01-01"}],
}

ORGANIZATION: Json = {
    "resourceType": "Organization",
    "name": "Ward 3",
    "telecom": [{"system": "phone", "value": "1", "use": "work"}],
    "address": [{"city": "Leiden", "use": "work"}],
}

ALL = (
    PATIENT,
    OBSERVATION,
    BLOOD_PRESSURE,
    CONDITION,
    ALLERGY,
    MEDICATION_REQUEST,
    ENCOUNTER,
    DOCUMENT,
    RISK,
    ORGANIZATION,
)


def changed(resource: Json, **members: Any) -> Json:
    """A copy with members set; None removes one."""
    result = copy.deepcopy(resource)
    for name, value in members.items():
        if value is None:
            result.pop(name, None)
        else:
            result[name] = value
    return result
