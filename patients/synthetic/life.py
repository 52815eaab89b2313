"""One made-up person's latent physiology, visit by visit.

Sizes of effects and slopes: natural slopes and visit-to-visit SDs of the forecasting notes
(systolic +0.5 to 1 mmHg a year, SD 8; HbA1c +0.15 % a year in diabetes, SD 0.2; eGFR -0.8 a
year, -3 to -5 with albuminuria; LDL CV 8 %; weight SD 1 kg). What is not there is our judgement.
No accuracy may be read from this cohort: its rules are what the models would find.
"""

from dataclasses import dataclass, field
from datetime import date, timedelta
from math import exp, log

import numpy as np

YEAR = 365.25


@dataclass
class Traits:
    """What a person brings along. `overrides` of a showcase replace what was drawn."""

    sex: str
    age: float
    height: float
    bmi: float
    bmi_slope: float
    pressure: float
    pressure_slope: float
    cholesterol: float
    hdl: float
    smoking: str
    quit_years_ago: float
    diabetes_years: float
    egfr: float
    egfr_slope: float
    acr: float
    acr_growth: float
    lipids_missing: bool = False
    silent_years: float = 0.0
    event: str = ""
    event_years_ago: float = 0.0
    treats_pressure: bool = True
    treats_lipids: bool = True
    unusual: str = ""


@dataclass
class Visit:
    """What was measured on one day; keys are those of codes.LABS plus pressure and smoking."""

    day: date
    values: dict[str, float] = field(default_factory=dict)
    systolic: float = 0.0
    diastolic: float = 0.0
    smoking: str = "never"


@dataclass
class Life:
    """Visits, and for diagnoses and drugs the first day (and the last, when it ended)."""

    traits: Traits
    birth: date
    visits: list[Visit] = field(default_factory=list)
    diagnoses: dict[str, date] = field(default_factory=dict)
    drugs: dict[str, tuple[date, date | None]] = field(default_factory=dict)


def live(traits: Traits, today: date, rng: np.random.Generator) -> Life:
    """Walk through the visits, diagnosing and treating as a primary-care clinic would."""
    birth = today - timedelta(days=round(traits.age * YEAR))
    life = Life(traits, birth)
    _what_was_before(life, today)
    for day in _visit_days(traits, today, rng):
        visit = _measure(life, day, today, rng)
        life.visits.append(visit)
        _diagnose(life, visit)
        _treat(life, visit)
    return life


def _visit_days(traits: Traits, today: date, rng: np.random.Generator) -> list[date]:
    years = min(float(rng.uniform(5.5, 8.5)), max(traits.age - 18.5, 1.0))
    day = today - timedelta(days=round(years * YEAR))
    last = today - timedelta(days=int(rng.integers(6, 75)) + round(traits.silent_years * YEAR))
    found = []
    while day < last - timedelta(days=80):
        found.append(day)
        day += timedelta(days=int(rng.integers(150, 340)))
    return [*found, last]


def _what_was_before(life: Life, today: date) -> None:
    """An event and its treatment."""
    traits = life.traits
    if not traits.event:
        return
    day = today - timedelta(days=round(traits.event_years_ago * YEAR))
    life.diagnoses[traits.event] = day
    drugs = {
        "mi": ("clopidogrel", "atorvastatin", "metoprolol"),
        "stroke": ("clopidogrel", "atorvastatin", "lisinopril"),
        "heart_failure": ("metoprolol", "lisinopril"),
        "af": ("warfarin", "metoprolol"),
    }
    for drug in drugs.get(traits.event, ()):
        life.drugs[drug] = (day, None)


def _on(life: Life, drug: str, day: date, delay: int = 45) -> bool:
    """Taken long enough on `day` to show."""
    start = life.drugs.get(drug, (None, None))[0]
    return start is not None and start + timedelta(days=delay) <= day


def _measure(life: Life, day: date, today: date, rng: np.random.Generator) -> Visit:
    traits = life.traits
    ago = (today - day).days / YEAR
    visit = Visit(day, smoking=_smoking(traits, ago))
    bmi = traits.bmi - traits.bmi_slope * ago
    weight = round(bmi * (traits.height / 100) ** 2 + rng.normal(0, 0.8), 1)
    values = visit.values
    values["height"], values["weight"] = round(traits.height), weight
    values["bmi"] = round(weight / (round(traits.height) / 100) ** 2, 1)
    visit.systolic = _systolic(life, day, ago, rng)
    visit.diastolic = round(visit.systolic * 0.42 + 27 + rng.normal(0, 4))
    values["heart_rate"] = round(float(np.clip(rng.normal(73, 8), 50, 105)))
    _kidney(life, values, ago, rng)
    values["hba1c"] = _hba1c(life, day, ago, rng)
    if not traits.lipids_missing:
        _lipids(life, values, day, rng)
    values["potassium"] = round(float(np.clip(rng.normal(4.3, 0.3), 3.4, 5.4)), 1)
    values["sodium"] = round(float(np.clip(rng.normal(140, 2), 133, 146)))
    values["haemoglobin"] = round(rng.normal(13.4 if traits.sex == "female" else 14.8, 0.7), 1)
    values["alt"] = round(float(np.clip(rng.lognormal(log(24), 0.35), 8, 120)))
    if traits.unusual == "alt" and ago < 0.3:
        values["alt"] = 1240
    return visit


def _smoking(traits: Traits, ago: float) -> str:
    if traits.smoking == "former" and ago > traits.quit_years_ago:
        return "current"
    return traits.smoking


