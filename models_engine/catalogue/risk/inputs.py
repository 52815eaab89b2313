"""Inputs shared by the published risk equations: canonical unit, age limit, what to order.

Age limits are the project's own ([J] in the evidence tags): blood pressure, weight and smoking
two years, lipids five, laboratory values one. `modifiable` means that a person may be advised
on it; a treatment already taken is not, or the page would advise to stop it.
"""

from dataclasses import replace

from models_engine.catalogue.contract import Input

ONE_YEAR, TWO_YEARS, FIVE_YEARS = 365, 730, 1826
MG_DL_PER_MMOL_L_CHOLESTEROL = 1 / 0.02586  # so 130 mg/dL is 130 x 0.02586 mmol/L
DIABETES_CONCEPTS = ("diabetes_type_1", "diabetes_type_2", "diabetes_other")


def cholesterol(mg_dl: float) -> float:
    """Cholesterol in mmol/L from mg/dL."""
    return mg_dl * 0.02586


def age(low: float, high: float | None) -> Input:
    """Completed years at the moment of the prediction."""
    return Input(
        concept="age",
        role="demographic",
        unit="a",
        low=low,
        high=high,
        label="Age",
        published_unit="years",
    )


SEX = Input(concept="sex", role="demographic", label="Sex", low=0, high=1)

TOTAL_CHOLESTEROL = Input(
    concept="total_cholesterol",
    role="measurement",
    unit="mmol/L",
    low=cholesterol(130),
    high=cholesterol(320),
    max_age_days=FIVE_YEARS,
    label="Total cholesterol",
    modifiable=True,
    group="cholesterol",
    published_unit="mg/dL",
    published_per_unit=MG_DL_PER_MMOL_L_CHOLESTEROL,
    order="Order a lipid panel (total cholesterol).",
)
HDL_CHOLESTEROL = Input(
    concept="hdl_cholesterol",
    role="measurement",
    unit="mmol/L",
    low=cholesterol(20),
    high=cholesterol(100),
    max_age_days=FIVE_YEARS,
    label="HDL cholesterol",
    modifiable=True,
    group="cholesterol",
    published_unit="mg/dL",
    published_per_unit=MG_DL_PER_MMOL_L_CHOLESTEROL,
    order="Order a lipid panel (HDL cholesterol).",
)
SYSTOLIC_BP = Input(
    concept="systolic_bp",
    role="measurement",
    unit="mm[Hg]",
    low=90,
    high=180,
    max_age_days=TWO_YEARS,
    label="Systolic blood pressure",
    modifiable=True,
    group="blood pressure",
    published_unit="mmHg",
    order="Measure the blood pressure.",
)
BMI = Input(
    concept="bmi",
    role="measurement",
    unit="kg/m2",
    low=18.5,
    high=40,
    high_open=True,
    max_age_days=TWO_YEARS,
    label="Body mass index",
    modifiable=True,
    group="weight",
    published_unit="kg/m²",
    order="Measure weight and height.",
)
DIABETES = Input(
    concept="diabetes",
    role="condition",
    label="Diabetes",
    group="diabetes",
    any_of=DIABETES_CONCEPTS,
)
SMOKING = Input(
    concept="smoking_status",
    role="coded",
    max_age_days=TWO_YEARS,
    label="Current smoking",
    modifiable=True,
    group="smoking",
    order="Ask about smoking and record the answer.",
)
ANTIHYPERTENSIVE = Input(
    concept="antihypertensive",
    role="medication",
    label="Blood pressure medicine",
    group="blood pressure",
)
STATIN = Input(concept="statin", role="medication", label="Statin", group="cholesterol")
HBA1C = Input(
    concept="hba1c",
    role="measurement",
    unit="%",
    low=4.5,
    high=15,
    max_age_days=ONE_YEAR,
    required=False,
    label="HbA1c",
    modifiable=True,
    group="diabetes",
    order="Order HbA1c.",
)
SDI_DECILE = Input(
    concept="sdi_decile",
    role="demographic",
    unit="{decile}",
    low=1,
    high=10,
    required=False,
    label="Social deprivation of the neighbourhood (SDI decile)",
)


def egfr(low: float, high: float, *, low_open: bool = False, high_open: bool = False) -> Input:
    """CKD-EPI 2021 eGFR of the newest creatinine, or the reported one when that is newer."""
    return Input(
        concept="egfr",
        role="derived",
        unit="mL/min/{1.73_m2}",
        low=low,
        high=high,
        low_open=low_open,
        high_open=high_open,
        max_age_days=ONE_YEAR,
        label="Kidney function (eGFR)",
        group="kidney",
        published_unit="mL/min/1.73 m²",
        order="Order serum creatinine.",
    )


def urine_acr(*, required: bool) -> Input:
    """Urine albumin-to-creatinine ratio; the range is the one PREVENT publishes."""
    return Input(
        concept="urine_acr",
        role="measurement",
        unit="mg/g",
        low=0.1,
        high=25000,
        max_age_days=ONE_YEAR,
        required=required,
        label="Urine albumin-to-creatinine ratio",
        modifiable=True,
        group="kidney",
        order="Order a urine albumin-to-creatinine ratio.",
    )


def systolic_bp(low: float, high: float) -> Input:
    """Systolic blood pressure in the range that a model publishes."""
    return replace(SYSTOLIC_BP, low=low, high=high)


def cholesterol_mmol(declared: Input, low: float, high: float) -> Input:
    """Cholesterol for a model that speaks mmol/L, as the twin does."""
    return replace(declared, low=low, high=high, published_unit="", published_per_unit=1.0)


def bmi(low: float, high: float) -> Input:
    """Body mass index in the range that a model allows, both ends included."""
    return replace(BMI, low=low, high=high, high_open=False)


def hba1c(low: float, high: float) -> Input:
    """HbA1c that a model needs, in the range that it allows (per cent)."""
    return replace(HBA1C, low=low, high=high, required=True)
