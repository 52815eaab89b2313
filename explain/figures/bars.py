"""Attribution bars: each concept's contribution from one centre line, on one scale.

What can be modified stands apart from what cannot, and in each list the concepts of one clinical
group stand together under their sum.
"""

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
    # of a comparison with an earlier run: where its value stood, and when
    earlier_at: str | None = None
    earlier_references: tuple[str, ...] = ()


@dataclass(frozen=True)
class BarGroup:
    """The drawn bars of one clinical group within a list; `total` is the sum of all its members.

    `x` and `width` are those of a bar of the total.
    """

    label: str
    total: float
    x: float
    width: float
    bars: tuple[Bar, ...]

    @property
    def raises(self) -> bool:
        return self.total > 0

    @property
    def is_named(self) -> bool:
        """A single bar needs no heading."""
        return len(self.bars) > 1


@dataclass(frozen=True)
class BarList:
    """What can be modified, or what cannot; `total` counts the bars that are too small to draw."""

    title: str
    total: float
    groups: tuple[BarGroup, ...]


@dataclass(frozen=True)
class Bars:
    """Bars, largest first, and the sum of those too small to draw; `lists` are the same in order.

    A small bar is drawn all the same where it stands in a group with a large one.
    """

    bars: tuple[Bar, ...]
    rest: float
    rest_count: int
    lists: tuple[BarList, ...] = ()
    width: float = WIDTH


# where the name of the group is not its heading
GROUP_WORDS = {"before": "Hospital care before", "stay": "This stay in hospital"}
LISTS = ((True, "Modifiable"), (False, "Not modifiable"))


def bars(contributions: Sequence[Mapping[str, Any]], *, largest: float | None = None) -> Bars:
    """Bars of stored contributions (probability). `largest` fixes the scale of several figures."""
    groups = _groups(contributions)
    drawn = [rows for rows in groups if _size(rows) >= SMALLEST_SHOWN]
    small = [c for rows in groups if _size(rows) < SMALLEST_SHOWN for c in rows]
    sizes = [size for rows in drawn for size in (_size(rows), abs(_sum(rows)))]
    scale = largest or max(sizes, default=1.0)
    made = [(rows[0]["modifiable"], _group(rows, scale)) for rows in drawn]
    flat = [bar for _, group in made for bar in group.bars]
    return Bars(
        tuple(sorted(flat, key=lambda bar: (-abs(bar.contribution), bar.concept))),
        _sum(small),
        len(small),
        tuple(
            BarList(
                title,
                _sum([c for c in contributions if c["modifiable"] == modifiable]),
                tuple(group for of, group in made if of == modifiable),
            )
            for modifiable, title in LISTS
            if any(of == modifiable for of, _ in made)
        ),
    )


def _groups(contributions: Sequence[Mapping[str, Any]]) -> list[list[Mapping[str, Any]]]:
    """The rows by group and list, the group with the largest single row first."""
    found: dict[tuple[str, bool], list[Mapping[str, Any]]] = {}
    for row in contributions:
        # rows of before groups were stored stand alone
        key = row.get("group") or row["concept"], row["modifiable"]
        found.setdefault(key, []).append(row)
    return sorted(found.values(), key=lambda rows: (-_size(rows), rows[0]["concept"]))


def _size(rows: Sequence[Mapping[str, Any]]) -> float:
    return float(max(abs(row["contribution"]) for row in rows))


def _sum(rows: Sequence[Mapping[str, Any]]) -> float:
    return float(sum(row["contribution"] for row in rows))


def _group(rows: Sequence[Mapping[str, Any]], scale: float) -> BarGroup:
    total = _sum(rows)
    return BarGroup(_label(rows), total, *_box(total, scale), _bars(rows, scale))


def _label(rows: Sequence[Mapping[str, Any]]) -> str:
    group = rows[0].get("group") or rows[0]["concept"]
    return GROUP_WORDS.get(group, group.replace("_", " ").capitalize())


def _bars(rows: Sequence[Mapping[str, Any]], scale: float) -> tuple[Bar, ...]:
    ordered = sorted(rows, key=lambda c: (-abs(c["contribution"]), c["concept"]))
    return tuple(_bar(row, scale) for row in ordered)


def _box(value: float, scale: float) -> tuple[float, float]:
    """Where a bar begins, and its width."""
    half = WIDTH / 2
    length = min(abs(value) / scale, 1.0) * half
    return round(half if value > 0 else half - length, 2), round(length, 2)


def _bar(row: Mapping[str, Any], scale: float) -> Bar:
    x, width = _box(row["contribution"], scale)
    return Bar(
        concept=row["concept"],
        label=row["label"],
        display=row["display"],
        contribution=row["contribution"],
        x=x,
        width=width,
        raises=row["contribution"] > 0,
        modifiable=row["modifiable"],
        status=row["status"],
        effective_at=row["effective_at"],
        references=tuple(row["references"]),
        earlier_at=row.get("earlier_at"),
        earlier_references=tuple(row.get("earlier_references", ())),
    )
