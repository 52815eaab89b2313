"""A calibration plot: predicted against observed, with intervals and the line of agreement."""

from collections.abc import Sequence
from dataclasses import dataclass
from math import ceil

SIZE = 320.0
LEFT, TOP = 48.0, 10.0
WIDTH, HEIGHT = LEFT + SIZE + 24.0, TOP + SIZE + 44.0
STEPS = 5


@dataclass(frozen=True)
class Measured:
    """One band of people: mean prediction, share with the event, its interval. Probabilities."""

    predicted: float
    observed: float
    low: float
    high: float


@dataclass(frozen=True)
class Mark:
    """A point and its interval in the box; `y_low` lies below `y_high` on the page."""

    x: float
    y: float
    y_low: float
    y_high: float


@dataclass(frozen=True)
class Tick:
    """A place on both axes and what stands there, e.g. "20 %"."""

    x: float
    y: float
    text: str


@dataclass(frozen=True)
class Calibration:
    """What a template draws. The diagonal runs from (`left`, `bottom`) to (`right`, `top`)."""

    title: str
    summary: str
    marks: tuple[Mark, ...]
    ticks: tuple[Tick, ...]
    left: float = LEFT
    right: float = LEFT + SIZE
    top: float = TOP
    bottom: float = TOP + SIZE
    width: float = WIDTH
    height: float = HEIGHT

    @property
    def middle(self) -> float:
        return (self.left + self.right) / 2


def calibration(title: str, points: Sequence[Measured]) -> Calibration:
    """The figure of at least one band. Both axes have one scale, which holds every interval."""
    if not points:
        raise ValueError("nothing to draw")
    largest = max(max(p.predicted, p.high) for p in points)
    # whole steps of 1 %, so that the ticks are round
    top = max(ceil(largest * 100 / STEPS), 1) * STEPS / 100
    ticks = tuple(
        Tick(_x(top * i / STEPS, top), _y(top * i / STEPS, top), f"{100 * top * i / STEPS:.0f} %")
        for i in range(STEPS + 1)
    )
    ordered = sorted(points, key=lambda p: p.predicted)
    marks = tuple(
        Mark(_x(p.predicted, top), _y(p.observed, top), _y(p.low, top), _y(p.high, top))
        for p in ordered
    )
    return Calibration(title, _summary(ordered), marks, ticks)


def _x(value: float, largest: float) -> float:
    return round(LEFT + value / largest * SIZE, 2)


def _y(value: float, largest: float) -> float:
    return round(TOP + (1 - value / largest) * SIZE, 2)


def _summary(points: Sequence[Measured]) -> str:
    agree = sum(p.low <= p.predicted <= p.high for p in points)
    above = sum(p.predicted > p.high for p in points)
    return (
        f"{len(points)} bands of people, predicted {points[0].predicted * 100:.1f} % to "
        f"{points[-1].predicted * 100:.1f} %. In {agree} the prediction lies inside the interval "
        f"of what was observed, in {above} it is too high, in {len(points) - agree - above} too low."
    )
