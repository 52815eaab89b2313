"""Synthea, MIMIC and other servers' test resources, read straight from their archives."""

import tarfile
from collections.abc import Iterator
from itertools import islice

import orjson
import pytest
from fhir.resources.R4B import get_fhir_model_class

from patients.fhir.bundle import parse_bundle
from patients.fhir.definitions import elements
from patients.fhir.json_codec import content_hash, entry_slices, loads, stamp
from patients.fhir.references import parse_reference, patient_reference
from patients.fhir.search import extract_index
from patients.fhir.validation import explain, validate
from tests.data import shared_data
from tests.unit.patients.fhir.examples import Json, changed

BOM = b"\xef\xbb\xbf"
SYNTHEA = "synthea-uscore-2021.tar.xz"


def files(archive: str, suffix: str, folder: str = "") -> Iterator[tuple[str, bytes]]:
    with tarfile.open(shared_data(archive), "r|xz") as tar:
        for member in tar:
            stream = tar.extractfile(member)
            if stream and member.name.endswith(suffix) and folder in member.name:
                yield member.name.rsplit("/", 1)[-1], stream.read()


def bundles(archive: str, count: int) -> Iterator[tuple[str, bytes]]:
    found = (f for f in files(archive, ".json") if b'"Bundle"' in f[1][:200])
    return islice(found, count)


def lines(archive: str, folder: str) -> Iterator[tuple[str, Json]]:
    for name, raw in files(archive, ".ndjson", folder):
        for number, line in enumerate(raw.splitlines(), 1):
            yield f"{name}:{number}", loads(line)


@pytest.fixture(scope="module")
def real_resources() -> list[Json]:
    """A few resources of each type that Synthea writes."""
    chosen: dict[str, list[Json]] = {}
    for _, raw in bundles(SYNTHEA, 6):
        for entry in orjson.loads(raw)["entry"]:
            listed = chosen.setdefault(entry["resource"]["resourceType"], [])
            if len(listed) < 4:
                listed.append(entry["resource"])
    return [resource for listed in chosen.values() for resource in listed]


@pytest.mark.parametrize(("archive", "count"), [(SYNTHEA, 40), ("synthea-smart-2019.tar.xz", 15)])
def test_every_synthea_resource_is_valid(archive, count):
    seen = 0
    for name, raw in bundles(archive, count):
        content = loads(raw)
        parsed = parse_bundle(content, entry_slices(raw), max_entries=100_000)
        for entry in parsed.entries:
            assert validate(entry.resource, path=f"{name}:{entry.path}") == []
        seen += len(parsed.entries)
    assert seen > 3000


def test_every_mimic_resource_is_valid():
    found = list(lines("mimic-iv-demo-fhir.tar.xz", "mimic"))
    assert len(found) == 4682
    assert [where for where, resource in found if validate(resource)] == []


def test_every_onc_fixture_is_valid():
    found = list(lines("fhir-test-resources.tar.xz", "g10"))
    assert len(found) == 452
    assert [where for where, resource in found if validate(resource)] == []


def r4b_fault(resource: Json) -> str:
    try:
        model = get_fhir_model_class(resource["resourceType"])
    except ValueError:  # a type that R4B has dropped
        return ""
    try:
        model.model_validate(resource)
    except ValueError as fault:
        return str(fault)
    return ""


def test_the_exact_reading_and_the_oracle_find_real_resources_valid(real_resources):
    for resource in real_resources:
        assert explain(resource, resource["resourceType"]) == []
        assert not r4b_fault(resource)


def test_a_real_resource_without_a_required_element_is_named(real_resources):
    tried = 0
    for resource in real_resources:
        name = resource["resourceType"]
        for element in elements(name).values():
            if not element.required or element.name not in resource:
                continue
            place = element.choice or element.name
            found = [i.expression for i in validate(changed(resource, **{element.name: None}))]
            assert f"{name}.{place}" in found
            tried += 1
    assert tried > 100


def test_a_real_resource_with_a_member_of_the_wrong_kind_is_named(real_resources):
    for resource in real_resources:
        name = resource["resourceType"]
        for member in set(resource) - {"resourceType"}:
            found = [i.expression for i in validate({**resource, member: 5.5})]
            assert any(where.startswith(f"{name}.{member}") for where in found)


def test_real_text_survives_the_codec():
    (_, raw), *_ = bundles(SYNTHEA, 3)
    content = loads(raw)
    for entry, piece in zip(content["entry"], entry_slices(raw), strict=True):
        assert piece in raw
        stamped = stamp(piece, fhir_id="x", version_id=1, last_updated="2026-01-01T00:00:00Z")
        again = loads(stamped)
        assert content_hash(again) == content_hash(entry["resource"])
        assert again["meta"]["versionId"] == "1"


def test_clinical_resources_lead_to_their_patient(real_resources):
    without = {"Organization", "Practitioner", "PractitionerRole", "Location", "Medication"}
    for resource in real_resources:
        text = patient_reference(resource)
        if resource["resourceType"] == "Provenance":
            continue
        assert (text is None) == (resource["resourceType"] in without)
        if text is not None:
            assert parse_reference(text).kind in ("urn", "relative")


def test_real_resources_are_indexed(real_resources):
    dated = {"Observation", "Encounter", "Procedure", "Immunization", "DiagnosticReport"}
    for resource in real_resources:
        entry = extract_index(resource)
        if resource["resourceType"] in dated:
            assert entry.date_low < entry.date_high
        if resource["resourceType"] in ("Observation", "Condition", "MedicationRequest"):
            assert entry.tokens
