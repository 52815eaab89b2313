"""Recomputes why a stored prediction is what it is, against whom a page asks about.

Nothing is shown that does not agree with what is stored: the model must be the very artefact of the
run, its answer to the stored inputs the stored number, and the contributions the stored ones, each
within 1e-6. Otherwise `NotShown` says in a sentence what is the matter.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass
from functools import partial
from typing import TypeVar

import numpy as np

from explain.attribution.attribute import BaselineId, effect_of_missing
from explain.attribution.comparison import Comparison, against_earlier, against_sample
from explain.models import Attribution
from models_engine.catalogue.contract import ClinicalModel
from models_engine.models import ModelRun, Prediction
from models_engine.plugins import package_of
from models_engine.registry import model_as_run

TOLERANCE = 1e-6
# what is tried in place of an input by its status: the sample's values, or no and yes
UNKNOWN: Mapping[str, tuple[float, ...] | None] = {
    "missing_term": None,
    "not_assessable": None,
    "assumed_absent": (0.0, 1.0),
}
Told = TypeVar("Told")


class NotShown(Exception):
    """Why no reasons can be computed anew."""


class ModelGone(NotShown):
    """The artefact that made the number is not here any more: what is stored still stands."""


@dataclass(frozen=True)
class Effect:
    """The lowest and highest probability over the values that a missing or assumed input may have."""

    label: str
    status: str
    low: float
    high: float


def compare(
    row: Prediction,
    against: BaselineId,
    stored: Attribution | None = None,
) -> Comparison:
    """Against one of the baselines; equal to what is `stored` of it. Raises NotShown."""
    model, values = _model(row.run), values_of(row.run)
    found = _told(model, lambda: against_sample(model, values, row.outcome, against))
    _check(found, row)
    if stored is not None:
        _check_stored(found, stored)
    return found


def compare_with_earlier(row: Prediction, earlier: Prediction) -> Comparison:
    """Between the inputs of an earlier run and these: what moved the number. Raises NotShown."""
    if row.run.artefact_hash != earlier.run.artefact_hash:
        raise NotShown(
            f"The earlier number was made by version {earlier.model_version} of the model, this one "
            f"by {row.model_version}: the model itself has changed between them, so the difference "
            "is not that of the inputs alone."
        )
    model, values, then = _model(row.run), values_of(row.run), values_of(earlier.run)
    found = _told(model, lambda: against_earlier(model, values, then, row.outcome))
    _check(found, row)
    if not _agree(found.baseline_value, earlier.value):
        raise NotShown("Recomputed now, the model gives another number for the earlier inputs.")
    return found


def effects_of_missing(row: Prediction) -> list[Effect]:
    """How much each input that was missing or assumed could change the number. Raises NotShown."""
    model, values = _model(row.run), values_of(row.run)
    if model.background is None:
        return []
    found = []
    for given in row.inputs:
        if given["status"] in UNKNOWN and given["concept"] in model.background.rows:
            tried = UNKNOWN[given["status"]]
            low, high = _told(model, partial(_effect, model, values, given["concept"], tried))[
                row.outcome
            ]
            found.append(Effect(given["label"], given["status"], low, high))
    return found


def _effect(
    model: ClinicalModel,
    values: Mapping[str, float],
    concept: str,
    tried: tuple[float, ...] | None,
) -> dict[str, tuple[float, float]]:
    return effect_of_missing(model, values, concept, np.array(tried) if tried else None)


def values_of(run: ModelRun) -> dict[str, float]:
    """The inputs as they were given to the model, in canonical units; without missing ones."""
    return {row["concept"]: row["value"] for row in run.inputs if row["value"] is not None}


def _model(run: ModelRun) -> ClinicalModel:
    try:
        model = model_as_run(run.model_id, run.model_version)
    except KeyError:
        raise ModelGone("The model is no longer registered here.") from None
    if model.artefact_hash != run.artefact_hash:
        raise ModelGone("The model has changed since this number was made.")
    return model


def _told(model: ClinicalModel, asked: Callable[[], Told]) -> Told:
    try:
        return asked()
    except Exception as error:
        # somebody else's code may raise anything; ours that raises is a fault to be seen
        if not package_of(model):
            raise
        raise NotShown("The plug-in that made this number failed when it was asked why.") from error


def _check(found: Comparison, row: Prediction) -> None:
    if not _agree(found.output, row.value):
        raise NotShown("Recomputed now, the model gives another number for the same inputs.")
    if found.gap > TOLERANCE:
        raise NotShown("The contributions do not add up to the number.")


def _check_stored(found: Comparison, stored: Attribution) -> None:
    was: Mapping[str, float] = {c["concept"]: c["contribution"] for c in stored.contributions}
    now = {part.concept: part.contribution for part in found.contributions}
    if (
        was.keys() != now.keys()
        or not _agree(found.baseline_value, stored.baseline_value)
        or not all(_agree(now[concept], value) for concept, value in was.items())
    ):
        raise NotShown("Recomputed now, the reasons differ from those that were stored.")


def _agree(one: float, other: float | None) -> bool:
    return other is not None and abs(one - other) <= TOLERANCE
