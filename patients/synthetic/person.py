"""A synthetic person before anything happens: traits, and what is bound to happen."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, timedelta

YEAR = 365.25


def years_before(day: date, years: float) -> date:
    return day - timedelta(days=round(years * YEAR))


def completed_years(birth: date, day: date) -> int:
    """Age in completed years."""
    return day.year - birth.year - ((day.month, day.day) < (birth.month, birth.day))


@dataclass(frozen=True, slots=True)
class Known:
    """A condition that the first doctor already finds, with its drugs by key."""

    condition: str
    onset: date
    drugs: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class Event:
    """Something that will happen on a day: `myocardial_infarction`, `stroke`, `pregnancy` ..."""

    condition: str
    day: date


@dataclass(frozen=True)
class Person:
    """Traits at the first visit, untreated. Slopes are per year; lipids in mmol/L, ACR in mg/g.

    `hba1c_drift` replaces `hba1c_slope` once glucose is treated.
    `late_rise` years before `last_visit`, pressure, LDL and HbA1c begin to climb, and
    `inertia` is the chance that a doctor lets a finding pass. `final` overrides readings of the
    last visit. `unmeasured` names readings that nobody ever takes.
    """

    index: int
    sex: str
    birth_date: date
    first_visit: date
    last_visit: date
    height_cm: float
    bmi: float
    bmi_slope: float
    sbp: float
    sbp_slope: float
    dbp_offset: float
    ldl: float
    hdl: float
    triglycerides: float
    hba1c: float
    hba1c_slope: float
    hba1c_drift: float
    egfr: float
    egfr_slope: float
    acr: float
    acr_growth: float
    heart_rate: float
    haemoglobin: float
    alt: float
    adherence: float
    inertia: float
    smoking: str
    quits_on: date | None = None
    late_rise: float = 0.0
    known: tuple[Known, ...] = ()
    events: tuple[Event, ...] = ()
    died_on: date | None = None
    unmeasured: frozenset[str] = frozenset()
    final: Mapping[str, float] = field(default_factory=dict)

    def age_on(self, day: date) -> int:
        return completed_years(self.birth_date, day)

    def smoking_on(self, day: date) -> str:
        return "former" if self.quits_on is not None and day >= self.quits_on else self.smoking
