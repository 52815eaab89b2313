"""Attribution bars: each concept's contribution from one centre line, on one scale."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

WIDTH = 200.0
SMALLEST_SHOWN = 0.0005


@dataclass(frozen=True)
class Bar:
    """One bar; `x` and `width` are in a box WIDTH wide whose middle is nought."""

    concept: str
    label: str
    display: str
    contribution: float
    x: float
    width: float
    raises: bool
    modifiable: bool
    status: str
    effective_at: str | None
    references: tuple[str, ...]


@dataclass(frozen=True)
class Bars:
    """Bars, largest first, and the sum of those too small to draw."""

    bars: tuple[Bar, ...]
    rest: float
    rest_count: int
    width: float = WIDTH


def bars(contributions: Sequence[Mapping[str, Any]], *, largest: float | None = None) -> Bars:
    """Bars of stored contributions (probability). `largest` fixes the scale of several figures."""
    shown = [c for c in contributions if abs(c["contribution"]) >= SMALLEST_SHOWN]
    small = [c for c in contributions if abs(c["contribution"]) < SMALLEST_SHOWN]
    scale = largest or max((abs(c["contribution"]) for c in shown), default=1.0)
    ordered = sorted(shown, key=lambda c: (-abs(c["contribution"]), c["concept"]))
    return Bars(
        tuple(_bar(c, scale) for c in ordered),
        sum(c["contribution"] for c in small),
        len(small),
    )


def _bar(row: Mapping[str, Any], scale: float) -> Bar:
    half = WIDTH / 2
    length = min(abs(row["contribution"]) / scale, 1.0) * half
    raises = row["contribution"] > 0
    return Bar(
        concept=row["concept"],
        label=row["label"],
        display=row["display"],
        contribution=row["contribution"],
        x=round(half if raises else half - length, 2),
        width=round(length, 2),
        raises=raises,
        modifiable=row["modifiable"],
        status=row["status"],
        effective_at=row["effective_at"],
        references=tuple(row["references"]),
    )
