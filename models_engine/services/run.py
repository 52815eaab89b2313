"""Runs every registered model on states of twins. Stores nothing.

A model of ours that raises stops the refresh, which is tried again and shown as failed. A plug-in
that raises, or answers what cannot be stored, costs its own number alone.
"""

import hashlib
import json
import logging
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from models_engine.catalogue.contract import ClinicalModel, Refusal
from models_engine.catalogue.feature_set import FeatureSet, InputUsed
from models_engine.features import StateReader, build_features
from models_engine.plugins import package_of
from models_engine.registry import all_models
from patients.record.state import State

log = logging.getLogger(__name__)


@dataclass(frozen=True, eq=False)
class ModelResult:
    """What one model says of one state: a value an outcome, or the refusals of its features.

    `intervals` holds (low, high) for outcomes whose model publishes an interval.
    """

    model: ClinicalModel
    features: FeatureSet
    values: Mapping[str, float]
    intervals: Mapping[str, tuple[float, float]]

    @property
    def has_numbers(self) -> bool:
        return bool(self.values)

    @property
    def says_nothing(self) -> bool:
        """A quiet model that is not for this person: not even its reason is worth a row."""
        kinds = {refusal.kind for refusal in self.features.refusals}
        return self.model.quiet and "not_applicable" in kinds

    @cached_property
    def state_hash(self) -> str:
        """Identity of what the model was given: values, where from, what was missing."""
        given = [
            [concept, source.status, repr(self.features.values.get(concept)), *_origin(source)]
            for concept, source in sorted(self.features.sources.items())
        ]
        # with its words: another reason for the same gap must reach the page
        refused = sorted(
            " ".join([refusal.code, refusal.message, *map(str, refusal.mappings)])
            for refusal in self.features.refusals
        )
        text = json.dumps([given, refused, list(self.features.notes)], separators=(",", ":"))
        return hashlib.sha256(text.encode()).hexdigest()

    def fact_ids(self) -> Iterator[int]:
        """The facts used, those behind derived values included."""
        for source in self.features.sources.values():
            for used in (source, *source.derived_from):
                if used.fact_id is not None:
                    yield used.fact_id


def _origin(source: InputUsed) -> list[str]:
    return [
        f"{used.resource_type}/{used.resource_id} {used.effective_at}"
        for used in (source, *source.derived_from)
        if used.resource_id
    ]


def run_models_on(
    states: Sequence[State], *, kfre_region: str, score2_region: str
) -> list[list[ModelResult]]:
    """Every registered model on each of the states: one call a model for all who have the inputs.

    A plug-in is asked for one person at a time: what it makes of one must not depend on another.
    """
    readers = [StateReader(state) for state in states]
    told = [
        [_plugged_in(model, reader, package) for reader in readers]
        if (package := package_of(model))
        else run_model_on(model, readers)
        for model in all_models(kfre_region, score2_region)
    ]
    return [list(of_state) for of_state in zip(*told, strict=True)]


def _plugged_in(model: ClinicalModel, reader: StateReader, package: str) -> ModelResult:
    state = reader.state
    try:
        return _storable(run_model(model, state, reader))
    except Exception as error:  # noqa: BLE001 whatever somebody else's code raises
        # the type alone: a message may hold a value of the patient
        log.error("plug-in model %s of %s raised %s", model.id, package, type(error).__name__)
        text = f"{model.title}: this plug-in failed on this record, so it gives no number."
        refusal = Refusal("not_applicable", "model", text)
        features = FeatureSet(model.id, state.as_of, {}, {}, (refusal,), (), None)
        return ModelResult(model, features, {}, {})


def _storable(result: ModelResult) -> ModelResult:
    for outcome in result.model.outcomes:
        value = result.values.get(outcome.id, 0.0)
        low, high = result.intervals.get(outcome.id, (value, value))
        if (outcome.is_probability and not 0 <= value <= 1) or not low <= value <= high:
            raise FloatingPointError(f"{outcome.id} is no probability, or outside its interval")
    return result


def run_model(model: ClinicalModel, state: State, reader: StateReader | None = None) -> ModelResult:
    """One model on `state`; no values when its features carry refusals."""
    return run_model_on(model, [reader or StateReader(state)])[0]


def run_model_on(model: ClinicalModel, readers: Sequence[StateReader]) -> list[ModelResult]:
    """One model on many states, by one call of it. Raises FloatingPointError."""
    sets = [build_features(model, reader.state, reader) for reader in readers]
    usable = [features for features in sets if features.is_usable]
    numbers = iter(_predict(model, usable) if usable else ())
    return [
        ModelResult(model, features, *(next(numbers) if features.is_usable else ({}, {})))
        for features in sets
    ]


def _predict(
    model: ClinicalModel, usable: Sequence[FeatureSet]
) -> list[tuple[dict[str, float], dict[str, tuple[float, float]]]]:
    """Values and intervals by outcome, of each."""
    arrays = {
        i.concept: np.array([features.values.get(i.concept, np.nan) for features in usable])
        for i in model.inputs
    }
    values = model.predict(arrays)
    if not np.isfinite(values).all():
        raise FloatingPointError(f"{model.id} gave a value that is not finite")
    ids = [outcome.id for outcome in model.outcomes]
    intervals: list[dict[str, tuple[float, float]]] = [{} for _ in usable]
    if model.interval is not None:
        intervals = [
            {one: (low, high) for one, (low, high) in zip(ids, bounds, strict=True)}
            for bounds in model.interval(arrays).tolist()
        ]
    return [
        (dict(zip(ids, row, strict=True)), interval)
        for row, interval in zip(values.tolist(), intervals, strict=True)
    ]
