"""A fan: what was measured, where it is heading, treatments and events, on one time axis."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import UTC, datetime
from math import ceil, floor, log10

LEFT, RIGHT, TOP, PLOT_HEIGHT = 44.0, 10.0, 12.0, 220.0
AXIS_HEIGHT, LANE_HEIGHT, MARK_HEIGHT = 24.0, 18.0, 20.0
Y_STEPS = 5


@dataclass(frozen=True)
class Edges:
    """The distribution at one moment ahead: the median and the edges of both bands."""

    at: datetime
    low90: float
    low50: float
    median: float
    high50: float
    high90: float


@dataclass(frozen=True)
class Span:
    """A treatment; `end` None goes on."""

    label: str
    start: datetime
    end: datetime | None


@dataclass(frozen=True)
class Happening:
    """A condition that began, a stay in hospital."""

    label: str
    at: datetime


@dataclass(frozen=True)
class Lane:
    """A treatment's bar; its number stands in the list beside the figure."""

    number: int
    x: float
    width: float
    y: float
    height: float


@dataclass(frozen=True)
class Flagpole:
    """An event's place on the axis; its letter stands in the list beside the figure."""

    letter: str
    x: float


@dataclass(frozen=True)
class Tick:
    place: float
    text: str


@dataclass(frozen=True)
class Fan:
    """What a template draws. Polygons and lines are SVG point lists; `now_x` is the moment of the
    forecast; `outer` is the 90 % band, `inner` the 50 % band; all empty without a forecast.
    `second_outer` and `second_median` are those of another forecast to compare it with."""

    title: str
    summary: str
    width: float
    height: float
    outer: str
    inner: str
    median: str
    dots: tuple[tuple[float, float], ...]
    now_x: float
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    lanes: tuple[Lane, ...]
    poles: tuple[Flagpole, ...]
    left: float
    right: float
    top: float
    bottom: float
    second_outer: str = ""
    second_median: str = ""

    @property
    def path(self) -> str:
        """The measured values as a line."""
        return _points(self.dots)


@dataclass(frozen=True)
class _Frame:
    start: float
    end: float
    low: float
    high: float
    width: float

    def x(self, at: datetime) -> float:
        share = (at.timestamp() - self.start) / (self.end - self.start)
        return round(LEFT + min(max(share, 0.0), 1.0) * (self.width - LEFT - RIGHT), 2)

    def y(self, value: float) -> float:
        return round(TOP + (1 - (value - self.low) / (self.high - self.low)) * PLOT_HEIGHT, 2)


def fan(
    title: str,
    unit: str,
    measured: Sequence[tuple[datetime, float]],
    ahead: Sequence[Edges],
    now: datetime,
    *,
    spans: Sequence[Span] = (),
    happenings: Sequence[Happening] = (),
    second: Sequence[Edges] = (),
    width: float = 720.0,
    x_ticks: int = 8,
) -> Fan:
    """`measured` oldest first, at least one point; `ahead` by rising time, empty for no forecast.
    `second` is another forecast of the same measurement.

    Treatments and events from before the first value are cut to it or left out.
    """
    if not measured:
        raise ValueError("nothing to draw")
    frame = _frame(measured, [*ahead, *second], now, width)
    bottom = TOP + PLOT_HEIGHT
    lanes_top = bottom + AXIS_HEIGHT + (MARK_HEIGHT if happenings else 0.0)
    first = measured[0][0]
    return Fan(
        title=title,
        summary=_summary(title, unit, measured, ahead),
        width=width,
        height=lanes_top + LANE_HEIGHT * len(spans) + 4,
        outer=_band(frame, [(e.at, e.low90, e.high90) for e in ahead]),
        inner=_band(frame, [(e.at, e.low50, e.high50) for e in ahead]),
        median=_points([(frame.x(e.at), frame.y(e.median)) for e in ahead]),
        dots=tuple((frame.x(at), frame.y(value)) for at, value in measured),
        now_x=frame.x(now),
        x_ticks=_year_ticks(frame, x_ticks),
        y_ticks=_value_ticks(frame),
        lanes=tuple(_lane(frame, i, span, lanes_top, now) for i, span in enumerate(spans)),
        poles=tuple(
            Flagpole(letter(i), frame.x(happening.at))
            for i, happening in enumerate(happenings)
            if happening.at >= first
        ),
        left=LEFT,
        right=width - RIGHT,
        top=TOP,
        bottom=bottom,
        second_outer=_band(frame, [(e.at, e.low90, e.high90) for e in second]),
        second_median=_points([(frame.x(e.at), frame.y(e.median)) for e in second]),
    )


