"""What QRISK3-2017 asks for, and what a twin can say of it."""

from dataclasses import replace

from models_engine.catalogue.contract import Input
from models_engine.catalogue.risk import inputs

NOT_HELD = "The twin does not hold it: {counts}."
SYSTOLIC_BP_SD = Input(
    concept="systolic_bp_sd",
    role="record",
    unit="mm[Hg]",
    low=0,
    high=60,
    max_age_days=inputs.FIVE_YEARS,
    label="Spread of systolic blood pressure (standard deviation)",
    group="blood pressure",
    published_unit="mmHg",
    order="Measure the blood pressure on another day.",
)
SMOKING_HISTORY = Input(
    concept="smoking_history",
    role="coded",
    max_age_days=inputs.TWO_YEARS,
    any_of=("smoking_status",),
    low=0,
    high=2,
    label="Smoking: never, former or current",
    modifiable=True,
    group="smoking",
    order="Ask about smoking and record the answer.",
)


def _not_held(concept: str, label: str, counts: str, low: float, high: float) -> Input:
    return Input(
        concept=concept,
        role="record",
        low=low,
        high=high,
        required=False,
        label=label,
        if_missing=NOT_HELD.format(counts=counts),
    )


def _condition(concept: str, label: str, any_of: tuple[str, ...] = ()) -> Input:
    return Input(concept=concept, role="condition", label=label, any_of=any_of)


ABSENT = "counted as absent"
INPUTS = (
    inputs.age(25, 84),
    inputs.SEX,
    # the ranges of the R package's own questions, where it states them; else the record's [J]
    inputs.systolic_bp(70, 210),
    SYSTOLIC_BP_SD,
    inputs.cholesterol_mmol(inputs.TOTAL_CHOLESTEROL, 1.5, 15),
    inputs.cholesterol_mmol(inputs.HDL_CHOLESTEROL, 0.3, 5),
    inputs.bmi(20, 40),
    SMOKING_HISTORY,
    _condition("atrial_fibrillation", "Atrial fibrillation"),
    _condition("rheumatoid_arthritis", "Rheumatoid arthritis"),
    _condition("sle", "Systemic lupus erythematosus"),
    _condition("migraine", "Migraine"),
    _condition("diabetes_type_1", "Type 1 diabetes"),
    _condition(
        "diabetes_type_2", "Type 2 or other diabetes", ("diabetes_type_2", "diabetes_other")
    ),
    _condition("ckd", "Chronic kidney disease, as a diagnosis"),
    replace(
        inputs.egfr(1, 250),
        required=False,
        if_missing="Chronic kidney disease was taken from the diagnoses alone.",
    ),
    _condition("hypertension", "Hypertension"),
    inputs.ANTIHYPERTENSIVE,
    inputs.STATIN,
    _not_held("atypical_antipsychotic", "Atypical antipsychotic medicine", ABSENT, 0, 1),
    _not_held("systemic_corticosteroid", "Regular steroid tablets", ABSENT, 0, 1),
    _not_held("severe_mental_illness", "Severe mental illness", ABSENT, 0, 1),
    _not_held("erectile_dysfunction", "Erectile dysfunction (men)", ABSENT, 0, 1),
    _not_held(
        "family_history_chd",
        "Angina or heart attack of a parent, brother, sister or child before 60",
        ABSENT,
        0,
        1,
    ),
    _not_held("ethnicity", "Ethnicity", "counted as white or not stated", 1, 9),
    _not_held("townsend", "Townsend score of the neighbourhood", "counted as 0", -8, 12),
    _not_held(
        "cigarettes_per_day",
        "Cigarettes a day",
        "a current smoker counts as one of 10 to 19 a day",
        0,
        100,
    ),
)
