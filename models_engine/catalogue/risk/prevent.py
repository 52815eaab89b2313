"""AHA PREVENT 2023 as clinical models: all five variants, 10 and 30 years."""

from dataclasses import replace
from functools import partial

from models_engine.catalogue.artefact import artefact_hash
from models_engine.catalogue.background import read_background
from models_engine.catalogue.contract import (
    Band,
    Circumstances,
    ClinicalModel,
    Direction,
    Input,
    Outcome,
    Refusal,
)
from models_engine.catalogue.outcome_event import (
    ATHEROSCLEROTIC,
    CARDIOVASCULAR,
    CORONARY,
    HEART_FAILURE,
    STROKE,
)
from models_engine.catalogue.risk import inputs, prevent_equations
from models_engine.catalogue.risk.applicability import (
    not_after_death,
    not_with,
    steady_kidney_function,
)
from models_engine.catalogue.risk.inputs import cholesterol
from models_engine.catalogue.risk.prevent_facts import prevent_facts
from models_engine.catalogue.risk.prevent_vectors import vectors_of

VERSION = "2023.1"
FAMILY = "prevent"
CARDIOVASCULAR_DISEASE = (
    "myocardial_infarction",
    "coronary_heart_disease",
    "stroke",
    "heart_failure",
    # not named in the paper's outcome, but atherosclerotic disease all the same: [J]
    "peripheral_artery_disease",
)

# Reference values of "same age and sex, optimal values". SBP below 120 and total cholesterol
# below 180 mg/dL without diabetes or smoking are "all optimal" in Lloyd-Jones' stratification
# as tabled in PMC4338720; the single values, and all others, are this project's choice [J].
OPTIMAL = {
    "total_cholesterol": cholesterol(170),
    "hdl_cholesterol": cholesterol(50),
    "systolic_bp": 110.0,
    "bmi": 22.0,
    "egfr": 90.0,
    "diabetes": 0.0,
    "smoking_status": 0.0,
    "antihypertensive": 0.0,
    "statin": 0.0,
}
OPTIMAL_ADD_ONS = {"hba1c": 5.3, "urine_acr": 10.0, "sdi_decile": 1.0}
OPTIMAL_SOURCE = (
    "Reference values chosen by this project: total cholesterol 170 mg/dL, HDL 50 mg/dL, systolic "
    "blood pressure 110 mmHg, BMI 22, eGFR 90, no diabetes, no smoking, no blood pressure "
    "medicine or statin; HbA1c 5.3 %, urine ACR 10 mg/g and SDI decile 1 where the patient has one."
)

# of total cardiovascular disease only: docs/evidence.md, E-PREVENT-BANDS [S]
RISK_BANDS_10Y = (
    Band("low", "Low", 0.0, "S"),
    Band("borderline", "Borderline", 0.05, "S"),
    Band("intermediate", "Intermediate", 0.075, "S"),
    Band("high", "High", 0.20, "S"),
)
EVENTS = {
    "cvd": CARDIOVASCULAR,
    "ascvd": ATHEROSCLEROTIC,
    "hf": HEART_FAILURE,
    "chd": CORONARY,
    "stroke": STROKE,
}
OUTCOME_WORDS = {
    "cvd": ("Total cardiovascular disease", "atherosclerotic disease or heart failure"),
    "ascvd": ("Atherosclerotic cardiovascular disease", "coronary heart disease or stroke"),
    "hf": ("Heart failure", "heart failure"),
    "chd": ("Coronary heart disease", "coronary heart disease"),
    "stroke": ("Stroke", "stroke"),
}


def prevent_applies(circumstances: Circumstances) -> tuple[Refusal, ...]:
    """PREVENT is for the living, without known cardiovascular disease, with a steady eGFR."""
    return (
        *not_after_death(circumstances),
        *not_with(
            CARDIOVASCULAR_DISEASE,
            circumstances.ever,
            "PREVENT is for people without known cardiovascular disease.",
        ),
        *not_with(
            ("pregnancy",),
            circumstances.active,
            "PREVENT was not made for pregnancy.",
        ),
        *steady_kidney_function(circumstances),
    )


