"""UKPDS Outcomes Model 2 from the table of the publication as in our notes, one person at a time.

The whole simulation of a year is enumerated for death: every subset of the eight events.
"""

import math
import random
from itertools import product

from tests.spec.models.oracles.second_opinions import Opinion


def hist(p, what):
    return p[
        {
            "amp": "lower_limb_amputation",
            "blind": "blindness",
            "hf": "heart_failure",
            "ihd": "ischaemic_heart_disease",
            "mi": "myocardial_infarction",
            "esrd": "renal_failure",
            "stroke": "stroke",
            "ulcer": "foot_ulcer",
        }[what]
    ]


def get(p, name):
    value = p.get(name, 0.0)
    return 0.0 if math.isnan(value) else value


def covariates(p):
    """The units of the published linear predictors."""
    egfr, ldl = p.get("egfr", math.nan), p.get("ldl_cholesterol", math.nan)
    return {
        "agediag": p["age"] - p.get("diabetes_duration", math.nan),
        "F": p.get("sex"),
        "afro": get(p, "afro_caribbean"),
        "indian": get(p, "asian_indian"),
        "AF": p.get("atrial_fibrillation"),
        "BMI": p.get("bmi"),
        "eGFR": egfr / 10,
        "eGFR60less": min(egfr, 60) / 10,
        "eGFR60more": max(egfr - 60, 0) / 10,
        "LDL": ldl * 10,
        "LDL35more": max(ldl - 3.5, 0) * 10,
        "HDL": p.get("hdl_cholesterol", math.nan) * 10,
        "A1c": p.get("hba1c"),
        "SBP": p.get("systolic_bp", math.nan) / 10,
        "HR": p.get("heart_rate", math.nan) / 10,
        "WBC": p.get("wbc"),
        "Hb": p.get("haemoglobin"),
        "MMALB": p.get("albuminuria"),
        "PVD": p.get("peripheral_artery_disease"),
        "smoker": p.get("smoking_status"),
    }


def lp(p, constant, terms):
    """Covariates by their published name; histories by "... hx"."""
    c = covariates(p)
    total = constant
    for name, coefficient in terms.items():
        value = hist(p, name[:-3]) if name.endswith(" hx") else c[name]
        total += coefficient * value
    return total


def weibull(p, constant, rho, terms):
    t = p["diabetes_duration"]
    return 1 - math.exp(math.exp(lp(p, constant, terms)) * (t**rho - (t + 1) ** rho))


def logit(x):
    return math.exp(x) / (1 + math.exp(x))


def heart_failure(p):
    terms = {"agediag": 0.068, "AF": 1.562, "BMI": 0.072, "eGFR60less": -0.220, "LDL": 0.012}
    terms |= {"MMALB": 0.771, "PVD": 0.479, "amp hx": 0.658, "ulcer hx": 0.654}
    return weibull(p, -12.332, 1.514, terms)


def ihd(p):
    terms = {"agediag": 0.016, "F": -0.532, "eGFR": -0.053, "HDL": -0.065, "LDL": 0.023}
    terms |= {"SBP": 0.058, "PVD": 0.486, "amp hx": 0.526, "hf hx": 0.824}
    return weibull(p, -6.709, 1.276, terms)


def mi(p):
    if p["sex"] == 1:
        terms = {"afro": -1.684, "agediag": 0.041, "eGFR60less": -0.280, "A1c": 0.078}
        terms |= {"LDL35more": 0.035, "MMALB": 0.277, "PVD": 0.469, "SBP": 0.056}
        terms |= {"smoker": 0.344, "WBC": 0.070, "hf hx": 0.853, "ihd hx": 0.876}
        return weibull(p, -8.708, 1.376, terms)
    terms = {"afro": -0.830, "agediag": 0.045, "indian": 0.279, "A1c": 0.108, "HDL": -0.049}
    terms |= {"LDL": 0.023, "MMALB": 0.203, "PVD": 0.340, "SBP": 0.046, "smoker": 0.277}
    terms |= {"WBC": 0.026, "amp hx": 0.743, "hf hx": 0.814, "ihd hx": 0.846, "stroke hx": 0.448}
    return weibull(p, -8.791, 1, terms)


