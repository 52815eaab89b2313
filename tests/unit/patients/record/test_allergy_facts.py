import pytest

from patients.record.allergy_status import allergy_status
from patients.record.state import Demographics
from patients.record.state_as_of import state_as_of
from tests.unit.patients.record.builders import SNOMED, allergy, concept, day, one, stored

AS_OF = day("2026-11-20")


def status(*resources):
    facts = [fact for resource in resources for fact in stored(resource)]
    return allergy_status(state_as_of(Demographics(), facts, AS_OF))


@pytest.mark.parametrize(
    ("more", "quality", "end"),
    [
        ({}, "usable", None),
        ({"onsetDateTime": "2009"}, "usable", None),
        ({"recordedDate": None}, "verify", None),
        ({"verificationStatus": concept("urn:v", "unconfirmed")}, "verify", None),
        ({"verificationStatus": concept("urn:v", "refuted")}, "inactive", None),
        ({"verificationStatus": concept("urn:v", "entered-in-error")}, "inactive", None),
        ({"clinicalStatus": concept("urn:c", "resolved")}, "usable", "2010-01-01"),
    ],
)
def test_standing(more, quality, end):
    draft = one(allergy(**more))
    assert (draft.concept, draft.value_code, draft.quality) == ("allergy", "listed", quality)
    assert draft.end_at == (day(end) if end else None)


def test_resolved_without_a_date_is_not_listed():
    resolved = allergy(recordedDate=None, clinicalStatus=concept("urn:c", "resolved"))
    assert one(resolved).quality == "inactive"


def test_a_text_is_enough_to_warn():
    draft = one(allergy(code={"text": "strawberries"}))
    assert (draft.display, draft.quality) == ("strawberries", "usable")


def test_listed():
    found = status(allergy(), allergy("716186003", id="a2"))
    assert found.kind == "listed"
    assert [value.code for value in found.listed] == ["listed"]


def test_none_confirmed():
    assert status(allergy("716186003")).kind == "none_confirmed"


def test_not_recorded():
    assert status().kind == "not_recorded"
    refuted = allergy(verificationStatus=concept("urn:v", "refuted"))
    assert status(refuted).kind == "not_recorded"


def test_no_drug_allergy_is_not_no_allergy():
    found = status(allergy("409137002"))
    assert (found.kind, found.partly_none) == ("not_recorded", ("none_known_drug",))


def test_an_allergy_beside_a_denial_in_one_code_is_an_allergy():
    assert one(allergy(code=concept(SNOMED, "716186003", "91935009"))).value_code == "listed"
