"""What became of a person after a prediction, as far as the record tells. Pure.

Follow-up ends with the event, death, the horizon, or the last contact: the newest dated fact. Nobody
knows what happened after it. Who was last seen long ago may have had the event elsewhere, and an
event is itself a contact: so a second sum counts everybody without a recorded event as free of it to
this day. The truth lies between, where the record misses nothing.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Literal

from models_engine.catalogue.outcome_event import OutcomeEvent

DAYS_A_YEAR = 365.25
Excluded = Literal["before", "undated"]


@dataclass(frozen=True, slots=True)
class Recorded:
    """One fact of a concept. `at` is None when nobody says when; `onset` False: dated by when it
    was written down."""

    concept: str
    at: datetime | None
    recorded_at: datetime
    onset: bool = True


@dataclass(frozen=True, slots=True)
class Course:
    """What the record holds of one person today. `died_undated`: dead, nobody says since when."""

    facts: Sequence[Recorded] = ()
    died_at: datetime | None = None
    died_undated: bool = False
    last_contact: datetime | None = None


@dataclass(frozen=True, slots=True)
class Followed:
    """Shares of the horizon, 0 to 1: to the last contact, and to this day. `without_onset`: the
    event is dated by when it was written down."""

    share: float
    share_to_now: float
    event: bool
    without_onset: bool = False


def follow(
    as_of: datetime, horizon_years: float, event: OutcomeEvent, course: Course, *, now: datetime
) -> Followed | Excluded:
    """One person from `as_of` on.

    "before": the event, or death, was there already, also if it became known later; or was known
    ahead. "undated": it is recorded, and nobody says when. What is dated after `now` is a plan.
    """
    died = course.died_at if course.died_at is not None and course.died_at <= now else None
    if course.died_undated:
        return "undated"
    if died is not None and died <= as_of:
        return "before"
    facts = [fact for fact in course.facts if fact.concept in event.concepts]
    if event.first:
        if any(fact.at is not None and _was_there(fact, as_of) for fact in facts):
            return "before"
        if any(fact.at is None for fact in facts):
            return "undated"
    after = [
        fact
        for fact in facts
        if fact.at is not None and as_of < fact.at <= now and fact.recorded_at > as_of
    ]
    happened = {fact.at: fact.onset for fact in after if fact.at is not None}
    if event.death and died is not None:
        happened.setdefault(died, True)
    horizon = timedelta(days=horizon_years * DAYS_A_YEAR)
    end = as_of + horizon
    first = min(happened, default=None)
    if first is not None and first <= end and (died is None or first <= died):
        share = (first - as_of) / horizon
        return Followed(share, share, True, not happened[first])
    seen = died or (min(course.last_contact, now) if course.last_contact else as_of)
    return Followed(
        max(0.0, (min(seen, end) - as_of) / horizon),
        max(0.0, (min(died or now, end) - as_of) / horizon),
        False,
    )


def _was_there(fact: Recorded, as_of: datetime) -> bool:
    return fact.at is not None and (fact.at <= as_of or fact.recorded_at <= as_of)
