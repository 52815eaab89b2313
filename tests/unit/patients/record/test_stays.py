"""Stays read from a state: one definition of in hospital, index stay, visits and admissions before."""

from datetime import UTC, datetime, timedelta
from itertools import pairwise

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.record.state import Demographics
from patients.record.state_as_of import state_as_of
from patients.record.stays import (
    admission_of,
    admissions_before,
    disposition_of,
    emergency_before,
    emergency_visits_before,
    in_hospital,
    months_before,
    service_of,
    stays,
)
from tests.unit.patients.record.builders import SNOMED, concept, encounter, stored

NOW = datetime(2024, 6, 1, 12, tzinfo=UTC)
PRIORITY = "http://terminology.hl7.org/CodeSystem/v3-ActPriority"


def state(*encounters, as_of=NOW):
    facts = [
        fact
        for number, one in enumerate(encounters)
        for fact in stored(one, fhir_id=f"e{number}", recorded="2024-01-01")
    ]
    return state_as_of(Demographics(), facts, as_of)


def going_on(kind="IMP", start="2024-05-30T08:00:00Z", **more):
    return encounter(kind, start, None, status="in-progress", **more)


@pytest.mark.parametrize(
    ("resource", "concept_"),
    [
        (going_on(), "inpatient_stay"),
        (going_on("EMER"), "emergency_visit"),
        (going_on("OBSENC"), "observation_stay"),
        (encounter("IMP", "2024-05-30", "2024-06-03", status="in-progress"), "inpatient_stay"),
        (going_on(start=None), "inpatient_stay"),
        (encounter(), None),
        (going_on("AMB"), None),
        (going_on(start="2024-06-02"), None),
        (going_on() | {"status": "entered-in-error"}, None),
        (going_on() | {"status": "cancelled"}, None),
        (encounter("IMP", "2024-05-30", None), None),
    ],
)
def test_in_hospital_now(resource, concept_):
    found = in_hospital(state(resource))
    assert (found and found.concept) == concept_


@pytest.mark.parametrize(
    ("kind", "start", "is_there"),
    [
        ("EMER", "2024-05-30T08:00:00Z", True),
        ("EMER", "2024-05-29T08:00:00Z", False),
        ("OBSENC", "2024-05-26T08:00:00Z", True),
        ("OBSENC", "2024-05-25T08:00:00Z", False),
        ("IMP", "2023-06-03T08:00:00Z", True),
        ("IMP", "2023-06-01T08:00:00Z", False),
    ],
)
def test_an_encounter_that_nobody_closed_is_not_believed_for_ever(kind, start, is_there):
    assert (in_hospital(state(going_on(kind, start))) is not None) is is_there


def test_a_visit_that_nobody_closed_leads_to_no_later_stay_and_hides_no_later_visit():
    open_visit = going_on("EMER", "2024-01-01T08:00:00Z")
    later_visit = encounter("EMER", "2024-03-01T08:00:00Z", "2024-03-01T12:00:00Z")
    found = state(encounter(), open_visit, later_visit)
    (index,) = stays(found)
    assert admission_of(found, index) == ("", None)
    assert len(emergency_visits_before(found, index)) == 2


def test_encounters_that_overlap_are_one_stay():
    whole = encounter("IMP", "2024-05-01T08:00:00Z", "2024-05-20T10:00:00Z")
    ward = encounter("ACUTE", "2024-05-03T08:00:00Z", "2024-05-05T10:00:00Z")
    late = encounter("IMP", "2024-05-19T08:00:00Z", "2024-05-22T10:00:00Z")
    (one,) = stays(state(late, ward, whole))
    assert one.days == 21
    assert [v.resource_id for v in one.values] == ["e2", "e1", "e0"]
    (nested,) = stays(state(ward, whole))
    assert nested.days == 19


def test_a_stay_that_follows_another_is_one_of_its_own():
    first = encounter("IMP", "2024-05-01T08:00:00Z", "2024-05-05T10:00:00Z")
    second = encounter("IMP", "2024-05-05T10:00:00Z", "2024-05-09T10:00:00Z")
    assert [s.days for s in stays(state(first, second))] == [4, 4]


def test_a_stay_whose_end_nobody_recorded_has_no_length():
    (one,) = stays(state(encounter(end=None)))
    assert one.days is None
    assert one.end_at == one.start_at


def test_the_visit_that_led_to_the_stay():
    visit = encounter("EMER", "2024-05-02T20:00:00Z", "2024-05-03T04:00:00Z")
    before = encounter("EMER", "2024-05-01T08:00:00Z", "2024-05-01T12:00:00Z")
    found = state(encounter(), visit, before)
    (index,) = stays(found)
    assert emergency_before(found, index).resource_id == "e1"
    said, value = admission_of(found, index)
    assert (said, value.resource_id) == ("emergency", "e1")
    assert [v.resource_id for (v,) in emergency_visits_before(found, index)] == ["e2"]


