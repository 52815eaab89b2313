"""The diabetes page: UKPDS OM2 over years, with UKPDS 90 risk-factor paths, for one patient."""

from dataclasses import dataclass
from datetime import datetime
from functools import cached_property
from typing import Any

from explain.figures.course import CourseFigure, course_figure
from explain.wording.numbers import frequency, percent
from models_engine.catalogue.contract import Refusal
from models_engine.catalogue.feature_set import InputUsed
from models_engine.catalogue.mechanistic import ukpds_paths
from models_engine.catalogue.mechanistic.parameters import Parameter
from models_engine.catalogue.mechanistic.refusing import RefusedError
from models_engine.catalogue.mechanistic.twins import UKPDS_COURSE
from models_engine.catalogue.mechanistic.ukpds_course import (
    TIMES,
    UNCERTAINTY,
    Course,
    ukpds_course,
)
from models_engine.catalogue.risk.ukpds_equations import HISTORY
from models_engine.catalogue.risk.ukpds_inputs import ALL
from models_engine.features import build_features
from models_engine.registry import model
from patients.models import Patient
from patients.record.loading import state_of
from patients.selectors.mappings import readings
from twinportal.dashboards.clinician.simulation_inputs import PatientInputs
from twinportal.dashboards.clinician.trends import unit_text
from twinportal.dashboards.clinician.twin_page import Banner

# the one-year model that reads every input of the others
READS_EVERYTHING = "ukpds_om2_death"
# in the order of the page: a first one, and one after the first where that can happen
LABELS = {
    "heart_failure": ("Heart failure", ""),
    "ihd": ("Ischaemic heart disease", ""),
    "mi": ("Myocardial infarction", "Further myocardial infarction"),
    "stroke": ("Stroke", "Further stroke"),
    "blindness": ("Blindness in one eye", ""),
    "ulcer": ("Foot ulcer", ""),
    "amputation": ("Amputation", "Further amputation"),
    "renal_failure": ("Kidney failure", ""),
}
# decimals of a risk factor in the tables; those with a figure first
DECIMALS = {
    "hba1c": 2,
    "systolic_bp": 1,
    "ldl_cholesterol": 2,
    "hdl_cholesterol": 2,
    "bmi": 1,
    "heart_rate": 1,
    "wbc": 1,
    "haemoglobin": 1,
}
DRAWN = ("hba1c", "systolic_bp", "ldl_cholesterol", "hdl_cholesterol", "bmi")
ALREADY = "recorded already; the equations know no further one"


def _span(years: int) -> str:
    return "1 year" if years == 1 else f"{years} years"


@dataclass(frozen=True)
class EventRow:
    """One event: by the end of each year in percent, and at the horizon as texts.

    `why_not` says why there is no probability; then there are no values either.
    """

    label: str
    percents: tuple[str, ...] = ()
    out_of: str = ""
    figure: CourseFigure | None = None
    why_not: str = ""

    @property
    def at_horizon(self) -> str:
        return self.percents[-1]

    @property
    def summary(self) -> str:
        """The picture in a sentence."""
        return f"{self.label}: {self.at_horizon} within {_span(len(self.percents) - 1)}."


@dataclass(frozen=True)
class FactorColumn:
    """The mean path of one risk factor, today's value first."""

    label: str
    unit: str
    values: tuple[str, ...]
    figure: CourseFigure | None

    @property
    def summary(self) -> str:
        """The picture in a sentence."""
        first, last = self.values[0], self.values[-1]
        after = _span(len(self.values) - 1)
        return f"{self.label} from {first} to {last} {self.unit} after {after}."


