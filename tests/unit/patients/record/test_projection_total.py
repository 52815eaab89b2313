"""`project` never raises: whatever a feed puts where something else belongs."""

import copy
from datetime import UTC

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.record.drafts import Kind, Quality
from patients.record.projection import project

LOINC = "http://loinc.org"
UCUM = "http://unitsofmeasure.org"
RXNORM = "http://www.nlm.nih.gov/research/umls/rxnorm"
LISINOPRIL = {"coding": [{"system": RXNORM, "code": "314076", "display": "lisinopril 10 MG"}]}
MMHG = {"value": 128, "unit": "mmHg", "system": UCUM, "code": "mm[Hg]"}
WHOLE = (
    {
        "resourceType": "Encounter",
        "status": "finished",
        "class": {
            "system": "http://terminology.hl7.org/CodeSystem/v3-ActCode",
            "code": "IMP",
        },
        "type": [{"coding": [{"system": "http://snomed.info/sct", "code": "183452005"}]}],
        "serviceType": {"coding": [{"system": "http://snomed.info/sct", "code": "394593009"}]},
        "hospitalization": {
            "dischargeDisposition": {
                "coding": [
                    {
                        "system": "http://terminology.hl7.org/CodeSystem/discharge-disposition",
                        "code": "home",
                    }
                ]
            }
        },
        "period": {"start": "2024-03-01T10:00:00+01:00", "end": "2024-03-09"},
    },
    {
        "resourceType": "Procedure",
        "status": "completed",
        "code": {"coding": [{"system": "http://hl7.org/fhir/sid/icd-10-pcs", "code": "0DTJ4ZZ"}]},
        "performedDateTime": "2024-03-02",
    },
    {
        "resourceType": "Observation",
        "status": "final",
        "code": {"coding": [{"system": LOINC, "code": "85354-9"}]},
        "effectiveDateTime": "2024-03-01T10:00:00+01:00",
        "component": [
            {"code": {"coding": [{"system": LOINC, "code": "8480-6"}]}, "valueQuantity": MMHG},
        ],
    },
    {
        "resourceType": "Condition",
        "clinicalStatus": {"coding": [{"code": "resolved"}]},
        "code": {"coding": [{"system": "http://snomed.info/sct", "code": "38341003"}]},
        "onsetPeriod": {"start": "2019-05"},
        "abatementDateTime": "2021",
    },
    {
        "resourceType": "MedicationRequest",
        "status": "completed",
        "intent": "order",
        "authoredOn": "2023-01-01",
        "contained": [{"resourceType": "Medication", "id": "m", "code": LISINOPRIL}],
        "medicationReference": {"reference": "#m"},
        "dosageInstruction": [
            {"timing": {"repeat": {"boundsDuration": {"value": 30, "code": "d"}}}},
        ],
        "dispenseRequest": {
            "numberOfRepeatsAllowed": 3,
            "expectedSupplyDuration": {"value": 30, "unit": "days"},
        },
    },
    {
        "resourceType": "MedicationDispense",
        "status": "completed",
        "whenHandedOver": "2024-01-01",
        "daysSupply": {"value": 30, "unit": "days"},
        "medicationCodeableConcept": LISINOPRIL,
    },
    {
        "resourceType": "AllergyIntolerance",
        "code": {"text": "penicillin"},
        "clinicalStatus": {"coding": [{"code": "active"}]},
        "recordedDate": "2020-01-01",
    },
)
ODD = st.one_of(
    st.none(),
    st.booleans(),
    st.integers(),
    st.floats(),
    st.text(max_size=4),
    st.sampled_from(["\x00", "9999-12-31", "0001-01-01T00:00:00+14:00", "2024-02-30", 10**5000]),
    st.just([]),
    st.just({}),
    st.just([1, "a", None]),
)


def places(node, path=()):
    """Paths of everything below a node."""
    items = node.items() if isinstance(node, dict) else enumerate(node)
    for key, child in items:
        yield (*path, key)
        if isinstance(child, dict | list):
            yield from places(child, (*path, key))


@st.composite
def damaged(draw):
    resource = copy.deepcopy(draw(st.sampled_from(WHOLE)))
    for _ in range(draw(st.integers(1, 3))):
        *way, last = draw(st.sampled_from(sorted(places(resource), key=repr)))
        node = resource
        for step in way:
            node = node[step]
        node[last] = copy.deepcopy(draw(ODD))
    return resource


@pytest.mark.parametrize("resource", WHOLE, ids=lambda r: r["resourceType"])
def test_the_undamaged_ones_are_used(resource):
    assert {draft.quality for draft in project(resource)} == {Quality.USABLE}


@given(damaged())
def test_damage_gives_fewer_or_marked_facts_and_no_exception(resource):
    for draft in project(resource):
        assert draft.kind in Kind
        assert "\x00" not in "".join(v for v in draft.columns().values() if isinstance(v, str))
        moments = [m for m in (draft.effective_at, draft.end_at) if m]
        assert all(moment.tzinfo is UTC for moment in moments)
        if draft.kind is Kind.MEASUREMENT and draft.quality.feeds_models:
            assert draft.value is not None
            assert draft.effective_at is not None


@given(damaged())
def test_the_same_content_gives_the_same_facts(resource):
    assert project(copy.deepcopy(resource)) == project(resource)


def test_a_type_that_is_not_interpreted_gives_nothing():
    assert project({"resourceType": "Encounter"}) == []
    assert project({"resourceType": ["Observation"]}) == []
    assert project({}) == []
