"""What has a modifier extension is not what it seems."""

import pytest

from patients.record.projection import project
from tests.unit.patients.record.builders import allergy, condition, observation, request

MODIFIER = {"modifierExtension": [{"url": "urn:not", "valueBoolean": True}]}


@pytest.mark.parametrize(
    "resource",
    [
        observation("2160-0", 1.0, **MODIFIER),
        observation("2160-0", 1.0, referenceRange=[{"low": {"value": 1}, **MODIFIER}]),
        observation("2160-0", 1.0, implicitRules="urn:rules"),
        condition(**MODIFIER),
        request(**MODIFIER),
        request(dosageInstruction=[{"text": "x", "timing": MODIFIER}]),
        allergy("716186003", **MODIFIER),
    ],
)
def test_nothing_of_it_is_used_and_the_reason_is_said(resource):
    found = project(resource)
    assert found
    for draft in found:
        assert draft.quality == "modified"
        assert "not known here: urn:" in draft.reason


def test_an_allergy_still_warns():
    (draft,) = project(allergy(**MODIFIER))
    assert (draft.quality, draft.value_code) == ("verify", "listed")


def test_what_was_entered_in_error_stays_so():
    (draft,) = project(observation("2160-0", 1.0, status="entered-in-error", **MODIFIER))
    assert draft.quality == "inactive"


def test_contained_resources_and_plain_extensions_change_nothing():
    plain = observation(
        "2160-0",
        1.0,
        contained=[{"resourceType": "Device", **MODIFIER}],
        extension=[{"url": "urn:x", "valueString": "y"}],
        modifierExtension=[],
    )
    assert [draft.quality for draft in project(plain)] == ["usable"]


def test_a_changed_medication_tells_nobody_what_is_taken():
    order = request(medicationReference={"reference": "Medication/1"})
    del order["medicationCodeableConcept"]
    atorvastatin = {"resourceType": "Medication", "code": request()["medicationCodeableConcept"]}
    (known,) = project(order, resolve=lambda _: atorvastatin)
    (changed,) = project(order, resolve=lambda _: atorvastatin | MODIFIER)
    assert (known.concept, changed.quality) == ("statin", "unclassified")
