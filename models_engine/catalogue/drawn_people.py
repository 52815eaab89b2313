"""Made-up people inside a model's declared ranges, drawn with a fixed seed: for checks only."""

from collections.abc import Mapping

import numpy as np

from models_engine.catalogue.accepted_codes import concepts_of
from models_engine.catalogue.contract import BOUND_TOLERANCE, ClinicalModel, FloatArray, Input
from patients.terminology.measurements import MEASUREMENTS

SEED = 20261121
SHARE_MISSING = 0.3
# where neither the model nor the terminology sets a limit
OLDEST, LARGEST = 110.0, 100.0


def levels(declared: Input) -> tuple[float, ...] | None:
    """The values of an input that is no quantity: yes or no, or whole steps; None for others."""
    if declared.role in ("condition", "medication") or declared.concept == "sex":
        return (0.0, 1.0)
    if declared.role == "coded":
        low, high = declared.low or 0.0, 1.0 if declared.high is None else declared.high
        return tuple(float(v) for v in np.arange(low, high + 1))
    return None


def bounds(declared: Input) -> tuple[float, float]:
    """The lowest and highest value that the input accepts, or that the twin may hold."""
    known = next((MEASUREMENTS[c] for c in concepts_of(declared) if c in MEASUREMENTS), None)
    low, high = declared.low, declared.high
    if low is None:
        low = known.possible_low if known else 0.0
    elif declared.low_open:
        low += 2 * BOUND_TOLERANCE * max(1.0, abs(low))
    if high is None:
        high = OLDEST if declared.concept == "age" else known.possible_high if known else LARGEST
    elif declared.high_open:
        high -= 2 * BOUND_TOLERANCE * max(1.0, abs(high))
    return low, high


def grid(declared: Input, steps: int) -> FloatArray:
    """Rising values of an input over its whole range, both ends included."""
    known = levels(declared)
    return np.linspace(*bounds(declared), steps) if known is None else np.array(known)


def draw(model: ClinicalModel, people: int) -> dict[str, FloatArray]:
    """Arrays (people,) by concept; optional inputs are missing in some."""
    rng = np.random.default_rng(SEED)
    columns: dict[str, FloatArray] = {}
    for declared in model.inputs:
        known = levels(declared)
        if known is not None:
            column = rng.choice(np.array(known), people)
        else:
            low, high = bounds(declared)
            column = rng.uniform(low, high, people)
        if not declared.required:
            column[rng.random(people) < SHARE_MISSING] = np.nan
        columns[declared.concept] = column
    return columns


def edge_people(model: ClinicalModel, people: int) -> dict[str, FloatArray]:
    """Each input at either end with the others drawn, then corners: every input at some end."""
    rng = np.random.default_rng(SEED)
    parts = []
    for declared in model.inputs:
        for edge in _ends(declared):
            parts.append({**draw(model, people), declared.concept: np.full(people, edge)})
    parts.append({i.concept: rng.choice(np.array(_ends(i)), people) for i in model.inputs})
    return {i.concept: np.concatenate([p[i.concept] for p in parts]) for i in model.inputs}


def _ends(declared: Input) -> tuple[float, float]:
    known = levels(declared)
    return bounds(declared) if known is None else (known[0], known[-1])


def outside_range(model: ClinicalModel, person: Mapping[str, float]) -> str:
    """Which inputs of a person are missing though required, or outside the range; else empty."""
    wrong = []
    for declared in model.inputs:
        value = person.get(declared.concept)
        if value is None or np.isnan(value):
            if declared.required:
                wrong.append(f"{declared.concept} is missing")
        elif not declared.accepts(value):
            wrong.append(f"{declared.concept} {value:g} ({declared.describe_range()})")
    return ", ".join(wrong)