def test_what_the_stay_says_of_itself_comes_first():
    elective = encounter(priority=concept(PRIORITY, "EL"))
    visit = encounter("EMER", "2024-05-02T20:00:00Z", "2024-05-03T04:00:00Z")
    found = state(elective, visit)
    said, value = admission_of(found, stays(found)[0])
    assert (said, value.resource_id) == ("elective", "e0")


@pytest.mark.parametrize(("hours", "led"), [(0, True), (24, True), (25, False)])
def test_a_visit_leads_to_a_stay_for_a_day(hours, led):
    end = datetime(2024, 5, 3, 9, tzinfo=UTC) - timedelta(hours=hours)
    start = end - timedelta(hours=3)
    found = state(encounter(), encounter("EMER", start.isoformat(), end.isoformat()))
    assert (admission_of(found, stays(found)[0])[0] == "emergency") is led
    assert len(emergency_visits_before(found, stays(found)[0])) == (not led)


@pytest.mark.parametrize(
    ("start", "counts"),
    [("2023-11-03T08:00:00Z", False), ("2023-11-03T10:00:00Z", True), ("2024-05-10", False)],
)
def test_visits_of_the_six_months_before(start, counts):
    found = state(encounter(), encounter("EMER", start, None))
    assert bool(emergency_visits_before(found, stays(found)[0])) is counts


def test_a_visit_that_was_sent_twice_is_one():
    visit = encounter("EMER", "2024-02-02T20:00:00Z", "2024-02-03T04:00:00Z")
    found = state(encounter(), visit, visit)
    assert len(emergency_visits_before(found, stays(found)[0])) == 1


@pytest.mark.parametrize(
    ("start", "end", "number"),
    [
        ("2023-05-03T08:00:00Z", "2023-05-09T08:00:00Z", 0),
        ("2023-05-03T10:00:00Z", "2023-05-09T08:00:00Z", 1),
        ("2024-04-30", None, 1),
    ],
)
def test_admissions_of_the_year_before(start, end, number):
    found = state(encounter(), encounter("IMP", start, end))
    index = next(s for s in stays(found) if s.days == 5)
    assert len(admissions_before(found, index)) == number


def test_disposition_and_service_are_those_of_the_encounter_that_ended_last():
    def with_end(end, code, number):
        disposition = "http://terminology.hl7.org/CodeSystem/discharge-disposition"
        return encounter(
            end=end,
            hospitalization={"dischargeDisposition": concept(disposition, code)},
            serviceType=concept(SNOMED, number),
        )

    found = state(
        with_end("2024-05-06T11:00:00Z", "other-hcf", "394579002"),
        with_end("2024-05-08T11:00:00Z", "home", "394593009"),
    )
    (index,) = stays(found)
    assert disposition_of(found, index) == "home"
    assert service_of(found, index).code == "oncology"


@pytest.mark.parametrize(
    ("at", "months", "before"),
    [
        ("2024-08-31", 6, "2024-02-29"),
        ("2023-08-31", 6, "2023-02-28"),
        ("2024-03-15", 6, "2023-09-15"),
        ("2024-01-01", 12, "2023-01-01"),
    ],
)
def test_months_before(at, months, before):
    moment = datetime.fromisoformat(at).replace(tzinfo=UTC)
    assert months_before(moment, months).date().isoformat() == before


hours = st.integers(0, 24 * 500)
spans = st.tuples(hours, st.none() | st.integers(0, 24 * 40))


@given(st.lists(spans, max_size=8))
def test_stays_do_not_overlap_and_hold_every_encounter_once(drawn):
    origin = datetime(2023, 1, 1, tzinfo=UTC)
    sent = []
    for start, length in drawn:
        at = origin + timedelta(hours=start)
        end = None if length is None else (at + timedelta(hours=length)).isoformat()
        sent.append(
            encounter("IMP", at.isoformat(), end, status="finished" if end else "in-progress")
        )
    found = stays(state(*sent))
    held = [v.resource_id for stay in found for v in stay.values]
    began = [value.resource_id for value in state(*sent).series("inpatient_stay")]
    assert sorted(held) == sorted(began)
    for later, earlier in pairwise(found):
        # one that nobody closed ends nowhere, and takes in what began within a year
        open_until = earlier.start_at + timedelta(days=365)
        assert (earlier.end_at or open_until) <= later.start_at
    for stay in found:
        assert stay.end_at is None or stay.start_at <= stay.end_at
        assert (stay.days is None) == (stay.end_at is None)
        if stay.days is not None:
            elapsed = (stay.end_at - stay.start_at) / timedelta(days=1)
            assert abs(stay.days - elapsed) <= 1
