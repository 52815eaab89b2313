"""Creatinine clearance of an adult after Cockcroft and Gault, with the weight that it is given for.

    CrCl = (140 - age) W / (72 Scr), times 0.85 in women          mL/min
    ideal weight = 50 kg (45.5 kg in women) + 2.3 kg an inch over 60
    W = weight; above 1.2 times the ideal weight: ideal + 0.4 (weight - ideal)

Nobody above a body mass index of 40 kg/m2 is computed: there these weights stand for nothing that
was looked at [J].
It stands for a stable creatinine: while it rises or falls quickly, and on dialysis, it is wrong.
"""

from dataclasses import dataclass

from models_engine.catalogue.contract import FEMALE, Input
from models_engine.catalogue.facts import EvidenceTag
from models_engine.catalogue.mechanistic.body_weight_numbers import HEIGHT, WEIGHT
from models_engine.catalogue.mechanistic.parameters import Parameter, ParameterSet
from models_engine.catalogue.mechanistic.refusing import require

SOURCE = "Cockcroft and Gault, as dosing calculators print it (docs/evidence.md, E-CG)"
CM_PER_INCH, CM_PER_M = 2.54, 100.0
# kg/m2 from which a reader is told what the kinetics do with the weight
OBESE = 30.0


def _p(name: str, value: float, unit: str, evidence: EvidenceTag = "S") -> Parameter:
    return Parameter(name, value, unit, SOURCE, evidence)


PARAMETERS = ParameterSet(
    "Creatinine clearance (Cockcroft-Gault)",
    (
        _p("age_limit", 140.0, "a"),
        _p("divisor", 72.0, "kg a dL/mg min/mL"),
        _p("women", 0.85, "1"),
        _p("ideal_weight_men", 50.0, "kg"),
        _p("ideal_weight_women", 45.5, "kg"),
        _p("ideal_weight_per_inch", 2.3, "kg/[in_i]"),
        _p("ideal_weight_height", 60.0, "[in_i]"),
        _p("overweight_from", 1.2, "1"),
        _p("overweight_share", 0.4, "1"),
    ),
)

# ranges are ours [J]
AGE = Input(
    concept="age",
    role="demographic",
    unit="a",
    low=18,
    high=105,
    label="Age",
    published_unit="years",
    order="Record the date of birth.",
)
SEX = Input(
    concept="sex",
    role="demographic",
    low=0,
    high=1,
    label="Sex",
    order="Record female or male: the equations know no other.",
)
CREATININE = Input(
    concept="creatinine",
    role="measurement",
    unit="mg/dL",
    low=0.3,
    high=10,
    label="Creatinine",
    order="Order creatinine.",
    max_age_days=7,
)
INPUTS = (AGE, SEX, WEIGHT, HEIGHT, CREATININE)
# of that weight and height, whatever the record says of it; the bound is ours [J]
BMI = Input(
    concept="bmi",
    role="derived",
    unit="kg/m2",
    high=40,
    label="Body mass index",
    order="Measure weight and height.",
)


@dataclass(frozen=True)
class RenalPatient:
    """Completed years, sex (1.0 female, 0.0 male), kg, cm, mg/dL. Raises RefusedError."""

    age: float
    sex: float
    weight: float
    height: float
    creatinine: float

    def __post_init__(self) -> None:
        require(INPUTS, {name: getattr(self, name) for name in self.__dataclass_fields__})
        require((BMI,), {"bmi": self.bmi})

    @property
    def bmi(self) -> float:
        """kg/m2."""
        return body_mass_index(self.weight, self.height)


def body_mass_index(weight: float, height: float) -> float:
    """kg/m2, from kg and cm."""
    return weight / (height / CM_PER_M) ** 2


def ideal_weight(height: float, sex: float, parameters: ParameterSet = PARAMETERS) -> float:
    """kg, from cm."""
    n = parameters
    base = n["ideal_weight_women" if sex == FEMALE else "ideal_weight_men"]
    over = height / CM_PER_INCH - n["ideal_weight_height"]
    return base + n["ideal_weight_per_inch"] * over


def dosing_weight(patient: RenalPatient, parameters: ParameterSet = PARAMETERS) -> float:
    """kg that the clearance is computed with."""
    n, ideal = parameters, ideal_weight(patient.height, patient.sex, parameters)
    if patient.weight <= n["overweight_from"] * ideal:
        return patient.weight
    return ideal + n["overweight_share"] * (patient.weight - ideal)


def creatinine_clearance(patient: RenalPatient, parameters: ParameterSet = PARAMETERS) -> float:
    """mL/min."""
    n = parameters
    years = n["age_limit"] - patient.age
    clearance = years * dosing_weight(patient, parameters) / (n["divisor"] * patient.creatinine)
    return clearance * (n["women"] if patient.sex == FEMALE else 1.0)
