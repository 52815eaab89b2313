"""SCORE2 (40 to 69 years) and SCORE2-OP (70 to 89): 10-year fatal and non-fatal CVD in Europe.

r = 1 - S0 ^ exp(lp - offset), then calibrated to the risk region of the country:
p = 1 - exp(-exp(k1 + k2 ln(-ln(1 - r)))). Cholesterol in mmol/L.

SCORE2 is not for people with diabetes: its diabetes terms are 0 for everybody it is for, and are
not implemented. SCORE2-OP has them.

References
----------
SCORE2 working group. Eur Heart J 2021;42:2439-2454. SCORE2-OP working group. Eur Heart J
2021;42:2455-2467. doi 10.1093/eurheartj/ehab312
"""

from collections.abc import Mapping

import numpy as np

from models_engine.catalogue.artefact import artefact_hash
from models_engine.catalogue.background import read_background
from models_engine.catalogue.contract import (
    FEMALE,
    Arrays,
    Band,
    Circumstances,
    ClinicalModel,
    Equation,
    FloatArray,
    Outcome,
    Refusal,
)
from models_engine.catalogue.outcome_event import INFARCTION_OR_STROKE
from models_engine.catalogue.risk import inputs
from models_engine.catalogue.risk.applicability import not_after_death, not_with
from models_engine.catalogue.risk.inputs import DIABETES_CONCEPTS
from models_engine.catalogue.risk.score2_facts import score2_facts, score2_op_facts
from models_engine.catalogue.risk.score2_vectors import score2_op_vectors, score2_vectors

REGIONS = ("low", "moderate", "high", "very_high")
SEXES = ("male", "female")

CENTRES = {
    "age centre": 60.0,
    "age unit": 5.0,
    "SBP centre": 120.0,
    "SBP unit": 20.0,
    "total cholesterol centre": 6.0,
    "HDL centre": 1.3,
    "HDL unit": 0.5,
}
COEFFICIENTS: dict[str, dict[str, float]] = {
    "male": {
        "age": 0.3742,
        "smoking": 0.6012,
        "SBP": 0.2777,
        "total cholesterol": 0.1458,
        "HDL": -0.2698,
        "age x smoking": -0.0755,
        "age x SBP": -0.0255,
        "age x total cholesterol": -0.0281,
        "age x HDL": 0.0426,
        "S0": 0.9605,
    },
    "female": {
        "age": 0.4648,
        "smoking": 0.7744,
        "SBP": 0.3131,
        "total cholesterol": 0.1002,
        "HDL": -0.2606,
        "age x smoking": -0.1088,
        "age x SBP": -0.0277,
        "age x total cholesterol": -0.0226,
        "age x HDL": 0.0613,
        "S0": 0.9776,
    },
}
# k1 and k2 below 70 years (also of SCORE2-Diabetes), and from 70 on
CALIBRATION: dict[str, dict[str, tuple[float, float]]] = {
    "low": {"male": (-0.5699, 0.7476), "female": (-0.7380, 0.7019)},
    "moderate": {"male": (-0.1565, 0.8009), "female": (-0.3143, 0.7701)},
    "high": {"male": (0.3207, 0.9360), "female": (0.5710, 0.9369)},
    "very_high": {"male": (0.5836, 0.8294), "female": (0.9412, 0.8329)},
}
CALIBRATION_OP: dict[str, dict[str, tuple[float, float]]] = {
    "low": {"male": (-0.34, 1.19), "female": (-0.52, 1.01)},
    "moderate": {"male": (0.01, 1.25), "female": (-0.10, 1.10)},
    "high": {"male": (0.08, 1.15), "female": (0.38, 1.09)},
    "very_high": {"male": (0.05, 0.70), "female": (0.38, 0.69)},
}
CENTRES_OP = {
    "age centre": 73.0,
    "SBP centre": 150.0,
    "total cholesterol centre": 6.0,
    "HDL centre": 1.4,
}
COEFFICIENTS_OP: dict[str, dict[str, float]] = {
    "male": {
        "age": 0.0634,
        "diabetes": 0.4245,
        "smoking": 0.3524,
        "SBP": 0.0094,
        "total cholesterol": 0.0850,
        "HDL": -0.3564,
        "age x diabetes": -0.0174,
        "age x smoking": -0.0247,
        "age x SBP": -0.0005,
        "age x total cholesterol": 0.0073,
        "age x HDL": 0.0091,
        "S0": 0.7576,
        "offset": 0.0929,
    },
    "female": {
        "age": 0.0789,
        "diabetes": 0.6010,
        "smoking": 0.4921,
        "SBP": 0.0102,
        "total cholesterol": 0.0605,
        "HDL": -0.3040,
        "age x diabetes": -0.0107,
        "age x smoking": -0.0255,
        "age x SBP": -0.0004,
        "age x total cholesterol": -0.0009,
        "age x HDL": 0.0154,
        "S0": 0.8082,
        "offset": 0.229,
    },
}
VERSION = "2021"
CVD = (
    "myocardial_infarction",
    "coronary_heart_disease",
    "stroke",
    # not named in the outcome, but atherosclerotic disease all the same: [J]
    "peripheral_artery_disease",
)
# read in the documentation of the R packages RiskScorescvd (R/11_SCORE2_func.R) and cliot
# (score2_op_risk), which also gives the ages 70 to 89; those of SCORE2 depend on age and stand in
# its facts
BANDS_OP = (
    Band("low_to_moderate", "Low to moderate", 0.0, "S"),
    Band("high", "High", 0.075, "S"),
    Band("very_high", "Very high", 0.15, "S"),
)
# chosen by this project: [J]
OPTIMAL = {
    "systolic_bp": 110.0,
    "total_cholesterol": 4.4,
    "hdl_cholesterol": 1.3,
    "smoking_status": 0.0,
    "diabetes": 0.0,
}
OPTIMAL_SOURCE = (
    "Reference values chosen by this project: systolic blood pressure 110 mmHg, total cholesterol "
    "4.4 mmol/L, HDL 1.3 mmol/L, no smoking, no diabetes."
)
# no ranges are published in what we read: the record's usual ranges are used instead [J]
COMMON_INPUTS = (
    inputs.SEX,
    inputs.systolic_bp(70, 220),
    inputs.cholesterol_mmol(inputs.TOTAL_CHOLESTEROL, 2, 10),
    inputs.cholesterol_mmol(inputs.HDL_CHOLESTEROL, 0.5, 3),
    inputs.SMOKING,
)
INPUTS = (inputs.age(40, 69), *COMMON_INPUTS)
INPUTS_OP = (inputs.age(70, 89), *COMMON_INPUTS, inputs.DIABETES)


