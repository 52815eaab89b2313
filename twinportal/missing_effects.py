"""How far a number could move if an input that a model did without were measured (E7)."""

from explain.attribution.attribute import effect_of_missing
from models_engine.models import Prediction
from models_engine.registry import model_as_run

SAME = 1e-6
LACKING = "missing_term"


def effects_of_missing(row: Prediction) -> dict[str, tuple[float, float]]:
    """By concept: lowest and highest probability over the values of the model's sample.

    Empty where the stored number is not what the model says now of the stored inputs: a range
    around another number would be wrong. `row` with its run.
    """
    lacking = [given["concept"] for given in row.inputs if given["status"] == LACKING]
    if row.value is None or not row.is_probability or not lacking:
        return {}
    try:
        model = model_as_run(row.model_id, row.model_version)
    except KeyError:
        return {}
    values = {
        given["concept"]: given["value"] for given in row.inputs if given["value"] is not None
    }
    if model.background is None or model.artefact_hash != row.run.artefact_hash:
        return {}
    if abs(model.predict_one(values)[row.outcome] - row.value) > SAME:
        return {}
    return {
        concept: effect_of_missing(model, values, concept)[row.outcome]
        for concept in lacking
        if concept in model.background.rows
    }