def _systolic(life: Life, day: date, ago: float, rng: np.random.Generator) -> float:
    effects = {"lisinopril": 9, "amlodipine": 9, "hydrochlorothiazide": 7, "metoprolol": 5}
    lowered = sum(effect for drug, effect in effects.items() if _on(life, drug, day))
    usual = life.traits.pressure - life.traits.pressure_slope * ago
    return float(round(np.clip(usual - lowered + rng.normal(0, 6), 92, 208)))


def _hba1c(life: Life, day: date, ago: float, rng: np.random.Generator) -> float:
    traits = life.traits
    duration = traits.diabetes_years - ago
    if traits.diabetes_years <= 0:
        level = 5.3 + 0.025 * (traits.bmi - 24) + 0.004 * (traits.age - ago - 40)
        return round(float(np.clip(level + rng.normal(0, 0.1), 4.6, 6.2)), 1)
    level = 6.2 + 0.12 * duration if duration < 0 else 7.4 + 0.35 * duration
    for drug, effect in {"metformin": 1.1, "glimepiride": 0.9, "insulin": 1.4}.items():
        if _on(life, drug, day, 60):
            level -= effect
    return round(float(np.clip(level + rng.normal(0, 0.15), 5.0, 12.5)), 1)


def _lipids(life: Life, values: dict[str, float], day: date, rng: np.random.Generator) -> None:
    traits = life.traits
    hdl = float(np.clip(traits.hdl + rng.normal(0, 2), 25, 95))
    triglycerides = float(np.clip(rng.lognormal(log(80 + 5 * (traits.bmi - 22)), 0.15), 45, 380))
    ldl = max(traits.cholesterol - hdl - triglycerides / 5, 45)
    if _on(life, "atorvastatin", day):
        ldl *= 0.60
    elif _on(life, "simvastatin", day):
        ldl *= 0.67
    ldl *= exp(rng.normal(0, 0.06))
    values["hdl"], values["triglycerides"] = round(hdl), round(triglycerides)
    values["ldl"] = round(ldl)
    values["total_cholesterol"] = round(hdl) + round(ldl) + round(triglycerides / 5)


def _kidney(life: Life, values: dict[str, float], ago: float, rng: np.random.Generator) -> None:
    traits = life.traits
    egfr = float(np.clip(traits.egfr - traits.egfr_slope * ago, 9, 130))
    age = traits.age - ago
    values["creatinine"] = round(
        creatinine_for(egfr, age, traits.sex) * exp(rng.normal(0, 0.03)), 2
    )
    values["egfr"] = round(egfr_from(values["creatinine"], int(age), traits.sex))
    acr = traits.acr * exp(-traits.acr_growth * ago) * exp(rng.normal(0, 0.15))
    values["acr"] = max(round(acr), 2)


def egfr_from(creatinine: float, age: float, sex: str) -> float:
    """CKD-EPI 2021, mL/min/1.73 m2, from creatinine in mg/dL (Inker, NEJM 2021;385:1737)."""
    female = sex == "female"
    kappa, alpha = (0.7, -0.241) if female else (0.9, -0.302)
    ratio = creatinine / kappa
    low, high = min(ratio, 1.0) ** alpha, max(ratio, 1.0) ** -1.2
    return 142 * low * high * 0.9938**age * (1.012 if female else 1.0)


def creatinine_for(egfr: float, age: float, sex: str) -> float:
    """The creatinine (mg/dL) that gives this eGFR: the inverse of `egfr_from`."""
    low, high = 0.05, 20.0
    for _ in range(60):
        middle = (low + high) / 2
        low, high = (middle, high) if egfr_from(middle, age, sex) > egfr else (low, middle)
    return (low + high) / 2


def _diagnose(life: Life, visit: Visit) -> None:
    values, known = visit.values, life.diagnoses
    before = life.visits[-2] if len(life.visits) > 1 else None
    if values["hba1c"] >= 6.5 and life.traits.diabetes_years > 0:
        known.setdefault("diabetes", visit.day)
    elif 5.7 <= values["hba1c"] < 6.5 and "diabetes" not in known:
        known.setdefault("prediabetes", visit.day)
    if before is None:
        return
    if visit.systolic >= 140 and before.systolic >= 140 and life.traits.treats_pressure:
        known.setdefault("hypertension", visit.day)
    if values["egfr"] < 60 and before.values["egfr"] < 60:
        stage = "ckd_4" if values["egfr"] < 30 and before.values["egfr"] < 30 else "ckd_3a"
        known.setdefault(stage, visit.day)


def _treat(life: Life, visit: Visit) -> None:
    values, known, drugs = visit.values, life.diagnoses, life.drugs
    if "diabetes" in known:
        ladder = ("metformin", "glimepiride", "insulin")
        # a CKD stage 4 kidney does not get metformin
        if values["egfr"] < 30 and drugs.get("metformin", (None, 1))[1] is None:
            drugs["metformin"] = (drugs["metformin"][0], visit.day)
        missing = [drug for drug in ladder if drug not in drugs]
        wanted = values["hba1c"] >= (6.5 if "metformin" in missing else 7.6)
        if missing and wanted and not (missing[0] == "metformin" and values["egfr"] < 30):
            drugs[missing[0]] = (visit.day, None)
    if "hypertension" in known and visit.systolic >= 138:
        for drug in ("lisinopril", "amlodipine", "hydrochlorothiazide"):
            if drug not in drugs:
                drugs[drug] = (visit.day, None)
                break
    age = life.traits.age
    high = values.get("ldl", 0) >= 160 or ("diabetes" in known and age >= 40)
    if high and life.traits.treats_lipids and not {"atorvastatin", "simvastatin"} & set(drugs):
        drugs["simvastatin" if "diabetes" not in known else "atorvastatin"] = (visit.day, None)
