"""A simulated course over time: a line, a band around it, a second line, measured points, an axis.

Pure geometry in a fixed box; the page places it. The same values stand in a table beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import floor, log10

WIDTH, HEIGHT = 640.0, 316.0
LEFT, RIGHT, TOP, BOTTOM = 52.0, 632.0, 18.0, 264.0
TICKS = 5
# a difference below it is none that could be drawn
SMALLEST = 1e-6


@dataclass(frozen=True)
class Tick:
    """Where a grid line stands, and what it says."""

    at: float
    text: str


@dataclass(frozen=True)
class Point:
    """A measured value. `is_off` is drawn hollow."""

    x: float
    y: float
    is_off: bool = False


@dataclass(frozen=True)
class CourseFigure:
    """SVG coordinates: polylines and a polygon as text, ticks, points."""

    line: str
    second: str
    band: str
    points: tuple[Point, ...]
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    width: float = WIDTH
    height: float = HEIGHT
    left: float = LEFT
    right: float = RIGHT
    top: float = TOP
    bottom: float = BOTTOM

    @property
    def middle(self) -> float:
        return (self.left + self.right) / 2


def course_figure(
    times: Sequence[float],
    values: Sequence[float],
    *,
    band: tuple[Sequence[float], Sequence[float]] | None = None,
    second: Sequence[float] | None = None,
    points: Sequence[tuple[float, float, bool]] = (),
    from_zero: bool = True,
    up_to: float | None = None,
) -> CourseFigure:
    """`times` rising, at least two; `band` (low, high) and `second` are of the same times.

    `up_to` is a value that the axis reaches at least, so that several figures have one scale.
    """
    if len(times) < 2 or len(times) != len(values):
        raise ValueError("a course needs two times and a value for each")
    low_band, high_band = band or (values, values)
    seen = [*values, *low_band, *high_band, *(second or ()), *(value for _, value, _ in points)]
    if up_to is not None:
        seen.append(up_to)
    steps = _steps(0.0 if from_zero else min(seen), max(seen))
    bottom, top = steps[0], steps[-1]
    first, last = times[0], times[-1]

    def x(time: float) -> float:
        return round(LEFT + (time - first) / (last - first) * (RIGHT - LEFT), 2)

    def y(value: float) -> float:
        return round(BOTTOM - (value - bottom) / (top - bottom) * (BOTTOM - TOP), 2)

    def joined(given: Sequence[float]) -> str:
        return " ".join(f"{x(t):g},{y(v):g}" for t, v in zip(times, given, strict=True))

    around = ""
    if band is not None:
        back = zip(reversed(times), reversed(list(low_band)), strict=True)
        around = f"{joined(high_band)} " + " ".join(f"{x(t):g},{y(v):g}" for t, v in back)
    across = [t for t in _steps(first, last) if first <= t <= last]
    return CourseFigure(
        line=joined(values),
        second=joined(second) if second is not None else "",
        band=around,
        points=tuple(Point(x(t), y(v), off) for t, v, off in points if first <= t <= last),
        x_ticks=tuple(Tick(x(t), f"{t:g}") for t in across),
        y_ticks=tuple(Tick(y(v), f"{v:g}") for v in steps),
    )


def _steps(low: float, high: float) -> list[float]:
    """Round numbers from at most `low` to at least `high`."""
    span = max(high - low, abs(high) * 1e-6, SMALLEST)
    size = 10.0 ** floor(log10(span / TICKS))
    step = next(size * m for m in (1, 2, 5, 10) if span / (size * m) <= TICKS)
    found = [floor(low / step) * step]
    while found[-1] < high - 1e-9 * span:
        found.append(found[-1] + step)
    if len(found) == 1:
        found.append(found[0] + step)
    return [round(value, 10) for value in found]
