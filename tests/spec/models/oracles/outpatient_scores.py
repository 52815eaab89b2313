"""The outpatient scores from the published rules as in our notes, point by point."""

import math
import random
from itertools import product

from tests.spec.models.oracles.second_opinions import Opinion


def is_missing(person, name):
    return math.isnan(person.get(name, math.nan))


def cha2ds2_vasc(p):
    points = 0
    if p["heart_failure"]:
        points += 1
    if p["hypertension"]:
        points += 1
    if p["age"] >= 75:
        points += 2
    elif p["age"] >= 65:
        points += 1
    if p["diabetes"]:
        points += 1
    if p["thromboembolism"]:
        points += 2
    if p["vascular_disease"]:
        points += 1
    if p["sex"] == 1:
        points += 1
    return {"cha2ds2_vasc": points}


def stroke_people():
    names = ("heart_failure", "hypertension", "diabetes", "thromboembolism", "vascular_disease")
    ages = (64, 65, 66, 74, 75, 76)
    for *answers, sex, age in product((0, 1), (0, 1), (0, 1), (0, 1), (0, 1), (0, 1), ages):
        yield dict(zip(names, answers, strict=True)) | {"sex": sex, "age": age}


def has_bled(p):
    points = 0
    if p["systolic_bp"] > 160:
        points += 1
    if p["renal_replacement"] or round(p["creatinine"] * 88.4) >= 200:
        points += 1
    bilirubin = not is_missing(p, "bilirubin_total") and p["bilirubin_total"] / 1.2 > 2
    enzymes = any(not is_missing(p, test) and p[test] / 40 > 3 for test in ("ast", "alt"))
    if p["chronic_liver_disease"] or (bilirubin and enzymes):
        points += 1
    points += bool(p["stroke"]) + bool(p["major_bleeding"]) + bool(p["bleeding_medicine"])
    if not is_missing(p, "labile_inr") and p["labile_inr"]:
        points += 1
    if p["age"] > 65:
        points += 1
    drinks = 0 if is_missing(p, "alcohol_drinks") else p["alcohol_drinks"]
    if p["alcohol_use_disorder"] or round(7 * drinks, 6) >= 8:
        points += 1
    return {"has_bled": points}


def bleeding_people():
    nothing = {
        "age": 60,
        "atrial_fibrillation": 1,
        "systolic_bp": 130,
        "renal_replacement": 0,
        "creatinine": 1.0,
        "chronic_liver_disease": 0,
        "stroke": 0,
        "major_bleeding": 0,
        "bleeding_medicine": 0,
        "alcohol_use_disorder": 0,
    }
    tested = {"bilirubin_total": 1.0, "ast": 30, "alt": 30, "labile_inr": 0, "alcohol_drinks": 0}
    yield nothing
    yield nothing | tested
    for changed in (
        *({"systolic_bp": v} for v in (159, 160, 161, 162)),
        *({"creatinine": v} for v in (2.25, 2.26, 2.262, 2.263, 2.28)),
        *({"age": v} for v in (64, 65, 65.5, 66)),
        *({"alcohol_drinks": v} for v in (1, 1.14, 8 / 7, 1.15, 2)),
        *({"bilirubin_total": v, "ast": 500} for v in (2.3, 2.39, 2.4, 2.41, 2.5)),
        *({"bilirubin_total": 9, "alt": v} for v in (119, 120, 120.5, 121, 122)),
        {"bilirubin_total": 9},
        {"ast": 500},
        *({name: 1} for name in ("renal_replacement", "chronic_liver_disease", "stroke")),
        *({name: 1} for name in ("major_bleeding", "bleeding_medicine", "labile_inr")),
        {"alcohol_use_disorder": 1},
        {"alcohol_use_disorder": 1, "alcohol_drinks": 5},
    ):
        yield nothing | tested | changed


CHARLSON = {
    # comorbidity: 1987, Quan 2011
    "mi": (1, 0),
    "chf": (1, 2),
    "pvd": (1, 0),
    "cevd": (1, 0),
    "dementia": (1, 2),
    "cpd": (1, 1),
    "rheumd": (1, 1),
    "pud": (1, 0),
    "mld": (1, 2),
    "diab": (1, 0),
    "diabwc": (2, 1),
    "hp": (2, 2),
    "rend": (2, 1),
    "canc": (2, 2),
    "msld": (3, 4),
    "metacanc": (6, 6),
    "aids": (6, 4),
}


def charlson(p):
    has = {name for name in CHARLSON if p[f"charlson_{name}"]}
    for graver, milder in (("msld", "mld"), ("diabwc", "diab"), ("metacanc", "canc")):
        if graver in has:
            has.discard(milder)
    original = sum(CHARLSON[name][0] for name in has)
    quan = sum(CHARLSON[name][1] for name in has)
    of_age = sum(p["age"] >= decade for decade in range(50, 130, 10))
    return {
        "charlson_original": original,
        "charlson_quan_2011": quan,
        "charlson_age_adjusted": original + of_age,
    }


