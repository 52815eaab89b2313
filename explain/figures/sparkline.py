"""A measurement's course in a small box: points, a line, the usual range as a band."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime

WIDTH, HEIGHT, PAD = 240.0, 56.0, 5.0


@dataclass(frozen=True)
class Sparkline:
    """Coordinates in a box WIDTH by HEIGHT; `band` is (y, height) of the usual range or None."""

    points: tuple[tuple[float, float], ...]
    band: tuple[float, float] | None
    width: float = WIDTH
    height: float = HEIGHT

    @property
    def path(self) -> str:
        """The points as an SVG polyline."""
        return " ".join(f"{x:g},{y:g}" for x, y in self.points)

    @property
    def last(self) -> tuple[float, float]:
        return self.points[-1]


def sparkline(
    series: Sequence[tuple[datetime, float]], usual: tuple[float, float] | None = None
) -> Sparkline:
    """`series` oldest first, at least one point; `usual` is the range to shade.

    The band is cut to the box: the scale follows the values, so that a change can be seen.
    """
    if not series:
        raise ValueError("nothing to draw")
    times = [moment.timestamp() for moment, _ in series]
    values = [value for _, value in series]
    low, high = min(values), max(values)
    margin = (high - low) * 0.25 or abs(high) * 0.1 or 1.0
    low, high = low - margin, high + margin

    def y(value: float) -> float:
        share = (value - low) / (high - low)
        return round(PAD + (1 - min(max(share, 0.0), 1.0)) * (HEIGHT - 2 * PAD), 2)

    span = times[-1] - times[0] or 1.0
    inner = WIDTH - 2 * PAD
    points = tuple(
        (round(PAD + (t - times[0]) / span * inner, 2), y(v))
        for t, v in zip(times, values, strict=True)
    )
    band = None
    if usual is not None and usual[0] < high and usual[1] > low:
        top, bottom = y(usual[1]), y(usual[0])
        band = (top, round(bottom - top, 2))
    return Sparkline(points, band)
