"""Key measurements over time: sparklines for the twin page, a figure and a table for one."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime

import plotly.graph_objects as go

from explain.figures.sparkline import Sparkline, sparkline
from patients.record.state import State
from patients.record.value import Value
from patients.terminology.measurements import MEASUREMENTS
from twinportal.dashboards.reference import REFERENCE

KEY = (
    "systolic_bp",
    "hba1c",
    "egfr_reported",
    "urine_acr",
    "ldl_cholesterol",
    "total_cholesterol",
    "hdl_cholesterol",
    "creatinine",
    "weight",
    "bmi",
)
# of a sparkline and the table beside it; the page of the measurement has them all
SPARK_POINTS = 24
REFERENCE_NOTE = "Shaded: commonly used reference interval, not yet verified here."


@dataclass(frozen=True)
class TrendPoint:
    """One measured value with where it came from."""

    at: datetime
    value: float
    resource_type: str
    resource_id: str
    resource_version: int
    quality: str
    reason: str = ""
    mappings: tuple[int, ...] = ()


class Trend:
    """The usable values of one concept, oldest first; at least one.

    `computed` is a later value that models compute from others and use in place of the newest.
    """

    def __init__(
        self, concept: str, values: Sequence[Value], computed: Value | None = None
    ) -> None:
        self.computed = computed
        known = MEASUREMENTS[concept]
        self.concept, self.title, self.unit = concept, known.display, unit_text(known.unit)
        self.points = [
            TrendPoint(
                v.effective_at,
                v.value,
                v.resource_type,
                v.resource_id,
                v.resource_version,
                v.quality,
                v.reason,
                v.mappings,
            )
            for v in reversed(values)
            if v.value is not None
        ]
        self.reference = REFERENCE.get(concept)

    @property
    def last(self) -> TrendPoint:
        return self.points[-1]

    @property
    def last_text(self) -> str:
        return number(self.last.value)

    @property
    def newest_first(self) -> list[TrendPoint]:
        return self.points[::-1]

    @property
    def shown(self) -> list[TrendPoint]:
        """The newest, as the sparkline and the table beside it show them, oldest first."""
        return self.points[-SPARK_POINTS:]

    @property
    def shown_newest_first(self) -> list[TrendPoint]:
        return self.shown[::-1]

    @property
    def is_cut(self) -> bool:
        return len(self.points) > SPARK_POINTS

    @property
    def spark(self) -> Sparkline:
        return sparkline([(p.at, p.value) for p in self.shown], self.reference)

    @property
    def spark_summary(self) -> str:
        """The summary; where older values are not drawn, it says so."""
        if not self.is_cut:
            return self.summary
        return f"{self.summary} Drawn are the newest {SPARK_POINTS}."

    @property
    def reference_text(self) -> str:
        if self.reference is None:
            return "no reference interval"
        low, high = self.reference
        span = f"up to {high:g}" if low == 0 else f"{low:g} to {high:g}"
        return f"reference {span} {self.unit}"

    @property
    def read_by(self) -> tuple[int, ...]:
        """The mappings by which any of its values was read."""
        numbers = {n for point in self.points for n in point.mappings}
        parts = self.computed.derived_from if self.computed else ()
        return tuple(sorted(numbers | {n for part in parts for n in part.mappings}))

    @property
    def mapped_text(self) -> str:
        """How many of the values a mapping has read; "" for none."""
        mapped = sum(bool(point.mappings) for point in self.points)
        if not mapped:
            return ""
        return f"{mapped} of {len(self.points)} read by a data steward's mapping."

    @property
    def computed_text(self) -> str:
        """What a value was computed from that stands beside the recorded ones."""
        if self.computed is None or self.computed.value is None:
            return ""
        parts = " and ".join(
            f"{v.display or v.concept} {number(v.value or 0)} {unit_text(v.unit)}"
            f" of {v.effective_at:%-d %b %Y}"
            for v in self.computed.derived_from
        )
        return (
            f"Calculated: {number(self.computed.value)} {self.unit}, from {parts}. It is newer than"
            " the recorded value above, and models use it."
        )

    @property
    def computed_by(self) -> tuple[int, ...]:
        """The mappings by which that was read which a value was computed from."""
        parts = self.computed.derived_from if self.computed else ()
        return tuple(sorted({n for part in parts for n in part.mappings}))

    @property
    def summary(self) -> str:
        """The picture in a sentence, and another where mappings have read some of it."""
        said = self._course()
        return f"{said} {self.mapped_text}" if self.mapped_text else said

    def _course(self) -> str:
        first, last = self.points[0], self.last
        if len(self.points) == 1:
            return f"{self.title}: {number(last.value)} {self.unit} on {last.at:%-d %b %Y}."
        return (
            f"{self.title}: {len(self.points)} values, from {number(first.value)} on"
            f" {first.at:%-d %b %Y} to {number(last.value)} {self.unit} on {last.at:%-d %b %Y}."
        )


def number(value: float) -> str:
    """Three significant digits, without trailing noughts; whole numbers from 1,000 on."""
    return f"{value:.3g}" if abs(value) < 1_000 else f"{value:,.0f}"


def unit_text(unit: str) -> str:
    """UCUM as people write it."""
    shown = {
        "mm[Hg]": "mmHg",
        "mL/min/{1.73_m2}": "mL/min/1.73 m²",
        "kg/m2": "kg/m²",
        "Cel": "°C",
        "{points}": "points",
        "{index}": "",
        "{group}": "",
        "{drinks}/d": "drinks a day",
    }
    return shown.get(unit, unit)


def trends_of(state: State, concepts: Iterable[str] = KEY) -> list[Trend]:
    """Trends of those concepts that have a value."""
    made = [Trend(c, state.series(c), _computed(state, c)) for c in concepts if state.series(c)]
    return [trend for trend in made if trend.points]


def _computed(state: State, concept: str) -> Value | None:
    newest = state.latest(concept)
    return newest if newest is not None and newest.derived_from else None


def plotly_json(trend: Trend) -> str:
    """The zoomable figure; the page draws it from this JSON with the strict bundle."""
    figure = go.Figure()
    if trend.reference is not None:
        low, high = trend.reference
        figure.add_hrect(y0=low, y1=high, fillcolor="#12664f", opacity=0.08, line_width=0)
    figure.add_scatter(
        x=[p.at for p in trend.points],
        y=[p.value for p in trend.points],
        mode="lines+markers",
        line={"color": "#0b5a8a"},
        name=trend.title,
    )
    figure.update_layout(
        margin={"l": 60, "r": 15, "t": 10, "b": 40},
        yaxis_title=f"{trend.title} ({trend.unit})",
        template="simple_white",
        hovermode="x",
        showlegend=False,
    )
    text: str = figure.to_json()
    return text
