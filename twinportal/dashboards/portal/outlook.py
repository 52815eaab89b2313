"""Released forecasts of a patient's own measurements, worded for their literacy level."""

from dataclasses import replace
from datetime import datetime, timedelta
from typing import Any

from explain.figures.fan import Edges, Fan, fan
from explain.wording.forecasts import MEASUREMENTS, ForecastText, figure_words, forecast_text
from explain.wording.phrases import Level
from models_engine.models import Forecast
from models_engine.selectors import current_forecasts, unsupported_forecasts
from models_engine.series import Point, points_of
from patients.models import Patient
from patients.record.state import State
from twinportal.known_units import KnownUnit, known_units

YEAR = timedelta(days=365.25)
YEARS_SHOWN = (1.0, 5.0)
HISTORY_YEARS = 5
WIDTHS = (("wide", 640.0, 8), ("narrow", 320.0, 4))


class Outlook:
    """One measurement: sentences, a picture and a table of the same numbers."""

    def __init__(
        self, row: Forecast, points: tuple[Point, ...], level: Level, known: KnownUnit
    ) -> None:
        self.concept, self.as_of = row.concept, row.as_of
        self.unit, self._known = known.name, known
        self.last = points[-1]
        self.rows = [_numbers(row, years, known) for years in YEARS_SHOWN]
        self.texts: list[ForecastText] = [self._text(found, level) for found in self.rows]
        self.text = self.texts[0]
        self.points = [
            (p.at, known.number(p.number))
            for p in points
            if p.at > row.as_of - HISTORY_YEARS * YEAR
        ]
        self._bands = row.bands

    def _text(self, found: dict[str, Any], level: Level) -> ForecastText:
        return forecast_text(
            self.concept,
            level,
            unit=self.unit,
            last=self._known.written(self.last.number).number,
            last_at=self.last.at,
            years=found["years"],
            low=found["low"],
            high=found["high"],
            inner_low=found["inner_low"],
            inner_high=found["inner_high"],
        )

    @property
    def figures(self) -> list[tuple[str, Fan]]:
        names = ("low90", "low50", "median", "high50", "high90")
        ahead = [
            Edges(
                self.as_of + row["years"] * YEAR,
                *(self._known.number(row[name]) for name in names),
            )
            for row in self._bands
        ]
        drawn = [
            (size, fan(self.text.title, self.unit, self.points, ahead, self.as_of,
                       width=width, x_ticks=ticks))
            for size, width, ticks in WIDTHS
        ]  # fmt: skip
        # the summary is in the words and the language of the page
        return [(size, replace(one, summary=figure_words(self.texts))) for size, one in drawn]


def released_outlooks(patient: Patient, state: State, level: Level, now: datetime) -> list[Outlook]:
    """Current, validated and released; none that rests on data that were corrected since."""
    wrong = unsupported_forecasts(patient)
    rows = {
        row.concept: row
        for row in current_forecasts(patient.pk)
        if row.released_at is not None
        and row.validated
        and row.pk not in wrong
        and (row.valid_until is None or now.date() < row.valid_until)
    }
    units = known_units(patient, MEASUREMENTS) if rows else {}
    found = []
    for concept in MEASUREMENTS:
        points = points_of(state, concept)[0] if concept in rows else ()
        if points:
            found.append(Outlook(rows[concept], points, level, units[concept]))
    return found


def _numbers(row: Forecast, years: float, known: KnownUnit) -> dict[str, Any]:
    band = next(band for band in row.bands if band["years"] == years)
    names = {"low": "low90", "high": "high90", "inner_low": "low50", "inner_high": "high50"}
    numbers = {name: known.written(band[key]).number for name, key in names.items()}
    return {
        "years": years,
        "whole_years": int(years),
        **numbers,
        "middle": known.written(band["median"]).number,
    }
