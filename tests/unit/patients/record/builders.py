"""Resources and stored facts, as short as they can be and still be read by the projection."""

from datetime import UTC, datetime
from itertools import count

from patients.record.loading import FactRow
from patients.record.projection import project

LOINC = "http://loinc.org"
SNOMED = "http://snomed.info/sct"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
ACT_CODE = "http://terminology.hl7.org/CodeSystem/v3-ActCode"
UCUM = "http://unitsofmeasure.org"
_ids = count(1)


def day(text):
    """'2024-05-03' as the first moment of that day, UTC."""
    return datetime.fromisoformat(text).replace(tzinfo=UTC)


def concept(system, *codes, text=""):
    coding = [{"system": system, "code": code} for code in codes]
    return {"coding": coding} | ({"text": text} if text else {})


def quantity(value, unit="", *, code="", system=UCUM, **more):
    found = {"value": value, **more}
    if unit:
        found["unit"] = unit
    if code:
        found |= {"code": code, "system": system}
    return found


def observation(loinc="2160-0", value=None, unit="mg/dL", **more):
    """A final creatinine of 1 mg/dL on 3 May 2024, unless told otherwise."""
    found = {
        "resourceType": "Observation",
        "id": "o1",
        "status": "final",
        "code": concept(LOINC, loinc),
        "effectiveDateTime": "2024-05-03",
    }
    if value is not None:
        found["valueQuantity"] = quantity(value, unit)
    return {name: held for name, held in (found | more).items() if held is not None}


def smoking(*codes, **more):
    answer = {"valueCodeableConcept": concept(SNOMED, *codes)}
    return observation("72166-2", **(answer | more))


def condition(number="44054006", system=SNOMED, *, status="active", verification="", **more):
    found = {
        "resourceType": "Condition",
        "id": "c1",
        "code": concept(system, number),
        "onsetDateTime": "2015-06-01",
    }
    if status:
        found["clinicalStatus"] = concept("urn:clinical", status)
    if verification:
        found["verificationStatus"] = concept("urn:verification", verification)
    return {name: held for name, held in (found | more).items() if held is not None}


def request(number="617311", system=RXNORM, **more):
    """An active order of atorvastatin of 1 March 2024, unless told otherwise."""
    found = {
        "resourceType": "MedicationRequest",
        "id": "m1",
        "status": "active",
        "intent": "order",
        "authoredOn": "2024-03-01",
        "medicationCodeableConcept": concept(system, number),
    }
    return {name: held for name, held in (found | more).items() if held is not None}


def encounter(kind="IMP", start="2024-05-03T09:00:00Z", end="2024-05-08T11:00:00Z", **more):
    """A finished inpatient stay of five days, unless told otherwise."""
    period = {name: at for name, at in (("start", start), ("end", end)) if at}
    found = {
        "resourceType": "Encounter",
        "id": "e1",
        "status": "finished",
        "class": {"system": ACT_CODE, "code": kind},
        "period": period,
    }
    return {name: held for name, held in (found | more).items() if held is not None}


def allergy(number="91935009", **more):
    found = {
        "resourceType": "AllergyIntolerance",
        "id": "a1",
        "code": concept(SNOMED, number),
        "recordedDate": "2010-01-01",
    }
    return {name: held for name, held in (found | more).items() if held is not None}


def one(resource, **how):
    """The only draft of a resource."""
    (draft,) = project(resource, **how)
    return draft


def stored(resource, *, recorded="2026-01-01", version=1, fhir_id=None, resolve=None):
    """The facts of a resource as rows, with fresh primary keys."""
    return [
        FactRow(
            id=next(_ids),
            resource_type=resource["resourceType"],
            resource_fhir_id=fhir_id or resource["id"],
            resource_version=version,
            recorded_at=day(recorded),
            **{name: held for name, held in draft.columns().items() if name in FactRow._fields},
        )
        for draft in project(resource, resolve=resolve)
    ]
