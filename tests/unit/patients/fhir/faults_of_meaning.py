"""Handmade faults of meaning: references, narrative, invariants, contained resources."""

from tests.unit.patients.fhir import examples as ex
from tests.unit.patients.fhir.examples import Json, changed, concept, quantity
from tests.unit.patients.fhir.faults import Fault, contained, observation, patient

TO_ORGANIZATION = {"reference": "Organization/1"}
ABSENT = concept("x", "unknown")
MEDICATION: Json = {"resourceType": "Medication", "id": "med"}


def narrative(div: str) -> Json:
    return patient(text={"status": "generated", "div": div})


FAULTS_OF_MEANING = (
    # references
    Fault(
        "wrong target",
        observation(subject=TO_ORGANIZATION),
        "Observation.subject.reference",
        "points at Organization",
        False,
    ),
    Fault(
        "wrong absolute target",
        observation(subject={"reference": "http://x.org/fhir/Organization/1"}),
        "Observation.subject.reference",
        "points at Organization",
        False,
    ),
    Fault(
        "wrong conditional target",
        observation(subject={"reference": "Organization?identifier=a|b"}),
        "Observation.subject.reference",
        "points at Organization",
        False,
    ),
    Fault(
        "no reference at all",
        observation(subject={"reference": "12345"}),
        "Observation.subject.reference",
        "Type/id",
        False,
    ),
    Fault(
        "type against reference",
        observation(subject={"reference": "Patient/1", "type": "Group"}),
        "Observation.subject.reference",
        "its type says Group",
        False,
    ),
    Fault(
        "wrong reference type",
        observation(subject={"type": "Organization", "display": "x"}),
        "Observation.subject.type",
        "is not one of",
        False,
    ),
    # narrative
    Fault(
        "script",
        narrative(f"{ex.XHTML}<script>alert(1)</script></div>"),
        "Patient.text.div",
        "<script> is not allowed",
        False,
    ),
    Fault(
        "event handler",
        narrative(f'{ex.XHTML}<p onclick="x()">a</p></div>'),
        "Patient.text.div",
        "'onclick'",
        False,
    ),
    Fault(
        "javascript link",
        narrative(f'{ex.XHTML}<a href=" JavaScript:x()">a</a></div>'),
        "Patient.text.div",
        "address",
        False,
    ),
    Fault(
        "unbalanced markup",
        narrative(f"{ex.XHTML}<p>a</div>"),
        "Patient.text.div",
        "well-formed",
        False,
    ),
    Fault(
        "document type",
        narrative(f'<!DOCTYPE x [<!ENTITY a "b">]>{ex.XHTML}&a;</div>'),
        "Patient.text.div",
        "declarations",
        False,
    ),
    Fault("no div", patient(text={"status": "generated"}), "Patient.text.div", "required", True),
    # invariants
    Fault("obs-6", observation(dataAbsentReason=ABSENT), "Observation", "obs-6", False),
    Fault(
        "obs-7",
        changed(ex.BLOOD_PRESSURE, valueString="x", code=ex.BLOOD_PRESSURE["component"][0]["code"]),
        "Observation",
        "obs-7",
        False,
    ),
    Fault(
        "obs-3",
        observation(referenceRange=[{"type": {"text": "x"}}]),
        "Observation.referenceRange[0]",
        "obs-3",
        False,
    ),
    Fault(
        "per-1",
        changed(ex.ENCOUNTER, period={"start": "2024-02", "end": "2024-01-31"}),
        "Encounter.period",
        "per-1",
        False,
    ),
    Fault("pat-1", patient(contact=[{"gender": "male"}]), "Patient.contact[0]", "pat-1", False),
    Fault("cpt-2", patient(telecom=[{"value": "1"}]), "Patient.telecom[0]", "cpt-2", False),
    Fault(
        "att-1",
        changed(ex.DOCUMENT, content=[{"attachment": {"data": "SGVsbG8="}}]),
        "DocumentReference.content[0].attachment",
        "att-1",
        False,
    ),
    Fault(
        "qty-3",
        observation(valueQuantity={"value": 1, "code": "mg"}),
        "Observation.valueQuantity",
        "qty-3",
        False,
    ),
    Fault(
        "rng-2",
        observation(
            valueQuantity=None, valueRange={"low": quantity(2, "a"), "high": quantity(1, "a")}
        ),
        "Observation.valueRange",
        "rng-2",
        False,
    ),
    Fault(
        "sqty-1",
        observation(referenceRange=[{"low": {"value": 1, "comparator": "<"}}]),
        "Observation.referenceRange[0].low",
        "sqty-1",
        False,
    ),
    Fault("ait-1", changed(ex.ALLERGY, clinicalStatus=None), "AllergyIntolerance", "ait-1", False),
    Fault(
        "ait-2",
        changed(
            ex.ALLERGY,
            verificationStatus=concept(
                f"{ex.HL7}/allergyintolerance-verification", "entered-in-error"
            ),
        ),
        "AllergyIntolerance",
        "ait-2",
        False,
    ),
    Fault(
        "con-4",
        changed(ex.CONDITION, clinicalStatus=concept(f"{ex.HL7}/condition-clinical", "active")),
        "Condition",
        "con-4",
        False,
    ),
    Fault(
        "con-5",
        changed(
            ex.CONDITION,
            verificationStatus=concept(f"{ex.HL7}/condition-ver-status", "entered-in-error"),
        ),
        "Condition",
        "con-5",
        False,
    ),
    Fault(
        "org-2",
        changed(ex.ORGANIZATION, address=[{"use": "home"}]),
        "Organization.address[0].use",
        "org-2",
        False,
    ),
    Fault(
        "ras-2",
        changed(ex.RISK, prediction=[{"probabilityDecimal": 101}]),
        "RiskAssessment.prediction[0]",
        "ras-2",
        False,
    ),
    Fault(
        "drt-1", changed(ex.ENCOUNTER, length={"code": "min"}), "Encounter.length", "drt-1", False
    ),
    # contained resources
    Fault(
        "ref-1",
        contained({**MEDICATION, "id": "other"}),
        "MedicationRequest.medicationReference.reference",
        "ref-1",
        False,
    ),
    Fault(
        "dom-2",
        contained(
            {
                **MEDICATION,
                "contained": [{"resourceType": "Basic", "id": "x", "code": {"text": "x"}}],
            }
        ),
        "MedicationRequest.contained[0].contained",
        "dom-2",
        False,
    ),
    Fault(
        "dom-3",
        contained(MEDICATION, {"resourceType": "Medication", "id": "unused"}),
        "MedicationRequest.contained[1]",
        "dom-3",
        False,
    ),
    Fault(
        "dom-4",
        contained({**MEDICATION, "meta": {"versionId": "1"}}),
        "MedicationRequest.contained[0].meta.versionId",
        "dom-4",
        False,
    ),
    Fault(
        "dom-5",
        contained({**MEDICATION, "meta": {"security": [{"code": "R"}]}}),
        "MedicationRequest.contained[0].meta.security",
        "dom-5",
        False,
    ),
    Fault(
        "contained without id",
        contained({"resourceType": "Medication"}),
        "MedicationRequest.contained[0].id",
        "needs an id",
        False,
    ),
    Fault(
        "contained twice",
        contained(MEDICATION, MEDICATION),
        "MedicationRequest.contained[0].id",
        "used by 2",
        False,
    ),
)