# a single add-on model needs its value; only the full model has a term for a missing one
ADD_ONS: dict[str, tuple[Input, ...]] = {
    "base": (),
    "hba1c": (inputs.hba1c(4.5, 15),),
    "uacr": (inputs.urine_acr(required=True),),
    "sdi": (replace(inputs.SDI_DECILE, required=True, order="The twin does not hold it."),),
    "full": (inputs.HBA1C, inputs.urine_acr(required=False), inputs.SDI_DECILE),
}
VARIANT_TITLES = {
    "base": "base model",
    "hba1c": "with HbA1c",
    "uacr": "with urine ACR",
    "sdi": "with social deprivation (SDI)",
    "full": "full model",
}


def _inputs(years: int, variant: str) -> tuple[Input, ...]:
    return (
        inputs.age(30, 59 if years == 30 else 79),
        inputs.SEX,
        inputs.TOTAL_CHOLESTEROL,
        inputs.HDL_CHOLESTEROL,
        inputs.SYSTOLIC_BP,
        inputs.BMI,
        inputs.egfr(15, 140),
        inputs.DIABETES,
        inputs.SMOKING,
        inputs.ANTIHYPERTENSIVE,
        inputs.STATIN,
        *ADD_ONS[variant],
    )


def _monotone(declared: tuple[Input, ...]) -> dict[str, Direction]:
    """What raises every outcome. The others interact with age, or turn at a knot.

    With HbA1c in the model, diabetes at a low HbA1c raises no longer by itself.
    """
    concepts = {i.concept for i in declared}
    rising = {"smoking_status", "hba1c" if "hba1c" in concepts else "diabetes", "urine_acr"}
    return {concept: "up" for concept in sorted(rising & concepts)}


def _outcomes(years: int) -> tuple[Outcome, ...]:
    return tuple(
        Outcome(
            id=outcome,
            label=OUTCOME_WORDS[outcome][0],
            horizon_years=float(years),
            is_probability=True,
            definition=f"A first event within {years} years: {OUTCOME_WORDS[outcome][1]}.",
            bands=RISK_BANDS_10Y if outcome == "cvd" and years == 10 else (),
            event=EVENTS[outcome],
        )
        for outcome in prevent_equations.OUTCOMES
    )


def prevent_model(variant: str, years: int) -> ClinicalModel:
    """The clinical model of a variant (see prevent_equations.VARIANTS) and 10 or 30 years."""
    declared = _inputs(years, variant)
    coefficients = prevent_equations.coefficient_path(variant, years)
    title = f"AHA PREVENT, {VARIANT_TITLES[variant]}, {years} years"
    concepts = tuple(i.concept for i in declared)
    optimal = OPTIMAL | OPTIMAL_ADD_ONS
    return ClinicalModel(
        id=f"prevent_{variant}_{years}y",
        version=VERSION,
        title=title,
        family=FAMILY,
        inputs=declared,
        outcomes=_outcomes(years),
        predict=partial(prevent_equations.predict, prevent_equations.read_table(variant, years)),
        applies=prevent_applies,
        facts=prevent_facts(title, years, variant),
        vectors=vectors_of(variant, years),
        artefact_hash=artefact_hash(VERSION, coefficients.read_bytes(), declared),
        optimal={c: value for c, value in optimal.items() if c in concepts},
        optimal_source=OPTIMAL_SOURCE,
        background=read_background(f"prevent_{years}y", concepts),
        monotone=_monotone(declared),
    )


def prevent_models() -> tuple[ClinicalModel, ...]:
    """The ten registered PREVENT models."""
    return tuple(prevent_model(v, y) for v in prevent_equations.VARIANTS for y in (10, 30))
