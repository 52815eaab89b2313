"""Explains predictions when they are made: exact Shapley values against two named baselines."""

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from explain.attribution.attribute import Attribution as Explanation
from explain.attribution.attribute import Contribution, attribute_all
from explain.models import Attribution
from models_engine.catalogue.contract import ClinicalModel
from models_engine.catalogue.feature_set import FeatureSet
from models_engine.plugins import package_of

log = logging.getLogger(__name__)
ADDITIVITY_TOLERANCE = 1e-6


class AdditivityError(ArithmeticError):
    """Contributions that do not add up must never be stored."""


@dataclass(frozen=True, eq=False)
class Explained:
    """A run to be explained: the keys of its predictions by outcome, and their values."""

    model: ClinicalModel
    features: FeatureSet
    predictions: Mapping[str, tuple[int, float]]


def explain_runs(runs: Sequence[Explained]) -> list[Attribution]:
    """Unsaved attributions of these runs' predictions, both baselines; one call a model.

    None for a derived value or a run without numbers, and none when a plug-in cannot be explained:
    its number stands without bars. Raises AdditivityError.
    """
    by_model: dict[str, list[Explained]] = {}
    for run in runs:
        if run.model.is_probability and not run.model.quiet and run.features.is_usable:
            by_model.setdefault(run.model.id, []).append(run)
    made: list[Attribution] = []
    for of_model in by_model.values():
        if package := package_of(of_model[0].model):
            made += [row for run in of_model for row in _plugged_in(run, package)]
        else:
            made += _rows(of_model)
    return made


def _plugged_in(run: Explained, package: str) -> list[Attribution]:
    try:
        return _rows([run])
    except Exception as error:  # noqa: BLE001 whatever somebody else's code raises
        log.error(
            "plug-in model %s of %s not explained: %s", run.model.id, package, type(error).__name__
        )
        return []


def _rows(runs: Sequence[Explained]) -> list[Attribution]:
    told = attribute_all(runs[0].model, [run.features.values for run in runs])
    return [
        _row(run, explanation)
        for run, explanations in zip(runs, told, strict=True)
        for explanation in explanations
    ]


def _row(run: Explained, explanation: Explanation) -> Attribution:
    total = explanation.baseline_value + sum(c.contribution for c in explanation.contributions)
    key, value = run.predictions[explanation.outcome]
    if abs(total - value) > ADDITIVITY_TOLERANCE:
        raise AdditivityError(f"{run.model.id} {explanation.outcome}")
    return Attribution(
        prediction_id=key,
        baseline=explanation.baseline,
        baseline_value=explanation.baseline_value,
        contributions=[_contribution(run.features, part) for part in explanation.contributions],
        overlap=explanation.overlap,
        far=list(explanation.far),
    )


def _contribution(features: FeatureSet, part: Contribution) -> dict[str, Any]:
    """One bar: what it adds, and the value and resource versions behind it."""
    source = features.sources[part.concept]
    return {
        "concept": part.concept,
        "label": part.label,
        "group": part.group,
        "modifiable": part.modifiable,
        "contribution": part.contribution,
        "value": source.value,
        "unit": source.unit,
        "display": source.display,
        "status": source.status,
        "effective_at": source.effective_at.isoformat() if source.effective_at else None,
        "references": [u.reference for u in (source, *source.derived_from) if u.reference],
    }
