"""Forecasts as the clinician's pages show them: fans, tables, what came true."""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from datetime import datetime, timedelta
from typing import Any

from explain.figures.fan import Edges, Fan, Happening, Span, fan, letter
from models_engine.catalogue.trajectory.measurement import METHOD_WORDS
from models_engine.catalogue.trajectory.specs import specs
from models_engine.catalogue.trajectory.surprise import FALSE_ALARM
from models_engine.catalogue.trajectory.treatments import MOVED_BY, periods
from models_engine.models import Forecast, ForecastCheck
from models_engine.selectors import current_forecasts, standing_checks, unsupported_forecasts
from models_engine.series import points_of
from patients.models import Patient
from patients.record.drafts import Kind
from patients.record.state import State
from patients.record.value import Value
from patients.terminology.encounters import IN_HOSPITAL, NAMES
from twinportal.dashboards.clinician.missed import flag_of
from twinportal.dashboards.clinician.trends import number, unit_text

YEAR = timedelta(days=365.25)
# first on the page, in this order; then by name
FIRST = ("systolic_bp", "hba1c", "egfr", "ldl_cholesterol", "weight")
HISTORY_YEARS = 8
SPANS_SHOWN, HAPPENINGS_SHOWN, MEASURED_SHOWN, CHECKS_SHOWN = 6, 8, 40, 20
CHECKS_READ = 500
NARROW, WIDE = 320.0, 720.0
TABLE_YEARS = (0.25, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0)


class CheckView:
    """One value that came after a forecast."""

    def __init__(self, check: ForecastCheck) -> None:
        self.check = check
        self.range = f"{number(check.low90)} to {number(check.high90)}"
        self.half = f"{number(check.low50)} to {number(check.high50)}"
        self.observed = number(check.observed)
        self.verdict = self._verdict()
        self.replayed = bool(getattr(check, "replayed", False))

    def _verdict(self) -> str:
        if self.check.inside50:
            return "inside, near the middle"
        if self.check.inside90:
            return "inside"
        return "above the band" if self.check.z > 0 else "below the band"

    @property
    def ahead(self) -> str:
        """How long before the value the forecast was made."""
        return ahead_text(self.check.years)


