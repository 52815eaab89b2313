"""How people like a patient of today fared: the one door from the vectors to the pages.

What goes out is shares and words; exact counts and people stay in here.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from django.conf import settings

from models_engine.catalogue.similarity.embedding import (
    AGE,
    FEATURES,
    MOST_AGE_BANDS,
    MOST_UNKNOWN,
    YOUNGEST,
    Feature,
    bands_of,
    unknown_of,
)
from models_engine.monitoring.courses import Courses
from models_engine.monitoring.follow_up import Course
from patients.models import Patient
from patients.record.state import State
from patients.terminology.encounters import INPATIENT
from twinportal.similar import outcomes
from twinportal.similar.anchors import HORIZONS
from twinportal.similar.disclosure import Told, least, people_text, told
from twinportal.similar.models import PastTwin
from twinportal.similar.reading import values_of, why_not_compared
from twinportal.similar.selectors import Asking, people_alike

Why = Literal["", "not_for", "unknown", "too_few"]


@dataclass(frozen=True)
class Fared:
    """What became of those who had not had the event before."""

    id: str
    label: str
    told: Told


@dataclass(frozen=True)
class Alike:
    """One feature: what the patient has, and how many of those compared have the same."""

    feature: Feature
    own: str
    same: Told | None
    missing: Told


@dataclass(frozen=True)
class Comparison:
    """`why` says why there are no numbers, `reason` the same for clinicians.

    `people` were followed for `years` and are those counted; `lost` are alike and were not followed.
    `had`: labels of events that the patient has had, of which only first ones are counted.
    """

    why: Why
    reason: str = ""
    years: int = 0
    people: str = ""
    lost: str = ""
    sex: str = ""
    youngest: int = 0
    oldest: int | None = None
    fared: tuple[Fared, ...] = ()
    alike: tuple[Alike, ...] = ()
    had: tuple[str, ...] = ()


def compare(patient: Patient, state: State, *, now: datetime) -> Comparison:
    """People like this patient, over the longest time for which enough of them were followed."""
    asking = _asking(patient, state)
    if isinstance(asking, Comparison):
        return asking
    k = settings.SIMILAR_K
    for years in HORIZONS:
        found = people_alike(asking, years, now=now)
        if len(found) < least(k):
            continue
        courses = Courses(outcomes.CONCEPTS, now=now, of=[row.patient_id for row in found])
        pairs = [(row, courses.of(row.patient_id)) for row in found]
        followed = [
            (row, course)
            for row, course in pairs
            if outcomes.is_followed(course, row.as_of, years, now=now)
        ]
        if len(followed) < least(k):
            continue
        lost = len(found) - len(followed)
        shown = _comparison(asking, followed, lost, years, k=k, now=now)
        if any(one.told.kind != "few" for one in shown.fared):
            return shown
    few = f"Fewer than {least(k)} people here were like this and were followed since."
    return Comparison("too_few", few)


def _asking(patient: Patient, state: State) -> Asking | Comparison:
    reason = why_not_compared(state)
    if not patient.active:
        reason = "The record was deleted."
    if reason:
        return Comparison("not_for", reason)
    values = values_of(state)
    unknown = unknown_of(values)
    if unknown > MOST_UNKNOWN:
        reason = f"{unknown} of the measured features are not recorded in the last two years."
        return Comparison("unknown", reason)
    had = frozenset(
        one.id
        for one in outcomes.EVENTS
        if one.event.first and any(state.history(concept) for concept in one.event.concepts)
    )
    return Asking(patient, state.sex, values, had)


def _comparison(
    asking: Asking,
    followed: Sequence[tuple[PastTwin, Course]],
    lost: int,
    years: int,
    *,
    k: int,
    now: datetime,
) -> Comparison:
    band = asking.age_band
    low, high = band - MOST_AGE_BANDS, band + MOST_AGE_BANDS
    courses = [(row.as_of, course) for row, course in followed]
    return Comparison(
        why="",
        years=years,
        people=people_text(len(followed), k),
        lost=people_text(lost, k),
        sex=asking.sex,
        youngest=int(AGE.cuts[low - 1]) if low > 0 else YOUNGEST,
        oldest=int(AGE.cuts[high]) - 1 if high < len(AGE.cuts) else None,
        fared=tuple(
            Fared(one.id, one.label, _fared(one, courses, years, k=k, now=now))
            for one in outcomes.EVENTS
            if one.id not in asking.had
        ),
        alike=_alike(asking, [row for row, _ in followed], k),
        had=tuple(one.label for one in outcomes.EVENTS if one.id in asking.had),
    )


def _fared(
    one: outcomes.Counted,
    courses: Sequence[tuple[datetime, Course]],
    years: int,
    *,
    k: int,
    now: datetime,
) -> Told:
    if one.event.concepts == (INPATIENT,):
        # where hardly anybody has a stay, stays are not sent: that says nothing of people
        ever = sum(any(f.concept == INPATIENT for f in course.facts) for _, course in courses)
        if ever < k:
            return Told("few")
    counted = outcomes.count(one.event, courses, years, now=now)
    return told(counted.events, counted.people, k)


def _alike(asking: Asking, rows: Sequence[PastTwin], k: int) -> tuple[Alike, ...]:
    """Feature by feature; of a medicine or condition, the share who had the same answer."""
    bands = [bands_of(row.vector) for row in rows]
    found = []
    for feature in FEATURES:
        theirs = [one[feature.id] for one in bands]
        value = asking.values[feature.id]
        own = feature.band(value) if value is not None else None
        same = told(sum(band == own for band in theirs), len(rows), k) if own is not None else None
        missing = told(sum(band is None for band in theirs), len(rows), k)
        shown = feature.band_text(own) if own is not None else "not recorded in two years"
        found.append(Alike(feature, shown, same, missing))
    return tuple(found)
