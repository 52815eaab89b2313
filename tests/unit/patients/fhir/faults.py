"""Handmade faults of shape: a valid resource broken in one way, and the element to be named.

`r4b_sees`: whether fhir.resources.R4B refuses it too; the differential test holds us to that.
"""

from dataclasses import dataclass

from tests.unit.patients.fhir import examples as ex
from tests.unit.patients.fhir.examples import Json, changed, concept


@dataclass(frozen=True)
class Fault:
    """One broken resource: what is wrong, where, and a piece of what must be said."""

    name: str
    resource: Json
    expression: str
    says: str
    r4b_sees: bool


def observation(**members: object) -> Json:
    return changed(ex.OBSERVATION, **members)


def patient(**members: object) -> Json:
    return changed(ex.PATIENT, **members)


def panel(component: Json) -> Json:
    return changed(ex.BLOOD_PRESSURE, component=[ex.BLOOD_PRESSURE["component"][0], component])


def contained(*inner: Json) -> Json:
    return changed(ex.MEDICATION_REQUEST, contained=list(inner))


FAULTS = (
    # required elements
    Fault("no status", observation(status=None), "Observation.status", "required", True),
    Fault("no code", observation(code=None), "Observation.code", "required", True),
    Fault(
        "no component code",
        panel({"valueString": "x"}),
        "Observation.component[1].code",
        "required",
        True,
    ),
    Fault(
        "no medication",
        changed(ex.MEDICATION_REQUEST, medicationReference=None, contained=None),
        "MedicationRequest.medication",
        "medicationCodeableConcept",
        True,
    ),
    Fault(
        "no extension url",
        patient(extension=[{"valueString": "x"}]),
        "Patient.extension[0].url",
        "required",
        True,
    ),
    Fault(
        "no list item",
        changed(ex.DOCUMENT, content=None),
        "DocumentReference.content",
        "required",
        True,
    ),
    Fault(
        "no class", changed(ex.ENCOUNTER, **{"class": None}), "Encounter.class", "required", True
    ),
    # bindings
    Fault(
        "unknown status",
        observation(status="finished"),
        "Observation.status",
        "'finished' is not one of amended",
        False,
    ),
    Fault("unknown gender", patient(gender="F"), "Patient.gender", "female", False),
    Fault(
        "unbound concept",
        changed(ex.CONDITION, clinicalStatus=concept("x", "resolved")),
        "Condition.clinicalStatus",
        "condition-clinical",
        False,
    ),
    Fault(
        "text for a bound concept",
        changed(ex.ALLERGY, clinicalStatus={"text": "active"}),
        "AllergyIntolerance.clinicalStatus",
        "allergyintolerance-clinical",
        False,
    ),
    # shapes
    Fault(
        "unknown element",
        patient(birthdate="1970"),
        "Patient.birthdate",
        "did you mean 'birthDate'",
        True,
    ),
    Fault(
        "unknown nested element",
        patient(contact=[{"nam": {"text": "x"}}]),
        "Patient.contact[0].nam",
        "did you mean 'name'",
        True,
    ),
    Fault(
        "object for a list", patient(name={"text": "x"}), "Patient.name", "a list is expected", True
    ),
    Fault(
        "list for an object",
        observation(subject=[{"reference": "Patient/1"}]),
        "Observation.subject",
        "one value",
        True,
    ),
    Fault(
        "text for an object",
        observation(code="x"),
        "Observation.code",
        "an object is expected",
        True,
    ),
    Fault(
        "object for a text",
        patient(gender={"text": "male"}),
        "Patient.gender",
        "a string is expected",
        True,
    ),
    Fault(
        "null element",
        {**ex.PATIENT, "gender": None},
        "Patient.gender",
        "null is not allowed",
        False,
    ),
    Fault("null in a list", patient(name=[None]), "Patient.name[0]", "null is not allowed", True),
    Fault("empty object", observation(subject={}), "Observation.subject", "empty element", False),
    Fault("empty list", patient(name=[]), "Patient.name", "empty list", False),
    Fault("empty text", patient(gender=""), "Patient.gender", "empty string", True),
    Fault(
        "only an id",
        observation(subject={"id": "a"}),
        "Observation.subject",
        "empty element",
        False,
    ),
    Fault(
        "two values",
        observation(valueString="x"),
        "Observation.value",
        "only one of valueQuantity, valueString",
        True,
    ),
    Fault(
        "extension with value and extension",
        patient(
            extension=[
                {
                    "url": "http://x",
                    "valueString": "x",
                    "extension": [{"url": "y", "valueString": "z"}],
                }
            ]
        ),
        "Patient.extension[0]",
        "ext-1",
        False,
    ),
    Fault(
        "extension with nothing",
        patient(extension=[{"url": "http://x"}]),
        "Patient.extension[0]",
        "ext-1",
        False,
    ),
    Fault(
        "unknown resourceType inside",
        contained({"resourceType": "Pill", "id": "med"}),
        "MedicationRequest.contained[0].resourceType",
        "'Pill' is not a resource type",
        True,
    ),
    # primitives
    Fault("boolean as text", patient(active="true"), "Patient.active", "true or false", False),
    Fault(
        "number as text",
        observation(valueQuantity={"value": "5.1"}),
        "Observation.valueQuantity.value",
        "a number is expected",
        False,
    ),
    Fault(
        "fraction for a whole number",
        observation(valueQuantity=None, valueInteger=5.5),
        "Observation.valueInteger",
        "whole number",
        True,
    ),
    Fault(
        "1.0 for a whole number",
        observation(valueQuantity=None, valueInteger=1.0),
        "Observation.valueInteger",
        "whole number",
        False,
    ),
    Fault(
        "zero rank",
        patient(telecom=[{"system": "phone", "value": "1", "rank": 0}]),
        "Patient.telecom[0].rank",
        "between 1 and",
        True,
    ),
    Fault(
        "impossible day",
        patient(birthDate="1970-02-30"),
        "Patient.birthDate",
        "not a date of the calendar",
        True,
    ),
    Fault(
        "no leap year",
        observation(effectiveDateTime="1900-02-29"),
        "Observation.effectiveDateTime",
        "calendar",
        True,
    ),
    Fault("month 13", patient(birthDate="1970-13"), "Patient.birthDate", "calendar", True),
    Fault(
        "time for a date",
        patient(birthDate="1970-01-01T10:00:00Z"),
        "Patient.birthDate",
        "has a time",
        True,
    ),
    Fault(
        "time without offset",
        observation(effectiveDateTime="2024-01-01T10:00:00"),
        "Observation.effectiveDateTime",
        "offset",
        True,
    ),
    Fault(
        "date for an instant",
        observation(issued="2024-01-01"),
        "Observation.issued",
        "instant",
        True,
    ),
    Fault("long id", patient(id="x" * 65), "Patient.id", "up to 64", False),
    Fault("id with a slash", patient(id="a/b"), "Patient.id", "up to 64", True),
    Fault(
        "uri with a space",
        patient(identifier=[{"system": "a b", "value": "1"}]),
        "Patient.identifier[0].system",
        "white space",
        False,
    ),
    Fault(
        "code with a space",
        observation(code=concept("x", " a")),
        "Observation.code.coding[0].code",
        "white space",
        True,
    ),
    Fault(
        "control character",
        patient(name=[{"family": "a\x00b"}]),
        "Patient.name[0].family",
        "control characters",
        False,
    ),
    Fault(
        "broken base64",
        changed(
            ex.DOCUMENT, content=[{"attachment": {"contentType": "text/plain", "data": "SGVsbG8"}}]
        ),
        "DocumentReference.content[0].attachment.data",
        "base64",
        True,
    ),
)