def second_mi(p):
    return weibull(p, -4.179, 1, {"LDL": 0.021, "MMALB": 0.344})


def stroke(p):
    terms = {"agediag": 0.066, "F": -0.420, "AF": 1.476, "eGFR60less": -0.190, "A1c": 0.092}
    terms |= {"LDL": 0.016, "MMALB": 0.420, "SBP": 0.170, "smoker": 0.331, "WBC": 0.040}
    terms |= {"amp hx": 1.090, "ihd hx": 0.481}
    return weibull(p, -13.053, 1.466, terms)


def second_stroke(p):
    return weibull(p, -9.431, 1.956, {"agediag": 0.046, "MMALB": 0.537, "smoker": 0.656})


def blindness(p):
    terms = {"agediag": 0.047, "A1c": 0.171, "HR": 0.080, "SBP": 0.068, "WBC": 0.052}
    return weibull(p, -11.607, 1, terms | {"hf hx": 0.841, "ihd hx": 0.610})


def ulcer(p):
    terms = {"agediag": 0.043, "F": -0.962, "BMI": 0.053, "A1c": 0.160, "PVD": 0.968}
    return logit(lp(p, -11.295, terms))


def amputation(p):
    if hist(p, "ulcer"):
        return weibull(p, -0.881, 1, {"agediag": -0.065, "PVD": 1.769})
    terms = {"agediag": 0.023, "F": -0.445, "AF": 1.088, "A1c": 0.248, "HDL": -0.059}
    terms |= {"HR": 0.098, "MMALB": 0.602, "PVD": 1.010, "SBP": 0.086, "WBC": 0.040}
    return weibull(p, -14.844, 2.067, terms | {"stroke hx": 1.299})


def second_amputation(p):
    return weibull(p, -3.455, 1, {"A1c": 0.127})


def esrd(p):
    terms = {"afro": 0.686, "agediag": -0.029, "F": -0.869, "BMI": -0.054, "eGFR60less": -1.031}
    terms |= {"eGFR60more": -0.487, "Hb": -0.268, "LDL": 0.027, "MMALB": 1.373, "SBP": 0.085}
    return weibull(p, 3.549, 1, terms | {"WBC": 0.029, "amp hx": 1.108, "blind hx": 0.732})


def death_given(p, events):
    """Probability of death in a year with these events; `events` of the eight short names."""
    c, age = covariates(p), p["age"]
    names = ("amp", "blind", "hf", "ihd", "mi", "esrd", "stroke", "ulcer")
    history = any(hist(p, name) for name in names)
    if not events and not history:
        x, phi = -10.908 - 0.229 * c["F"] + 0.379 * c["smoker"], 0.098
    elif not events:
        x = -9.207 + 0.348 * c["MMALB"] + 0.374 * c["smoker"] + 0.048 * c["WBC"]
        x += 1.083 * (c["BMI"] < 18.5) - 0.293 * (c["BMI"] >= 25)
        x += 0.539 * hist(p, "amp") + 0.632 * hist(p, "hf")
        x += 1.150 * hist(p, "esrd") + 0.473 * hist(p, "stroke")
        phi = 0.073
    if not events:
        return 1 - math.exp(math.exp(x) / phi * (math.exp(phi * age) - math.exp(phi * (age + 1))))
    if not history:
        x = -6.916 - 0.540 * c["indian"] + 0.042 * p["diabetes_duration"] + 0.058 * age
        x += 0.124 * c["HR"] + 0.367 * c["PVD"] + 0.444 * c["smoker"]
        gains = {"amp": -0.734, "ihd": 0.423, "mi": 1.309, "esrd": 0.584, "stroke": 0.547}
        return logit(x + sum(gains.get(e, 0) for e in events))
    x = -4.868 + 1.081 * c["AF"] + 0.050 * age + 0.068 * c["HDL"] + 0.352 * c["PVD"]
    x += 0.089 * c["WBC"] + 0.753 * hist(p, "amp") - 0.507 * hist(p, "ihd")
    x += 0.440 * hist(p, "mi") + 0.961 * hist(p, "esrd")
    amp = -1.727 if hist(p, "amp") else -1.267
    gains = {"amp": amp, "ihd": 0.583, "mi": 0.982, "stroke": -0.619}
    return logit(x + sum(gains.get(e, 0) for e in events))


