"""Known values of the mechanistic twins, each with the call that computes it."""

from dataclasses import replace
from math import exp

import numpy as np

from models_engine.catalogue.mechanistic import body_weight, fentanyl, glucose, ukpds_paths
from models_engine.catalogue.mechanistic.body_weight import EnergyBalance, Person, Plan, weight_path
from models_engine.catalogue.mechanistic.drugs import DIGOXIN, GENTAMICIN, VANCOMYCIN
from models_engine.catalogue.mechanistic.kinetics import Regimen, SteadyState, steady_state
from models_engine.catalogue.mechanistic.renal import RenalPatient, creatinine_clearance
from models_engine.catalogue.mechanistic.twin_facts import Check
from models_engine.catalogue.mechanistic.ukpds_course import ukpds_course
from models_engine.catalogue.risk.ukpds import PERSON

SECOND = "recomputed from the documented equations by a second implementation"
PLANNER = "the published planner, as the R package bw prints it"
# the notes do not say whether a publication prints it: J
EXAMPLE = "worked example in this project's notes"

WOMAN = Person(weight=80, height=180, age=40, sex=1.0, activity_level=1.5)
MAN = Person(weight=100, height=180, age=50, sex=0.0, activity_level=1.5)
PLANNED = Person(weight=76, height=173, age=36, sex=0.0, activity_level=1.5)
RENAL_MAN = RenalPatient(age=60, sex=0.0, weight=70, height=178, creatinine=1.0)
HEAVY_MAN = replace(RENAL_MAN, weight=125)
FAILING = PERSON | {
    "age": 70.0,
    "bmi": 32.0,
    "egfr": 50.0,
    "albuminuria": 1.0,
    "lower_limb_amputation": 1.0,
}
AFRO_CARIBBEAN_MAN = {"sex": 0.0, "diabetes_duration": 4.0, "afro_caribbean": 1.0, "hba1c": 6.5}


def _weight(person: Person, change: float, day: float) -> float:
    return float(weight_path(person, Plan(change), np.array([day])).weight[0])


def _hba1c(year: int) -> float:
    return float(ukpds_paths.risk_factor_paths(AFRO_CARIBBEAN_MAN, year)["hba1c"][year])


def _cleared(wanted: float) -> RenalPatient:
    """Somebody of 70 kg with that creatinine clearance, mL/min."""
    return replace(RENAL_MAN, creatinine=80 * 70 / 72 / wanted)


def _vancomycin(who: RenalPatient = RENAL_MAN) -> SteadyState:
    prior = VANCOMYCIN.prior(who)
    return steady_state(Regimen(1000, 12, 1), prior.clearance, prior.volume)


def _gentamicin() -> SteadyState:
    prior = GENTAMICIN.prior(_cleared(80))
    return steady_state(Regimen(350, 24, 0.5), prior.clearance, prior.volume)


def _digoxin(heart_failure: float) -> float:
    """ug/L on average, 0.125 mg a day by mouth."""
    prior = DIGOXIN.prior(_cleared(50), {"heart_failure": heart_failure})
    absorbed = Regimen(0.125 * DIGOXIN.bioavailability, 24)
    level = steady_state(absorbed, prior.clearance, prior.volume).average
    return float(level * DIGOXIN.shown_per_mg_l)


def _minimal_model() -> float:
    """mg/dL after 40 minutes with basal insulin, from 290 towards 90."""
    known = glucose.NORMAL.with_value("glucose_effectiveness", 0.025)
    minutes = np.array([0.0, 40.0])
    found = glucose.glucose_course(
        known, minutes, basal_glucose=90.0, basal_insulin=8.0, glucose=290.0
    )
    return float(found.glucose[1])


