"""What is sent is valid R4, in the codes and units that the rest of the house reads."""

import importlib
import re
import tarfile
from functools import cache

import pytest

from patients.fhir.validation import validate
from patients.synthetic.generate import generate, infrastructure_bundle
from patients.synthetic.vocabulary import (
    ALLERGENS,
    DISEASES,
    DRUGS,
    MEASURED,
    Disease,
    Drug,
    Measured,
    table,
)
from patients.terminology import units
from patients.terminology.allergies import LISTED, NONE_KNOWN, allergy_value
from patients.terminology.codings import Loinc, Snomed, code_in
from patients.terminology.conditions import condition_of
from patients.terminology.measurements import MEASUREMENTS, observation_of
from patients.terminology.medications import CLASSES, OTHER, medication_of
from tests.data import shared_data
from tests.unit.patients.synthetic.reading import AS_OF, Json, Record


@cache
def oracle(kind: str) -> type:
    return getattr(importlib.import_module(f"fhir.resources.R4B.{kind.lower()}"), kind)  # type: ignore[no-any-return]


@pytest.mark.parametrize("odd_values", [False, True])
def test_both_validators_accept_every_resource(odd_values: bool) -> None:
    bundles: list[Json] = [infrastructure_bundle(3)]
    bundles += generate(26, seed=3, as_of=AS_OF, odd_values=odd_values)
    for bundle in bundles:
        oracle("Bundle").model_validate({**bundle, "entry": bundle["entry"][:1]})
        for entry in bundle["entry"]:
            assert validate(entry["resource"]) == []
            oracle(entry["resource"]["resourceType"]).model_validate(entry["resource"])


def test_every_interpreted_type_is_there(cohort: list[Record]) -> None:
    assert {r["resourceType"] for record in cohort for r in record.resources} == {
        "Patient",
        "CareTeam",
        "Encounter",
        "Observation",
        "Condition",
        "MedicationRequest",
        "MedicationStatement",
        "MedicationDispense",
        "AllergyIntolerance",
        "Immunization",
    }


@pytest.mark.parametrize("measured", MEASURED.values(), ids=lambda m: m.key)
def test_measurements_speak_the_codes_and_units_of_the_concept_tables(measured: Measured) -> None:
    meant = observation_of(Loinc(measured.loinc))
    assert meant is not None
    assert (meant.concept.id, meant.display) == (measured.concept, measured.display)
    assert measured.ucum in units.units_of(measured.concept)
    assert meant.refused_unit != measured.ucum


@pytest.mark.parametrize("disease", DISEASES.values(), ids=lambda d: d.key)
def test_conditions_are_the_concepts_they_say(disease: Disease) -> None:
    """In both code systems; an ICD-10-CM code may say more, as E11.22 says CKD too."""
    for code in (Snomed(disease.snomed), code_in("icd10cm", disease.icd10cm)):
        meant = condition_of(code)
        said = [concept.id for concept in meant.concepts] if meant else []
        assert disease.concept in said if disease.concept else not said


@pytest.mark.parametrize("drug", DRUGS.values(), ids=lambda d: d.key)
def test_drugs_have_the_classes_of_the_terminology_room(drug: Drug) -> None:
    meant = medication_of(code_in("rxnorm", drug.rxnorm))
    assert meant is not None
    assert set(meant.classes) - {OTHER} == drug.classes & set(CLASSES)


def test_allergens_are_listed_allergies() -> None:
    for allergen in ALLERGENS.values():
        assert allergy_value(Snomed(allergen.snomed)) == LISTED


def test_every_rxnorm_code_is_in_the_source_it_names() -> None:
    """No code is made up: Synthea's samples and CPIC's drug table have them, with that display."""
    cpic = read_member("drug/drug.tar.xz", "cpic/drug.tsv")
    synthea = {
        name: read_member(f"{name}.tar.xz", "")
        for name in ("synthea-uscore-2021", "synthea-smart-2019")
    }
    for row in table("medications"):
        for source in row["source"].split(", "):
            if source == "cpic/drug.tsv":
                assert re.search(
                    rf"^RxNorm:{row['rxnorm']}\t{row['display']}\t", cpic, re.MULTILINE
                )
            else:
                assert f"{row['rxnorm']}|{row['display']}" in synthea[source]


@cache
def read_member(archive: str, member: str) -> str:
    """The text of one member, or every RxNorm coding of the archive as `code|display` lines."""
    codings = set()
    pattern = re.compile(
        r'"system":\s*"http://www.nlm.nih.gov/research/umls/rxnorm",\s*'
        r'"code":\s*"(\d+)",\s*"display":\s*"([^"]+)"'
    )
    with tarfile.open(shared_data(archive)) as tar:
        for info in tar:
            if not info.isfile() or not info.name.endswith(member or ".json"):
                continue
            text = tar.extractfile(info).read().decode()  # type: ignore[union-attr]
            if member:
                return text
            codings |= {f"{code}|{display}" for code, display in pattern.findall(text)}
    return "\n".join(sorted(codings))


def test_allergies_are_listed_denied_or_unknown(cohort: list[Record]) -> None:
    states = []
    for record in cohort:
        codes = [a["code"]["coding"][0]["code"] for a in record.of("AllergyIntolerance")]
        values = {allergy_value(Snomed(code)) for code in codes}
        assert len(values) <= 1, "nobody both has and has no allergy"
        states.append(values.pop() if values else "not recorded")
    for state in (LISTED, NONE_KNOWN, "not recorded"):
        assert 0.15 < states.count(state) / len(states) < 0.5


def test_values_stay_within_their_usual_limits(cohort: list[Record]) -> None:
    """But for the two showcases of values that want a second look."""
    for number, record in enumerate(cohort, 1):
        for measured in MEASURED.values():
            concept = MEASUREMENTS[measured.concept]
            for _, sent in record.series(measured.loinc):
                converted = units.to_canonical(measured.concept, sent, measured.ucum)
                assert converted is not None
                assert concept.is_possible(converted.value)
                assert concept.is_usual(converted.value) or number in (9, 11)


def test_who_writes_lies_in_the_care_team(cohort: list[Record]) -> None:
    for record in cohort:
        team = {p["member"]["reference"] for c in record.of("CareTeam") for p in c["participant"]}
        for encounter in record.of("Encounter"):
            assert encounter["participant"][0]["individual"]["reference"] in team
        for order in record.of("MedicationRequest"):
            assert order["requester"]["reference"] in team