def event_risks(p):
    """Of the eight events in the coming year, by the state at its start."""
    once = {"hf": heart_failure, "ihd": ihd, "blind": blindness, "esrd": esrd, "ulcer": ulcer}
    risks = {name: 0 if hist(p, name) else f(p) for name, f in once.items()}
    risks["mi"] = second_mi(p) if hist(p, "mi") else mi(p)
    risks["stroke"] = second_stroke(p) if hist(p, "stroke") else stroke(p)
    risks["amp"] = second_amputation(p) if hist(p, "amp") else amputation(p)
    return risks


def death(p):
    risks = event_risks(p)
    total = 0.0
    for happens in product((False, True), repeat=len(risks)):
        weight, events = 1.0, []
        for yes, (name, risk) in zip(happens, risks.items(), strict=True):
            weight *= risk if yes else 1 - risk
            if yes:
                events.append(name)
        total += weight * death_given(p, events)
    return total


def people(seed, n=40):
    """Every history and sex, all sides of the knots, and exactly on each of them."""
    rng = random.Random(seed)
    found = []
    for number in range(n):
        person = {
            "age": float(rng.randint(40, 90)),
            "sex": float(number % 2),
            "diabetes_type_2": 1.0,
            "diabetes_duration": float(rng.randint(0, 30)),
            "afro_caribbean": float(rng.random() < 0.3),
            "asian_indian": float(rng.random() < 0.3),
            "bmi": rng.choice([17.0, 18.49, 18.5, 18.6, 24.9, 25.0, 25.1, 31.0, 38.0]),
            "egfr": rng.choice([20.0, 45.0, 59.0, 60.0, 60.3, 61.0, 75.0, 100.0]),
            "hba1c": rng.uniform(5.5, 12),
            "hdl_cholesterol": rng.uniform(0.7, 2),
            "ldl_cholesterol": rng.choice([1.8, 2.6, 3.5, 3.52, 3.6, 4.5]),
            "systolic_bp": rng.uniform(105, 180),
            "heart_rate": rng.uniform(50, 110),
            "wbc": rng.uniform(4, 12),
            "haemoglobin": rng.uniform(9, 17),
        }
        for yes_or_no in (
            "albuminuria",
            "smoking_status",
            "atrial_fibrillation",
            "peripheral_artery_disease",
            "heart_failure",
            "ischaemic_heart_disease",
            "myocardial_infarction",
            "stroke",
            "blindness",
            "foot_ulcer",
            "lower_limb_amputation",
            "renal_failure",
        ):
            # the first ones have no history at all
            person[yes_or_no] = float(number >= n // 3 and rng.random() < 0.35)
        person["albuminuria"] = float(rng.random() < 0.5)
        person["smoking_status"] = float(rng.random() < 0.5)
        person["peripheral_artery_disease"] = float(rng.random() < 0.4)
        found.append(person)
    found.append({**found[0], "afro_caribbean": math.nan, "asian_indian": math.nan})
    return found


PEOPLE = people(20261121)
EVENTS = {
    "heart_failure": heart_failure,
    "ihd": ihd,
    "mi": mi,
    "second_mi": second_mi,
    "stroke": stroke,
    "second_stroke": second_stroke,
    "blindness": blindness,
    "ulcer": ulcer,
    "amputation": amputation,
    "second_amputation": second_amputation,
    "renal_failure": esrd,
    "death": death,
}


def _opinion(name):
    return Opinion(lambda person: {f"ukpds_{name}": EVENTS[name](person)}, PEOPLE)


OPINIONS = {f"ukpds_om2_{name}": _opinion(name) for name in EVENTS}
