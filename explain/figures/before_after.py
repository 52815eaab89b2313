"""A probability before and after on one axis: two marks, a line, and the range of the second."""

from dataclasses import dataclass

WIDTH = 100.0


@dataclass(frozen=True)
class BeforeAfter:
    """Positions in a drawing `WIDTH` wide; `low` and `high` equal `after` without a range."""

    before: float
    after: float
    low: float
    high: float

    @property
    def span(self) -> float:
        """Width of the range."""
        return self.high - self.low


def before_after(
    before: float, after: float, low: float | None, high: float | None, *, top: float
) -> BeforeAfter:
    """Where to draw probabilities on an axis from 0 to `top`.

    Raises ValueError unless 0 < top and all of them lie between 0 and top.
    """
    given = [before, after, after if low is None else low, after if high is None else high]
    if not top > 0 or not all(0 <= p <= top for p in given):
        raise ValueError(f"{given} do not fit on an axis from 0 to {top}")
    return BeforeAfter(*(round(WIDTH * p / top, 2) for p in given))
