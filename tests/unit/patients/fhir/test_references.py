import copy

import pytest

from patients.fhir.references import Reference, iter_references, parse_reference, patient_reference
from tests.unit.patients.fhir import examples as ex

PATIENT = {"reference": "Patient/1"}


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("Patient/1", Reference("Patient/1", "relative", "Patient", "1")),
        (
            "Patient/1/_history/2",
            Reference("Patient/1/_history/2", "relative", "Patient", "1", version="2"),
        ),
        (
            "http://x.org/fhir/Patient/1",
            Reference("http://x.org/fhir/Patient/1", "absolute", "Patient", "1"),
        ),
        ("http://x.org/anything", Reference("http://x.org/anything", "absolute")),
        ("urn:uuid:1", Reference("urn:uuid:1", "urn")),
        ("urn:oid:1.2", Reference("urn:oid:1.2", "urn")),
        ("#med", Reference("#med", "contained", id="med")),
        ("#", Reference("#", "contained")),
        (
            "Patient?identifier=a|b",
            Reference("Patient?identifier=a|b", "conditional", "Patient", query="identifier=a|b"),
        ),
        ("Pattient/1", Reference("Pattient/1", "unknown")),
        ("Pattient?identifier=a", Reference("Pattient?identifier=a", "unknown")),
        ("Patient?", Reference("Patient?", "unknown")),
        ("12345", Reference("12345", "unknown")),
        ("Patient/" + "x" * 65, Reference("Patient/" + "x" * 65, "unknown")),
    ],
)
def test_a_reference_is_one_of_six_kinds(text, expected):
    assert parse_reference(text) == expected


def test_our_own_address_is_relative():
    ours = parse_reference("http://x.org/fhir/Patient/1", base_url="http://x.org/fhir")
    assert (ours.kind, ours.literal) == ("relative", "Patient/1")
    other = parse_reference("http://y.org/fhir/Patient/1", base_url="http://x.org/fhir")
    assert (other.kind, other.literal) == ("absolute", "http://y.org/fhir/Patient/1")


def test_every_reference_is_found_with_its_path():
    resource = copy.deepcopy(ex.MEDICATION_REQUEST)
    resource["instantiatesUri"] = ["http://example.org/x"]
    resource["contained"][0]["manufacturer"] = {"reference": "Organization/1"}
    found = {path: element["reference"] for path, element in iter_references(resource)}
    assert found == {
        "MedicationRequest.contained[0].manufacturer": "Organization/1",
        "MedicationRequest.medicationReference": "#med",
        "MedicationRequest.subject": "Patient/p1",
    }
    for _, element in iter_references(resource, "Bundle.entry[0].resource"):
        element["reference"] = "Patient/2"
    assert resource["subject"] == {"reference": "Patient/2"}


@pytest.mark.parametrize(
    ("resource", "expected"),
    [
        ({"resourceType": "Patient", "id": "1"}, "Patient/1"),
        ({"resourceType": "Patient"}, None),
        ({"resourceType": "Observation", "subject": PATIENT}, "Patient/1"),
        (
            {
                "resourceType": "Observation",
                "subject": {"reference": "Group/1"},
                "performer": [PATIENT],
            },
            None,
        ),
        ({"resourceType": "Observation", "subject": {"display": "x"}}, None),
        ({"resourceType": "AllergyIntolerance", "patient": PATIENT}, "Patient/1"),
        ({"resourceType": "Coverage", "beneficiary": PATIENT}, "Patient/1"),
        ({"resourceType": "Device", "patient": PATIENT}, "Patient/1"),
        ({"resourceType": "GuidanceResponse", "subject": PATIENT}, "Patient/1"),
        ({"resourceType": "Contract", "subject": [{"reference": "Group/1"}, PATIENT]}, "Patient/1"),
        (
            {"resourceType": "Provenance", "target": [{"reference": "Observation/1"}, PATIENT]},
            "Patient/1",
        ),
        ({"resourceType": "Appointment", "participant": [{"actor": PATIENT}]}, "Patient/1"),
        ({"resourceType": "Condition", "subject": {"reference": "urn:uuid:1"}}, "urn:uuid:1"),
        (
            {"resourceType": "Condition", "subject": {"reference": "Patient?identifier=1"}},
            "Patient?identifier=1",
        ),
        ({"resourceType": "Organization", "name": "x"}, None),
        ({"resourceType": "Composition", "subject": ["x"]}, None),
        ({}, None),
    ],
)
def test_a_resource_belongs_to_the_patient_it_is_about(resource, expected):
    assert patient_reference(resource) == expected
