"""Which outcomes a decision aid compares: the same rows for every option."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any, Literal

from models_engine.catalogue.treatment.knowledge.schema import Outcome
from models_engine.treatment_knowledge import treatment_knowledge

Json = dict[str, Any]
# what treatment is meant to prevent, and what it may bring: by the outcome, not by its sign
Part = Literal["event", "harm"]
ROWS_OF_A_PART = 4


@dataclass(frozen=True)
class Row:
    """One outcome. Those of one weight that are called otherwise (nausea, diarrhoea) are two."""

    outcome: str
    plain_label: str
    part: Part

    def of(self, candidate: Json) -> Json | None:
        """What an option does to it, if that is known."""
        return next((c for c in changes(candidate) if _is_about(self, c)), None)


def rows_of(candidates: Sequence[Json], part: Part) -> list[Row]:
    """The outcomes of a part that are shown, the weightiest first.

    Of every option the one that counts most (weight times size) and the one that comes most often,
    and always its commonest harm. What room is left is filled by what counts most, and by what is
    known of one option only when nothing else is there.
    """
    weights = {one.id: one.weight for one in treatment_knowledge().rows(Outcome)}
    kinds = {one.id: one.kind for one in treatment_knowledge().rows(Outcome)}
    known: dict[Row, list[Json]] = {}
    needed: set[Row] = set()
    for one in candidates:
        own: dict[Row, Json] = {}
        for change in changes(one):
            kind = kinds.get(change["outcome"]) or _listed_as(change, one)
            row = Row(
                change["outcome"],
                change["plain_label"],
                "event" if kind == "event" else "harm",
            )
            if row.part == part and change["difference"]:
                own.setdefault(row, change)
        for row, change in own.items():
            known.setdefault(row, []).append(change)
        needed |= _needed(own, weights)

    def counts_for(row: Row) -> float:
        weight = weights.get(row.outcome, 0.0)
        return weight * max(abs(c["difference"]) for c in known[row])

    def order(row: Row) -> tuple[float, str, str]:
        return -counts_for(row), row.outcome, row.plain_label

    room = sorted(set(known) - needed, key=lambda row: (len(known[row]) == 1, order(row)))
    shown = [*needed, *room[: max(0, ROWS_OF_A_PART - len(needed))]]
    return sorted(shown, key=order)


def changes(candidate: Json) -> Iterable[Json]:
    """What patients are told of an option: no research model, no event that another number holds."""
    for change in (*candidate["benefits"], *candidate["harms"]):
        if change["is_counted"] and not change["is_research"]:
            yield change


def _needed(own: dict[Row, Json], weights: dict[str, float]) -> set[Row]:
    if not own:
        return set()

    def size(row: Row) -> float:
        return abs(own[row]["difference"])

    def more(row: Row) -> float:
        return float(own[row]["difference"])

    found = {
        max(own, key=lambda row: weights.get(row.outcome, 0.0) * size(row)),
        max(own, key=size),
    }
    commonest = max(own, key=more)
    return found | ({commonest} if more(commonest) > 0 else set())


def _is_about(row: Row, change: Json) -> bool:
    return (change["outcome"], change["plain_label"]) == (row.outcome, row.plain_label)


def _listed_as(change: Json, candidate: Json) -> Part:
    return "harm" if change in candidate["harms"] else "event"
