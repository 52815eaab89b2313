"""Validation: named faults, agreement of the two readings, and the oracle's opinion."""

import copy
from typing import Any

import pytest
from fhir.resources.R4B import get_fhir_model_class
from hypothesis import given, settings

from patients.fhir.definitions import resource_types
from patients.fhir.json_codec import content_hash
from patients.fhir.references import iter_references, patient_reference
from patients.fhir.search import extract_index
from patients.fhir.validation import _is_certainly_valid, explain, validate
from tests.unit.patients.fhir import examples as ex
from tests.unit.patients.fhir.examples import Json, changed
from tests.unit.patients.fhir.faults import FAULTS, Fault
from tests.unit.patients.fhir.faults_of_meaning import FAULTS_OF_MEANING
from tests.unit.patients.fhir.mutations import broken_resources

ALL_FAULTS = FAULTS + FAULTS_OF_MEANING


def said(resource: Any, path: str | None = None) -> dict[str, str]:
    return {i.expression: i.diagnostics for i in validate(resource, path=path)}


def r4b_refuses(resource: Json) -> bool:
    try:
        get_fhir_model_class(resource["resourceType"]).model_validate(resource)
    except (ValueError, LookupError, TypeError, AttributeError):  # malformed types trip it up
        return True
    return False


@pytest.mark.parametrize("resource", ex.ALL, ids=lambda r: r["resourceType"])
def test_a_valid_resource_passes_both_readings_and_the_oracle(resource):
    assert validate(resource) == []
    assert _is_certainly_valid(resource)
    assert explain(resource, resource["resourceType"]) == []
    assert not r4b_refuses(resource)


@pytest.mark.parametrize("fault", ALL_FAULTS, ids=lambda fault: fault.name)
def test_a_fault_is_named_where_it_is(fault: Fault):
    found = said(fault.resource)
    assert fault.expression in found
    assert fault.says in found[fault.expression]


@pytest.mark.parametrize("fault", ALL_FAULTS, ids=lambda fault: fault.name)
def test_the_oracle_sees_what_we_say_it_sees(fault: Fault):
    assert r4b_refuses(fault.resource) == fault.r4b_sees


def test_every_fault_is_told_at_once():
    resource = changed(ex.OBSERVATION, status="finished", code=None, subject={}, issued="now")
    assert set(said(resource)) == {
        "Observation.status",
        "Observation.code",
        "Observation.subject",
        "Observation.issued",
    }


def test_a_callers_path_stands_in_for_the_type():
    found = said(changed(ex.OBSERVATION, status=None), path="Bundle.entry[3].resource")
    assert found == {
        "Bundle.entry[3].resource.status": (
            "Bundle.entry[3].resource.status: required element is missing"
        )
    }


@pytest.mark.parametrize("resource", [None, [], "x", {}, {"resourceType": 5}, {"resourceType": {}}])
def test_what_is_no_resource_is_refused(resource):
    assert [i.severity for i in validate(resource)] == ["error"]


def test_an_unknown_type_gets_a_suggestion():
    found = said({"resourceType": "Observations"})
    assert "did you mean 'Observation'?" in found["Resource.resourceType"]


def test_resources_of_a_bundle_are_validated_with_their_place():
    entry = {"fullUrl": "urn:uuid:1", "resource": changed(ex.PATIENT, gender="F")}
    bundle = {
        "resourceType": "Bundle",
        "type": "collection",
        "entry": [entry, {"fullUrl": "urn:uuid:2", "resource": ex.OBSERVATION}],
    }
    assert set(said(bundle)) == {"Bundle.entry[0].resource.gender"}


def test_the_outcome_in_a_response_is_a_resource():
    outcome = {"resourceType": "OperationOutcome", "issue": [{"severity": "error", "code": "x"}]}
    response = {"status": "400", "outcome": outcome}
    bundle = {"resourceType": "Bundle", "type": "batch-response", "entry": [{"response": response}]}
    (issue,) = validate(bundle)
    assert issue.expression == "Bundle.entry[0].response.outcome.issue[0].code"
    outcome["issue"][0]["code"] = "invalid"
    assert validate(bundle) == []


def test_a_resource_in_a_parameter_has_its_own_contained_ones():
    parameters = {
        "resourceType": "Parameters",
        "parameter": [{"name": "a", "resource": ex.MEDICATION_REQUEST}],
    }
    assert said(parameters) == {}


def test_a_primitive_may_be_an_extension_alone():
    reason = {"extension": [{"url": "http://x", "valueCode": "unknown"}]}
    assert said(changed(ex.OBSERVATION, status=None, _status=reason)) == {}
    assert said(changed(ex.PATIENT, name=[{"given": [None, "B"], "_given": [reason, None]}])) == {}


def test_lists_of_primitives_and_their_extensions_run_side_by_side():
    reason = {"extension": [{"url": "http://x", "valueCode": "unknown"}]}
    for extensions, says in (
        ([reason], "length differs"),
        ([None, None], "null on both sides"),
        (reason, "a list is expected"),
        ([reason, {"id": "x", "y": 1}], "unknown element"),
    ):
        found = said(changed(ex.PATIENT, name=[{"given": [None, "B"], "_given": extensions}]))
        assert says in " ".join(found.values())


