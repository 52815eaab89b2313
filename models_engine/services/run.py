"""Runs every registered model on one state of a twin. Stores nothing.

A model of ours that raises stops the refresh, which is tried again and shown as failed. A plug-in
that raises, or answers what cannot be stored, costs its own number alone.
"""

import hashlib
import json
import logging
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cached_property

import numpy as np

from models_engine.catalogue.contract import ClinicalModel, FloatArray, Refusal
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
        refused = sorted(
            " ".join([refusal.code, *map(str, refusal.mappings)])
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


def run_models(state: State, *, kfre_region: str, score2_region: str) -> list[ModelResult]:
    """Every registered model on `state`, in registry order."""
    reader = StateReader(state)
    return [_run(model, state, reader) for model in all_models(kfre_region, score2_region)]


def _run(model: ClinicalModel, state: State, reader: StateReader) -> ModelResult:
    package = package_of(model)
    if not package:
        return run_model(model, state, reader)
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
    features = build_features(model, state, reader)
    if not features.is_usable:
        return ModelResult(model, features, {}, {})
    arrays = {
        declared.concept: np.array([features.values.get(declared.concept, np.nan)])
        for declared in model.inputs
    }
    row = model.predict(arrays)[0]
    values = {o.id: float(v) for o, v in zip(model.outcomes, row, strict=True)}
    if not all(np.isfinite(value) for value in values.values()):
        raise FloatingPointError(f"{model.id} gave a value that is not finite")
    return ModelResult(model, features, values, _intervals(model, arrays))


def _intervals(
    model: ClinicalModel, arrays: Mapping[str, FloatArray]
) -> dict[str, tuple[float, float]]:
    if model.interval is None:
        return {}
    bounds = model.interval(arrays)[0]
    return {
        outcome.id: (float(low), float(high))
        for outcome, (low, high) in zip(model.outcomes, bounds, strict=True)
    }
