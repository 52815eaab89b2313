"""A patient's own forecasts before and after: only what is validated and was released to them."""

from collections.abc import Mapping
from dataclasses import dataclass, replace

import numpy as np

from explain.figures.fan import Fan
from explain.wording.forecasts import MEASUREMENTS
from explain.wording.phrases import Level
from explain.wording.times import horizon_words
from explain.wording.what_if import MovedForecastText, moved_forecast_text
from models_engine.catalogue.contract import FloatArray
from models_engine.catalogue.what_if.compare import AIMED
from models_engine.catalogue.what_if.effects import SMOKING
from models_engine.catalogue.what_if.forecasting import EDGES, SET, MovedForecast
from models_engine.catalogue.what_if.simulation import Simulation
from twinportal.known_units import KnownUnit
from twinportal.what_if.forecast_rows import ForecastRow

YEARS = (1.0, 2.0, 5.0)
SHOWN = tuple(EDGES.index(name) for name in ("low90", "median", "high90"))


@dataclass(frozen=True)
class YearRow:
    """One time ahead: low, middle and high as texts."""

    years: int
    before: tuple[str, ...]
    after: tuple[str, ...]


class PatientForecast:
    """One measurement: sentences, a picture and a table of the same numbers."""

    def __init__(self, found: MovedForecast, level: Level, known: KnownUnit) -> None:
        found, self._known = _in_unit(found, known), known
        self._row = ForecastRow(found, [])
        self.concept, self.unit = self._row.concept, known.name
        ahead = [at for at, years in enumerate(found.years) if years in YEARS]
        after = found.after
        self.rows = [
            YearRow(
                int(found.years[at]),
                self._texts(found.before, at),
                () if after is None else self._texts(after, at),
            )
            for at in ahead
        ]
        self._is_against = _worse_by_stopping(found)
        first = self.rows[0]
        self.text: MovedForecastText = moved_forecast_text(
            self.concept,
            level,
            unit=self.unit,
            years=first.years,
            before=(first.before[0], first.before[2]),
            after=(first.after[0], first.after[2]) if first.after else None,
            by=horizon_words(12 * found.full_by),
            against=self._is_against,
        )
        if self._is_against:
            self.rows = []

    def _texts(self, edges: FloatArray, at: int) -> tuple[str, ...]:
        return tuple(self._known.text(float(edges[edge, at])).number for edge in SHOWN)

    @property
    def figure(self) -> Fan | None:
        return None if self._is_against else self._row.figure

    @property
    def summary(self) -> str:
        return f"{self.text.now} {self.text.after}"


def patient_forecasts(
    simulation: Simulation, level: Level, units: Mapping[str, KnownUnit]
) -> list[PatientForecast]:
    """Those that move; none that is being made anew, and none that nobody has words for.

    `units`, by concept, are those that the patient knows.
    """
    return [
        PatientForecast(found, level, units[found.standing.concept])
        for found in simulation.forecasts
        if found.standing.concept in MEASUREMENTS
        and _may_be_seen(found)
        # without a number the words are about a weight that is out of reach
        and found.reason in ("", simulation.pace.unreachable)
    ]


def _in_unit(found: MovedForecast, known: KnownUnit) -> MovedForecast:
    """The same forecast with every number in the unit that the patient knows."""
    standing = replace(
        found.standing,
        unit=known.name,
        measured=tuple((at, known.number(value)) for at, value in found.standing.measured),
    )
    each = np.vectorize(known.number, otypes=[float])
    after = None if found.after is None else each(found.after)
    return replace(found, standing=standing, before=each(found.before), after=after)


def _worse_by_stopping(found: MovedForecast) -> bool:
    """Somebody who stops smoking is told no number that the average gain of weight makes worse."""
    if found.after is None or f"{SET}{SMOKING}" not in found.origins:
        return False
    moved = found.after[SHOWN[1], -1] - found.before[SHOWN[1], -1]
    return bool(AIMED.get(found.standing.concept, 0) * moved < 0)


def _may_be_seen(found: MovedForecast) -> bool:
    standing = found.standing
    if standing.reason or standing.as_of is None or not (standing.validated and standing.released):
        return False
    is_behind = standing.measured[-1][0] > standing.as_of
    return not is_behind and any(years in YEARS for years in found.years)