class DiabetesCoursePage:
    """`given` is what was chosen, cleaned; without it there is no course."""

    def __init__(self, patient: Patient, given: dict[str, Any], now: datetime) -> None:
        self.patient = patient
        state = state_of(patient.pk, now)
        self.banner = Banner(patient, state, now)
        self.features = build_features(model(READS_EVERYTHING), state)
        self.refusals: tuple[Refusal, ...] = self.features.refusals
        self.course: Course | None = None
        if given and not self.refusals:
            try:
                self.course = ukpds_course(self.features.values, given["years"])
            except RefusedError as error:
                self.refusals = error.refusals

    @cached_property
    def inputs(self) -> PatientInputs:
        """What was read; what is assumed absent stands in a list of its own."""
        used = tuple(
            one
            for one in self.features.sources.values()
            if one.value is not None and one.status != "assumed_absent"
        )
        return PatientInputs(dict(self.features.values), used, self.refusals, tuple(self.warnings))

    @property
    def assumed(self) -> tuple[InputUsed, ...]:
        """Conditions that count as absent because none is recorded."""
        return self.features.assumed

    @property
    def warnings(self) -> list[str]:
        """What a reader should know of this patient's inputs."""
        absent = {f"{one.label}: {one.note}." for one in self.assumed}
        return [note for note in self.features.notes if note not in absent]

    @property
    def held(self) -> list[tuple[str, str]]:
        """What stays as it is today: its name, and today's value."""
        sources = self.features.sources
        return [(label, sources[concept].display) for concept, label in ukpds_paths.HELD.items()]

    @property
    def years(self) -> list[int]:
        return [] if self.course is None else [int(year) for year in self.course.years]

    @cached_property
    def events(self) -> list[EventRow]:
        """Every event, and death; with a number first."""
        course = self.course
        if course is None:
            return []
        values = self.features.values
        found = []
        for event, (first, further) in LABELS.items():
            has_had = bool(values[HISTORY[event]])
            if has_had and TIMES[event] == 1:
                found.append(EventRow(first, why_not=ALREADY))
            else:
                found.append(self._event(further if has_had else first, course.events[event]))
        found.append(self._event("Death", course.death))
        return found

    def _event(self, label: str, cumulative: Any) -> EventRow:
        chances = [float(min(max(p, 0.0), 1.0)) for p in cumulative]
        figure = course_figure(
            [float(year) for year in self.years], [100.0 * p for p in chances], up_to=self._highest
        )
        shown = tuple("0 %" if year == 0 else percent(p) for year, p in enumerate(chances))
        return EventRow(label, shown, frequency(chances[-1]).out_of, figure)

    @property
    def _highest(self) -> float:
        """In percent: all events are drawn to one scale."""
        if self.course is None:
            return 0.0
        ends = [float(path[-1]) for path in self.course.events.values()]
        return 100.0 * max(*ends, float(self.course.death[-1]))

    @property
    def drawn(self) -> list[EventRow]:
        return [row for row in self.events if not row.why_not]

    @property
    def event_table(self) -> list[tuple[int, list[str]]]:
        """The values of the figures: a year, then each event by its end."""
        return [(year, [row.percents[year] for row in self.drawn]) for year in self.years]

    @cached_property
    def factors(self) -> list[FactorColumn]:
        """The risk factors that move."""
        if self.course is None:
            return []
        paths = self.course.paths
        return [self._factor(concept, [float(v) for v in paths[concept]]) for concept in DECIMALS]

    def _factor(self, concept: str, path: list[float]) -> FactorColumn:
        years = [float(year) for year in self.years]
        figure = course_figure(years, path, from_zero=False) if concept in DRAWN else None
        shown = tuple(f"{value:.{DECIMALS[concept]}f}" for value in path)
        return FactorColumn(ALL[concept].label, unit_text(ALL[concept].unit), shown, figure)

    @property
    def factor_table(self) -> list[tuple[int, list[str]]]:
        """A year, then each risk factor at its end."""
        return [(year, [row.values[year] for row in self.factors]) for year in self.years]

    @property
    def life_years(self) -> str:
        return "" if self.course is None else f"{self.course.life_years:.1f}"

    @property
    def uncertainty(self) -> str:
        return UNCERTAINTY

    @property
    def label(self) -> str:
        return ukpds_paths.LABEL

    @property
    def parameters(self) -> list[Parameter]:
        return list(UKPDS_COURSE.parameters())

    @cached_property
    def readings(self) -> dict[int, str]:
        """What is said of every mapping that has read something on the page."""
        numbers = {n for one in self.features.sources.values() for n in one.read_by()}
        numbers |= {n for refusal in self.refusals for n in refusal.mappings}
        return readings(tuple(sorted(numbers)))
