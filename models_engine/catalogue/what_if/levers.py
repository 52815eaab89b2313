"""What may be moved to lower a prediction of one person: values one after the other, least first.

A lever is what a person changes (weight); it moves the inputs of a model that depend on it (body
mass index) by a straight line, so that values that are tied to each other stay consistent.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from math import ceil, floor, inf, isclose

from models_engine.catalogue.contract import ClinicalModel, FloatArray, Input
from models_engine.catalogue.risk.ckdpc_40 import CURRENT, FORMER
from models_engine.catalogue.what_if.effects import SMOKING
from models_engine.catalogue.what_if.recommended import (
    NON_HDL,
    NOT_AIMED_AT,
    OVERWEIGHT,
    RECOMMENDED_FOR,
    Recommended,
    without_diabetes,
)

# lost to binary fractions, in steps
BINARY = 1e-9
# a change of a urine ratio is offered in so many parts
PARTS = 10


@dataclass(frozen=True)
class Lever:
    """One thing to change. `values` run from the least change to the furthest, all below `start`.

    `moves`: by input of the model, (offset, slope): the input is offset + slope * value.
    """

    recommended: Recommended
    start: float
    values: tuple[float, ...]
    moves: Mapping[str, tuple[float, float]]

    @property
    def concept(self) -> str:
        """What is changed, which need not be what the model reads."""
        return self.recommended.concept

    def efforts(self, value: FloatArray) -> FloatArray:
        """How far values (n,) are from today's, in the unit of the measure."""
        return (self.start - value) / self.recommended.effort_for(self.start)

    def inputs(self, value: float) -> dict[str, float]:
        """The inputs of the model when the value is `value`."""
        return {concept: offset + slope * value for concept, (offset, slope) in self.moves.items()}


@dataclass(frozen=True)
class NotOffered:
    """A modifiable input of the model that is not moved, and why."""

    concept: str
    label: str
    reason: str


def levers_of(
    model: ClinicalModel,
    values: Mapping[str, float],
    start: Mapping[str, float],
    unfit: Mapping[str, str],
) -> tuple[tuple[Lever, ...], tuple[NotOffered, ...]]:
    """What may be moved for one person, in the model's order of inputs, and what not.

    Parameters
    ----------
    model : whose inputs are moved. values : its inputs as it reads them now.
    start : values of the record by concept (LDL cholesterol, weight), in canonical units.
    unfit : paths of effects whose values are not of one measurement (`Person.unfit`).
    """
    offered: list[Lever] = []
    left: list[NotOffered] = []
    for declared in model.inputs:
        if not declared.modifiable or declared.concept not in values:
            continue
        found = _lever(declared, values, start, unfit)
        if isinstance(found, Lever):
            found = _within(model, found)
        if isinstance(found, Lever):
            offered.append(found)
        else:
            left.append(NotOffered(declared.concept, declared.label, found))
    return tuple(offered), tuple(left)


def _lever(
    declared: Input,
    values: Mapping[str, float],
    start: Mapping[str, float],
    unfit: Mapping[str, str],
) -> Lever | str:
    """The lever of an input, or why there is none."""
    concept, now = declared.concept, values[declared.concept]
    if concept in NOT_AIMED_AT:
        return NOT_AIMED_AT[concept]
    # a model that reads HbA1c and not diabetes is for people with diabetes alone
    if concept == "hba1c" and not values.get("diabetes", 1.0):
        return without_diabetes(now)
    match concept:
        case "smoking_status" | "smoking_history":
            return _smoking(concept, now)
        case "total_cholesterol":
            return _cholesterol(now, values, start, unfit)
        case "bmi":
            return _weight(now, start)
        case "systolic_bp" | "hba1c" | "urine_acr":
            known = RECOMMENDED_FOR[concept]
            return _made(known, now, known.lowest_for(now), {concept: (0.0, 1.0)})
    return "No recommended range is known here, so it is left as it is."


def _smoking(concept: str, now: float) -> Lever | str:
    known = RECOMMENDED_FOR[SMOKING]
    stopped, smokes = (FORMER, CURRENT) if concept == "smoking_history" else (0.0, 1.0)
    if now != smokes:
        return "The record does not say that this person smokes now."
    return Lever(known, 1.0, (0.0,), {concept: (stopped, smokes - stopped)})


def _cholesterol(
    total: float, values: Mapping[str, float], start: Mapping[str, float], unfit: Mapping[str, str]
) -> Lever | str:
    """LDL cholesterol, where it is of the same sample; else the total. HDL cholesterol stays."""
    hdl = values.get("hdl_cholesterol", start.get("hdl_cholesterol"))
    if hdl is None:
        return "HDL cholesterol is not known: how far the total may fall is open."
    ldl = start.get("ldl_cholesterol")
    if ldl is None or "ldl_total" in unfit or not _is_same(total, start.get("total_cholesterol")):
        known = RECOMMENDED_FOR["total_cholesterol"]
        return _made(known, total, hdl + NON_HDL, {"total_cholesterol": (0.0, 1.0)})
    known = RECOMMENDED_FOR["ldl_cholesterol"]
    others = total - ldl
    lowest = max(known.lowest, hdl + NON_HDL - others)
    return _made(known, ldl, lowest, {"total_cholesterol": (others, 1.0)})


def _weight(bmi: float, start: Mapping[str, float]) -> Lever | str:
    """The weight, where the body mass index is the one of the record; else the index."""
    weight = start.get("weight")
    if weight is None or not _is_same(bmi, start.get("bmi")):
        known = RECOMMENDED_FOR["bmi"]
        return _made(known, bmi, known.lowest_for(bmi), {"bmi": (0.0, 1.0)})
    known = RECOMMENDED_FOR["weight"]
    lowest = max(known.lowest_for(weight), weight * OVERWEIGHT / bmi)
    return _made(known, weight, lowest, {"bmi": (0.0, bmi / weight)})


def _made(
    known: Recommended, now: float, lowest: float, moves: Mapping[str, tuple[float, float]]
) -> Lever | str:
    if now < known.offered_from:
        return f"Offered from {known.offered_from:g} {known.unit} on. {known.says}"
    values = _parts(now, lowest) if known.offered_from else _raster(now, lowest, known.step)
    if not values:
        return f"Already within the range that is tried here, or at its end. {known.says}"
    return Lever(known, now, values, moves)


def _raster(now: float, lowest: float, step: float) -> tuple[float, ...]:
    """Round values below today's, the nearest first; at least half a step apart from it."""
    first = floor(now / step - 0.5 + BINARY)
    last = ceil(lowest / step - BINARY)
    return tuple(round(at * step, 6) for at in range(first, last - 1, -1))


def _parts(now: float, lowest: float) -> tuple[float, ...]:
    """Whole values below today's in even parts of the way, for a ratio over orders of magnitude."""
    values = [float(ceil(now - at * (now - lowest) / PARTS - BINARY)) for at in range(1, PARTS + 1)]
    return tuple(dict.fromkeys(value for value in values if lowest <= value < now))


def _within(model: ClinicalModel, lever: Lever) -> Lever | str:
    """The lever with the values alone that the model was made for."""
    kept = tuple(
        value
        for value in lever.values
        if all(model.input(c).accepts(moved) for c, moved in lever.inputs(value).items())
    )
    if not kept:
        return "A lower value is outside the range that the model was made for."
    return Lever(lever.recommended, lever.start, kept, lever.moves)


def _is_same(one: float, other: float | None) -> bool:
    return isclose(one, other if other is not None else inf, rel_tol=1e-9)
