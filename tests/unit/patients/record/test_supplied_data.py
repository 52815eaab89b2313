"""Whole Synthea exports through the projection: every medication is classified, and what is not
used is not used for a reason that the data's README knows of."""

import gzip
import json
import tarfile
from collections import Counter, defaultdict

import pytest

from patients.record.drafts import Quality
from patients.record.elements import child, codings
from patients.record.projection import project
from patients.terminology.codings import code_of
from patients.terminology.measurements import observation_of
from patients.terminology.medications import medication_of
from tests.data import shared_data

BULK = "synthea-smart-2019-ndjson.tar"
US_CORE = "synthea-uscore-2021.tar.xz"
PROJECTED = (
    "Observation",
    "Condition",
    "Procedure",
    "AllergyIntolerance",
    "MedicationRequest",
    "MedicationAdministration",
)

# used often, and outside the input catalogue
NOT_INPUTS = {
    "10834-0": "globulin",
    "72514-3": "pain score",
    "55284-4": "blood pressure panel: its components count",
    "85354-9": "blood pressure panel: its components count",
    "6299-2": "urea nitrogen",
    "2069-3": "chloride",
    "789-8": "erythrocytes",
    "787-2": "MCV",
    "785-6": "MCH",
    "786-4": "MCHC",
    "4544-3": "haematocrit",
    "21000-5": "red cell width",
    "32207-3": "platelet width",
    "32623-1": "mean platelet volume",
    "2885-2": "protein",
    "6768-6": "alkaline phosphatase",
}


def bulk(*types):
    with tarfile.open(shared_data(BULK)) as archive:
        for member in archive:
            if member.name.rpartition("/")[2].split(".")[0] in types:
                packed = archive.extractfile(member)
                with gzip.open(packed, "rt", encoding="utf-8") as lines:
                    yield from map(json.loads, lines)


@pytest.fixture(scope="module")
def us_core():
    """Resources of the types we read, and Medications by the references that point at them."""
    resources, medications = [], {}
    with tarfile.open(shared_data(US_CORE), "r|xz") as archive:
        for member in archive:
            if member.isfile() and member.name.endswith(".json"):
                for entry in json.load(archive.extractfile(member)).get("entry", []):
                    resource = entry["resource"]
                    if resource["resourceType"] == "Medication":
                        medications[entry["fullUrl"]] = resource
                    elif resource["resourceType"] in PROJECTED:
                        resources.append(resource)
    return resources, medications


def unknown_codes(concepts):
    """Codings of medications that our table does not classify."""
    codings = (coding for concept in concepts for coding in concept.get("coding", []))
    found = {(c["code"], c["display"]): code_of(c["system"], c["code"]) for c in codings}
    return sorted(label for label, code in found.items() if not code or not medication_of(code))


def test_every_medication_code_of_2019_is_classified():
    orders = list(bulk("MedicationRequest"))
    assert len(orders) > 4000
    assert unknown_codes(order["medicationCodeableConcept"] for order in orders) == []


def test_every_medication_code_of_2021_is_classified(us_core):
    resources, medications = us_core
    concepts = [
        r["medicationCodeableConcept"] for r in resources if "medicationCodeableConcept" in r
    ]
    concepts += [medication["code"] for medication in medications.values()]
    assert len(medications) > 100
    assert unknown_codes(concepts) == []


def test_referenced_medications_are_resolved(us_core):
    resources, medications = us_core
    pointing = [r for r in resources if "medicationReference" in r]
    qualities = {d.quality for r in pointing for d in project(r, resolve=medications.get)}
    assert len(pointing) > 100
    assert Quality.UNCLASSIFIED not in qualities
    without = {d.quality for r in pointing for d in project(r)}
    assert without == {Quality.UNCLASSIFIED}


def test_only_the_known_oddities_of_2019_are_left_out():
    counts = defaultdict(Counter)
    for resource in bulk(*PROJECTED):
        for draft in project(resource):
            counts[draft.quality][draft.concept] += 1
    # four patients have blood pressures without a unit
    assert counts[Quality.MISSING_UNIT] == {"systolic_bp": 343, "diastolic_bp": 343}
    assert counts[Quality.IMPOSSIBLE] == {"hba1c": 4}
    assert set(counts[Quality.UNCLASSIFIED]) == {"condition_unclassified"}
    assert set(counts) <= {
        Quality.USABLE,
        Quality.VERIFY,
        Quality.MISSING_UNIT,
        Quality.IMPOSSIBLE,
        Quality.UNCLASSIFIED,
    }
    usable = counts[Quality.USABLE]
    assert usable["systolic_bp"] > 4000
    assert usable["statin"] > 1000
    # the 2019 export says mL/min, which is taken as indexed and marked
    assert counts[Quality.VERIFY]["egfr_reported"] > 0


def often_used(resources):
    """LOINC codes of observations and components, used 800 times, that are no input of ours."""
    used = Counter(
        coding.code
        for resource in resources
        if resource["resourceType"] == "Observation"
        for holder in (resource, *resource.get("component", []))
        for coding in codings(child(holder, "code"))
        if coding.known and observation_of(coding.known) is None
    )
    return {code for code, number in used.items() if number >= 800}


def test_the_most_used_observations_are_inputs_or_known_not_to_be(us_core):
    assert often_used(bulk("Observation")) - set(NOT_INPUTS) == set()
    assert often_used(us_core[0]) - set(NOT_INPUTS) == set()
