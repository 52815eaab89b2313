"""The features of the embedding, read from a twin's state."""

import math

import numpy as np

from models_engine.catalogue.risk.ckd_epi_2021 import egfr
from models_engine.catalogue.similarity.embedding import FEATURES, YOUNGEST
from patients.record.state import State

# what is older does not tell what somebody was like that day [J]
TWO_YEARS = 731
SEXES = ("female", "male")
SMOKING = {"never": 0.0, "former": 1.0, "current": 2.0}
_MEASURED = ("systolic_bp", "bmi", "total_cholesterol", "hdl_cholesterol", "hba1c", "urine_acr")
# a feature of conditions is any of these concepts
CONDITIONS: dict[str, tuple[str, ...]] = {
    "diabetes": ("diabetes_type_1", "diabetes_type_2", "diabetes_other"),
    "vascular_disease": (
        *("coronary_heart_disease", "myocardial_infarction", "stroke", "tia"),
        "peripheral_artery_disease",
    ),
    "kidney_replacement": ("end_stage_renal_disease", "dialysis", "kidney_transplant"),
}
_OF_CONDITIONS = {
    feature.id: CONDITIONS.get(feature.id, (feature.id,))
    for feature in FEATURES
    if feature.group == "condition"
}
_MEDICINES = tuple(feature.id for feature in FEATURES if feature.group == "medicine")
# of all facts these are enough to make the state from
CONCEPTS = frozenset(
    (
        *_MEASURED,
        *("height", "weight", "creatinine", "egfr_reported", "smoking_status", "pregnancy"),
        *(concept for concepts in _OF_CONDITIONS.values() for concept in concepts),
        *_MEDICINES,
    )
)


def why_not_compared(state: State) -> str:
    """Why nobody like this is looked for, in a clinician's words; "" if there is no reason."""
    if state.deceased:
        return "The patient has died."
    if state.sex not in SEXES:
        return "The sex is not recorded as female or male, and others are compared within one sex."
    if state.age is None:
        return "The birth date is not recorded, or too vague to tell the age."
    if state.age < YOUNGEST:
        return "Only adults are compared."
    if state.active("pregnancy") is not None:
        return "Pregnant women are not compared."
    return ""


def values_of(state: State) -> dict[str, float | None]:
    """The value of every feature; None is "not recorded".

    A condition or medicine without a record counts as absent: nobody records what is not there.
    Raises ValueError where there is no age (`why_not_compared`).
    """
    if state.age is None:
        raise ValueError("no age")
    values: dict[str, float | None] = {"age": float(state.age)}
    values |= {concept: _newest(state, concept) for concept in _MEASURED}
    values |= {
        name: float(any(state.history(concept) is not None for concept in concepts))
        for name, concepts in _OF_CONDITIONS.items()
    }
    values |= {name: float(state.active(name) is not None) for name in _MEDICINES}
    values["egfr"] = None if values["kidney_replacement"] else _egfr(state)
    smoking = state.latest("smoking_status", TWO_YEARS)
    values["smoking"] = SMOKING.get(smoking.code) if smoking else None
    return values


def _newest(state: State, concept: str) -> float | None:
    found = state.latest(concept, TWO_YEARS)
    return found.value if found is not None else None


def _egfr(state: State) -> float | None:
    """By CKD-EPI 2021 from creatinine, unless a reported one is newer."""
    reported = state.latest("egfr_reported", TWO_YEARS)
    creatinine = state.latest("creatinine", TWO_YEARS)
    if creatinine is None or creatinine.value is None or creatinine.value <= 0:
        return reported.value if reported is not None else None
    if reported is not None and reported.effective_at > creatinine.effective_at:
        return reported.value
    age, sex = float(state.age or 0), float(state.sex == "female")
    found = float(egfr(np.array([age]), np.array([sex]), np.array([creatinine.value]))[0])
    return found if math.isfinite(found) else None
