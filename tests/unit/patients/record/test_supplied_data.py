"""Every code that the supplied Synthea data uses is known, or known not to matter."""

import gzip
import io
import json
import tarfile
from collections import Counter
from functools import cache

import pytest

from patients.record.elements import child, codings
from patients.record.projection import project
from patients.terminology.measurements import observation_of
from patients.terminology.medications import medication_of
from tests.data import shared_data

MEDICATION_TYPES = {
    "Medication",
    "MedicationRequest",
    "MedicationStatement",
    "MedicationAdministration",
}
INTERPRETED = MEDICATION_TYPES | {"Observation", "Condition", "Procedure", "AllergyIntolerance"}
# used often, and outside the input catalogue
NOT_INPUTS = {
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


@cache
def bulk(resource_type):
    """The 615 patients of 2019 as NDJSON, by type."""
    archive = shared_data("synthea-smart-2019-ndjson.tar")
    with tarfile.open(archive) as tar:
        member = next(m for m in tar if m.name.endswith(f"/{resource_type}.ndjson.gz"))
        lines = gzip.decompress(tar.extractfile(member).read()).splitlines()
    return [json.loads(line) for line in lines]


@cache
def bundled():
    """Resources of the US Core bundles of 2021 that the projection reads."""
    found = []
    with tarfile.open(shared_data("synthea-uscore-2021.tar.xz")) as tar:
        for member in tar:
            if not member.name.endswith(".json"):
                continue
            bundle = json.load(io.TextIOWrapper(tar.extractfile(member), "utf-8"))
            if not isinstance(bundle, dict):
                continue
            resources = (entry["resource"] for entry in bundle.get("entry", []))
            found += [r for r in resources if r["resourceType"] in INTERPRETED]
    return found


def test_every_medication_code_is_classified():
    resources = [*bulk("MedicationRequest"), *bundled()]
    unknown = Counter(
        (coding.code, coding.display)
        for resource in resources
        if resource["resourceType"] in MEDICATION_TYPES
        for member in ("medicationCodeableConcept", "code")
        for coding in codings(child(resource, member))
        if coding.known is None or medication_of(coding.known) is None
    )
    assert unknown == {}


@pytest.mark.parametrize("source", ["smart-2019", "uscore-2021"])
def test_the_most_used_observations_are_known(source):
    resources = bulk("Observation") if source == "smart-2019" else bundled()
    used = Counter(
        (coding.code, observation_of(coding.known) is not None)
        for resource in resources
        if resource["resourceType"] == "Observation"
        for holder in (resource, *resource.get("component", []))
        for coding in codings(child(holder, "code"))
        if coding.known
    )
    often = {code for (code, is_input), number in used.items() if number >= 800 and not is_input}
    assert often - set(NOT_INPUTS) == set()


def test_components_without_a_unit_are_kept_and_marked():
    qualities = Counter(
        draft.quality for resource in bulk("Observation") for draft in project(resource)
    )
    assert qualities["missing_unit"] == 686
    assert qualities["unknown_unit"] == 0
    assert qualities["usable"] > 50_000


def test_conditions_and_allergies_are_all_projected():
    for resource in [*bulk("Condition"), *bulk("AllergyIntolerance")]:
        drafts = project(resource)
        assert drafts
        assert all(draft.effective_at for draft in drafts)