def by_sex(
    coefficients: Mapping[str, Mapping[str, float]],
    calibration: Mapping[str, tuple[float, float]],
) -> dict[str, float]:
    """The numbers of both sexes and of one region by name."""
    return {
        **{f"{s}: {name}": c for s in SEXES for name, c in coefficients[s].items()},
        **{f"{s}: k{at + 1}": calibration[s][at] for s in SEXES for at in (0, 1)},
    }


def calibrated(numbers: Mapping[str, float], sex: str, linear: FloatArray) -> FloatArray:
    """The probability in the region, (n,), from the linear predictor of one sex."""
    uncalibrated = -np.log(numbers[f"{sex}: S0"]) * np.exp(linear)
    k1, k2 = numbers[f"{sex}: k1"], numbers[f"{sex}: k2"]
    # -ln(1 - r) is the cumulative hazard itself; -expm1 keeps small probabilities exact
    return np.asarray(-np.expm1(-np.exp(k1 + k2 * np.log(uncalibrated))))


def of_sex(x: Arrays, male: FloatArray, female: FloatArray) -> FloatArray:
    """Shape (n, 1): each person's own."""
    return np.where(x["sex"] == FEMALE, female, male)[:, np.newaxis]


def formula(n: Mapping[str, float], x: Arrays) -> FloatArray:
    """SCORE2, shape (n, 1)."""
    age = (x["age"] - n["age centre"]) / n["age unit"]
    sbp = (x["systolic_bp"] - n["SBP centre"]) / n["SBP unit"]
    total = x["total_cholesterol"] - n["total cholesterol centre"]
    hdl = (x["hdl_cholesterol"] - n["HDL centre"]) / n["HDL unit"]
    terms = _terms(age, sbp, total, hdl, x["smoking_status"])
    male, female = (_probability(n, sex, terms) for sex in SEXES)
    return of_sex(x, male, female)


def formula_op(n: Mapping[str, float], x: Arrays) -> FloatArray:
    """SCORE2-OP, shape (n, 1)."""
    age = x["age"] - n["age centre"]
    sbp = x["systolic_bp"] - n["SBP centre"]
    total = x["total_cholesterol"] - n["total cholesterol centre"]
    hdl = x["hdl_cholesterol"] - n["HDL centre"]
    terms = _terms(age, sbp, total, hdl, x["smoking_status"])
    terms |= {"diabetes": x["diabetes"], "age x diabetes": age * x["diabetes"]}
    male, female = (_probability(n, sex, terms, offset=True) for sex in SEXES)
    return of_sex(x, male, female)