def test_lists_without_a_gap_are_compared_in_length_too():
    reason = {"extension": [{"url": "http://x", "valueCode": "unknown"}]}
    name = {"given": ["A", "B"], "_given": [reason]}
    found = said(changed(ex.PATIENT, name=[name]))
    assert found == {
        "Patient.name[0]._given": "Patient.name[0]._given: its length differs from that of 'given'"
    }


def test_an_evidence_variable_defines_in_one_way():
    variable = {
        "resourceType": "EvidenceVariable",
        "status": "active",
        "characteristic": [{"definitionCodeableConcept": {"text": "Adults"}}],
    }
    assert said(variable) == {}
    both = {**variable["characteristic"][0], "definitionCanonical": "http://x"}
    where = "EvidenceVariable.characteristic[0].definition"
    assert "only one of" in said({**variable, "characteristic": [both]})[where]
    neither = {"description": "Adults"}
    assert "is missing" in said({**variable, "characteristic": [neither]})[where]


def test_a_flood_of_faults_is_cut_short():
    resource = {"resourceType": "Patient", **{f"gende{i}": 1 for i in range(10_000)}}
    issues = validate(resource)
    assert len(issues) == 500
    assert "did you mean 'gender'" in issues[0].diagnostics
    assert issues[400].diagnostics.endswith("unknown element")


def test_a_reference_need_not_be_of_this_server():
    for text in ("http://x.org/a", "urn:oid:1.2", "https://x.org/fhir/Patient/1/_history/2"):
        assert said(changed(ex.OBSERVATION, subject={"reference": text})) == {}
    of_our_type = {"reference": "Patient/1", "type": "Patient"}
    assert said(changed(ex.OBSERVATION, subject=of_our_type)) == {}
    by_identifier = {"identifier": {"value": "1"}, "type": "Patient"}
    assert said(changed(ex.OBSERVATION, subject=by_identifier)) == {}
    of_a_model = {"display": "x", "type": "http://example.org/model"}
    assert said(changed(ex.OBSERVATION, subject=of_a_model)) == {}


def test_a_local_reference_without_contained_resources_leads_nowhere():
    found = said(changed(ex.OBSERVATION, subject={"reference": "#p"}))
    assert "ref-1" in found["Observation.subject.reference"]


def test_a_contained_resource_may_refer_to_its_container():
    provenance = {
        "resourceType": "Provenance",
        "id": "inner",
        "target": [{"reference": "#"}],
        "recorded": "2024-01-01T00:00:00Z",
        "agent": [{"who": {"display": "x"}}],
    }
    assert said(changed(ex.OBSERVATION, contained=[provenance])) == {}


def test_malformed_contained_resources_are_named():
    for contained, where in (
        ("x", "MedicationRequest.contained"),
        ([5], "MedicationRequest.contained[0]"),
        ([{"resourceType": "Medication", "id": 5}], "MedicationRequest.contained[0].id"),
    ):
        assert where in said(changed(ex.MEDICATION_REQUEST, contained=contained))


def test_large_value_sets_are_named_not_listed():
    found = said({"resourceType": "SearchParameter", "base": ["Foo"]})
    assert "value set resource-types" in found["SearchParameter.base[0]"]


def test_a_reference_to_anything_is_to_some_resource_type():
    found = said(changed(ex.OBSERVATION, focus=[{"type": "Foo", "display": "x"}]))
    assert "is not a resource type of R4" in found["Observation.focus[0].type"]


def test_a_rule_is_told_beside_other_faults():
    found = said(changed(ex.PATIENT, gender="F", contact=[{"gender": "M"}]))
    assert set(found) == {"Patient.gender", "Patient.contact[0]", "Patient.contact[0].gender"}
    values = {"low": {"value": "1"}, "high": {"value": 2}}
    found = said(changed(ex.OBSERVATION, valueQuantity=None, valueRange=values))
    assert set(found) == {"Observation.valueRange.low.value"}


def test_a_resource_with_a_type_alone_passes_when_nothing_is_required():
    assert said({"resourceType": "Basic", "code": {"text": "x"}}) == {}
    assert said({"resourceType": "Patient"}) == {}


def test_every_resource_type_has_a_schema_that_compiles():
    for name in resource_types():
        validate({"resourceType": name, "unknown": 1})


@given(broken_resources())
@settings(max_examples=400, deadline=None)
def test_the_fast_reading_never_passes_what_the_exact_one_refuses(resource):
    before = copy.deepcopy(resource)
    faults = explain(resource, str(resource.get("resourceType")))
    assert not (_is_certainly_valid(resource) and faults)
    assert resource == before


@given(broken_resources())
@settings(max_examples=100, deadline=None)
def test_whatever_the_oracle_refuses_we_refuse(resource):
    name = resource.get("resourceType")
    if isinstance(name, str) and name in resource_types() and r4b_refuses(resource):
        assert validate(resource)


@given(broken_resources())
@settings(max_examples=300, deadline=None)
def test_what_is_valid_can_be_hashed_indexed_and_attributed(resource):
    if validate(resource) == []:
        entry = extract_index(resource)
        assert entry.date_low is None or entry.date_low <= entry.date_high
        assert len(content_hash(resource)) == 64
        assert patient_reference(resource) is None or isinstance(patient_reference(resource), str)
        assert all(path for path, _ in iter_references(resource))
