"""The AHA PREVENT equations as a table of terms times a table of coefficients.

p = exp(lp) / (1 + exp(lp)), lp = sum of coefficient x term + constant, by sex and outcome.

References
----------
Khan SS et al. Development and Validation of the American Heart Association's PREVENT Equations.
Circulation 2024;149:430-449. doi 10.1161/CIRCULATIONAHA.123.067626, supplemental tables S12A-J.
"""

import csv
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from models_engine.catalogue.contract import FEMALE, Arrays, FloatArray
from models_engine.catalogue.linear import combine

OUTCOMES = ("cvd", "ascvd", "hf", "chd", "stroke")
VARIANTS = ("base", "hba1c", "uacr", "sdi", "full")
COEFFICIENTS = Path(__file__).parent / "coefficients"

# the published column of each outcome, without its "female_" or "male_"
_COLUMNS = {
    "cvd": "total_cvd",
    "ascvd": "ascvd",
    "hf": "heart_failure",
    "chd": "chd",
    "stroke": "stroke",
}
# one published label has a different spelling in one table
_LABELS = {"Age, per 10 years": "Age, 10 years"}


@dataclass(frozen=True, eq=False)
class CoefficientTable:
    """Coefficients of one variant and horizon: `female` and `male` of shape (outcomes, terms)."""

    terms: tuple[str, ...]
    female: FloatArray
    male: FloatArray


def coefficient_path(variant: str, years: int) -> Path:
    """The committed CSV of a variant (see VARIANTS) and horizon (10 or 30)."""
    return COEFFICIENTS / f"prevent_{variant}_{years}yr.csv"


def read_table(variant: str, years: int) -> CoefficientTable:
    """Read one coefficient CSV. Raises ValueError on a term that has no formula."""
    with coefficient_path(variant, years).open(encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source))
    labels = [_LABELS.get(row["beta_coefficients"], row["beta_coefficients"]) for row in rows]
    unknown = set(labels) - set(TERMS)
    if unknown:
        raise ValueError(f"PREVENT {variant} {years}: no formula for {sorted(unknown)}")
    by_sex = {
        sex: np.array([[float(row[f"{sex}_{_COLUMNS[o]}"]) for row in rows] for o in OUTCOMES])
        for sex in ("female", "male")
    }
    return CoefficientTable(tuple(labels), by_sex["female"], by_sex["male"])


def predict(table: CoefficientTable, arrays: Arrays) -> FloatArray:
    """Probabilities of shape (n, 5), outcomes in the order of OUTCOMES.

    Parameters
    ----------
    table : coefficients of the variant and horizon.
    arrays : (n,) each; age (years), sex, total_cholesterol and hdl_cholesterol (mmol/L),
        systolic_bp (mmHg), bmi (kg/m2), egfr (mL/min/1.73 m2), diabetes, smoking_status,
        antihypertensive, statin; and for the variants that use them hba1c (%), urine_acr (mg/g),
        sdi_decile (1-10), where NaN takes the published missing-term.
    """
    terms = _Terms(arrays)
    design = np.empty((len(table.terms), len(terms.age)))
    for row, label in zip(design, table.terms, strict=True):
        row[:] = TERMS[label](terms)
    is_female = arrays["sex"] == FEMALE
    if is_female.all():
        linear = combine(table.female, design)
    elif not is_female.any():
        linear = combine(table.male, design)
    else:
        linear = np.where(is_female, combine(table.female, design), combine(table.male, design))
    return (1.0 / (1.0 + np.exp(-linear))).T


class _Terms:
    """The centred and scaled inputs that several terms share."""

    def __init__(self, x: Arrays) -> None:
        self.x = x
        self.age = (x["age"] - 55.0) / 10.0
        self.non_hdl = x["total_cholesterol"] - x["hdl_cholesterol"] - 3.5
        self.hdl = (x["hdl_cholesterol"] - 1.3) / 0.3
        self.sbp_low = (np.minimum(x["systolic_bp"], 110.0) - 110.0) / 20.0
        self.sbp_high = (np.maximum(x["systolic_bp"], 110.0) - 130.0) / 20.0
        self.bmi_low = (np.minimum(x["bmi"], 30.0) - 25.0) / 5.0
        self.bmi_high = (np.maximum(x["bmi"], 30.0) - 30.0) / 5.0
        self.egfr_low = (np.minimum(x["egfr"], 60.0) - 60.0) / -15.0
        self.egfr_high = (np.maximum(x["egfr"], 60.0) - 90.0) / -15.0