class Trajectory:
    """One measurement: its forecast or why there is none, its figure, its checks."""

    def __init__(
        self,
        row: Forecast,
        state: State,
        checks: Sequence[ForecastCheck],
        is_unsupported: bool,
        now: datetime,
    ) -> None:
        spec = specs().get(row.concept)
        self.row, self.concept = row, row.concept
        self.title = spec.label if spec else row.concept
        self.unit = unit_text(row.unit)
        self.is_unsupported = is_unsupported
        self.is_too_old = row.valid_until is not None and now.date() >= row.valid_until
        self.checks = [CheckView(check) for check in checks]
        self.flag = flag_of(checks)
        self.points = _measured(state, row.concept, row.as_of)
        self._state = state

    @property
    def refusal(self) -> str:
        """Why there is nothing to show; "" when there is."""
        if self.row.refusal is not None:
            return str(self.row.refusal["message"])
        if self.is_unsupported:
            return (
                f"{self.title}: it rested on data that have since been corrected, deleted or moved "
                "to another patient. It is being made anew."
            )
        return f"{self.title}: the newest value is too old by now." if self.is_too_old else ""

    @property
    def method(self) -> str:
        return "; ".join(METHOD_WORDS[name] for name in self.row.method.split(", "))  # type: ignore[index]

    @property
    def false_alarm(self) -> str:
        return f"{100 * FALSE_ALARM:.1f} %"

    @property
    def last(self) -> Value | None:
        return self.points[-1][1] if self.points else None

    @property
    def last_text(self) -> str:
        return number(self.points[-1][2]) if self.points else ""

    @property
    def table(self) -> list[dict[str, Any]]:
        """The bands at the years a reader asks for."""
        return [
            {
                "ahead": ahead_text(row["years"]),
                "on": self.row.as_of + row["years"] * YEAR,
                "median": number(row["median"]),
                "half": f"{number(row['low50'])} to {number(row['high50'])}",
                "most": f"{number(row['low90'])} to {number(row['high90'])}",
            }
            for row in self.row.bands
            if row["years"] in TABLE_YEARS
        ]

    @property
    def in_a_year(self) -> dict[str, Any] | None:
        return next((row for row in self.table if row["ahead"] == "1 year"), None)

    @property
    def newest_first(self) -> list[tuple[datetime, Value, str]]:
        shown = self.points[::-1][:MEASURED_SHOWN]
        return [(at, value, number(amount)) for at, value, amount in shown]

    @property
    def spans(self) -> list[Span]:
        """Treatments that may move it, newest last."""
        if not self.points:
            return []
        by_drug: defaultdict[str, list[tuple[datetime, datetime | None]]] = defaultdict(list)
        for class_ in MOVED_BY.get(self.concept, ()):
            for value in self._state.series(class_):
                by_drug[value.code].append((value.effective_at, value.end_at))
        first = self.points[0][0]
        found = [
            Span(drug.replace("/", " and "), start, end)
            for drug, exposures in by_drug.items()
            for start, end in periods(exposures)
            if end is None or end > first
        ]
        return sorted(found, key=lambda span: span.start)[-SPANS_SHOWN:]

    @property
    def happenings(self) -> list[Happening]:
        """Conditions that began and stays in hospital, within the history that is drawn."""
        if not self.points:
            return []
        first = self.points[0][0]
        found = {
            (value.display or value.concept.replace("_", " "), value.effective_at)
            for values in self._state.values.values()
            for value in values
            if value.kind == Kind.CONDITION and value.effective_at >= first
        }
        found |= {
            (NAMES[concept], value.effective_at)
            for concept in IN_HOSPITAL
            for value in self._state.series(concept)
            if value.effective_at >= first
        }
        ordered = sorted(found, key=lambda pair: (pair[1], pair[0]))
        return [Happening(*pair) for pair in ordered][-HAPPENINGS_SHOWN:]

    @property
    def events(self) -> list[tuple[str, Happening]]:
        return [(letter(i), happening) for i, happening in enumerate(self.happenings)]

    @property
    def figures(self) -> list[tuple[str, Fan]]:
        """The same figure for a wide and for a narrow screen; a style sheet shows one."""
        if not self.points:
            return []
        return [("wide", self._fan(WIDE, 9)), ("narrow", self._fan(NARROW, 4))]

    def _fan(self, width: float, ticks: int) -> Fan:
        rows = [] if self.refusal else self.row.bands
        return fan(
            self.title,
            self.unit,
            [(at, amount) for at, _, amount in self.points],
            [
                Edges(
                    self.row.as_of + row["years"] * YEAR,
                    row["low90"],
                    row["low50"],
                    row["median"],
                    row["high50"],
                    row["high90"],
                )
                for row in rows
            ],
            self.row.as_of,
            spans=self.spans,
            happenings=self.happenings,
            width=width,
            x_ticks=ticks,
        )


class TrajectoriesPage:
    """All forecasts of one patient; bounded queries."""

    def __init__(self, patient: Patient, state: State, now: datetime) -> None:
        self.patient = patient
        rows = {row.concept: row for row in current_forecasts(patient.pk)}
        by_concept: defaultdict[str, list[ForecastCheck]] = defaultdict(list)
        for check in standing_checks(patient.pk)[:CHECKS_READ]:
            by_concept[check.concept].append(check)
        wrong = unsupported_forecasts(patient)
        found = [
            Trajectory(rows[c], state, by_concept[c][:CHECKS_SHOWN], rows[c].pk in wrong, now)
            for c in _in_order(rows)
        ]
        self.all = found
        self.shown = [one for one in found if not one.refusal]
        # the figures of the main ones; of the others a line each
        self.main = [one for one in self.shown if one.concept in FIRST] or self.shown[:3]
        self.others = [one for one in self.shown if one not in self.main]
        self.refused = [one for one in found if one.refusal]
        self.flagged = [one for one in found if one.flag]

    def one(self, concept: str) -> Trajectory | None:
        return next((found for found in self.all if found.concept == concept), None)


def ahead_text(years: float) -> str:
    """ "3 months", "1 year", "12 days"."""
    days = round(years * 365.25)
    if days < 45:
        return f"{days} day{'' if days == 1 else 's'}"
    if years < 0.96:
        return f"{round(years * 12)} months"
    return f"{years:.1f} years".replace(".0 ", " ").replace("1 years", "1 year")


def _in_order(concepts: Iterable[str]) -> list[str]:
    def key(concept: str) -> tuple[int, str]:
        place = FIRST.index(concept) if concept in FIRST else len(FIRST)
        spec = specs().get(concept)
        return place, spec.label if spec else concept

    return sorted(concepts, key=key)


def _measured(state: State, concept: str, now: datetime) -> list[tuple[datetime, Value, float]]:
    """What is drawn: the values that a forecast of the measurement reads, of the last years."""
    since = now - HISTORY_YEARS * YEAR
    return [
        (point.at, point.value, point.number)
        for point in points_of(state, concept)[0]
        if point.at >= since
    ]
