"""Forecasts before and after as the pages show them, and as a saved scenario keeps them."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from explain.figures.course import CourseFigure, course_figure
from explain.figures.fan import Edges, Fan, fan
from models_engine.catalogue.contract import FloatArray
from models_engine.catalogue.mechanistic.body_weight import UNCERTAINTY
from models_engine.catalogue.what_if.forecasting import EDGES, MovedForecast, Pace
from models_engine.catalogue.what_if.simulation import Simulation
from models_engine.catalogue.what_if.weight_course import WeightCourse
from twinportal.dashboards.clinician.trajectories import YEAR, ahead_text
from twinportal.dashboards.clinician.trends import number, unit_text

TABLE_YEARS = (0.5, 1.0, 2.0, 5.0)
WIDTH, TICKS = 360.0, 4
LOW, MEDIAN, HIGH = EDGES.index("low90"), EDGES.index("median"), EDGES.index("high90")


@dataclass(frozen=True)
class Cells:
    """One time ahead, as texts and numbers of the same rounding."""

    years: float
    on: datetime
    before: str
    before_range: str
    after: str
    after_range: str
    before_numbers: tuple[str, str, str]
    after_numbers: tuple[str, str, str] | None

    @property
    def ahead(self) -> str:
        return ahead_text(self.years)


class ForecastRow:
    """One measurement: its forecast before and after, or why there is none."""

    def __init__(self, found: MovedForecast, origins: Sequence[str]) -> None:
        self.found, self.standing = found, found.standing
        self.concept, self.label = found.standing.concept, found.standing.label
        self.unit = unit_text(found.standing.unit)
        self.origins = origins
        self.reason = found.reason

    @property
    def why_none(self) -> str:
        """The reason, with the measurement's name before it."""
        named = self.reason.startswith(self.label)
        return self.reason if named else f"{self.label}: {self.reason}"

    @property
    def checked(self) -> str:
        """How far it was checked, in the words of the forecast's own page."""
        text = self.standing.statement
        told = self.standing.validated or text.startswith("Not validated")
        return text if told else f"Not validated for everybody. {text}"

    @property
    def full_by(self) -> str:
        """ "6 months": when the whole change is there."""
        return ahead_text(self.found.full_by)

    @property
    def made(self) -> datetime:
        """The moment of the forecast."""
        if self.standing.as_of is None:
            raise ValueError(f"{self.concept} has no forecast")
        return self.standing.as_of

    @property
    def table(self) -> list[Cells]:
        """The years that a reader asks for, those that are still ahead."""
        if self.standing.reason:
            return []
        after = self.found.after
        return [
            self._cells(at, float(years), after)
            for at, years in enumerate(self.found.years)
            if years in TABLE_YEARS
        ]

    def _cells(self, at: int, years: float, after: FloatArray | None) -> Cells:
        before = _texts(self.found.before[:, at])
        then = None if after is None else _texts(after[:, at])
        return Cells(
            years,
            self.made + years * YEAR,
            before[1],
            f"{before[0]} to {before[2]}",
            then[1] if then else "",
            f"{then[0]} to {then[2]}" if then else "",
            before,
            then,
        )

    @property
    def figure(self) -> Fan | None:
        """Both fans on one axis; None without a forecast after."""
        if self.found.after is None:
            return None
        after = self._edges(self.found.after)
        return fan(
            self.label,
            self.unit,
            self.standing.measured,
            after,
            self.made,
            second=self._edges(self.found.before),
            width=WIDTH,
            x_ticks=TICKS,
        )

    @property
    def summary(self) -> str:
        """The figure in a sentence."""
        last = self.table[-1] if self.table else None
        if last is None or not last.after:
            return f"{self.label}: no forecast after the change."
        return (
            f"{self.label} in {last.ahead}: before, middle {last.before}, 9 of 10 values "
            f"{last.before_range}; after, middle {last.after}, 9 of 10 values {last.after_range} "
            f"{self.unit}."
        )

    def _edges(self, edges: FloatArray) -> list[Edges]:
        return [
            Edges(self.made + timedelta(days=float(years) * 365.25), *map(float, column))
            for years, column in zip(self.found.years, edges.T, strict=True)
        ]


