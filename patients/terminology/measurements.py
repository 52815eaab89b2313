"""Measurement and coded-observation concepts: what they are called, in which unit, how far they go.

The tables are `concepts/measurements.csv`, `coded_observations.csv` and `observation_codes.csv`.
Evidence tags there: [S] seen in a source, [M] from general knowledge and not yet verified, [J] our
judgement. Usual limits are the cleaning rules of a primary-care data set, impossible limits ours.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import timedelta

from patients.terminology import tables
from patients.terminology.codings import Code, code_in
from patients.terminology.spans import span

_COLUMNS = (
    "concept,display,plain_name,unit,usual_low,usual_high,possible_low,possible_high,usual_for,"
    "max_age,unitless,refines,evidence,note"
)


@dataclass(frozen=True, slots=True)
class MeasurementConcept:
    """A quantity. All four limits are inclusive and in `unit`, the canonical UCUM unit.

    Outside usual (of `usual_for`, if that is not everybody): used, and marked "verify". Outside
    possible: kept, and never fed to a model.
    `max_age` is how old a value may be for a prediction unless the model says otherwise.
    """

    id: str
    display: str
    plain_name: str
    unit: str
    usual_low: float
    usual_high: float
    possible_low: float
    possible_high: float
    usual_for: str
    max_age: timedelta | None
    unitless: bool
    refines: str
    evidence: str
    note: str

    def __post_init__(self) -> None:
        if not self.possible_low <= self.usual_low <= self.usual_high <= self.possible_high:
            raise ValueError(f"{self.id}: limits are out of order")

    def is_possible(self, value: float) -> bool:
        return self.possible_low <= value <= self.possible_high

    def is_usual(self, value: float) -> bool:
        return self.usual_low <= value <= self.usual_high

    @property
    def max_age_days(self) -> int | None:
        """Whole days; an hour's limit is given as 0 days: only the same day can satisfy it."""
        return None if self.max_age is None else self.max_age.days


@dataclass(frozen=True, slots=True)
class CodedConcept:
    """An observation whose value is a code. `not_informative` values never feed a model."""

    id: str
    display: str
    plain_name: str
    max_age: timedelta | None
    not_informative: frozenset[str]

    @property
    def max_age_days(self) -> int | None:
        return None if self.max_age is None else self.max_age.days


ObservationConcept = MeasurementConcept | CodedConcept


@dataclass(frozen=True, slots=True)
class ObservationCode:
    """A code of an observation and the concept that it means.

    `refused_unit` is a unit that is ambiguous under this very code: percent of the IFCC HbA1c code
    may be IFCC or NGSP percent.
    """

    code: Code
    concept: ObservationConcept
    display: str
    refused_unit: str


def _measurements() -> Mapping[str, MeasurementConcept]:
    return {
        row["concept"]: MeasurementConcept(
            id=row["concept"],
            display=row["display"],
            plain_name=row["plain_name"],
            unit=row["unit"],
            usual_low=float(row["usual_low"]),
            usual_high=float(row["usual_high"]),
            possible_low=float(row["possible_low"]),
            possible_high=float(row["possible_high"]),
            usual_for=row["usual_for"],
            max_age=span(row["max_age"]),
            unitless=row["unitless"] == "yes",
            refines=row["refines"],
            evidence=row["evidence"],
            note=row["note"],
        )
        for row in tables.rows("measurements", _COLUMNS)
    }


def _coded() -> Mapping[str, CodedConcept]:
    columns = "concept,display,plain_name,max_age,not_informative,evidence,note"
    return {
        row["concept"]: CodedConcept(
            id=row["concept"],
            display=row["display"],
            plain_name=row["plain_name"],
            max_age=span(row["max_age"]),
            not_informative=frozenset(row["not_informative"].split()),
        )
        for row in tables.rows("coded_observations", columns)
    }


def _observation_codes() -> Mapping[Code, ObservationCode]:
    found: dict[Code, ObservationCode] = {}
    columns = "concept,system,code,display,refused_unit,evidence"
    for row in tables.rows("observation_codes", columns):
        code = code_in(row["system"], row["code"])
        if code in found:
            raise ValueError(f"observation_codes.csv: {code} twice")
        concept = OBSERVATIONS[row["concept"]]
        found[code] = ObservationCode(code, concept, row["display"], row["refused_unit"])
    return found


MEASUREMENTS: Mapping[str, MeasurementConcept] = _measurements()
CODED: Mapping[str, CodedConcept] = _coded()
OBSERVATIONS: Mapping[str, ObservationConcept] = {**MEASUREMENTS, **CODED}
_BY_CODE = _observation_codes()


def observation_of(code: Code) -> ObservationCode | None:
    """What an observation code means; None for one outside the input catalogue."""
    return _BY_CODE.get(code)


def codes_of(concept: str) -> tuple[ObservationCode, ...]:
    """Every code that is read as the concept, in the table's order: the first is preferred."""
    return tuple(entry for entry in _BY_CODE.values() if entry.concept.id == concept)
