"""ACC/AHA Pooled Cohort Equations 2013: 10-year probability of a first hard ASCVD event.

p = 1 - S0 ^ exp(sum of coefficient x term - mean), one equation for each of four groups: women
and men, White (and other) and Black. L is the natural logarithm; cholesterol in mg/dL.

References
----------
Goff DC et al. 2013 ACC/AHA Guideline on the Assessment of Cardiovascular Risk.
doi 10.1161/01.cir.0000437741.48606.98
"""

from collections.abc import Callable, Mapping

import numpy as np

from models_engine.catalogue.artefact import artefact_hash
from models_engine.catalogue.background import read_background
from models_engine.catalogue.contract import (
    FEMALE,
    Arrays,
    Circumstances,
    ClinicalModel,
    Equation,
    FloatArray,
    Input,
    Outcome,
    Refusal,
)
from models_engine.catalogue.outcome_event import INFARCTION_OR_STROKE
from models_engine.catalogue.risk import inputs
from models_engine.catalogue.risk.applicability import not_after_death, not_with
from models_engine.catalogue.risk.inputs import MG_DL_PER_MMOL_L_CHOLESTEROL, cholesterol
from models_engine.catalogue.risk.pce_facts import PCE_FACTS, VERSION
from models_engine.catalogue.risk.pce_vectors import VECTORS

# an empty cell of the published table is no term of that group
COEFFICIENTS: dict[str, dict[str, float]] = {
    "white_female": {
        "L age": -29.799,
        "L age squared": 4.884,
        "L total cholesterol": 13.540,
        "L age x L total cholesterol": -3.114,
        "L HDL": -13.578,
        "L age x L HDL": 3.149,
        "L treated SBP": 2.019,
        "L untreated SBP": 1.957,
        "smoking": 7.574,
        "L age x smoking": -1.665,
        "diabetes": 0.661,
    },
    "black_female": {
        "L age": 17.114,
        "L total cholesterol": 0.940,
        "L HDL": -18.920,
        "L age x L HDL": 4.475,
        "L treated SBP": 29.291,
        "L age x L treated SBP": -6.432,
        "L untreated SBP": 27.820,
        "L age x L untreated SBP": -6.087,
        "smoking": 0.691,
        "diabetes": 0.874,
    },
    "white_male": {
        "L age": 12.344,
        "L total cholesterol": 11.853,
        "L age x L total cholesterol": -2.664,
        "L HDL": -7.990,
        "L age x L HDL": 1.769,
        "L treated SBP": 1.797,
        "L untreated SBP": 1.764,
        "smoking": 7.837,
        "L age x smoking": -1.795,
        "diabetes": 0.658,
    },
    "black_male": {
        "L age": 2.469,
        "L total cholesterol": 0.302,
        "L HDL": -0.307,
        "L treated SBP": 1.916,
        "L untreated SBP": 1.809,
        "smoking": 0.549,
        "diabetes": 0.645,
    },
}
# the group's mean of the sum, and its baseline survival at 10 years
MEAN = {
    "white_female": -29.1817,
    "black_female": 86.6081,
    "white_male": 61.1816,
    "black_male": 19.5425,
}
SURVIVAL = {
    "white_female": 0.9665,
    "black_female": 0.9533,
    "white_male": 0.9144,
    "black_male": 0.8954,
}
Terms = Mapping[str, FloatArray]
TERMS: dict[str, Callable[[Terms], FloatArray]] = {
    "L age": lambda t: t["age"],
    "L age squared": lambda t: t["age"] * t["age"],
    "L total cholesterol": lambda t: t["total"],
    "L age x L total cholesterol": lambda t: t["age"] * t["total"],
    "L HDL": lambda t: t["hdl"],
    "L age x L HDL": lambda t: t["age"] * t["hdl"],
    "L treated SBP": lambda t: t["treated"] * t["sbp"],
    "L age x L treated SBP": lambda t: t["age"] * t["treated"] * t["sbp"],
    "L untreated SBP": lambda t: (1.0 - t["treated"]) * t["sbp"],
    "L age x L untreated SBP": lambda t: t["age"] * (1.0 - t["treated"]) * t["sbp"],
    "smoking": lambda t: t["smoking"],
    "L age x smoking": lambda t: t["age"] * t["smoking"],
    "diabetes": lambda t: t["diabetes"],
}
NUMBERS = {
    **{f"{g}: {term}": c for g, terms in COEFFICIENTS.items() for term, c in terms.items()},
    **{f"{group}: mean": mean for group, mean in MEAN.items()},
    **{f"{group}: S0": survival for group, survival in SURVIVAL.items()},
}

