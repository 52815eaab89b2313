"""Explains a prediction when it is made: exact Shapley values against two named baselines."""

import logging
from collections.abc import Sequence
from typing import Any

from explain.attribution.attribute import Attribution as Explanation
from explain.attribution.attribute import Contribution, attribute
from explain.models import Attribution
from models_engine.catalogue.contract import ClinicalModel
from models_engine.catalogue.feature_set import FeatureSet
from models_engine.models import Prediction
from models_engine.plugins import package_of

log = logging.getLogger(__name__)
ADDITIVITY_TOLERANCE = 1e-6


class AdditivityError(ArithmeticError):
    """Contributions that do not add up must never be stored."""


def explain_run(
    model: ClinicalModel, features: FeatureSet, predictions: Sequence[Prediction]
) -> list[Attribution]:
    """Unsaved attributions of one run's predictions, both baselines.

    None for a derived value or a run without numbers, and none when a plug-in cannot be explained:
    its number stands without bars. Raises AdditivityError.
    """
    if not model.is_probability or model.quiet or not features.is_usable:
        return []
    package = package_of(model)
    try:
        return _rows(model, features, predictions)
    except Exception as error:
        if not package:
            raise
        log.error(
            "plug-in model %s of %s not explained: %s", model.id, package, type(error).__name__
        )
        return []


def _rows(
    model: ClinicalModel, features: FeatureSet, predictions: Sequence[Prediction]
) -> list[Attribution]:
    by_outcome = {row.outcome: row for row in predictions}
    return [
        _row(by_outcome[explanation.outcome], features, explanation)
        for explanation in attribute(model, features.values)
    ]


def _row(prediction: Prediction, features: FeatureSet, explanation: Explanation) -> Attribution:
    total = explanation.baseline_value + sum(c.contribution for c in explanation.contributions)
    if prediction.value is None or abs(total - prediction.value) > ADDITIVITY_TOLERANCE:
        raise AdditivityError(f"{prediction.model_id} {explanation.outcome}")
    return Attribution(
        prediction=prediction,
        baseline=explanation.baseline,
        baseline_value=explanation.baseline_value,
        contributions=[_contribution(features, part) for part in explanation.contributions],
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
