"""Inputs of the UKPDS Outcomes Model 2. No ranges are published with the equations.

Type 2 diabetes, its duration and the histories come from diagnoses; whether there is albuminuria
from urine albumin or, read by our own limit, from the ratio to creatinine.
"""

from dataclasses import replace

from models_engine.catalogue.contract import Input
from models_engine.catalogue.risk import inputs

# urine albumin, mg/L: the equations' own definition
MICROALBUMINURIA_ALBUMIN = 50.0
# urine ACR, mg/g, where only the ratio is known: KDIGO A2 or more [J]
MICROALBUMINURIA_ACR = 30.0

REFERENCE_GROUP = (
    "The equations' largest group was taken, people of European descent; for others some "
    "probabilities differ."
)


def _measured(
    concept: str, label: str, unit: str, order: str, days: int = inputs.ONE_YEAR
) -> Input:
    return Input(
        concept=concept,
        role="measurement",
        unit=unit,
        max_age_days=days,
        label=label,
        order=order,
    )


def _without_range(declared: Input) -> Input:
    return replace(declared, low=None, high=None, low_open=False, high_open=False, required=True)


def _condition(concept: str, label: str, *any_of: str) -> Input:
    return Input(concept=concept, role="condition", label=label, any_of=any_of)


def _ethnicity(concept: str, label: str) -> Input:
    return Input(
        concept=concept,
        role="demographic",
        low=0,
        high=1,
        required=False,
        label=label,
        if_missing=REFERENCE_GROUP,
    )


ALL = {
    declared.concept: declared
    for declared in (
        inputs.age(18, None),
        inputs.SEX,
        _condition("diabetes_type_2", "Type 2 diabetes"),
        Input(
            concept="diabetes_duration",
            role="record",
            unit="a",
            low=0,
            label="Duration of type 2 diabetes",
            published_unit="years",
            order="Record when type 2 diabetes was diagnosed (onset).",
        ),
        _ethnicity("afro_caribbean", "Afro-Caribbean descent"),
        _ethnicity("asian_indian", "Asian-Indian descent"),
        _without_range(inputs.BMI),
        _without_range(inputs.egfr(0, 1)),
        _without_range(inputs.HBA1C),
        _without_range(inputs.HDL_CHOLESTEROL),
        _measured(
            "ldl_cholesterol",
            "LDL cholesterol",
            "mmol/L",
            "Order a lipid panel (LDL cholesterol).",
            inputs.FIVE_YEARS,
        ),
        _without_range(inputs.SYSTOLIC_BP),
        _measured("heart_rate", "Heart rate", "/min", "Count the pulse."),
        _measured("wbc", "White blood cells", "10*3/uL", "Order a blood count."),
        _measured("haemoglobin", "Haemoglobin", "g/dL", "Order a blood count."),
        Input(
            concept="albuminuria",
            role="derived",
            low=0,
            high=1,
            max_age_days=inputs.ONE_YEAR,
            label="Micro- or macroalbuminuria",
            order="Order urine albumin or a urine albumin-to-creatinine ratio.",
        ),
        inputs.SMOKING,
        _condition("atrial_fibrillation", "Atrial fibrillation"),
        _condition("peripheral_artery_disease", "Peripheral vascular disease"),
        _condition("heart_failure", "Heart failure"),
        _condition("ischaemic_heart_disease", "Ischaemic heart disease"),
        _condition("myocardial_infarction", "Myocardial infarction"),
        _condition("stroke", "Stroke"),
        _condition("blindness", "Blindness"),
        _condition("foot_ulcer", "Foot ulcer"),
        _condition("lower_limb_amputation", "Amputation"),
        # dialysis as long as it goes on: an acute one is no end-stage disease
        _condition(
            "renal_failure",
            "Kidney failure",
            "dialysis",
            "kidney_transplant",
            "end_stage_renal_disease",
        ),
    )
}
