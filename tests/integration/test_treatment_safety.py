"""From pushed resources to what speaks against a medicine: record, selectors, person, rules."""

from pathlib import Path
from typing import Any

import pytest
from django.test import Client

from models_engine.catalogue.treatment.knowledge.loading import Knowledge
from models_engine.catalogue.treatment.person import TreatmentPerson
from models_engine.catalogue.treatment.safety.check import check
from models_engine.features import StateReader
from models_engine.treatment_person import treatment_person
from patients.models import Patient
from patients.record.genotypes import genotypes_of
from patients.record.loading import state_of
from patients.selectors.allergies import allergy_details_of
from patients.selectors.medicines import medicines_of
from tests.factories import fhir
from tests.factories.people import NOW, push
from tests.unit.models_engine.catalogue.treatment.builders import knowledge_of

pytestmark = pytest.mark.django_db
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem/allergyintolerance"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"


@pytest.fixture
def knowledge(tmp_path: Path) -> Knowledge:
    return knowledge_of(
        tmp_path,
        contraindications=[
            {"id": "k", "applies_to": "class:raas", "when": "potassium>5.5", "asks": "yes"}
        ],
        allergies=[
            {
                "id": "s",
                "applies_to": "class:acei",
                "allergen": "class:acei",
                "reaction": "angioedema",
            }
        ],
        interactions=[{"id": "r", "applies_to": "class:acei", "other": "class:arb"}],
    )


def allergy(fhir_id: str, text: str, **more: Any) -> dict[str, Any]:
    return {
        "resourceType": "AllergyIntolerance",
        "id": fhir_id,
        "patient": {"reference": "Patient/p1"},
        "clinicalStatus": {"coding": [{"system": f"{TERMINOLOGY}-clinical", "code": "active"}]},
        "recordedDate": "2020-01-01",
        "code": {"text": text},
        **more,
    }


def losartan() -> dict[str, Any]:
    return {
        "resourceType": "MedicationStatement",
        "id": "p1-losartan",
        "status": "active",
        "subject": {"reference": "Patient/p1"},
        "effectivePeriod": {"start": "2026-01-01"},
        "medicationCodeableConcept": {"coding": [{"system": RXNORM, "code": "52175"}]},
    }


def person_of(patient: Patient, knowledge: Knowledge) -> TreatmentPerson:
    state = state_of(patient.pk, NOW)
    return treatment_person(
        state,
        StateReader(state),
        medicines_of(patient.pk, NOW),
        genotypes_of(state),
        knowledge=knowledge,
        allergy_details=allergy_details_of(patient.pk),
    )


def pushed(ehr: Client, *resources: dict[str, Any]) -> Patient:
    push(ehr, fhir.practitioner("dr1"), *fhir.complete_record("p1", practitioner="dr1"), *resources)
    return Patient.objects.get(fhir_id="p1")


def found(knowledge: Knowledge, who: TreatmentPerson) -> list[tuple[str, str, str]]:
    safety = check(("lisinopril",), 10.0, "oral", "hypertension", who, knowledge)
    return [(one.kind, one.level, one.row) for one in safety.findings]


def test_a_reaction_a_medicine_and_a_missing_value(
    ehr_client: Client, knowledge: Knowledge
) -> None:
    reaction = {"manifestation": [{"text": "Angioedema"}], "severity": "severe"}
    patient = pushed(
        ehr_client,
        losartan(),
        allergy("a1", "Enalapril", type="allergy", reaction=[reaction]),
        allergy("a2", "strawberries", category=["food"]),
    )
    who = person_of(patient, knowledge)
    enalapril, strawberries = sorted(who.allergies, key=lambda one: one.label)
    assert (enalapril.reactions, enalapril.severity) == (("Angioedema",), "severe")
    assert strawberries.is_known
    assert found(knowledge, who) == [
        ("allergy", "X", "s"),
        ("interaction", "D", "r"),
        # excluded anyway: potassium is not asked for
        ("missing", "told", "k"),
    ]


def test_without_a_reaction_it_is_asked_and_with_another_it_is_none(
    ehr_client: Client, knowledge: Knowledge
) -> None:
    patient = pushed(ehr_client, allergy("a1", "Enalapril"))
    assert ("allergy", "ask", "s") in found(knowledge, person_of(patient, knowledge))
    cough = {"manifestation": [{"coding": [{"code": "c", "display": "Dry cough"}]}]}
    push(ehr_client, allergy("a1", "Enalapril", type="intolerance", reaction=[cough]))
    who = person_of(patient, knowledge)
    assert who.allergies[0].kind == "intolerance"
    assert [row for row in found(knowledge, who) if row[0] == "allergy"] == []