def letter(index: int) -> str:
    """a, b, ... z, then aa: what stands at an event."""
    return "abcdefghijklmnopqrstuvwxyz"[index % 26] * (index // 26 + 1)


def _frame(
    measured: Sequence[tuple[datetime, float]],
    ahead: Sequence[Edges],
    now: datetime,
    width: float,
) -> _Frame:
    values = [value for _, value in measured]
    values += [edge for e in ahead for edge in (e.low90, e.high90)]
    low, high = min(values), max(values)
    step = _round_step((high - low) or abs(high) * 0.1 or 1.0)
    low, high = floor(low / step) * step, ceil(high / step) * step
    if low == high:
        low, high = low - step, high + step
    start = measured[0][0].timestamp()
    last = max(now, measured[-1][0], *(e.at for e in ahead)).timestamp()
    return _Frame(start, max(last, start + 86400), low, high, width)


def _round_step(span: float) -> float:
    """1, 2 or 5 times a power of ten, so that about five steps fill the span."""
    rough = span / Y_STEPS
    power = 10.0 ** floor(log10(rough))
    return float(power * next(m for m in (1, 2, 5, 10) if rough <= m * power * 1.0000001))


def _value_ticks(frame: _Frame) -> tuple[Tick, ...]:
    step = _round_step(frame.high - frame.low)
    first = ceil(frame.low / step - 1e-9)
    count = floor(frame.high / step + 1e-9) - first + 1
    values = [(first + i) * step for i in range(count)]
    return tuple(Tick(frame.y(value), f"{value:.6g}") for value in values)


def _year_ticks(frame: _Frame, most: int) -> tuple[Tick, ...]:
    first = datetime.fromtimestamp(frame.start, UTC).year + 1
    last = datetime.fromtimestamp(frame.end, UTC).year
    every = max(1, ceil((last - first + 1) / most))
    return tuple(
        Tick(frame.x(datetime(year, 1, 1, tzinfo=UTC)), str(year))
        for year in range(first, last + 1, every)
    )


def _lane(frame: _Frame, index: int, span: Span, top: float, now: datetime) -> Lane:
    x, end = frame.x(span.start), frame.x(span.end or now)
    y = top + LANE_HEIGHT * index
    return Lane(index + 1, x, round(max(end - x, 2.0), 2), y + 2, LANE_HEIGHT - 5)


def _band(frame: _Frame, rows: Sequence[tuple[datetime, float, float]]) -> str:
    upper = [(frame.x(at), frame.y(high)) for at, _, high in rows]
    lower = [(frame.x(at), frame.y(low)) for at, low, _ in reversed(rows)]
    return _points([*upper, *lower])


def _points(pairs: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{x:g},{y:g}" for x, y in pairs)


def _summary(
    title: str,
    unit: str,
    measured: Sequence[tuple[datetime, float]],
    ahead: Sequence[Edges],
) -> str:
    last_at, last = measured[-1]
    count = "1 value" if len(measured) == 1 else f"{len(measured)} values"
    said = f"{title}: {count}, the newest {last:.3g} {unit} on {last_at:%-d %b %Y}."
    if not ahead:
        return f"{said} No forecast."
    end = ahead[-1]
    return (
        f"{said} Forecast for {end.at:%b %Y}: middle {end.median:.3g}, half of such values between "
        f"{end.low50:.3g} and {end.high50:.3g}, 9 of 10 between {end.low90:.3g} and "
        f"{end.high90:.3g} {unit}."
    )
