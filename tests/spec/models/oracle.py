"""A second, slow and obvious implementation of the published equations, one person at a time.

It shares no code with the product. `python -m tests.spec.models.oracle` writes the regression
values that the mutation test needs; they were made once, from the coefficient files as delivered.
"""

import csv
import json
import math
import random
from pathlib import Path

HERE = Path(__file__).parent
COEFFICIENTS = HERE.parents[2] / "models_engine" / "catalogue" / "risk" / "coefficients"
REGRESSION = HERE / "prevent_regression.json"
OUTCOMES = ("cvd", "ascvd", "hf", "chd", "stroke")
VARIANTS = ("base", "full", "hba1c", "uacr", "sdi")
TABLES = tuple((variant, years) for variant in VARIANTS for years in (10, 30))
ADD_ONS = {
    "base": (),
    "full": ("hba1c", "urine_acr", "sdi_decile"),
    "hba1c": ("hba1c",),
    "uacr": ("urine_acr",),
    "sdi": ("sdi_decile",),
}


def coefficient_columns(variant, years):
    """{(outcome, is_female): coefficients in formula order} of a committed file."""
    path = COEFFICIENTS / f"prevent_{variant}_{years}yr.csv"
    with path.open(encoding="utf-8", newline="") as source:
        return columns_of(list(csv.reader(source))[1:])


def six_digit_columns(years):
    """The same of the base tables as printed to six digits."""
    path = HERE / f"prevent_base_{years}yr_six_digits.csv"
    with path.open(encoding="utf-8", newline="") as source:
        return columns_of(list(csv.reader(source, delimiter=";"))[1:])


def columns_of(rows):
    """Columns come in pairs: female and male of each outcome, in the order of OUTCOMES."""
    columns = {}
    for index, outcome in enumerate(OUTCOMES):
        columns[outcome, True] = [float(row[1 + 2 * index] or 0) for row in rows]
        columns[outcome, False] = [float(row[2 + 2 * index] or 0) for row in rows]
    return columns


def prevent_terms(person, variant, years):
    """The terms of one person in formula order."""
    a = (person["age"] - 55) / 10
    n = person["total_cholesterol"] - person["hdl_cholesterol"] - 3.5
    h = (person["hdl_cholesterol"] - 1.3) / 0.3
    sbp, bmi, egfr = person["systolic_bp"], person["bmi"], person["egfr"]
    s1 = ((min(110, sbp)) - 110) / 20
    s2 = ((max(110, sbp)) - 130) / 20
    b1 = ((min(30, bmi)) - 25) / 5
    b2 = ((max(30, bmi)) - 30) / 5
    e1 = ((min(60, egfr)) - 60) / -15
    e2 = ((max(60, egfr)) - 90) / -15
    dm, smoking = person["diabetes"], person["smoking_status"]
    bp_rx, statin = person["antihypertensive"], person["statin"]
    terms = [a] + ([a * a] if years == 30 else [])
    terms += [n, h, s1, s2, dm, smoking, b1, b2, e1, e2, bp_rx, statin]
    terms += [bp_rx * s2, statin * n]
    terms += [a * n, a * h, a * s2, a * dm, a * smoking, a * b2, a * e1]
    if variant in ("sdi", "full"):
        sdi = person.get("sdi_decile")
        terms += [0, 0, 1] if sdi is None else [int(4 <= sdi <= 6), int(sdi >= 7), 0]
    if variant in ("uacr", "full"):
        acr = person.get("urine_acr")
        terms += [0, 1] if acr is None else [math.log(acr), 0]
    if variant in ("hba1c", "full"):
        hba1c = person.get("hba1c")
        if hba1c is None:
            terms += [0, 0, 1]
        else:
            terms += [(hba1c - 5.3) * dm, (hba1c - 5.3) * (1 - dm), 0]
    return [*terms, 1]


def prevent(person, columns, variant, years):
    """Probabilities of one person by outcome."""
    terms = prevent_terms(person, variant, years)
    result = {}
    for outcome in OUTCOMES:
        coefficients = columns[outcome, person["sex"] == 1]
        assert len(coefficients) == len(terms)
        lp = sum(c * t for c, t in zip(coefficients, terms, strict=True))
        result[outcome] = math.exp(lp) / (1 + math.exp(lp))
    return result


def kfre(person, survival):
    """Probability of treated kidney failure for one baseline survival."""
    male = 1 if person["sex"] == 0 else 0
    lp = (
        -0.2201 * (person["age"] / 10 - 7.036)
        + 0.2467 * (male - 0.5642)
        - 0.5567 * (person["egfr"] / 5 - 7.222)
        + 0.4510 * (math.log(person["urine_acr"]) - 5.137)
    )
    return 1 - survival ** math.exp(lp)


def ckd_epi(person):
    """CKD-EPI 2021 eGFR."""
    female = person["sex"] == 1
    k, a = (0.7, -0.241) if female else (0.9, -0.302)
    ratio = person["creatinine"] / k
    value = 142 * min(ratio, 1) ** a * max(ratio, 1) ** -1.2 * 0.9938 ** person["age"]
    return value * 1.012 if female else value


def random_person(rng, years=10, variant="full"):
    """Somebody inside every published range, on all sides of the knots."""
    person = {
        "age": rng.randint(30, 59 if years == 30 else 79),
        "sex": rng.randint(0, 1),
        "total_cholesterol": rng.randint(130, 320) * 0.02586,
        "hdl_cholesterol": rng.randint(20, 100) * 0.02586,
        "systolic_bp": rng.randint(90, 180),
        "bmi": rng.randint(185, 399) / 10,
        "egfr": rng.randint(15, 140),
        "diabetes": rng.randint(0, 1),
        "smoking_status": rng.randint(0, 1),
        "antihypertensive": rng.randint(0, 1),
        "statin": rng.randint(0, 1),
    }
    add_ons = {
        "hba1c": rng.randint(45, 150) / 10,
        "urine_acr": rng.randint(1, 30000) / 10,
        "sdi_decile": rng.randint(1, 10),
    }
    # some lack the value: every table has a coefficient for that, though only "full" may use it
    return person | {name: add_ons[name] for name in ADD_ONS[variant] if rng.random() < 0.7}


def write_regression():
    """48 people a table with their probabilities at full precision."""
    rng = random.Random(20261120)
    tables = []
    for variant, years in TABLES:
        columns = coefficient_columns(variant, years)
        for _ in range(48):
            person = random_person(rng, years, variant)
            expected = prevent(person, columns, variant, years)
            tables.append({"model": f"prevent_{variant}_{years}y", "x": person, "p": expected})
    lines = ",\n".join(json.dumps(row) for row in tables)
    REGRESSION.write_text(f"[\n{lines}\n]\n", encoding="utf-8")


if __name__ == "__main__":
    write_regression()