class CourseRow:
    """The way to a weight that is set, in words, a figure and a table."""

    def __init__(self, course: WeightCourse) -> None:
        self.course = course
        self.months = course.months
        self.goal = f"{course.goal:.1f}"
        self.uncertainty = UNCERTAINTY

    @property
    def instruction(self) -> str:
        """What to eat, to the next 10 kcal."""
        course = self.course
        word = "less" if course.change < 0 else "more"
        text = (
            f"{abs(course.change):.0f} kcal a day {word} than the {course.intake:.0f} kcal that keep "
            f"today's weight lead to {self.goal} kg in {self.months} months"
        )
        if course.keeping is None:
            return f"{text}."
        return f"{text}; {course.keeping:.0f} kcal a day keep it there."

    @property
    def activity(self) -> str:
        """The level that is assumed: nobody asked."""
        return f"{self.course.person.activity_level:g}"

    @property
    def rows(self) -> list[tuple[int, str]]:
        """Month and weight, at most a row for every second month."""
        step = max(1, self.months // 6)
        return [
            (month, f"{self.course.weight[month]:.1f}") for month in range(0, self.months + 1, step)
        ]

    @property
    def figure(self) -> CourseFigure:
        months = [float(month) for month in range(self.months + 1)]
        return course_figure(months, list(map(float, self.course.weight)), from_zero=False)

    @property
    def summary(self) -> str:
        first, last = self.rows[0], self.rows[-1]
        return f"Weight from {first[1]} kg today to {last[1]} kg after {last[0]} months."


def forecast_rows(simulation: Simulation, words: Callable[[str], str]) -> list[ForecastRow]:
    """Of every concept that moves. `words` says in words where a change comes from."""
    return [
        ForecastRow(found, [words(origin) for origin in found.origins])
        for found in simulation.forecasts
    ]


def course_row(pace: Pace) -> CourseRow | None:
    """The way to the weight that is set, if one is and there is one."""
    return CourseRow(pace.course) if pace.course else None


def forecast_snapshot(simulation: Simulation) -> dict[str, Any]:
    """The forecasts as a saved scenario keeps them: medians and 90 % bands before and after."""
    return {
        "months": int(simulation.pace.months),
        "rows": [_kept(found) for found in simulation.forecasts],
        "weight_course": _kept_course(simulation.pace.course),
    }


def saved_months(result: Mapping[str, Any], default: int) -> int:
    """By when a saved scenario reaches what it sets; `default` for one of before there was that."""
    return int(result.get("forecasts", {}).get("months", default))


def forecast_said_then(result: Mapping[str, Any], concept: str, cells: Cells | None) -> str:
    """What a saved scenario said of a forecast, where that is not what is said now."""
    years = None if cells is None else cells.years
    for row in result.get("forecasts", {}).get("rows", ()):
        if row["concept"] != concept or years not in row["years"] or cells is None:
            continue
        at = row["years"].index(years)
        before, after = _of(row["before"], at), _of(row["after"], at)
        if (before, after) == (cells.before_numbers, cells.after_numbers):
            return ""
        told = f"{after[1]} ({after[0]} to {after[2]})" if after else "no forecast"
        return f"{before[1]} to {told}" if before else told
    return ""


def _kept(found: MovedForecast) -> dict[str, Any]:
    standing = found.standing
    return {
        "concept": standing.concept,
        "unit": standing.unit,
        "as_of": standing.as_of.isoformat() if standing.as_of else None,
        "validated": standing.validated,
        "reason": found.reason,
        "full_by_years": found.full_by,
        "years": [float(years) for years in found.years],
        "before": _kept_edges(found.before),
        "after": None if found.after is None else _kept_edges(found.after),
    }


def _kept_edges(edges: FloatArray) -> dict[str, list[float]]:
    return {
        name: [float(x) for x in edges[EDGES.index(name)]] for name in ("low90", "median", "high90")
    }


def _kept_course(course: WeightCourse | None) -> dict[str, Any] | None:
    if course is None:
        return None
    return {
        "goal": course.goal,
        "intake": course.intake,
        "change": course.change,
        "keeping": course.keeping,
        "weight": [float(kg) for kg in course.weight],
    }


def _of(edges: Mapping[str, Sequence[float]] | None, at: int) -> tuple[str, str, str] | None:
    if edges is None:
        return None
    low, median, high = (number(edges[name][at]) for name in ("low90", "median", "high90"))
    return low, median, high


def _texts(column: FloatArray) -> tuple[str, str, str]:
    low, median, high = (number(float(column[at])) for at in (LOW, MEDIAN, HIGH))
    return low, median, high
