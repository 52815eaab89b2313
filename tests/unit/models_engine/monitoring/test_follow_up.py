"""Who is followed from a prediction on, for how long, and what counts as the event."""

from datetime import UTC, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_engine.catalogue.outcome_event import DEATH, OutcomeEvent, a_further
from models_engine.monitoring.follow_up import DAYS_A_YEAR, Course, Followed, Recorded, follow
from models_engine.registry import every_calibration
from patients.terminology.conditions import CONDITIONS
from patients.terminology.encounters import NAMES

AS_OF = datetime(2026, 1, 1, 12, tzinfo=UTC)
NOW = AS_OF + timedelta(days=500)
STROKE = OutcomeEvent(("stroke",))


def day(number: float) -> datetime:
    return AS_OF + timedelta(days=number)


def stroke(number: float, *, recorded: float | None = None, onset: bool = True) -> Recorded:
    return Recorded("stroke", day(number), day(number if recorded is None else recorded), onset)


def followed(course: Course, event: OutcomeEvent = STROKE, years: float = 1.0) -> Followed:
    found = follow(AS_OF, years, event, course, now=NOW)
    assert isinstance(found, Followed)
    return found


def days(share: float, years: float = 1.0) -> float:
    return share * years * DAYS_A_YEAR


def test_an_event_within_the_horizon() -> None:
    found = followed(Course([stroke(100)], last_contact=day(400)))
    assert found.event and days(found.share) == pytest.approx(100)
    assert found.share == found.share_to_now


def test_one_after_the_horizon_does_not_count() -> None:
    found = followed(Course([stroke(370)], last_contact=day(400)))
    assert not found.event and found.share == 1.0


def test_the_last_contact_ends_follow_up_and_this_day_the_other_sum() -> None:
    found = followed(Course(last_contact=day(40)), years=10)
    assert days(found.share, 10) == pytest.approx(40)
    assert days(found.share_to_now, 10) == pytest.approx(500)
    assert followed(Course(last_contact=day(-3))).share == 0.0
    assert followed(Course()).share == 0.0
    ahead = followed(Course(last_contact=day(9000)), years=10)
    assert days(ahead.share, 10) == pytest.approx(500)


def test_death_ends_follow_up_or_is_the_event() -> None:
    dead = Course(died_at=day(50), last_contact=day(60))
    found = followed(dead)
    assert not found.event and days(found.share) == pytest.approx(50) == days(found.share_to_now)
    as_event = followed(dead, DEATH)
    assert as_event.event and days(as_event.share) == pytest.approx(50)
    # what is recorded after death happened before it, or is wrong: it is not an event in time
    late = followed(Course([stroke(70)], died_at=day(50), last_contact=day(60)))
    assert not late.event


@pytest.mark.parametrize("at", [-2000, -1, 0])
def test_what_was_there_at_the_prediction_never_counts(at: float) -> None:
    for more in ([], [stroke(30)]):
        course = Course([stroke(at), *more], last_contact=day(100))
        assert follow(AS_OF, 1, STROKE, course, now=NOW) == "before"
    assert follow(AS_OF, 1, DEATH, Course(died_at=day(at)), now=NOW) == "before"


def test_what_became_known_later_and_was_there_earlier_does_not_count() -> None:
    course = Course([stroke(-5, recorded=80)], last_contact=day(100))
    assert follow(AS_OF, 1, STROKE, course, now=NOW) == "before"


def test_what_was_known_ahead_does_not_count() -> None:
    course = Course([stroke(20, recorded=-10)], last_contact=day(100))
    assert follow(AS_OF, 1, STROKE, course, now=NOW) == "before"
    assert not followed(course, a_further("stroke")).event


def test_a_further_one_counts_beside_the_first() -> None:
    course = Course([stroke(-900), stroke(30)], last_contact=day(100))
    found = followed(course, a_further("stroke"))
    assert found.event and days(found.share) == pytest.approx(30)


def test_without_a_date_nobody_can_tell() -> None:
    undated = Recorded("stroke", None, day(30))
    assert follow(AS_OF, 1, STROKE, Course([undated]), now=NOW) == "undated"
    assert follow(AS_OF, 1, STROKE, Course(died_undated=True), now=NOW) == "undated"
    assert follow(AS_OF, 1, DEATH, Course(died_undated=True), now=NOW) == "undated"


def test_an_event_without_an_onset_is_told_apart() -> None:
    assert followed(Course([stroke(30, onset=False)])).without_onset
    assert not followed(Course([stroke(30)])).without_onset


def test_what_is_dated_ahead_is_a_plan() -> None:
    course = Course([stroke(501, recorded=20)], died_at=day(502), last_contact=day(400))
    found = followed(course, years=10)
    assert not found.event and days(found.share, 10) == pytest.approx(400)


def test_other_concepts_are_nothing_to_it() -> None:
    course = Course([Recorded("migraine", day(-9), day(-9))], last_contact=day(10))
    assert not followed(course).event


@given(
    st.lists(st.tuples(st.floats(-900, 900), st.floats(-900, 900)), max_size=4),
    st.none() | st.floats(-900, 900),
    st.none() | st.floats(-900, 900),
    st.floats(0.1, 30),
    st.booleans(),
)
def test_shares_are_shares(
    facts: list[tuple[float, float]],
    died: float | None,
    contact: float | None,
    years: float,
    first: bool,
) -> None:
    course = Course(
        [stroke(at, recorded=recorded) for at, recorded in facts],
        died_at=None if died is None else day(died),
        last_contact=None if contact is None else day(contact),
    )
    event = OutcomeEvent(("stroke",), first=first)
    found = follow(AS_OF, years, event, course, now=NOW)
    if isinstance(found, Followed):
        assert 0 <= found.share <= found.share_to_now <= 1 or found.event
        assert 0 <= found.share <= 1


def test_every_declared_event_is_something_that_the_record_can_hold() -> None:
    declared = {
        concept
        for model in every_calibration().values()
        for outcome in model.outcomes
        if outcome.event
        for concept in outcome.event.concepts
    }
    assert declared <= set(CONDITIONS) | set(NAMES)
    assert {"stroke", "dialysis", "heart_failure"} <= declared


def test_every_probability_says_how_its_event_is_recognised_or_that_it_is_not() -> None:
    without = {
        outcome.id
        for model in every_calibration().values()
        for outcome in model.outcomes
        if outcome.is_probability and outcome.event is None
    }
    assert without == {"egfr_decline_40", "ukpds_ihd"}
    with pytest.raises(ValueError, match="concepts"):
        OutcomeEvent()
