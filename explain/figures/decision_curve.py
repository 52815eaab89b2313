"""A decision curve: net benefit of acting by a model, on everybody, and on nobody, by threshold."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass

from explain.figures.calibration import Mark

LEFT, TOP = 64.0, 10.0
BOX_WIDTH, BOX_HEIGHT = 320.0, 240.0
WIDTH, HEIGHT = LEFT + BOX_WIDTH + 24.0, TOP + BOX_HEIGHT + 44.0
STEPS = 4
# room under the lowest interval, as a share of the height above 0
MARGIN = 0.1


@dataclass(frozen=True)
class Measured:
    """One threshold, net benefit of the model with its interval, and of acting on everybody."""

    threshold: float
    value: float
    low: float
    high: float
    treat_all: float


@dataclass(frozen=True)
class Tick:
    """A place on one axis and what stands there."""

    at: float
    text: str


@dataclass(frozen=True)
class DecisionCurve:
    """What a template draws. `everybody` is cut where it leaves the box below."""

    title: str
    summary: str
    marks: tuple[Mark, ...]
    everybody: tuple[tuple[float, float], ...]
    nobody_y: float
    x_ticks: tuple[Tick, ...]
    y_ticks: tuple[Tick, ...]
    left: float = LEFT
    right: float = LEFT + BOX_WIDTH
    top: float = TOP
    bottom: float = TOP + BOX_HEIGHT
    width: float = WIDTH
    height: float = HEIGHT

    @property
    def middle(self) -> float:
        return (self.left + self.right) / 2

    @property
    def model_path(self) -> str:
        """The points of the model as an SVG polyline."""
        return " ".join(f"{mark.x:g},{mark.y:g}" for mark in self.marks)

    @property
    def everybody_path(self) -> str:
        return " ".join(f"{x:g},{y:g}" for x, y in self.everybody)


def decision_curve(title: str, points: Sequence[Measured]) -> DecisionCurve:
    """The figure of at least one threshold. Every interval lies in the box."""
    if not points:
        raise ValueError("nothing to draw")
    ordered = sorted(points, key=lambda p: p.threshold)
    highest = max(0.001, *(max(p.high, p.treat_all) for p in ordered))
    lowest = min(0.0, *(p.low for p in ordered)) - MARGIN * highest
    furthest = ordered[-1].threshold

    def x(threshold: float) -> float:
        return round(LEFT + threshold / furthest * BOX_WIDTH, 2)

    def y(benefit: float) -> float:
        return round(TOP + (highest - benefit) / (highest - lowest) * BOX_HEIGHT, 2)

    return DecisionCurve(
        title=title,
        summary=_summary(ordered),
        marks=tuple(Mark(x(p.threshold), y(p.value), y(p.low), y(p.high)) for p in ordered),
        everybody=tuple((x(t), y(b)) for t, b in _above(ordered, lowest)),
        nobody_y=y(0.0),
        x_ticks=tuple(
            Tick(x(furthest * step / STEPS), f"{100 * furthest * step / STEPS:.3g} %")
            for step in range(STEPS + 1)
        ),
        y_ticks=tuple(
            Tick(y(highest * step / STEPS), f"{highest * step / STEPS:.3f}")
            for step in range(STEPS + 1)
        ),
    )


def _above(ordered: Sequence[Measured], floor: float) -> Iterator[tuple[float, float]]:
    """Acting on everybody, up to where it falls below the floor."""
    before: Measured | None = None
    for point in ordered:
        if point.treat_all < floor:
            if before is not None:
                part = (before.treat_all - floor) / (before.treat_all - point.treat_all)
                yield before.threshold + part * (point.threshold - before.threshold), floor
            return
        yield point.threshold, point.treat_all
        before = point


def _summary(points: Sequence[Measured]) -> str:
    better = sum(p.value > max(p.treat_all, 0.0) for p in points)
    sure = sum(p.low > max(p.treat_all, 0.0) for p in points)
    return (
        f"Thresholds of {100 * points[0].threshold:g} % to {100 * points[-1].threshold:g} %: at "
        f"{better} of {len(points)} acting by the model does better than acting on everybody and "
        f"than acting on nobody, at {sure} of them with its whole interval."
    )
