"""Which events are counted among people alike, and what became of each of them."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

from models_engine.catalogue.outcome_event import (
    CARDIOVASCULAR,
    DEATH,
    KIDNEY_FAILURE,
    OutcomeEvent,
)
from models_engine.monitoring.follow_up import Course, follow
from patients.terminology.encounters import INPATIENT
from twinportal.similar.anchors import GRACE, length


@dataclass(frozen=True)
class Counted:
    """An event that is counted; `label` for clinicians, patients have words of their own."""

    id: str
    label: str
    event: OutcomeEvent


EVENTS = (
    Counted("cardiovascular", "Coronary heart disease, stroke or heart failure", CARDIOVASCULAR),
    Counted("kidney_failure", "Kidney failure, dialysis or kidney transplant", KIDNEY_FAILURE),
    Counted(
        "diabetes",
        "Diabetes",
        OutcomeEvent(("diabetes_type_1", "diabetes_type_2", "diabetes_other")),
    ),
    Counted("hospital_stay", "A stay in hospital", OutcomeEvent((INPATIENT,), first=False)),
    Counted("death", "Death of any cause", DEATH),
)
CONCEPTS = tuple(sorted({concept for one in EVENTS for concept in one.event.concepts}))


@dataclass(frozen=True)
class Count:
    """Exact, and never shown: how many had it, of those who had not had it before."""

    events: int
    people: int


def is_followed(course: Course, as_of: datetime, years: int, *, now: datetime) -> bool:
    """Whether the record tells of the whole time: to its end, but for the grace, or to death.

    The same for who had an event and who had none.
    """
    if course.died_undated:
        return False
    end = as_of + length(years)
    died, seen = course.died_at, course.last_contact
    if died is not None and as_of < died <= min(end, now):
        return True
    return seen is not None and seen >= end - GRACE[years]


def count(
    event: OutcomeEvent,
    followed: Sequence[tuple[datetime, Course]],
    years: int,
    *,
    now: datetime,
) -> Count:
    """Among people who were followed, each from a day of their own."""
    found = [follow(as_of, years, event, course, now=now) for as_of, course in followed]
    counted = [one for one in found if not isinstance(one, str)]
    return Count(sum(one.event for one in counted), len(counted))
