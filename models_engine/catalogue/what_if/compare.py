"""One model before and after: every outcome at the point estimate and over the draws.

Associations are read as effects here: the page says "if the estimated effects hold". What a model
only observes (that somebody takes a statin or a blood pressure medicine) never changes with a
what-if: such an input marks people who were treated, and its coefficient is no effect of treatment.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace
from typing import Literal

import numpy as np

from models_engine.catalogue.contract import (
    Circumstances,
    ClinicalModel,
    FloatArray,
    Input,
    Refusal,
)
from models_engine.catalogue.risk.ckdpc_40 import CURRENT, FORMER
from models_engine.catalogue.what_if.draws import interval
from models_engine.catalogue.what_if.effects import SMOKING

# a smaller rise of a probability is not worth a word
RISE = 0.0005
# which way a value is aimed at: down, but for HDL cholesterol
AIMED = {
    "systolic_bp": -1,
    "bmi": -1,
    "weight": -1,
    "total_cholesterol": -1,
    "ldl_cholesterol": -1,
    "hdl_cholesterol": 1,
    "hba1c": -1,
    "smoking_status": -1,
    "smoking_history": -1,
}
# inputs that say a moved concept in another way
READ_FROM: Mapping[str, tuple[str, Callable[[FloatArray], FloatArray]]] = {
    "smoking_history": (SMOKING, lambda smoking: np.where(smoking > 0, CURRENT, FORMER)),
}


@dataclass(frozen=True)
class Comparison:
    """One outcome of one model. Without a number after, `refusals` say why.

    `low` to `high` and the range of the difference come from the effects alone; None where some
    of the draws left the model's range. `interval_before` and `interval_after` are the model's own.
    `against`: inputs that moved the way one aims at and, alone, raise the number: an association in
    the model (of low values with illness, a knot, an interaction), not shown to be an effect.
    """

    outcome: str
    before: float
    after: float | None
    low: float | None = None
    high: float | None = None
    difference_low: float | None = None
    difference_high: float | None = None
    interval_before: tuple[float, float] | None = None
    interval_after: tuple[float, float] | None = None
    against: tuple[str, ...] = ()

    @property
    def difference(self) -> float | None:
        """After less before."""
        return None if self.after is None else self.after - self.before


@dataclass(frozen=True, eq=False)
class ModelComparison:
    """One model. `moved_by` are its inputs that have another value, in declared order."""

    model: ClinicalModel
    outcomes: tuple[Comparison, ...]
    moved_by: tuple[str, ...] = ()
    refusals: tuple[Refusal, ...] = ()

    @property
    def responds(self) -> bool:
        """False where nothing that the model reads has moved."""
        return bool(self.moved_by)


def compare(
    model: ClinicalModel,
    values: Mapping[str, float],
    circumstances: Circumstances,
    before: Mapping[str, float],
    after: Mapping[str, FloatArray],
) -> ModelComparison:
    """A model's outcomes before and after.

    Parameters
    ----------
    model : the model. values : its inputs as it reads them now, complete (see FeatureSet).
    circumstances : what decides whether it applies, with these values.
    before, after : concepts as `propagate` was given them and returns them, (1 + draws,) each.
    """
    moved = {}
    refusals: list[Refusal] = []
    for declared in model.inputs:
        concept, read = READ_FROM.get(declared.concept, (declared.concept, _as_it_is))
        if concept not in after or declared.concept not in values:
            continue
        known = float(read(np.array([before[concept]]))[0])
        if not np.isclose(values[declared.concept], known, rtol=1e-9, atol=0.0):
            refusals.append(_reads_another(declared, values[declared.concept], known))
            continue
        moved[declared.concept] = read(after[concept])
    if not moved and not refusals:
        return ModelComparison(model, _unmoved(model, values))
    if moved and not refusals:
        point = {concept: float(column[0]) for concept, column in moved.items()}
        refusals += _out_of_range(model, point)
        refusals += model.applies(replace(circumstances, values={**values, **point}))
    if refusals:
        without = tuple(replace(c, after=None) for c in _unmoved(model, values))
        return ModelComparison(model, without, tuple(moved), tuple(dict.fromkeys(refusals)))
    return ModelComparison(model, _moved(model, values, moved), tuple(moved))


def _as_it_is(column: FloatArray) -> FloatArray:
    return column


def _moved(
    model: ClinicalModel, values: Mapping[str, float], moved: Mapping[str, FloatArray]
) -> tuple[Comparison, ...]:
    """Row 0 is before, row 1 the point estimate after, then draws, then each input moved alone."""
    alone = len(moved)
    size = 1 + len(next(iter(moved.values())))
    arrays = {i.concept: np.full(size + alone, values.get(i.concept, np.nan)) for i in model.inputs}
    for at, (concept, column) in enumerate(moved.items()):
        arrays[concept][1:size] = column
        arrays[concept][size + at] = column[0]
    inside = np.ones(size + alone, dtype=bool)
    for concept in moved:
        inside &= _accepted(model.input(concept), arrays[concept])
    # a draw that the model does not allow is never given to it, and then there is no range
    kept = {concept: column[inside] for concept, column in arrays.items()}
    rows = model.predict(kept)
    if not np.isfinite(rows).all():
        raise FloatingPointError(f"{model.id} gave a value that is not finite")
    own = model.interval({c: v[:2] for c, v in kept.items()}) if model.interval else None
    found = []
    for at, outcome in enumerate(model.outcomes):
        before, after = float(rows[0, at]), rows[1 : len(rows) - alone, at]
        single = rows[len(rows) - alone :, at] - before
        against = tuple(
            concept
            for (concept, column), rise in zip(moved.items(), single, strict=True)
            if rise >= RISE and AIMED.get(concept, 0) * (column[0] - values[concept]) > 0
        )
        spread = _spread(after) if inside.all() else (None, None)
        difference = _spread(after - before) if inside.all() else (None, None)
        found.append(
            Comparison(
                outcome.id,
                before,
                float(after[0]),
                low=spread[0],
                high=spread[1],
                difference_low=difference[0],
                difference_high=difference[1],
                interval_before=_pair(own, 0, at),
                interval_after=_pair(own, 1, at),
                against=against,
            )
        )
    return tuple(found)


def _spread(after: FloatArray) -> tuple[float, float]:
    """The interval of the draws; at a knot of a model it is widened to hold the estimate."""
    low, high = interval(after)
    return min(low, float(after[0])), max(high, float(after[0]))


def _unmoved(model: ClinicalModel, values: Mapping[str, float]) -> tuple[Comparison, ...]:
    arrays = {i.concept: np.array([values.get(i.concept, np.nan)]) for i in model.inputs}
    row = model.predict(arrays)[0]
    own = model.interval(arrays) if model.interval else None
    return tuple(
        Comparison(
            outcome.id,
            float(row[at]),
            float(row[at]),
            interval_before=_pair(own, 0, at),
            interval_after=_pair(own, 0, at),
        )
        for at, outcome in enumerate(model.outcomes)
    )


def _pair(own: FloatArray | None, row: int, outcome: int) -> tuple[float, float] | None:
    if own is None:
        return None
    return float(own[row, outcome, 0]), float(own[row, outcome, 1])


def _accepted(declared: Input, column: FloatArray) -> FloatArray:
    """Which values the input allows: `Input.accepts`, asked only of the extremes of many."""
    if declared.accepts(float(column.min())) and declared.accepts(float(column.max())):
        return np.ones(len(column), dtype=bool)
    return np.array([declared.accepts(float(value)) for value in column])


def _out_of_range(model: ClinicalModel, point: Mapping[str, float]) -> list[Refusal]:
    found = []
    for concept, value in point.items():
        declared = model.input(concept)
        if not declared.accepts(value):
            text = (
                f"{declared.label}: {declared.describe(value)} after the change; the model is for "
                f"{declared.describe_range()}."
            )
            is_low = declared.low is not None and value <= declared.low
            side: Literal["above", "below"] = "below" if is_low else "above"
            found.append(Refusal("out_of_range", concept, text, side=side))
    return found


def _reads_another(declared: Input, value: float, known: float) -> Refusal:
    text = (
        f"{declared.label}: the model reads {declared.describe(value)}, the change starts from "
        f"{declared.describe(known)}."
    )
    return Refusal("not_applicable", declared.concept, text)
