"""Which changes of treatment may move which measurement. Classes are those of the medication table.

[J]: which classes move what is general knowledge, not a source. A dose, and a class that the table
does not tell apart, are not known; a forecast says when such medicines changed.
"""

from collections.abc import Iterable, Mapping
from datetime import datetime, timedelta

from patients.terminology.medications import (
    ANTIHYPERTENSIVE,
    GLUCOSE_LOWERING,
    INSULIN,
    NSAID,
    STATIN,
    VITAMIN_K_ANTAGONIST,
)

_PRESSURE = (ANTIHYPERTENSIVE, NSAID)
_SUGAR = (GLUCOSE_LOWERING, INSULIN)
MOVED_BY: Mapping[str, tuple[str, ...]] = {
    "systolic_bp": _PRESSURE,
    "diastolic_bp": _PRESSURE,
    "heart_rate": (ANTIHYPERTENSIVE,),
    "total_cholesterol": (STATIN,),
    "ldl_cholesterol": (STATIN,),
    "hdl_cholesterol": (STATIN,),
    "triglycerides": (STATIN,),
    "hba1c": _SUGAR,
    "glucose": _SUGAR,
    "glucose_fasting": _SUGAR,
    "weight": _SUGAR,
    "bmi": _SUGAR,
    "waist": _SUGAR,
    "creatinine": _PRESSURE,
    "egfr": _PRESSURE,
    "potassium": _PRESSURE,
    "sodium": _PRESSURE,
    "inr": (VITAMIN_K_ANTAGONIST,),
    "alt": (STATIN,),
    "ast": (STATIN,),
}
# a gap shorter than this between two exposures to one drug is a late refill, not a stop: [J]
REFILL_GAP = timedelta(days=60)

Period = tuple[datetime, datetime | None]


def periods(exposures: Iterable[Period]) -> list[Period]:
    """Intervals of one drug joined over overlaps and late refills, oldest first; None: goes on."""
    joined: list[Period] = []
    for begin, end in sorted(exposures, key=lambda period: period[0]):
        if end is not None and end <= begin:
            continue
        if joined:
            first, last = joined[-1]
            if last is None:
                continue
            if begin <= last + REFILL_GAP:
                joined[-1] = (first, None if end is None else max(last, end))
                continue
        joined.append((begin, end))
    return joined


def changes(by_drug: Mapping[str, Iterable[Period]], until: datetime) -> list[datetime]:
    """Moments at which one of the drugs started or stopped, up to `until`; one a day, ascending.

    A switch from one drug to another on a day is one change.
    """
    moments = {
        moment
        for exposures in by_drug.values()
        for period in periods(exposures)
        for moment in period
        if moment is not None and moment <= until
    }
    by_day = {moment.date(): moment for moment in sorted(moments, reverse=True)}
    return sorted(by_day.values())
