"""What instruments report: true values with measurement error, rounded as laboratories round.

Error sizes: systolic SD 8 mmHg, HbA1c SD 0.3 in diabetes, LDL CV 8 %, eGFR CV 6 %, weight SD 1 kg
(within-person figures, [M]); all others are our judgement [J].
"""

from datetime import date
from math import exp, log

from patients.synthetic import kidney
from patients.synthetic.chance import Chance
from patients.synthetic.person import Person
from patients.synthetic.physiology import TrueValues

MG_DL_PER_MMOL = 1 / 0.02586
_TRIGLYCERIDE_MG_DL_PER_MMOL = 88.57
# above 400 mg/dL LDL can no longer be calculated from the other three
_MOST_TRIGLYCERIDES = 395.0

Readings = dict[str, float]


def vital_signs(true: TrueValues, chance: Chance) -> Readings:
    """Pressure in mmHg, heart rate, weight in kg."""
    shift = chance.noise(8.0)
    diastolic = true.dbp + 0.45 * shift + chance.noise(3.5)
    return {
        "systolic_bp": float(round(true.sbp + shift)),
        "diastolic_bp": float(round(min(diastolic, true.sbp + shift - 18))),
        "heart_rate": float(round(max(true.heart_rate + chance.noise(5.0), 42.0))),
        "weight": round(true.weight_kg + chance.noise(1.0), 1),
    }


def body_mass_index(weight: float, height_cm: float) -> float:
    """kg/m2 to one decimal, from the numbers as reported."""
    return round(weight / (height_cm / 100) ** 2, 1)


def lipids(true: TrueValues, chance: Chance) -> Readings:
    """A panel in mg/dL whose LDL is total - HDL - triglycerides / 5, as the laboratory does it."""
    ldl = round(true.ldl * MG_DL_PER_MMOL * (1 + chance.noise(0.08)))
    hdl = round(true.hdl * MG_DL_PER_MMOL * (1 + chance.noise(0.06)))
    triglycerides = true.triglycerides * _TRIGLYCERIDE_MG_DL_PER_MMOL * (1 + chance.noise(0.15))
    triglycerides = round(min(max(triglycerides, 35.0), _MOST_TRIGLYCERIDES))
    return {
        "total_cholesterol": float(ldl + hdl + round(triglycerides / 5)),
        "hdl_cholesterol": float(hdl),
        "ldl_cholesterol": float(ldl),
        "triglycerides": float(triglycerides),
    }


def hba1c(true: TrueValues, chance: Chance, *, diabetic: bool) -> Readings:
    """HbA1c in % (NGSP). A glucose that swings makes it swing more."""
    return {"hba1c": round(true.hba1c + chance.noise(0.3 if diabetic else 0.1), 1)}


def kidney_function(true: TrueValues, person: Person, day: date, chance: Chance) -> Readings:
    """Creatinine in mg/dL and the eGFR that the laboratory calculates from it."""
    age = person.age_on(day)
    # hardly anybody of that age makes less creatinine
    noisy = min(max(true.egfr * (1 + chance.noise(0.06)), 5.0), 150 - 0.7 * age)
    creatinine = round(kidney.creatinine_of_egfr(noisy, age=age, sex=person.sex), 2)
    egfr = kidney.egfr_of_creatinine(creatinine, age=age, sex=person.sex)
    return {"creatinine": creatinine, "egfr": float(round(egfr))}


def albuminuria(true: TrueValues, chance: Chance) -> Readings:
    """Urine albumin/creatinine ratio in mg/g; from day to day it varies by a third."""
    return {"urine_acr": float(max(round(true.acr * exp(chance.noise(0.3))), 2))}


def electrolytes(
    true: TrueValues, chance: Chance, *, ace_inhibitor: bool, thiazide: bool
) -> Readings:
    """Potassium and sodium in mmol/L."""
    potassium = 4.2 + 0.2 * ace_inhibitor - 0.3 * thiazide + 0.01 * max(60 - true.egfr, 0)
    return {
        "potassium": round(min(potassium + chance.noise(0.25), 6.2), 1),
        "sodium": float(round(140 - 1.5 * thiazide + chance.noise(1.6))),
    }


def blood_and_liver(true: TrueValues, person: Person, chance: Chance) -> Readings:
    """Haemoglobin in g/dL, which falls with the kidneys, and ALT in U/L."""
    anaemia = 0.045 * max(55 - true.egfr, 0)
    return {
        "haemoglobin": round(person.haemoglobin - anaemia + chance.noise(0.3), 1),
        "alt": float(round(person.alt * exp(chance.noise(0.2)))),
    }


def mineral_and_acid(true: TrueValues, chance: Chance) -> Readings:
    """What is looked at when eGFR is below 45: calcium, phosphate, bicarbonate, albumin."""
    lost = max(50 - true.egfr, 0)
    protein = 0.18 * max(log(max(true.acr, 1.0) / 300), 0)
    return {
        "calcium": round(9.5 - 0.01 * lost + chance.noise(0.25), 1),
        "phosphate": round(3.4 + 0.03 * lost + chance.noise(0.3), 1),
        "bicarbonate": float(round(25.5 - 0.13 * lost + chance.noise(1.2))),
        "albumin": round(4.3 - protein + chance.noise(0.15), 1),
    }
