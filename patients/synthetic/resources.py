"""R4 resources of one made-up life."""

from collections.abc import Iterator
from datetime import date, timedelta
from typing import Any

from patients.synthetic.codes import (
    DIAGNOSES,
    DRUGS,
    ICD10,
    LABS,
    LOINC,
    OWN,
    RXNORM,
    SMOKING,
    SNOMED,
    UCUM,
    VITAL_SIGNS,
)
from patients.synthetic.life import Life, Visit

Json = dict[str, Any]
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
SYNTHETIC_TAG = {"system": f"{OWN}:tag", "code": "synthetic", "display": "Made up, no real person"}
# 30 days of tablets, as often as it takes to the next visit: the request itself stays active


def base(kind: str, fhir_id: str) -> Json:
    return {"resourceType": kind, "id": fhir_id, "meta": {"tag": [SYNTHETIC_TAG]}}


def coded(system: str, code: str, display: str) -> Json:
    return {"coding": [{"system": system, "code": code, "display": display}], "text": display}


def visit_resources(who: str, life: Life, practitioner: str) -> Iterator[Json]:
    """Encounter and Observations of every visit, oldest first."""
    for number, visit in enumerate(life.visits, 1):
        own = f"{who}-v{number:02d}"
        yield encounter(own, who, visit, practitioner)
        yield blood_pressure(f"{own}-bp", who, visit)
        yield smoking(f"{own}-smoking", who, visit)
        for name, value in visit.values.items():
            yield measurement(f"{own}-{name.replace('_', '-')}", who, visit, name, value)


def encounter(fhir_id: str, who: str, visit: Visit, practitioner: str) -> Json:
    return base("Encounter", fhir_id) | {
        "status": "finished",
        "class": {"system": f"{TERMINOLOGY}/v3-ActCode", "code": "AMB", "display": "ambulatory"},
        "subject": {"reference": f"Patient/{who}"},
        "participant": [{"individual": {"reference": f"Practitioner/{practitioner}"}}],
        "period": {"start": moment(visit.day, 9), "end": moment(visit.day, 9, 20)},
    }


def moment(day: date, hour: int, minute: int = 0) -> str:
    return f"{day.isoformat()}T{hour:02d}:{minute:02d}:00+00:00"


def observation(fhir_id: str, who: str, visit: Visit, category: str, code: Json) -> Json:
    return base("Observation", fhir_id) | {
        "status": "final",
        "category": [coded(f"{TERMINOLOGY}/observation-category", category, category)],
        "code": code,
        "subject": {"reference": f"Patient/{who}"},
        "effectiveDateTime": moment(visit.day, 9, 10),
    }


def quantity(value: float, unit: str) -> Json:
    return {"value": value, "unit": unit, "system": UCUM, "code": unit}


def measurement(fhir_id: str, who: str, visit: Visit, name: str, value: float) -> Json:
    lab = LABS[name]
    category = "vital-signs" if name in VITAL_SIGNS else "laboratory"
    resource = observation(fhir_id, who, visit, category, coded(LOINC, lab.code, lab.display))
    number = round(float(value), lab.decimals)
    shown = int(number) if lab.decimals == 0 else number
    return resource | {"valueQuantity": quantity(shown, lab.unit)}


def blood_pressure(fhir_id: str, who: str, visit: Visit) -> Json:
    panel = coded(LOINC, "85354-9", "Blood pressure panel with all children optional")
    return observation(fhir_id, who, visit, "vital-signs", panel) | {
        "component": [
            {
                "code": coded(LOINC, "8480-6", "Systolic blood pressure"),
                "valueQuantity": quantity(int(visit.systolic), "mm[Hg]"),
            },
            {
                "code": coded(LOINC, "8462-4", "Diastolic blood pressure"),
                "valueQuantity": quantity(int(visit.diastolic), "mm[Hg]"),
            },
        ]
    }


def smoking(fhir_id: str, who: str, visit: Visit) -> Json:
    code = coded(LOINC, "72166-2", "Tobacco smoking status")
    return observation(fhir_id, who, visit, "social-history", code) | {
        "valueCodeableConcept": coded(SNOMED, *SMOKING[visit.smoking])
    }


def conditions(who: str, life: Life) -> Iterator[Json]:
    for name, day in life.diagnoses.items():
        diagnosis = DIAGNOSES[name]
        # prediabetes ends where diabetes begins
        end = life.diagnoses.get("diabetes") if name == "prediabetes" else None
        resource = base("Condition", f"{who}-{name.replace('_', '-')}") | {
            "clinicalStatus": coded(
                f"{TERMINOLOGY}/condition-clinical", *(["resolved"] * 2 if end else ["active"] * 2)
            ),
            "verificationStatus": coded(
                f"{TERMINOLOGY}/condition-ver-status", "confirmed", "confirmed"
            ),
            "code": {
                "coding": [
                    {"system": SNOMED, "code": diagnosis.snomed, "display": diagnosis.display},
                    {"system": ICD10, "code": diagnosis.icd10},
                ],
                "text": diagnosis.display,
            },
            "subject": {"reference": f"Patient/{who}"},
            "onsetDateTime": day.isoformat(),
        }
        if end:
            resource["abatementDateTime"] = end.isoformat()
        yield resource


def medications(who: str, life: Life, practitioner: str) -> Iterator[Json]:
    for name, (start, end) in life.drugs.items():
        drug = DRUGS[name]
        resource = base("MedicationRequest", f"{who}-{name}") | {
            "status": "stopped" if end else "active",
            "intent": "order",
            "medicationCodeableConcept": coded(RXNORM, drug.code, drug.display),
            "subject": {"reference": f"Patient/{who}"},
            "authoredOn": start.isoformat(),
            "requester": {"reference": f"Practitioner/{practitioner}"},
        }
        if end:
            resource["dispenseRequest"] = {
                "validityPeriod": {"start": start.isoformat(), "end": end.isoformat()}
            }
        yield resource


def allergy(who: str, code: tuple[str, str], recorded: date) -> Json:
    return base("AllergyIntolerance", f"{who}-allergy-{code[0]}") | {
        "clinicalStatus": coded(f"{TERMINOLOGY}/allergyintolerance-clinical", "active", "Active"),
        "verificationStatus": coded(
            f"{TERMINOLOGY}/allergyintolerance-verification", "confirmed", "Confirmed"
        ),
        "code": coded(SNOMED, *code),
        "patient": {"reference": f"Patient/{who}"},
        "recordedDate": recorded.isoformat(),
    }


def patient(who: str, life: Life, given: str, family: str, practitioner: str) -> Json:
    return base("Patient", who) | {
        "identifier": [
            {
                "type": coded(f"{TERMINOLOGY}/v2-0203", "MR", "Medical record number"),
                "system": f"{OWN}:mrn",
                "value": f"TP-{who[-5:]}",
            }
        ],
        "active": True,
        "name": [{"use": "official", "family": family, "given": [given]}],
        "gender": life.traits.sex,
        "birthDate": life.birth.isoformat(),
        "generalPractitioner": [{"reference": f"Practitioner/{practitioner}"}],
    }


def care_team(who: str, practitioner: str, since: date) -> Json:
    return base("CareTeam", f"{who}-team") | {
        "status": "active",
        "subject": {"reference": f"Patient/{who}"},
        "period": {"start": (since - timedelta(days=1)).isoformat()},
        "participant": [{"member": {"reference": f"Practitioner/{practitioner}"}}],
    }