ASCVD = ("myocardial_infarction", "coronary_heart_disease", "stroke", "peripheral_artery_disease")
RACE_BLACK = Input(
    concept="race_black",
    role="demographic",
    label="Black (US race category)",
    low=0,
    high=1,
    required=False,
)
INPUTS = (
    inputs.age(40, 79),
    inputs.SEX,
    RACE_BLACK,
    inputs.TOTAL_CHOLESTEROL,
    inputs.HDL_CHOLESTEROL,
    inputs.systolic_bp(90, 200),
    inputs.DIABETES,
    inputs.SMOKING,
    inputs.ANTIHYPERTENSIVE,
)
# chosen as for PREVENT: [J]
OPTIMAL = {
    "race_black": 0.0,
    "total_cholesterol": cholesterol(170),
    "hdl_cholesterol": cholesterol(50),
    "systolic_bp": 110.0,
    "diabetes": 0.0,
    "smoking_status": 0.0,
    "antihypertensive": 0.0,
}
OPTIMAL_SOURCE = (
    "Reference values chosen by this project: total cholesterol 170 mg/dL, HDL 50 mg/dL, systolic "
    "blood pressure 110 mmHg, no diabetes, no smoking, no blood pressure medicine."
)


def formula(numbers: Mapping[str, float], x: Arrays) -> FloatArray:
    """Probabilities of shape (n, 1); a missing `race_black` takes the coefficients for White."""
    terms = {
        "age": np.log(x["age"]),
        "total": np.log(x["total_cholesterol"] * MG_DL_PER_MMOL_L_CHOLESTEROL),
        "hdl": np.log(x["hdl_cholesterol"] * MG_DL_PER_MMOL_L_CHOLESTEROL),
        "sbp": np.log(x["systolic_bp"]),
        "treated": x["antihypertensive"],
        "smoking": x["smoking_status"],
        "diabetes": x["diabetes"],
    }
    by_group = {group: _probability(numbers, group, terms) for group in COEFFICIENTS}
    is_black = x["race_black"] == 1.0
    female = np.where(is_black, by_group["black_female"], by_group["white_female"])
    male = np.where(is_black, by_group["black_male"], by_group["white_male"])
    return np.where(x["sex"] == FEMALE, female, male)[:, np.newaxis]


def _probability(numbers: Mapping[str, float], group: str, terms: Terms) -> FloatArray:
    summed = sum(numbers[f"{group}: {term}"] * TERMS[term](terms) for term in COEFFICIENTS[group])
    hazard = np.exp(summed - numbers[f"{group}: mean"])
    return np.asarray(-np.expm1(np.log(numbers[f"{group}: S0"]) * hazard))


def pce_applies(circumstances: Circumstances) -> tuple[Refusal, ...]:
    """For the living, without cardiovascular disease or heart failure, outside pregnancy."""
    return (
        *not_after_death(circumstances),
        *not_with(
            ASCVD,
            circumstances.ever,
            "The equations are for people without atherosclerotic cardiovascular disease.",
        ),
        # who was left out of the derivation was not found in what we opened: [J]
        *not_with(
            ("heart_failure",),
            circumstances.ever,
            "The equations foretell a first event, and heart failure is cardiovascular disease "
            "already: this project's decision.",
        ),
        *not_with(
            ("pregnancy",), circumstances.active, "The equations were not made for pregnancy."
        ),
    )


def pce() -> ClinicalModel:
    """The four equations as one clinical model."""
    return ClinicalModel(
        id="pce",
        version=VERSION,
        title="ACC/AHA Pooled Cohort Equations, 10 years",
        family="pce",
        inputs=INPUTS,
        outcomes=(
            Outcome(
                id="hard_ascvd",
                label="Heart attack, coronary death or stroke",
                horizon_years=10.0,
                is_probability=True,
                definition=(
                    "A first non-fatal myocardial infarction, death from coronary heart disease, "
                    "or stroke within 10 years."
                ),
                event=INFARCTION_OR_STROKE,
            ),
        ),
        predict=Equation(NUMBERS, formula),
        applies=pce_applies,
        facts=PCE_FACTS,
        vectors=VECTORS,
        artefact_hash=artefact_hash(VERSION, repr(NUMBERS).encode(), INPUTS),
        optimal=OPTIMAL,
        optimal_source=OPTIMAL_SOURCE,
        background=read_background(
            "prevent_10y",
            tuple(i.concept for i in INPUTS),
            ages=(40, 79),
            fixed={"race_black": 0.0},
        ),
    )
