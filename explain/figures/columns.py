"""Numbers over time as columns that stand on zero, in a small box."""

from collections.abc import Sequence
from dataclasses import dataclass

HEIGHT = 32.0
STEP, WIDTH = 5.0, 4.0
# one must be seen beside a thousand
LEAST = 2.0


@dataclass(frozen=True)
class Column:
    """A rectangle; y grows downwards. `part` is the height of what is set off in it, from below."""

    x: float
    y: float
    height: float
    part_y: float
    part: float
    width: float = WIDTH


@dataclass(frozen=True)
class Columns:
    """One column a number; none where it is zero."""

    columns: tuple[Column, ...]
    width: float
    height: float = HEIGHT


def columns(values: Sequence[int], parts: Sequence[int] | None = None) -> Columns:
    """`values` oldest first, none negative; `parts` are shares of them, as large at most."""
    set_off = parts if parts is not None else [0] * len(values)
    most = max(values, default=0) or 1

    def scaled(value: int) -> float:
        return round(max(value / most * HEIGHT, LEAST), 2) if value else 0.0

    drawn = []
    for i, (value, part) in enumerate(zip(values, set_off, strict=True)):
        whole, inner = scaled(value), min(scaled(part), scaled(value))
        if value:
            drawn.append(
                Column(i * STEP, round(HEIGHT - whole, 2), whole, round(HEIGHT - inner, 2), inner)
            )
    return Columns(tuple(drawn), len(values) * STEP - (STEP - WIDTH))
