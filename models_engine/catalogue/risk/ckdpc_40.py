"""CKD Prognosis Consortium: 3-year probability of a 40 % eGFR decline in people with diabetes.

p = 1 / (1 + exp(-lp)); see NUMBERS. eGFR of 60 or more, ACR in mg/g, HbA1c in per cent.

References
----------
Grams ME, Brunskill NJ, Ballew SH et al. Diabetes Care 2022;45:2055. doi 10.2337/dc22-0698. The
coefficients were read in Exeter-Diabetes/EHRBiomarkr, data-raw/ckdpc_40egfr_risk_constants.yaml
(commit 7dfb281), the population and the outcome in its R/ckdpc_ckd_risk_scores.R (commit e54fecd).
"""

from collections.abc import Mapping

import numpy as np

from models_engine.catalogue.artefact import artefact_hash
from models_engine.catalogue.background import read_background
from models_engine.catalogue.contract import (
    FEMALE,
    MALE,
    Arrays,
    Circumstances,
    ClinicalModel,
    Equation,
    FloatArray,
    Input,
    Outcome,
    Refusal,
    Vector,
)
from models_engine.catalogue.risk import inputs
from models_engine.catalogue.risk.applicability import (
    not_after_death,
    not_with,
    only_with_condition,
)
from models_engine.catalogue.risk.ckdpc_40_facts import CKDPC_40_FACTS, VERSION
from models_engine.catalogue.risk.inputs import DIABETES_CONCEPTS

NEVER, FORMER, CURRENT = 0.0, 1.0, 2.0
NUMBERS = {
    "intercept": -4.2125,
    "age": 0.1465,
    "age centre": 60.0,
    "age unit": 10.0,
    "male": -0.2481,
    "male centre": 0.5,
    "eGFR": -0.0562,
    "eGFR centre": 85.0,
    "eGFR unit": 5.0,
    "L ACR": 0.4098,
    "ACR unit": 10.0,
    "SBP": 0.1518,
    "SBP centre": 130.0,
    "SBP unit": 20.0,
    "blood pressure medicine": 0.2846,
    "treated SBP": -0.0321,
    "heart failure": 0.9234,
    "heart failure centre": 0.05,
    "coronary heart disease": 0.2168,
    "coronary heart disease centre": 0.15,
    "atrial fibrillation": 0.3087,
    "current smoking": 0.1186,
    "former smoking": 0.0777,
    "BMI": 0.0308,
    "BMI centre": 30.0,
    "BMI unit": 5.0,
    "HbA1c": 0.0987,
    "HbA1c centre": 7.0,
    "glucose medicine": -0.0638,
    "insulin": 0.2359,
}
SMOKING_HISTORY = Input(
    concept="smoking_history",
    role="coded",
    max_age_days=inputs.TWO_YEARS,
    label="Smoking, now or in the past",
    modifiable=True,
    group="smoking",
    any_of=("smoking_status",),
    order="Ask about smoking and record the answer.",
)


def _condition(concept: str, label: str, any_of: tuple[str, ...] = ()) -> Input:
    return Input(concept=concept, role="condition", label=label, group="heart", any_of=any_of)


INPUTS = (
    inputs.age(18, None),
    inputs.SEX,
    # the published population has an eGFR of 60 or more
    inputs.egfr(60, 150),
    inputs.urine_acr(required=True),
    # no other ranges are published in what we read: the record's usual ranges are used [J]
    inputs.systolic_bp(70, 220),
    inputs.ANTIHYPERTENSIVE,
    _condition("heart_failure", "Heart failure"),
    _condition(
        "coronary_heart_disease",
        "Coronary heart disease",
        ("coronary_heart_disease", "myocardial_infarction"),
    ),
    _condition("atrial_fibrillation", "Atrial fibrillation"),
    SMOKING_HISTORY,
    inputs.bmi(14, 70),
    inputs.hba1c(4, 15),
    Input(
        concept="glucose_lowering",
        role="medication",
        label="Medicine that lowers blood glucose",
        group="diabetes",
    ),
    Input(concept="insulin", role="medication", label="Insulin", group="diabetes"),
)
# the mildest diabetes that is still diabetes: [J]
OPTIMAL = {
    "egfr": 100.0,
    "urine_acr": 5.0,
    "systolic_bp": 110.0,
    "antihypertensive": 0.0,
    "heart_failure": 0.0,
    "coronary_heart_disease": 0.0,
    "atrial_fibrillation": 0.0,
    "smoking_history": NEVER,
    "bmi": 22.0,
    "hba1c": 6.5,
    "glucose_lowering": 0.0,
    "insulin": 0.0,
}
OPTIMAL_SOURCE = (
    "Reference values chosen by this project: eGFR 100, urine ACR 5 mg/g, systolic blood pressure "
    "110 mmHg, BMI 22, HbA1c 6.5 %, never smoked, no heart disease, no medicine."
)


