"""Drugs by cell types: a mark where a drug is near the changed genes of a cell type.

Pure geometry; the same values stand in a table beside it.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from math import sqrt
from typing import Any

ROW, COLUMN, LABELS, HEAD, PAD = 24, 30, 190, 26, 6
LARGEST, SMALLEST = 11.0, 3.0
# a z beyond this is drawn as large as this
FARTHEST_Z = 6.0
LONGEST_LABEL = 24


@dataclass(frozen=True)
class Mark:
    """`kind`: candidate (full circle), near (ring), worse (cross). `r`: its area grows with -z."""

    x: float
    y: float
    r: float
    kind: str
    said: str

    @property
    def ends(self) -> tuple[float, float, float, float]:
        """Left, right, top and bottom of a cross."""
        return self.x - self.r, self.x + self.r, self.y - self.r, self.y + self.r


@dataclass(frozen=True)
class Label:
    text: str
    at: float


@dataclass(frozen=True)
class Matrix:
    """In SVG units. `columns` are numbers of cell types, named by `key` and in the table.

    `rows`: of each drug its name and, for each cell type, the words of the mark there.
    """

    width: int
    height: int
    labels: tuple[Label, ...]
    columns: tuple[Label, ...]
    lines: tuple[float, ...]
    marks: tuple[Mark, ...]
    key: tuple[str, ...]
    rows: tuple[tuple[str, tuple[str, ...]], ...]
    left: int = LABELS


def matrix(drugs: Sequence[tuple[str, Sequence[dict[str, Any]]]], cells: Sequence[str]) -> Matrix:
    """`drugs`: names with their fits, as a run's result has them; `cells`: cell types in order."""
    place = {cell: i for i, cell in enumerate(cells)}
    marks: list[Mark] = []
    rows = []
    for row, (_, fits) in enumerate(drugs):
        said = ["–"] * len(cells)
        for fit in fits:
            column = place[fit["cell_type"]]
            mark = _mark(fit, LABELS + column * COLUMN + COLUMN / 2, HEAD + row * ROW + ROW / 2)
            said[column] = mark.said
            marks.append(mark)
        rows.append((drugs[row][0], tuple(said)))
    return Matrix(
        width=LABELS + len(cells) * COLUMN + PAD,
        height=HEAD + len(drugs) * ROW + PAD,
        labels=tuple(
            Label(_short(name), HEAD + i * ROW + ROW / 2) for i, (name, _) in enumerate(drugs)
        ),
        columns=tuple(
            Label(str(i + 1), LABELS + i * COLUMN + COLUMN / 2) for i in range(len(cells))
        ),
        lines=tuple(HEAD + i * ROW for i in range(len(drugs) + 1)),
        marks=tuple(marks),
        key=tuple(cells),
        rows=tuple(rows),
    )


def _mark(fit: dict[str, Any], x: float, y: float) -> Mark:
    z = f"z {fit['z']:.2f}".replace("-", "−") if fit["z"] is not None else "no z"
    if fit["is_candidate"]:
        kind, words = "candidate", "candidate"
    elif fit["mimics"]:
        kind, words = (
            "worse",
            "adds to a change" if fit["is_near"] else "not near, adds to a change",
        )
    else:
        kind, words = "near", "near, no known counteracting"
    return Mark(x, y, _radius(fit["z"]) if fit["is_near"] else SMALLEST, kind, f"{z}, {words}")


def _radius(z: float | None) -> float:
    share = min(max(-(z or 0.0), 0.0), FARTHEST_Z) / FARTHEST_Z
    return round(max(SMALLEST, LARGEST * sqrt(share)), 2)


def _short(name: str) -> str:
    return name if len(name) <= LONGEST_LABEL else name[: LONGEST_LABEL - 1] + "…"
