"""A change and a value in a clinician's words."""

from models_engine.catalogue.what_if.controls import CONTROL_OF, READ
from models_engine.catalogue.what_if.effects import SMOKING
from models_engine.catalogue.what_if.interventions import Intervention, treatments

UNITS = {declared.concept: declared.published_unit or declared.unit for declared in READ} | {
    "systolic_bp": "mmHg",
    "total_cholesterol": "mmol/L",
    "hdl_cholesterol": "mmol/L",
}


def intervention_words(one: Intervention) -> str:
    """ "Systolic blood pressure 130 mmHg", "Stop smoking", "Atorvastatin 20 mg a day"."""
    if one.kind == "treatment":
        return treatments()[one.target].label
    if one.target == SMOKING:
        return "Stop smoking"
    control = CONTROL_OF[one.target]
    return f"{control.label} {value_text(one.target, one.value)}"


def value_text(concept: str, value: float) -> str:
    """A value with its unit."""
    if concept == SMOKING:
        return "smoking" if value else "not smoking"
    return f"{value:.{digits(concept)}f} {UNITS.get(concept, '')}".rstrip()


def digits(concept: str) -> int:
    """Decimals that a value is shown with."""
    return 2 if concept.endswith("cholesterol") else 1
