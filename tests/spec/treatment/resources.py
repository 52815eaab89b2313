"""The person of a vignette as FHIR resources: what an EHR would push."""

import csv
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from functools import cache
from pathlib import Path

from models_engine.catalogue.treatment.knowledge.loading import knowledge
from models_engine.catalogue.treatment.knowledge.schema import Ingredient
from patients.terminology.codings import Icd10, Icd10Cm, Loinc, RxNorm, Snomed
from patients.terminology.substances import atc_codes_of
from tests.factories import fhir
from tests.factories.fhir import Json
from tests.spec.treatment.vignette import Person

CONCEPTS = Path(fhir.__file__).parents[2] / "patients/terminology/concepts"
SYSTEMS = {one.name: one.uris[0] for one in (Icd10, Icd10Cm, Loinc, RxNorm, Snomed)}
TERMINOLOGY = "http://terminology.hl7.org/CodeSystem"
ATC = "http://www.whocc.no/atc"
# since when a condition, a medicine and a birthday count; long enough for a chronic disease,
# and not too long for a pregnancy
CONDITION_DAYS, MEDICINE_DAYS, AFTER_BIRTHDAY = 100, 90, 100
GENOTYPE, POSITIVE = "84413-4", "LA6576-8"


def _rows(name: str) -> list[dict[str, str]]:
    with (CONCEPTS / name).open(newline="") as lines:
        return list(csv.DictReader(lines))


@cache
def _condition_codes() -> dict[str, tuple[str, str]]:
    """System and code by concept; a code of the concept itself before one that means more."""
    found: dict[str, tuple[str, str]] = {}
    rows = _rows("condition_codes.csv")
    for row in sorted(rows, key=lambda row: bool(row["also"])):
        for concept in (row["concept"], *row["also"].split()):
            found.setdefault(concept, (SYSTEMS[row["systems"].split()[0]], row["code"]))
    return found


@cache
def _loinc() -> dict[str, str]:
    found: dict[str, str] = {}
    for row in _rows("observation_codes.csv"):
        if row["system"] == "loinc":
            found.setdefault(row["concept"], row["code"])
    return found


@cache
def _allele_codes() -> dict[tuple[str, str], str]:
    rows = _rows("genotype_codes.csv")
    return {(row["gene"], row["allele"]): row["code"] for row in rows if row["role"] == "allele"}


def resources_of(person: Person, subject: str, as_of: datetime) -> list[Json]:
    """Patient first, then everything that is known. `as_of` is aware."""
    return [_patient(person, subject, as_of), *_about(person, subject, as_of)]


def _patient(person: Person, subject: str, as_of: datetime) -> Json:
    day = (as_of - timedelta(days=AFTER_BIRTHDAY)).date()
    born = day.replace(year=day.year - person.age)
    return fhir.patient(subject, birth_date=born.isoformat(), gender=person.sex)


def _about(person: Person, subject: str, as_of: datetime) -> Iterator[Json]:
    def ago(days: int) -> str:
        return (as_of - timedelta(days=days)).astimezone(UTC).isoformat()

    for number, concept in enumerate(person.conditions):
        system, code = _condition_codes()[concept]
        found = fhir.condition(
            f"{subject}-c{number}", code, subject=subject, onset=ago(CONDITION_DAYS)
        )
        found["code"]["coding"][0]["system"] = system
        yield found
    for number, (concept, value, unit, days) in enumerate(person.measurements):
        yield fhir.quantity(
            f"{subject}-m{number}", _loinc()[concept], value, unit, subject=subject, date=ago(days)
        )
    if person.smoking:
        yield fhir.smoking(f"{subject}-s", person.smoking, subject=subject, date=ago(MEDICINE_DAYS))
    for number, (name, daily, *unresolved) in enumerate(person.medicines):
        code = {"text": name} if unresolved else _drug(name)
        yield _medicine(f"{subject}-d{number}", code, daily, subject, ago(MEDICINE_DAYS))
    for number, (words, reaction) in enumerate(person.allergies):
        yield _allergy(f"{subject}-a{number}", words, reaction, subject, ago(CONDITION_DAYS))
    for number, (gene, result) in enumerate(person.genotypes):
        yield _genotype(f"{subject}-g{number}", gene, result, subject, ago(MEDICINE_DAYS))


def _drug(name: str) -> Json:
    """A single drug by its RxNorm ingredient, a combination by its ATC code."""
    rows = knowledge().by_id(Ingredient)
    parts = tuple(name.split("/"))
    if len(parts) == 1 and rows[name].rxnorm:
        coding = {"system": SYSTEMS["rxnorm"], "code": rows[name].rxnorm}
    else:
        codes = atc_codes_of(tuple(sorted(parts))) or rows[parts[0]].atc
        coding = {"system": ATC, "code": codes[0]}
    return {"coding": [coding], "text": name}


def _medicine(fhir_id: str, code: Json, daily: float | None, subject: str, since: str) -> Json:
    found: Json = {
        "resourceType": "MedicationRequest",
        "id": fhir_id,
        "status": "active",
        "intent": "order",
        "subject": {"reference": f"Patient/{subject}"},
        "authoredOn": since,
        "medicationCodeableConcept": code,
    }
    if daily is not None:
        dose = {"value": daily, "unit": "mg", "system": fhir.UCUM, "code": "mg"}
        timing = {"repeat": {"frequency": 1, "period": 1, "periodUnit": "d"}}
        found["dosageInstruction"] = [{"timing": timing, "doseAndRate": [{"doseQuantity": dose}]}]
    return found


def _allergy(fhir_id: str, words: str, reaction: str, subject: str, since: str) -> Json:
    status = {"system": f"{TERMINOLOGY}/allergyintolerance-clinical", "code": "active"}
    found: Json = {
        "resourceType": "AllergyIntolerance",
        "id": fhir_id,
        "patient": {"reference": f"Patient/{subject}"},
        "clinicalStatus": {"coding": [status]},
        "type": "allergy",
        "recordedDate": since,
        "code": {"text": words},
    }
    if reaction:
        found["reaction"] = [{"manifestation": [{"text": reaction}]}]
    return found


def _genotype(fhir_id: str, gene: str, result: str, subject: str, at: str) -> Json:
    allele, _, presence = result.partition(" ")
    if presence:
        assert presence == "positive", result
        code = _allele_codes()[(gene, allele)]
        answer = {"system": fhir.LOINC, "code": POSITIVE, "display": "Positive"}
        value: Json = {"coding": [answer]}
    else:
        code = GENOTYPE
        spelt = f"{gene} {result}"
        value = {"coding": [{"system": "http://www.pharmvar.org", "code": spelt, "display": spelt}]}
    return {
        "resourceType": "Observation",
        "id": fhir_id,
        "status": "final",
        "code": {"coding": [{"system": fhir.LOINC, "code": code}]},
        "subject": {"reference": f"Patient/{subject}"},
        "effectiveDateTime": at,
        "valueCodeableConcept": value,
    }
