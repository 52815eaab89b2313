"""The QRISK3-2017 equations: two Cox models, fractional polynomials of age and body mass index.

Coefficients: © 2017 ClinRisk Ltd., LGPL-3.0-or-later; Hippisley-Cox, Coupland, Brindle,
BMJ 2017;357:j2099. Entered from the R package QRISK3 (CRAN; R/QRISK3-2017ver9.R, opened
2026-11-21) and compared with a JavaScript port.
"""

import csv
from collections.abc import Callable, Mapping
from functools import cache
from importlib.resources import files

import numpy as np

from models_engine.catalogue.contract import FEMALE, Arrays, Equation, FloatArray

# the ages enter as (age/10)^-2 and age/10 in women, (age/10)^-1 and (age/10)^3 in men
AGE_TERMS: Mapping[str, tuple[Callable[[FloatArray], FloatArray], ...]] = {
    "female": (lambda decades: decades**-2, lambda decades: decades),
    "male": (lambda decades: decades**-1, lambda decades: decades**3),
}
YES_NO = (
    "atrial_fibrillation",
    "atypical_antipsychotic",
    "systemic_corticosteroid",
    "erectile_dysfunction",
    "migraine",
    "rheumatoid_arthritis",
    "severe_mental_illness",
    "sle",
    "diabetes_type_1",
    "family_history_chd",
)
NON_SMOKER, EX_SMOKER, LIGHT, MODERATE, HEAVY = 1, 2, 3, 4, 5
# kidney disease of stage 3 or worse
LOW_EGFR = 60.0
WHITE_OR_NOT_STATED = 1
UNKNOWN_TOWNSEND = 0.0


@cache
def numbers() -> Mapping[str, float]:
    """Every coefficient, centring value and baseline survival, by "sex term" or "sex term x age_1"."""
    table = files("twinportal_qrisk3").joinpath("coefficients.csv").read_text(encoding="utf-8")
    found = {}
    for row in csv.DictReader(table.splitlines()):
        times = f" x {row['times']}" if row["times"] else ""
        found[f"{row['sex']} {row['term']}{times}"] = float(row["coefficient"])
    return found


def formula(n: Mapping[str, float], x: Arrays) -> FloatArray:
    """Probabilities of a first cardiovascular event within 10 years, of shape (n, 1)."""
    women, men = (_probability(n, x, sex) for sex in AGE_TERMS)
    return np.where(x["sex"] == FEMALE, women, men)[:, np.newaxis]


def _probability(n: Mapping[str, float], x: Arrays, sex: str) -> FloatArray:
    terms = _terms(n, x, sex)
    ages = {"age_1": terms["age_1"], "age_2": terms["age_2"]}
    total = np.zeros_like(terms["age_1"])
    for name, coefficient in n.items():
        of, _, term = name.partition(" ")
        if of != sex or term == "survival" or term.startswith("centre_"):
            continue
        term, _, times = term.partition(" x ")
        total = total + coefficient * terms[term] * (ages[times] if times else 1.0)
    return 1.0 - n[f"{sex} survival"] ** np.exp(total)


def _terms(n: Mapping[str, float], x: Arrays, sex: str) -> dict[str, FloatArray]:
    """Each term of the sum, centred where the publication centres it."""
    decades, tens = x["age"] / 10.0, x["bmi"] / 10.0
    age_1, age_2 = (of(decades) for of in AGE_TERMS[sex])
    continuous = {
        "age_1": age_1,
        "age_2": age_2,
        "bmi_1": tens**-2,
        "bmi_2": tens**-2 * np.log(tens),
        "ratio": x["total_cholesterol"] / x["hdl_cholesterol"],
        "systolic_bp": x["systolic_bp"],
        "systolic_bp_sd": x["systolic_bp_sd"],
        "townsend": _known(x["townsend"], UNKNOWN_TOWNSEND),
    }
    centred = {term: value - n[f"{sex} centre_{term}"] for term, value in continuous.items()}
    yes_no = {concept: _known(x[concept], 0.0) for concept in YES_NO}
    smoking, ethnicity = _smoking(x), np.rint(_known(x["ethnicity"], WHITE_OR_NOT_STATED))
    return {
        **centred,
        **yes_no,
        # the equation has one diabetes or the other
        "diabetes_type_2": _known(x["diabetes_type_2"], 0.0) * (1.0 - yes_no["diabetes_type_1"]),
        "ckd": _kidney_disease(x),
        "treated_hypertension": x["hypertension"] * x["antihypertensive"],
        **{f"smoking_{level}": (smoking == level) * 1.0 for level in (2, 3, 4, 5)},
        **{f"ethnicity_{group}": (ethnicity == group) * 1.0 for group in range(2, 10)},
    }


def _known(values: FloatArray, otherwise: float) -> FloatArray:
    return np.where(np.isnan(values), otherwise, values)


def _kidney_disease(x: Arrays) -> FloatArray:
    """The diagnosis, or a single eGFR below 60: a normal eGFR does not undo a diagnosis."""
    # a comparison with NaN, which is no eGFR, is false
    return ((x["ckd"] > 0.0) | (x["egfr"] < LOW_EGFR)) * 1.0


def _smoking(x: Arrays) -> FloatArray:
    """QRISK3's five classes; a current smoker of an unknown number is a moderate one."""
    a_day = x["cigarettes_per_day"]
    current = np.select(
        [np.isnan(a_day), a_day < 10, a_day < 20], [MODERATE, LIGHT, MODERATE], HEAVY
    )
    history = x["smoking_history"]
    return np.select([history == 0.0, history == 1.0], [NON_SMOKER, EX_SMOKER], current)


def equation() -> Equation:
    """The equation with its numbers."""
    return Equation(numbers=numbers(), formula=formula)