def formula(n: Mapping[str, float], x: Arrays) -> FloatArray:
    """Probabilities of shape (n, 1); insulin counts as a medicine that lowers glucose, too."""
    sbp = (x["systolic_bp"] - n["SBP centre"]) / n["SBP unit"]
    linear = (
        n["intercept"]
        + n["age"] * (x["age"] - n["age centre"]) / n["age unit"]
        + n["male"] * ((1.0 - x["sex"]) - n["male centre"])
        + n["eGFR"] * (x["egfr"] - n["eGFR centre"]) / n["eGFR unit"]
        + n["L ACR"] * np.log(x["urine_acr"] / n["ACR unit"])
        + n["SBP"] * sbp
        + n["blood pressure medicine"] * x["antihypertensive"]
        + n["treated SBP"] * x["antihypertensive"] * sbp
        + n["heart failure"] * (x["heart_failure"] - n["heart failure centre"])
        + n["coronary heart disease"]
        * (x["coronary_heart_disease"] - n["coronary heart disease centre"])
        + n["atrial fibrillation"] * x["atrial_fibrillation"]
        + n["current smoking"] * (x["smoking_history"] == CURRENT)
        + n["former smoking"] * (x["smoking_history"] == FORMER)
        + n["BMI"] * (x["bmi"] - n["BMI centre"]) / n["BMI unit"]
        + n["HbA1c"] * (x["hba1c"] - n["HbA1c centre"])
        + n["glucose medicine"] * np.maximum(x["glucose_lowering"], x["insulin"])
        + n["insulin"] * x["insulin"]
    )
    return np.asarray(1.0 / (1.0 + np.exp(-linear)))[:, np.newaxis]


def ckdpc_40_applies(circumstances: Circumstances) -> tuple[Refusal, ...]:
    """With diabetes, before dialysis or transplant, outside acute kidney injury and pregnancy."""
    return (
        *not_after_death(circumstances),
        *only_with_condition(
            DIABETES_CONCEPTS,
            circumstances.ever,
            "diabetes",
            "This equation is for people with diabetes.",
        ),
        *not_with(
            ("dialysis",), circumstances.active, "The equation predicts what comes before it."
        ),
        *not_with(
            ("kidney_transplant",),
            circumstances.ever,
            "The equation was not made for people with a transplant.",
        ),
        *not_with(
            ("acute_kidney_injury",),
            circumstances.active,
            "The equation is for a stable kidney function.",
        ),
        *not_with(("pregnancy",), circumstances.active, "eGFR is not valid in pregnancy."),
    )


_REST_ZERO = {
    "antihypertensive": 0.0,
    "heart_failure": 0.0,
    "coronary_heart_disease": 0.0,
    "atrial_fibrillation": 0.0,
    "smoking_history": NEVER,
    "insulin": 0.0,
}
_MILD = {
    **_REST_ZERO,
    "age": 60.0,
    "sex": MALE,
    "egfr": 90.0,
    "urine_acr": 10.0,
    "systolic_bp": 130.0,
    "bmi": 30.0,
    "hba1c": 7.0,
    "glucose_lowering": 1.0,
}
# its eGFR is below the published population: a test of the formula, not of a person it is for
_SEVERE = {
    **_REST_ZERO,
    "age": 70.0,
    "sex": FEMALE,
    "egfr": 55.0,
    "urine_acr": 300.0,
    "systolic_bp": 150.0,
    "antihypertensive": 1.0,
    "heart_failure": 1.0,
    "atrial_fibrillation": 1.0,
    "smoking_history": CURRENT,
    "bmi": 33.0,
    "hba1c": 9.0,
    "glucose_lowering": 1.0,
    "insulin": 1.0,
}
VECTORS = tuple(
    Vector(
        name=name,
        inputs=person,
        expected={"egfr_decline_40": percent / 100},
        tolerance=6e-7,
        provenance="computed independently from the coefficients; no example is published",
        evidence="S",
    )
    for name, person, percent in (
        ("man of 60, eGFR 90, ACR 10", _MILD, 1.0611),
        ("woman of 70, eGFR 55, ACR 300, heart failure", _SEVERE, 46.3403),
    )
)


def ckdpc_40() -> ClinicalModel:
    """The equation for people with diabetes as a clinical model."""
    return ClinicalModel(
        id="ckdpc_40_diabetes",
        version=VERSION,
        title="CKD Prognosis Consortium, 40 % eGFR decline in diabetes, 3 years",
        family="ckdpc",
        inputs=INPUTS,
        outcomes=(
            Outcome(
                id="egfr_decline_40",
                label="Loss of 40 % of kidney function, or kidney failure",
                horizon_years=3.0,
                is_probability=True,
                definition="A decline of eGFR by 40 % or more, or kidney failure, within 3 years.",
            ),
        ),
        predict=Equation(NUMBERS, formula),
        applies=ckdpc_40_applies,
        facts=CKDPC_40_FACTS,
        vectors=VECTORS,
        artefact_hash=artefact_hash(VERSION, repr(NUMBERS).encode(), INPUTS),
        optimal=OPTIMAL,
        optimal_source=OPTIMAL_SOURCE,
        background=read_background("diabetes", tuple(i.concept for i in INPUTS)),
    )
