"""One measurement of one twin as a forecast reads it: values, their times, changes of treatment."""

import hashlib
import json
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta

import numpy as np

from models_engine.catalogue.contract import FEMALE, MALE, FloatArray
from models_engine.catalogue.risk.ckd_epi_2021 import ADULT_AGE
from models_engine.catalogue.risk.ckd_epi_2021 import egfr as ckd_epi
from models_engine.catalogue.trajectory.measurement import MeasurementSpec
from models_engine.catalogue.trajectory.treatments import MOVED_BY, Period, changes
from patients.record.age import completed_years
from patients.record.state import State
from patients.record.value import Value
from patients.terminology.medications import OTHER

YEAR = timedelta(days=365.25)
# a value dated to a month or a year has no place on a time axis of days
PRECISE = ("day", "time")
SEX_CODES = {"female": FEMALE, "male": MALE}
AS_REPORTED = "As reported by the laboratory, whose equation is not known."
OTHER_MEDICINES = (
    "Other medicines started or stopped since the last measurement. Whether they move it is not "
    "known here."
)


@dataclass(frozen=True)
class Point:
    """A measured value, its number in the forecast's unit, and the fact it is from."""

    at: datetime
    number: float
    value: Value


@dataclass(frozen=True)
class Series:
    """Points oldest first; `medicines` are the facts behind `changes`, ascending."""

    points: tuple[Point, ...]
    changes: tuple[datetime, ...]
    medicines: tuple[Value, ...]
    notes: tuple[str, ...]

    def arrays(self, as_of: datetime) -> tuple[FloatArray, FloatArray, FloatArray]:
        """Times and values, and times of changes, in years relative to `as_of`."""
        return (
            np.array([years(point.at, as_of) for point in self.points]),
            np.array([point.number for point in self.points]),
            np.array([years(moment, as_of) for moment in self.changes]),
        )

    def until(self, moment: datetime) -> "Series":
        """What the record says of it up to a moment."""
        return Series(
            tuple(point for point in self.points if point.at <= moment),
            tuple(change for change in self.changes if change <= moment),
            tuple(value for value in self.medicines if value.effective_at <= moment),
            (),
        )

    @property
    def facts(self) -> Iterator[int]:
        """Primary keys of the facts it rests on."""
        for value in (*(point.value for point in self.points), *self.medicines):
            if value.fact_id is not None:
                yield value.fact_id

    def input_hash(self, version: str) -> str:
        """Identity of what a forecast is made from, its parameters included."""
        content = [
            version,
            [[p.at.isoformat(), repr(p.number), p.value.resource_id] for p in self.points],
            [moment.isoformat() for moment in self.changes],
            list(self.notes),
        ]
        return hashlib.sha256(json.dumps(content, separators=(",", ":")).encode()).hexdigest()


def years(moment: datetime, as_of: datetime) -> float:
    """Years from `as_of` to `moment`, negative before it."""
    return (moment - as_of) / YEAR


def series_of(state: State, spec: MeasurementSpec) -> Series:
    """What the record says of the measurement as of the state's moment."""
    points, notes = points_of(state, spec.concept)
    medicines = tuple(
        value for class_ in MOVED_BY.get(spec.concept, ()) for value in state.series(class_)
    )
    moments = tuple(changes(_by_drug(medicines), state.as_of))
    if points:
        other = changes(_by_drug(state.series(OTHER)), state.as_of)
        if any(moment >= points[-1].at for moment in other):
            notes = (*notes, OTHER_MEDICINES)
        moments = tuple(moment for moment in moments if moment >= points[0].at)
    return Series(points, moments, medicines if moments else (), notes)


def _by_drug(values: tuple[Value, ...]) -> Mapping[str, list[Period]]:
    found: dict[str, list[Period]] = {}
    for value in values:
        found.setdefault(value.code, []).append((value.effective_at, value.end_at))
    return found


def points_of(state: State, concept: str) -> tuple[tuple[Point, ...], tuple[str, ...]]:
    """The values, oldest first, and what must be said of them."""
    if concept != "egfr":
        return _measured(state, concept), ()
    computed = tuple(_from_creatinine(state))
    if computed:
        return computed, ()
    reported = _measured(state, "egfr_reported")
    return reported, (AS_REPORTED,) if reported else ()


def _measured(state: State, concept: str) -> tuple[Point, ...]:
    """Of several values of one date without a time, the one that models use."""
    points: dict[datetime, Point] = {}
    for value in state.series(concept):
        if value.value is not None and value.precision in PRECISE:
            points.setdefault(value.effective_at, Point(value.effective_at, value.value, value))
    return tuple(reversed(points.values()))


def _from_creatinine(state: State) -> Iterator[Point]:
    """CKD-EPI 2021 at the age on each day; nothing for a child or an unknown sex."""
    sex, born = SEX_CODES.get(state.sex), state.birth_date
    if sex is None or born is None:
        return
    for point in _measured(state, "creatinine"):
        age = completed_years(born, state.birth_date_precision, point.value.effective_date)
        if age is not None and age >= ADULT_AGE:
            arrays = (np.array([x]) for x in (float(age), sex, point.number))
            yield Point(point.at, float(ckd_epi(*arrays)[0]), point.value)
