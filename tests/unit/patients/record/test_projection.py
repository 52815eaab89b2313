"""Whatever comes in, the projection answers; and what it says fits the table."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patients.models import Fact
from patients.record.drafts import FactDraft, Kind, Quality
from patients.record.projection import project
from tests.unit.patients.record.builders import allergy, condition, observation, request

TYPES = [
    "Observation",
    "Condition",
    "Procedure",
    "AllergyIntolerance",
    "MedicationRequest",
    "MedicationStatement",
    "MedicationAdministration",
    "MedicationDispense",
]
words = st.sampled_from(
    [
        "active", "final", "completed", "2024-05-03", "9999-12-31", "0001-01-01", "mg/dL", "%",
        "http://loinc.org", "2160-0", "8480-6", "72166-2", "http://snomed.info/sct", "44054006",
        "449868002", "http://www.nlm.nih.gov/research/umls/rxnorm", "617311", "<", "#m", "d",
        "http://unitsofmeasure.org", "\x00", "",
    ]
)  # fmt: skip
names = st.sampled_from(
    [
        "code", "coding", "system", "display", "text", "value", "unit", "comparator", "status",
        "valueQuantity", "valueInteger", "valueString", "valueCodeableConcept", "component",
        "effectiveDateTime", "effectivePeriod", "effectiveTiming", "event", "repeat", "start",
        "end", "onsetDateTime", "recordedDate", "abatementDateTime", "abatementPeriod",
        "clinicalStatus", "verificationStatus", "medicationCodeableConcept",
        "medicationReference", "reference", "contained", "ingredient", "itemCodeableConcept",
        "id", "authoredOn", "intent", "dosageInstruction", "timing", "boundsPeriod",
        "boundsDuration", "boundsRange", "high", "dispenseRequest", "expectedSupplyDuration",
        "numberOfRepeatsAllowed", "validityPeriod", "daysSupply", "whenHandedOver", "focus",
        "performedDateTime", "performedPeriod",
    ]
)  # fmt: skip
leaves = st.one_of(words, st.integers(), st.floats(), st.booleans(), st.none(), st.text(max_size=5))
contents = st.recursive(
    leaves,
    lambda inner: st.one_of(st.lists(inner, max_size=3), st.dictionaries(names, inner, max_size=5)),
    max_leaves=25,
)
odd_resources = st.builds(
    lambda resource_type, body: body | {"resourceType": resource_type},
    st.sampled_from(TYPES),
    st.dictionaries(names, contents, max_size=10),
)


@settings(max_examples=300, deadline=None)
@given(odd_resources, contents)
def test_odd_content_gives_marked_facts_and_never_an_exception(resource, found):
    resolved = found if isinstance(found, dict) else None
    drafts = project(resource, resolve=lambda _: resolved)
    assert drafts == project(resource, resolve=lambda _: resolved)
    for draft in drafts:
        Quality(draft.quality)
        assert "\x00" not in repr(draft.columns())


@pytest.mark.parametrize("resource", [{}, {"resourceType": "Goal"}, {"resourceType": 3}])
def test_other_types_are_not_interpreted(resource):
    assert project(resource) == []


def test_drafts_say_what_the_table_can_hold():
    assert {kind.value for kind in Kind} == set(Fact.Kind.values)
    assert {quality.value for quality in Quality} == set(Fact.Quality.values)
    assert {q for q in Quality if q.feeds_models} == {Quality.USABLE, Quality.VERIFY}
    draft = FactDraft(path="p", concept="c", kind=Kind.CODED, quality=Quality.USABLE)
    columns = {field.name for field in Fact._meta.concrete_fields}
    assert set(draft.columns()) <= columns
    known_to_the_one_who_stores = {
        "id",
        "patient",
        "resource",
        "resource_type",
        "resource_fhir_id",
        "resource_version",
        "recorded_at",
    }
    assert columns - set(draft.columns()) == known_to_the_one_who_stores


@pytest.mark.parametrize(
    "resource", [observation(value=1.0), condition(), request(), allergy()], ids=lambda r: r["id"]
)
def test_values_fit_their_columns(resource):
    (draft,) = project(resource)
    for name, value in draft.columns().items():
        limit = Fact._meta.get_field(name).max_length
        if limit and isinstance(value, str):
            assert len(value) <= limit