def _or_zero(values: FloatArray) -> FloatArray:
    return np.where(np.isnan(values), 0.0, values)


def _missing(values: FloatArray) -> FloatArray:
    return np.isnan(values).astype(np.float64)


def _log_acr(terms: _Terms) -> FloatArray:
    return _or_zero(np.log(terms.x["urine_acr"]))


def _hba1c(terms: _Terms) -> FloatArray:
    return _or_zero(terms.x["hba1c"] - 5.3)


def _sdi_between(terms: _Terms, low: float, high: float) -> FloatArray:
    decile = terms.x["sdi_decile"]
    return ((decile >= low) & (decile <= high)).astype(np.float64)


TERMS: dict[str, Callable[[_Terms], FloatArray | float]] = {
    "Age, 10 years": lambda t: t.age,
    "Age squared": lambda t: t.age * t.age,
    "non-HDL-C per 1 mmol/L": lambda t: t.non_hdl,
    "HDL-C per 0.3 mmol/L": lambda t: t.hdl,
    "SBP <110 per 20 mmHg": lambda t: t.sbp_low,
    "SBP ≥110 per 20 mmHg": lambda t: t.sbp_high,
    "Diabetes": lambda t: t.x["diabetes"],
    "Current smoking": lambda t: t.x["smoking_status"],
    "BMI <30, per 5 kg/m2": lambda t: t.bmi_low,
    "BMI 30+, per 5 kg/m2": lambda t: t.bmi_high,
    "eGFR <60, per -15 ml": lambda t: t.egfr_low,
    "eGFR 60+, per -15 ml": lambda t: t.egfr_high,
    "Anti-hypertensive use": lambda t: t.x["antihypertensive"],
    "Statin use": lambda t: t.x["statin"],
    "Treated SBP ≥110 mm Hg per 20 mm Hg": lambda t: t.x["antihypertensive"] * t.sbp_high,
    "Treated non-HDL-C": lambda t: t.x["statin"] * t.non_hdl,
    "Age per 10yr * non-HDL-C per 1 mmol/L": lambda t: t.age * t.non_hdl,
    "Age per 10yr * HDL-C per 0.3 mmol/L": lambda t: t.age * t.hdl,
    "Age per 10yr * SBP ≥110 mm Hg per 20 mmHg": lambda t: t.age * t.sbp_high,
    "Age per 10yr * diabetes": lambda t: t.age * t.x["diabetes"],
    "Age per 10yr * current smoking": lambda t: t.age * t.x["smoking_status"],
    "Age per 10yr * BMI 30+ per 5 kg/m2": lambda t: t.age * t.bmi_high,
    "Age per 10yr * eGFR <60, per -15 ml": lambda t: t.age * t.egfr_low,
    "SDI decile categories 4-6 vs. 1-3": lambda t: _sdi_between(t, 4, 6),
    "SDI decile categories 7-10 vs. 1-3": lambda t: _sdi_between(t, 7, 10),
    "Missing SDI": lambda t: _missing(t.x["sdi_decile"]),
    "ln-ACR, mg/g, per 1 ln unit": _log_acr,
    "Missing ACR/PCR/Dipstick": lambda t: _missing(t.x["urine_acr"]),
    "HbA1c in DM, per 1%": lambda t: _hba1c(t) * t.x["diabetes"],
    "HbA1c no DM, per 1%": lambda t: _hba1c(t) * (1.0 - t.x["diabetes"]),
    "Missing HbA1c": lambda t: _missing(t.x["hba1c"]),
    "Constant": lambda t: 1.0,
}
