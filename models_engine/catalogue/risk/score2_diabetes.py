"""SCORE2-Diabetes: 10-year fatal and non-fatal CVD in type 2 diabetes, 40 to 69 years, in Europe.

SCORE2 with age at diagnosis, HbA1c and eGFR, calibrated as SCORE2. Cholesterol in mmol/L, HbA1c
in mmol/mol (the twin holds per cent).

References
----------
SCORE2-Diabetes Working Group. Eur Heart J 2023;44:2544-2556. doi 10.1093/eurheartj/ehad260
"""

from collections.abc import Mapping

import numpy as np

from models_engine.catalogue.artefact import artefact_hash
from models_engine.catalogue.background import read_background
from models_engine.catalogue.contract import (
    Arrays,
    Band,
    Circumstances,
    ClinicalModel,
    Equation,
    FloatArray,
    Input,
    Refusal,
)
from models_engine.catalogue.risk import inputs, score2
from models_engine.catalogue.risk.applicability import (
    not_with,
    only_with_condition,
    steady_kidney_function,
)
from models_engine.catalogue.risk.score2_facts import score2_diabetes_facts
from models_engine.catalogue.risk.score2_vectors import (
    HBA1C_AT_ZERO,
    HBA1C_PER_MMOL_MOL,
    score2_diabetes_vectors,
)

VERSION = "2023"
CENTRES = {
    "age centre": 60.0,
    "age unit": 5.0,
    "SBP centre": 120.0,
    "SBP unit": 20.0,
    "total cholesterol centre": 6.0,
    "HDL centre": 1.3,
    "HDL unit": 0.5,
    "HbA1c centre": 31.0,
    "HbA1c unit": 9.34,
    "L eGFR centre": 4.5,
    "L eGFR unit": 0.15,
    "age at diagnosis centre": 50.0,
    "age at diagnosis unit": 5.0,
}
COEFFICIENTS: dict[str, dict[str, float]] = {
    "male": {
        "age": 0.5368,
        "smoking": 0.4774,
        "SBP": 0.1322,
        "diabetes": 0.6457,
        "total cholesterol": 0.1102,
        "HDL": -0.1087,
        "age x smoking": -0.0672,
        "age x SBP": -0.0268,
        "age x diabetes": -0.0983,
        "age x total cholesterol": -0.0181,
        "age x HDL": 0.0095,
        "age at diagnosis": -0.0998,
        "HbA1c": 0.0955,
        "L eGFR": -0.0591,
        "L eGFR squared": 0.0058,
        "age x HbA1c": -0.0134,
        "age x L eGFR": 0.0115,
        "S0": 0.9605,
    },
    "female": {
        "age": 0.6624,
        "smoking": 0.6139,
        "SBP": 0.1421,
        "diabetes": 0.8096,
        "total cholesterol": 0.1127,
        "HDL": -0.1568,
        "age x smoking": -0.1122,
        "age x SBP": -0.0167,
        "age x diabetes": -0.1272,
        "age x total cholesterol": -0.0200,
        "age x HDL": 0.0186,
        "age at diagnosis": -0.1180,
        "HbA1c": 0.1173,
        "L eGFR": -0.0640,
        "L eGFR squared": 0.0062,
        "age x HbA1c": -0.0196,
        "age x L eGFR": 0.0169,
        "S0": 0.9776,
    },
}
# read in the abstract of a validation in DEVOTE, LEADER, PIONEER-6 and SUSTAIN-6
BANDS = (
    Band("low", "Low", 0.0, "S"),
    Band("moderate", "Moderate", 0.05, "S"),
    Band("high", "High", 0.10, "S"),
    Band("very_high", "Very high", 0.20, "S"),
)
AGE_AT_DIABETES = Input(
    concept="age_at_diabetes",
    role="demographic",
    unit="a",
    # adults only: this project's choice [J]
    low=18,
    high=69,
    label="Age at diagnosis of type 2 diabetes",
    group="diabetes",
    published_unit="years",
    any_of=("diabetes_type_2",),
    order="Record the onset of the diabetes.",
)
INPUTS = (
    *score2.INPUTS,
    AGE_AT_DIABETES,
    # the record's usual ranges, as for cholesterol and blood pressure [J]
    inputs.hba1c(4, 15),
    # below 15 the square of ln eGFR makes up most of the number: no lower bound is published [J]
    inputs.egfr(15, 150),
)
# the mildest diabetes that is still diabetes: [J]
OPTIMAL_SOURCE = (
    "Reference values chosen by this project: systolic blood pressure 110 mmHg, total cholesterol "
    "4.4 mmol/L, HDL 1.3 mmol/L, no smoking, diagnosis at 65 years, HbA1c 6.5 %, eGFR 90."
)
OPTIMAL = {
    **{c: v for c, v in score2.OPTIMAL.items() if c != "diabetes"},
    "age_at_diabetes": 65.0,
    "hba1c": 6.5,
    "egfr": 90.0,
}


