"""CKD-EPI 2021 creatinine eGFR: a derived value, with KDIGO G and A stages.

References
----------
Inker LA et al. New Creatinine- and Cystatin C-Based Equations to Estimate GFR without Race.
N Engl J Med 2021;385:1737-1749. doi 10.1056/NEJMoa2102953
"""

import numpy as np

from models_engine.catalogue.artefact import artefact_hash
from models_engine.catalogue.contract import (
    FEMALE,
    MALE,
    Arrays,
    Band,
    Circumstances,
    ClinicalModel,
    FloatArray,
    Input,
    Outcome,
    Refusal,
    Vector,
)
from models_engine.catalogue.risk import inputs
from models_engine.catalogue.risk.applicability import not_after_death, not_with
from models_engine.catalogue.risk.ckd_epi_facts import CKD_EPI_FACTS

VERSION = "2021.1"
ADULT_AGE = 18

SCALE, ABOVE, PER_YEAR, FEMALE_FACTOR = 142.0, -1.200, 0.9938, 1.012
# k (mg/dL) and a, female then male
KAPPA = (0.7, 0.9)
ALPHA = (-0.241, -0.302)

G_STAGES = (
    Band("G5", "G5", 0.0, "V"),
    Band("G4", "G4", 15.0, "V"),
    Band("G3b", "G3b", 30.0, "V"),
    Band("G3a", "G3a", 45.0, "V"),
    Band("G2", "G2", 60.0, "V"),
    Band("G1", "G1", 90.0, "V"),
)
CREATININE = Input(
    concept="creatinine",
    role="measurement",
    unit="mg/dL",
    low=0,
    low_open=True,
    max_age_days=inputs.ONE_YEAR,
    label="Serum creatinine",
    group="kidney",
    order="Order serum creatinine.",
)


def egfr(age: FloatArray, sex: FloatArray, creatinine: FloatArray) -> FloatArray:
    """CKD-EPI 2021 eGFR in mL/min/1.73 m2, shape (n,).

    142 x min(Scr/k, 1)^a x max(Scr/k, 1)^-1.200 x 0.9938^age x 1.012 if female, with
    k = 0.7 (F) or 0.9 (M) and a = -0.241 (F) or -0.302 (M).

    Parameters
    ----------
    age : years, adults. sex : 1.0 female, 0.0 male. creatinine : serum, mg/dL, above 0.
    """
    is_female = sex == FEMALE
    ratio = creatinine / np.where(is_female, *KAPPA)
    below = np.minimum(ratio, 1.0) ** np.where(is_female, *ALPHA)
    above = np.maximum(ratio, 1.0) ** ABOVE
    by_sex = np.where(is_female, FEMALE_FACTOR, 1.0)
    return SCALE * below * above * PER_YEAR**age * by_sex


def albuminuria_stage(urine_acr: float) -> str:
    """KDIGO A stage of a urine albumin-to-creatinine ratio in mg/g: A1 <30, A2 30-300, A3 >300."""
    if urine_acr < 30:
        return "A1"
    return "A2" if urine_acr <= 300 else "A3"


def predict(arrays: Arrays) -> FloatArray:
    """eGFR of shape (n, 1) from age, sex and creatinine (mg/dL)."""
    return egfr(arrays["age"], arrays["sex"], arrays["creatinine"])[:, np.newaxis]


def applies(circumstances: Circumstances) -> tuple[Refusal, ...]:
    """Not where creatinine does not tell filtration: death, dialysis, acute kidney injury."""
    on_dialysis = "On dialysis, creatinine does not tell kidney function."
    return (
        *not_after_death(circumstances),
        *not_with(("dialysis",), circumstances.active, on_dialysis),
        *not_with(
            ("acute_kidney_injury",),
            circumstances.active,
            "While creatinine rises or falls, it does not tell kidney function.",
        ),
    )


# age, sex, creatinine mg/dL, eGFR
_PUBLISHED = (
    (50, MALE, 1.0, 91.69),
    (50, FEMALE, 1.0, 68.63),
    (30, FEMALE, 0.6, 123.76),
    (40, MALE, 0.8, 114.74),
    (65, FEMALE, 1.5, 38.43),
    (72, MALE, 2.5, 26.63),
    (60, FEMALE, 5.0, 9.35),
    (25, MALE, 0.9, 121.55),
)


def ckd_epi_2021() -> ClinicalModel:
    """The derived value `egfr` as a clinical model."""
    declared = (inputs.age(ADULT_AGE, None), inputs.SEX, CREATININE)
    coefficients = (SCALE, ABOVE, PER_YEAR, FEMALE_FACTOR, KAPPA, ALPHA)
    return ClinicalModel(
        id="ckd_epi_2021",
        version=VERSION,
        title="CKD-EPI 2021 creatinine eGFR",
        family="ckd_epi",
        inputs=declared,
        outcomes=(
            Outcome(
                id="egfr",
                label="Estimated glomerular filtration rate",
                horizon_years=None,
                is_probability=False,
                unit="mL/min/{1.73_m2}",
                definition="Kidney function now, estimated from serum creatinine.",
                bands=G_STAGES,
            ),
        ),
        predict=predict,
        applies=applies,
        facts=CKD_EPI_FACTS,
        vectors=tuple(
            Vector(
                name=f"age {age}, {'female' if sex == FEMALE else 'male'}, creatinine {scr}",
                inputs={"age": float(age), "sex": sex, "creatinine": scr},
                expected={"egfr": expected},
                tolerance=0.005001,
                provenance="computed from the published formula, 2 decimals",
                evidence="V",
            )
            for age, sex, scr, expected in _PUBLISHED
        ),
        artefact_hash=artefact_hash(VERSION, repr(coefficients).encode(), declared),
        monotone={"age": "down", "creatinine": "down"},
    )