def ill_people():
    rng = random.Random(7)
    absent = {f"charlson_{name}": 0 for name in CHARLSON} | {"uncounted_diagnoses": 0}
    for age in (18, 49, 50, 51, 59, 60, 61, 69, 70, 80, 90):
        yield absent | {"age": age}
    for name in CHARLSON:
        yield absent | {"age": 40, f"charlson_{name}": 1}
    for pair in (("mld", "msld"), ("diab", "diabwc"), ("canc", "metacanc")):
        yield absent | {"age": 40} | {f"charlson_{name}": 1 for name in pair}
    for _ in range(40):
        yield (
            absent
            | {"age": rng.randint(18, 99)}
            | {f"charlson_{name}": int(rng.random() < 0.3) for name in CHARLSON}
        )


def fib4(p):
    value = p["age"] * p["ast"] / (p["platelets"] * math.sqrt(p["alt"]))
    low = 2.0 if p["age"] >= 65 else 1.30
    group = 2 if value > 2.67 else 0 if value < low else 1
    return {"fib4": value, "fib4_group": group}


def liver_people():
    for age in (40, 64, 65, 66, 80):
        # AST chosen so that the index is the wanted one
        for wanted in (0.5, 1.295, 1.3, 1.305, 1.99, 2.0, 2.01, 2.66, 2.67, 2.68, 2.7, 6):
            person = {"age": age, "platelets": 200, "alt": 36}
            ast = wanted * 200 * 6 / age
            # what is exactly on a cut-off by hand may be a rounding away from it
            nudge = {1.3: 1e-9, 2.0: 1e-9, 2.67: -1e-9}.get(wanted, 0.0)
            yield person | {"ast": ast * (1 + nudge)}
    yield {"age": 60, "ast": 40, "alt": 36, "platelets": 200}


def meld3(p):
    bilirubin, inr = max(p["bilirubin_total"], 1), max(p["inr"], 1)
    creatinine = min(max(p["creatinine"], 1), 3)
    if p["dialysis_last_week"]:
        creatinine = 3
    sodium = min(max(p["sodium"], 125), 137)
    albumin = min(max(p["albumin"], 1.5), 3.5)
    points = 1.33 if p["sex"] == 1 else 0
    points += 4.56 * math.log(bilirubin)
    points += 0.82 * (137 - sodium) - 0.24 * (137 - sodium) * math.log(bilirubin)
    points += 9.09 * math.log(inr) + 11.14 * math.log(creatinine)
    points += 1.85 * (3.5 - albumin) - 1.83 * (3.5 - albumin) * math.log(creatinine) + 6
    return {"meld3": min(max(math.floor(points + 0.5), 6), 40)}


def transplant_people():
    rng = random.Random(3)
    for _ in range(6000):
        yield {
            "sex": rng.randint(0, 1),
            "liver_disease": 1,
            "age": 60,
            "bilirubin_total": rng.choice([0.4, 1.0, rng.uniform(0.9, 12)]),
            "inr": rng.choice([0.8, 1.0, rng.uniform(0.9, 3.2)]),
            "creatinine": rng.choice([0.6, 1.0, 3.0, 4.5, rng.uniform(0.8, 3.5)]),
            "sodium": rng.choice([118, 125, 137, 144, rng.randint(122, 140)]),
            "albumin": rng.choice([1.1, 1.5, 3.5, 4.4, rng.uniform(1.3, 3.8)]),
            "dialysis_last_week": int(rng.random() < 0.1),
        }


def findrisc(p):
    points = 0
    age = p["age"]
    points += 4 if age > 64 else 3 if age >= 55 else 2 if age >= 45 else 0
    points += 3 if p["bmi"] > 30 else 1 if p["bmi"] >= 25 else 0
    middle, large = (80, 88) if p["sex"] == 1 else (94, 102)
    points += 4 if p["waist"] > large else 3 if p["waist"] >= middle else 0
    points += 0 if p["daily_exercise"] else 2
    points += 0 if p["daily_vegetables"] else 1
    points += 2 if p["antihypertensive"] else 0
    points += 5 if p["high_glucose_ever"] else 0
    points += {0: 0, 1: 3, 2: 5}[p["family_diabetes"]]
    return {"findrisc": points}


def screened_people():
    least = {
        "age": 40,
        "sex": 0,
        "bmi": 22,
        "waist": 70,
        "daily_exercise": 1,
        "daily_vegetables": 1,
        "antihypertensive": 0,
        "high_glucose_ever": 0,
        "family_diabetes": 0,
    }
    for sex in (0, 1):
        for changed in (
            *({"age": v} for v in (44, 45, 46, 54, 55, 56, 64, 64.5, 65, 70)),
            *({"bmi": v} for v in (24.9, 25, 25.1, 29.9, 30, 30.2, 31)),
            *({"waist": v} for v in (79, 79.9, 80, 80.5, 87, 88, 88.5, 89)),
            *({"waist": v} for v in (93, 93.9, 94, 94.5, 101, 102, 102.5, 104)),
            *({"family_diabetes": v} for v in (0, 1, 2)),
            *({name: 0} for name in ("daily_exercise", "daily_vegetables")),
            *({name: 1} for name in ("antihypertensive", "high_glucose_ever")),
        ):
            yield least | {"sex": sex} | changed


OPINIONS = {
    "cha2ds2_vasc": Opinion(cha2ds2_vasc, list(stroke_people())),
    "has_bled": Opinion(has_bled, list(bleeding_people())),
    "charlson": Opinion(charlson, list(ill_people())),
    "fib4": Opinion(fib4, list(liver_people())),
    "meld3": Opinion(meld3, list(transplant_people())),
    "findrisc": Opinion(findrisc, list(screened_people())),
}
