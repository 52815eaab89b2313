"""Kidney failure risk equation, 8 variables: KFRE with albumin, phosphate, bicarbonate, calcium.

p = 1 - S0 ^ exp(sum of coefficient x (value - mean)); age per 10 years, eGFR per 5, ln ACR.

References
----------
Tangri N et al. JAMA 2011;305:1553-1559 (equation). Tangri N et al. JAMA 2016;315:164
(recalibrated outside North America).
"""

from collections.abc import Mapping

import numpy as np

from models_engine.catalogue.artefact import artefact_hash
from models_engine.catalogue.background import read_background
from models_engine.catalogue.contract import (
    FEMALE,
    MALE,
    Arrays,
    ClinicalModel,
    Equation,
    FloatArray,
    Input,
    Vector,
)
from models_engine.catalogue.risk import inputs
from models_engine.catalogue.risk.kfre import (
    ELSEWHERE,
    KFRE_PACKAGE,
    NORTH_AMERICA,
    check_region,
    kfre_applies,
    kfre_outcomes,
)
from models_engine.catalogue.risk.kfre_facts import kfre_8v_facts

NUMBERS = {
    "age": -0.1992,
    "age unit": 10.0,
    "mean age": 7.036,
    "male": 0.1602,
    "mean male": 0.5642,
    "eGFR": -0.4919,
    "eGFR unit": 5.0,
    "mean eGFR": 7.222,
    "L ACR": 0.3364,
    "mean L ACR": 5.137,
    "albumin": -0.3441,
    "mean albumin": 3.997,
    "phosphate": 0.2604,
    "mean phosphate": 3.916,
    "bicarbonate": -0.07354,
    "mean bicarbonate": 25.57,
    "calcium": -0.2228,
    "mean calcium": 9.355,
}
# baseline survival at 2 and 5 years
SURVIVAL = {
    NORTH_AMERICA: {"S0 2 years": 0.9780, "S0 5 years": 0.9301},
    ELSEWHERE: {"S0 2 years": 0.9827, "S0 5 years": 0.9245},
}
VERSIONS = {NORTH_AMERICA: "2011-na.1", ELSEWHERE: "2016-non-na.1"}


def _blood(concept: str, label: str, unit: str, low: float, high: float) -> Input:
    # no ranges are published in what we read: the record's usual ranges are used instead [J]
    return Input(
        concept=concept,
        role="measurement",
        unit=unit,
        low=low,
        high=high,
        max_age_days=inputs.ONE_YEAR,
        label=label,
        group="kidney",
        order=f"Order {label.lower()}.",
    )


INPUTS = (
    inputs.age(18, None),
    inputs.SEX,
    inputs.egfr(0, 60, low_open=True, high_open=True),
    inputs.urine_acr(required=True),
    _blood("albumin", "Serum albumin", "g/dL", 1.5, 6),
    _blood("phosphate", "Serum phosphate", "mg/dL", 1, 10),
    _blood("bicarbonate", "Serum bicarbonate", "mmol/L", 8, 40),
    _blood("calcium", "Serum calcium", "mg/dL", 6, 14),
)
# eGFR and ACR as for 4 variables, the others normal: [J]
OPTIMAL = {
    "egfr": 59.0,
    "urine_acr": 10.0,
    "albumin": 4.2,
    "phosphate": 3.5,
    "bicarbonate": 26.0,
    "calcium": 9.5,
}
OPTIMAL_SOURCE = (
    "Reference values chosen by this project: eGFR 59, the mildest the equation is for, urine ACR "
    "10 mg/g, albumin 4.2 g/dL, phosphate 3.5 mg/dL, bicarbonate 26 mmol/L, calcium 9.5 mg/dL."
)


def formula(n: Mapping[str, float], x: Arrays) -> FloatArray:
    """Probabilities of shape (n, 2): 2 and 5 years."""
    linear = (
        n["age"] * (x["age"] / n["age unit"] - n["mean age"])
        + n["male"] * ((1.0 - x["sex"]) - n["mean male"])
        + n["eGFR"] * (x["egfr"] / n["eGFR unit"] - n["mean eGFR"])
        + n["L ACR"] * (np.log(x["urine_acr"]) - n["mean L ACR"])
        + n["albumin"] * (x["albumin"] - n["mean albumin"])
        + n["phosphate"] * (x["phosphate"] - n["mean phosphate"])
        + n["bicarbonate"] * (x["bicarbonate"] - n["mean bicarbonate"])
        + n["calcium"] * (x["calcium"] - n["mean calcium"])
    )
    survival = np.array([n["S0 2 years"], n["S0 5 years"]])
    return np.asarray(-np.expm1(np.log(survival) * np.exp(linear)[:, np.newaxis]))


COMPUTED = "computed by a second implementation from the published coefficients; none published"
# age, sex, eGFR, ACR, albumin, phosphate, bicarbonate, calcium; p at 2 and 5 years
_CASES: tuple[tuple[float, ...], ...] = (
    (65, MALE, 19, 30, 3.5, 3.5, 24, 9.5),
    (75, MALE, 22, 40, 3.3, 4.5, 21, 8.8),
    (58, FEMALE, 35, 900, 4.1, 4.0, 27, 9.1),
)
_EXPECTED: dict[str, tuple[tuple[float, float], ...]] = {
    ELSEWHERE: ((0.069774, 0.277728), (0.093750, 0.357774)),
    NORTH_AMERICA: ((0.088075, 0.259423), (0.117929, 0.335519), (0.046606, 0.143984)),
}


def _vectors(region: str) -> tuple[Vector, ...]:
    return tuple(
        Vector(
            name=f"age {case[0]:g}, {'female' if case[1] == FEMALE else 'male'}, eGFR {case[2]:g}",
            inputs=dict(zip((i.concept for i in INPUTS), case, strict=True)),
            expected={"kidney_failure_2y": two, "kidney_failure_5y": five},
            tolerance=6e-7,
            provenance=KFRE_PACKAGE if region == ELSEWHERE else COMPUTED,
            evidence="V" if region == ELSEWHERE else "S",
        )
        for case, (two, five) in zip(_CASES, _EXPECTED[region], strict=False)
    )


def kfre_8v(region: str = NORTH_AMERICA) -> ClinicalModel:
    """The 8-variable equation calibrated for a region. Raises ValueError on an unknown one."""
    check_region(region)
    numbers = {**NUMBERS, **SURVIVAL[region]}
    return ClinicalModel(
        id="kfre_8v",
        version=VERSIONS[region],
        title="Kidney failure risk equation, 8 variables",
        family="kfre",
        inputs=INPUTS,
        outcomes=kfre_outcomes(),
        predict=Equation(numbers, formula),
        applies=kfre_applies,
        facts=kfre_8v_facts(region),
        vectors=_vectors(region),
        artefact_hash=artefact_hash(VERSIONS[region], repr(numbers).encode(), INPUTS),
        optimal=OPTIMAL,
        optimal_source=OPTIMAL_SOURCE,
        background=read_background("kfre_8v", tuple(i.concept for i in INPUTS)),
    )