def _terms(
    age: FloatArray, sbp: FloatArray, total: FloatArray, hdl: FloatArray, smoking: FloatArray
) -> dict[str, FloatArray]:
    plain = {
        "smoking": smoking,
        "SBP": sbp,
        "total cholesterol": total,
        "HDL": hdl,
    }
    return {"age": age, **plain, **{f"age x {name}": age * v for name, v in plain.items()}}


def _probability(
    n: Mapping[str, float], sex: str, terms: Mapping[str, FloatArray], *, offset: bool = False
) -> FloatArray:
    linear = weighted(n, sex, terms)
    return calibrated(n, sex, linear - n[f"{sex}: offset"] if offset else linear)


def weighted(n: Mapping[str, float], sex: str, terms: Mapping[str, FloatArray]) -> FloatArray:
    """The sum of the terms, one after the other, however many people there are."""
    return np.asarray(sum(n[f"{sex}: {name}"] * value for name, value in terms.items()))


def without_cvd(circumstances: Circumstances, name: str) -> tuple[Refusal, ...]:
    """For the living, without known cardiovascular disease, outside pregnancy."""
    return (
        *not_after_death(circumstances),
        *not_with(
            CVD,
            circumstances.ever,
            f"{name} is for people without known cardiovascular disease.",
        ),
        *not_with(("pregnancy",), circumstances.active, f"{name} was not made for pregnancy."),
    )


def score2_applies(circumstances: Circumstances) -> tuple[Refusal, ...]:
    """Without diabetes, too."""
    return (
        *without_cvd(circumstances, "SCORE2"),
        *not_with(
            DIABETES_CONCEPTS,
            circumstances.ever,
            "SCORE2 is for people without diabetes; SCORE2-Diabetes is for type 2.",
        ),
    )


def score2_op_applies(circumstances: Circumstances) -> tuple[Refusal, ...]:
    """Diabetes is an input of it."""
    return without_cvd(circumstances, "SCORE2-OP")


def outcome(bands: tuple[Band, ...] = ()) -> Outcome:
    """What all SCORE2 models predict."""
    return Outcome(
        id="score2_cvd",
        label="Cardiovascular death, heart attack or stroke",
        horizon_years=10.0,
        is_probability=True,
        definition=(
            "Death from cardiovascular disease, a first non-fatal myocardial infarction or a "
            "first non-fatal stroke within 10 years."
        ),
        event=INFARCTION_OR_STROKE,
        bands=bands,
    )


def check_region(region: str) -> None:
    """Raise ValueError on an unknown region."""
    if region not in REGIONS:
        raise ValueError(f"SCORE2: region must be one of {REGIONS}, not {region!r}")


def score2(region: str) -> ClinicalModel:
    """SCORE2 as calibrated for a region. Raises ValueError on an unknown one."""
    check_region(region)
    numbers = {**CENTRES, **by_sex(COEFFICIENTS, CALIBRATION[region])}
    version = f"{VERSION}-{region}.1"
    concepts = tuple(i.concept for i in INPUTS)
    return ClinicalModel(
        id="score2",
        version=version,
        title="SCORE2, 10 years",
        family="score2",
        inputs=INPUTS,
        outcomes=(outcome(),),
        predict=Equation(numbers, formula),
        applies=score2_applies,
        facts=score2_facts(region, version),
        vectors=score2_vectors(region),
        artefact_hash=artefact_hash(version, repr(numbers).encode(), INPUTS),
        optimal={c: v for c, v in OPTIMAL.items() if c in concepts},
        optimal_source=OPTIMAL_SOURCE,
        background=read_background("prevent_10y", concepts, ages=(40, 69)),
    )


def score2_op(region: str) -> ClinicalModel:
    """SCORE2-OP as calibrated for a region. Raises ValueError on an unknown one."""
    check_region(region)
    numbers = {**CENTRES_OP, **by_sex(COEFFICIENTS_OP, CALIBRATION_OP[region])}
    version = f"{VERSION}-{region}.1"
    return ClinicalModel(
        id="score2_op",
        version=version,
        title="SCORE2-OP (70 to 89 years), 10 years",
        family="score2",
        inputs=INPUTS_OP,
        outcomes=(outcome(BANDS_OP),),
        predict=Equation(numbers, formula_op),
        applies=score2_op_applies,
        facts=score2_op_facts(region, version),
        vectors=score2_op_vectors(region),
        artefact_hash=artefact_hash(version, repr(numbers).encode(), INPUTS_OP),
        optimal=OPTIMAL,
        optimal_source=OPTIMAL_SOURCE,
        background=read_background("older", tuple(i.concept for i in INPUTS_OP)),
    )