def formula(n: Mapping[str, float], x: Arrays) -> FloatArray:
    """SCORE2-Diabetes, shape (n, 1); everybody has type 2 diabetes."""
    age = (x["age"] - n["age centre"]) / n["age unit"]
    with_age = {
        "smoking": x["smoking_status"],
        "SBP": (x["systolic_bp"] - n["SBP centre"]) / n["SBP unit"],
        "diabetes": np.ones_like(age),
        "total cholesterol": x["total_cholesterol"] - n["total cholesterol centre"],
        "HDL": (x["hdl_cholesterol"] - n["HDL centre"]) / n["HDL unit"],
        "HbA1c": (_mmol_mol(x["hba1c"]) - n["HbA1c centre"]) / n["HbA1c unit"],
        "L eGFR": (np.log(x["egfr"]) - n["L eGFR centre"]) / n["L eGFR unit"],
    }
    since = (x["age_at_diabetes"] - n["age at diagnosis centre"]) / n["age at diagnosis unit"]
    terms = {
        "age": age,
        **with_age,
        **{f"age x {name}": age * value for name, value in with_age.items()},
        "age at diagnosis": since,
        "L eGFR squared": with_age["L eGFR"] ** 2,
    }
    male, female = (
        score2.calibrated(n, sex, score2.weighted(n, sex, terms)) for sex in score2.SEXES
    )
    return score2.of_sex(x, male, female)


def _mmol_mol(percent: FloatArray) -> FloatArray:
    return (percent - HBA1C_AT_ZERO) / HBA1C_PER_MMOL_MOL


def score2_diabetes_applies(circumstances: Circumstances) -> tuple[Refusal, ...]:
    """With type 2 diabetes, without known cardiovascular disease or kidney failure."""
    return (
        *score2.without_cvd(circumstances, "SCORE2-Diabetes"),
        *only_with_condition(
            ("diabetes_type_2",),
            circumstances.ever,
            "type 2 diabetes",
            "SCORE2-Diabetes is for type 2 diabetes.",
        ),
        *steady_kidney_function(circumstances),
        # its square of ln eGFR grows without bound in kidney failure: [J]
        *not_with(
            ("kidney_transplant", "end_stage_renal_disease"),
            circumstances.ever,
            "SCORE2-Diabetes was not made for kidney failure.",
        ),
    )


def score2_diabetes(region: str) -> ClinicalModel:
    """SCORE2-Diabetes as calibrated for a region. Raises ValueError on an unknown one."""
    score2.check_region(region)
    numbers = {**CENTRES, **score2.by_sex(COEFFICIENTS, score2.CALIBRATION[region])}
    version = f"{VERSION}-{region}.2"
    return ClinicalModel(
        id="score2_diabetes",
        version=version,
        title="SCORE2-Diabetes, 10 years",
        family="score2",
        inputs=INPUTS,
        outcomes=(score2.outcome(BANDS),),
        predict=Equation(numbers, formula),
        applies=score2_diabetes_applies,
        facts=score2_diabetes_facts(region, version),
        vectors=score2_diabetes_vectors(region),
        artefact_hash=artefact_hash(version, repr(numbers).encode(), INPUTS),
        optimal=OPTIMAL,
        optimal_source=OPTIMAL_SOURCE,
        background=read_background("diabetes", tuple(i.concept for i in INPUTS), ages=(40, 69)),
    )