BODY_WEIGHT = (
    Check(
        "Woman of 80 kg, 250 kcal a day less, after a year",
        "kg",
        73.179,
        6e-4,
        lambda: _weight(WOMAN, -250, 365),
        SECOND,
        "V",
    ),
    Check(
        "Man of 100 kg, 500 kcal a day less, after two years",
        "kg",
        80.090,
        6e-4,
        lambda: _weight(MAN, -500, 730),
        SECOND,
        "V",
    ),
    Check(
        "Man of 76 kg: intake that keeps the weight",
        "kcal/d",
        2503,
        5.006,
        lambda: EnergyBalance(PLANNED).intake,
        PLANNER,
        "V",
    ),
    Check(
        "Man of 76 kg: intake that keeps 70 kg",
        "kcal/d",
        2360,
        4.72,
        lambda: body_weight.intake_that_keeps(PLANNED, 70),
        PLANNER,
        "V",
    ),
)

UKPDS_COURSE = (
    Check(
        "Afro-Caribbean man, diagnosed four years ago, HbA1c 6.5 %: a year later",
        "%",
        6.9432,
        6e-5,
        lambda: _hba1c(1),
        "published example",
        "V",
    ),
    Check(
        "The same two years later",
        "%",
        7.2898,
        6e-5,
        lambda: _hba1c(2),
        "published example",
        "V",
    ),
    Check(
        "Heart failure within a year, 70 years, eGFR 50, albuminuria, amputation",
        "1",
        0.0267,
        6e-5,
        lambda: float(ukpds_course(FAILING, 1).events["heart_failure"][1]),
        "worked example of the paper's supplement, as tested in a public implementation",
        "V",
    ),
    Check(
        "Infarction within a year, smoking man of 63",
        "1",
        0.015245,
        6e-7,
        lambda: float(ukpds_course(PERSON, 1).events["mi"][1]),
        "computed from the published equations by a second implementation",
        "V",
    ),
)

DRUG_LEVELS = (
    Check(
        "Creatinine clearance, man of 60, 70 kg, 1.0 mg/dL",
        "mL/min",
        77.78,
        0.005,
        lambda: creatinine_clearance(RENAL_MAN),
        EXAMPLE,
        "J",
    ),
    Check(
        "Vancomycin 1 g over 1 h every 12 h in him: trough",
        "mg/L",
        16.026,
        6e-4,
        lambda: float(_vancomycin().trough),
        SECOND,
        "V",
    ),
    Check(
        "The same: AUC24", "mg h/L", 582.25, 0.006, lambda: float(_vancomycin().auc24), SECOND, "V"
    ),
    Check(
        "The same at 125 kg: AUC24",
        "mg h/L",
        441.20,
        0.006,
        lambda: float(_vancomycin(HEAVY_MAN).auc24),
        SECOND,
        "V",
    ),
    Check(
        "Gentamicin, man of 125 kg: volume",
        "L",
        24.820,
        6e-4,
        lambda: GENTAMICIN.prior(HEAVY_MAN).volume,
        SECOND,
        "V",
    ),
    Check(
        "Gentamicin 350 mg over 0.5 h a day, clearance 80 mL/min: peak",
        "mg/L",
        18.13,
        6e-3,
        lambda: float(_gentamicin().peak),
        EXAMPLE,
        "J",
    ),
    Check(
        "Digoxin 0.125 mg a day, clearance 50 mL/min: average",
        "ug/L",
        0.573,
        6e-4,
        lambda: _digoxin(0.0),
        EXAMPLE,
        "J",
    ),
    Check("The same with heart failure", "ug/L", 0.892, 6e-4, lambda: _digoxin(1.0), EXAMPLE, "J"),
)

FENTANYL = (
    Check(
        "Steady level of 25 ug/h at 70 kg",
        "ug/L",
        0.205,
        6e-4,
        lambda: fentanyl.steady_level(25, 70).value,
        "25 / 122, with the published clearance (docs/evidence.md, E-FENTANYL)",
        "J",
    ),
)

GLUCOSE = (
    Check(
        "From 290 towards 90 with basal insulin, 0.025 a minute, after 40 minutes",
        "mg/dL",
        90 + 200 * exp(-1),
        6e-4,
        _minimal_model,
        "the exact solution of the equation",
        "V",
    ),
    Check(
        "HOMA-IR of 5.0 mmol/L and 9 mU/L",
        "1",
        2.0,
        1e-9,
        lambda: glucose.homa_ir(5.0, 9.0),
        EXAMPLE,
        "J",
    ),
)
