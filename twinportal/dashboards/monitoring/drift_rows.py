"""The table of drift: every input and output against the reference, without small counts."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import pairwise
from typing import Any

from explain.figures.columns import Columns, columns
from models_engine.catalogue.contract import FEMALE, ClinicalModel
from models_engine.monitoring import drift
from models_engine.monitoring.counting import WAYS, is_yes_no
from twinportal.dashboards.monitoring import words
from twinportal.dashboards.monitoring.suppression import WITHHELD, Told, is_small, protected

KINDS = {"output": "Output", "input": "Input", "ways": "How it is recorded"}
SIDES = ("before", "now")


@dataclass(frozen=True)
class Bin:
    """One row of a comparison; shares are empty where a count is not shown."""

    label: str
    before: str
    now: str
    before_share: str
    now_share: str


@dataclass(frozen=True)
class DriftRow:
    """One input or output against the reference."""

    kind: str
    label: str
    level: str
    verdict: str
    index: str
    chance: str
    people: str
    bins: tuple[Bin, ...]
    before_figure: Columns
    now_figure: Columns
    summary: str


def drift_rows(
    model: ClinicalModel | None, rows: Sequence[Mapping[str, Any]], whole: tuple[int, int]
) -> list[DriftRow]:
    """Each comparison of a snapshot. `whole`: whom the model was for, then and now."""
    ways = [row for row in rows if row["name"].startswith("ways:")]
    told = {row["name"].partition(":")[2]: _told(row) for row in ways}
    largest = [max([whole[at], *(sum(r[side]) for r in ways)]) for at, side in enumerate(SIDES)]
    found = []
    for row in rows:
        kind, _, name = row["name"].partition(":")
        # people with a value and people without are all: one of the two tells the other, and how
        # many are recorded is told in the row on how
        of_all = [
            kind != "ways"
            and (
                is_small(largest[at] - sum(row[side]))
                or bool(kind == "input" and name in told and told[name][at].hidden)
            )
            for at, side in enumerate(SIDES)
        ]
        found.append(_drift_row(model, row, of_all))
    return found


def _told(row: Mapping[str, Any], of_all: Sequence[bool] = (False, False)) -> tuple[Told, Told]:
    """What is told of each side. With `of_all` its total is not, so that one count more is left
    out."""
    sides = [row[side] for side in SIDES]

    def on(at: int) -> Told:
        def alike(changed: list[int]) -> bool:
            both = [changed if at == side else counts for side, counts in enumerate(sides)]
            return drift.compare(*both).level == row["level"]

        counts = sides[at]
        also = [max(range(len(counts)), key=lambda p: counts[p])] if of_all[at] and counts else []
        return protected(counts, alike, also)

    return on(0), on(1)


def _drift_row(
    model: ClinicalModel | None, row: Mapping[str, Any], of_all: Sequence[bool]
) -> DriftRow:
    kind, _, name = row["name"].partition(":")
    label = words.outcome_label(model, name) if kind == "output" else words.label(model, name)
    names = list(WAYS) if kind == "ways" else _bin_names(model, kind, name, row)
    told = _told(row, of_all)
    nothing = any(side.nothing for side in told)
    totals = [sum(row[side]) for side in SIDES]
    bins = tuple(
        Bin(
            named,
            *(side.words[place] for side in told),
            *(_share(row, at, place, told[at], totals[at]) for at in (0, 1)),
        )
        for place, named in enumerate(names)
        if nothing or row["before"][place] or row["now"][place]
    )
    # both would tell of the counts that are left out
    exact = row["index"] is not None and not any(side.hidden for side in told)
    index = f"{row['index']:.3f}" if exact else ""
    verdict = words.LEVELS[row["level"]]
    people = [WITHHELD if of_all[at] else words.count(totals[at]) for at in (0, 1)]
    figures = [_drawn(row[side], told[at]) for at, side in enumerate(SIDES)]
    return DriftRow(
        kind=KINDS[kind],
        label=label,
        level=row["level"],
        verdict=verdict,
        index=index,
        chance=f"{row['chance']:.3f}" if exact else "",
        people=f"{people[0]} then, {people[1]} now",
        bins=bins,
        before_figure=figures[0],
        now_figure=figures[1],
        summary=f"{label}: {verdict}" + (f", index {index}" if index else ""),
    )


def _share(row: Mapping[str, Any], at: int, place: int, told: Told, total: int) -> str:
    # beside a count that is left out, a share of another would tell a total that is left out too
    if told.hidden:
        return ""
    return words.share(row[SIDES[at]][place], total)


def _drawn(counts: Sequence[int], told: Told) -> Columns:
    """A count that is not shown is not drawn."""
    return columns([0 if place in told.hidden else n for place, n in enumerate(counts)])


def _bin_names(
    model: ClinicalModel | None, kind: str, name: str, row: Mapping[str, Any]
) -> list[str]:
    cuts = row["cuts"]
    if not cuts:
        return ["any value"]
    declared = {i.concept: i for i in model.inputs}.get(name) if model and kind == "input" else None
    per_cent = kind == "output" and _is_probability(model, name)
    shown = [f"{100 * c:.3g} %" if per_cent else f"{c:.4g}" for c in cuts]
    if row["by_value"]:
        if declared and declared.concept == "sex":
            shown = ["female" if c == FEMALE else "male" for c in cuts]
        elif declared and is_yes_no(declared):
            shown = ["yes" if c else "no" for c in cuts]
        return [f"below {shown[0]}", *shown[:-1], f"above {shown[-2]}"]
    pairs = [f"{a} to {b}" for a, b in pairwise(shown)]
    return [f"below {shown[0]}", *pairs, f"from {shown[-1]}"]


def _is_probability(model: ClinicalModel | None, outcome_id: str) -> bool:
    return any(o.id == outcome_id and o.is_probability for o in (model.outcomes if model else ()))
