"""The numbers of the body weight twin, and what it may be asked.

The formulas and numbers are those that the R package `bw` documents (vignette, MIT licence); the
reference values of our tests were recomputed from them by a second implementation.
"""

from models_engine.catalogue.contract import Input
from models_engine.catalogue.facts import EvidenceTag
from models_engine.catalogue.mechanistic.parameters import Parameter, ParameterSet

HALL = "Hall KD et al., Lancet 2011;378:826-837, as documented in the R package bw"
MIFFLIN = "Mifflin-St Jeor resting metabolic rate, as documented in the R package bw"


def _p(
    name: str, value: float, unit: str, source: str = HALL, evidence: EvidenceTag = "V"
) -> Parameter:
    return Parameter(name, value, unit, source, evidence)


PARAMETERS = ParameterSet(
    "Body weight under diet and activity",
    (
        _p("energy_of_glycogen", 4206.501, "kcal/kg"),
        _p("energy_of_fat", 9440.727, "kcal/kg"),
        _p("energy_of_lean_tissue", 1816.444, "kcal/kg"),
        _p("expenditure_of_fat", 3.107075, "kcal/kg/d"),
        _p("expenditure_of_lean_tissue", 21.98853, "kcal/kg/d"),
        _p("cost_of_fat_synthesis", 179.2543, "kcal/kg"),
        _p("cost_of_lean_synthesis", 229.4455, "kcal/kg"),
        _p("thermic_effect_of_feeding", 0.1, "1"),
        _p("adaptive_thermogenesis", 0.14, "1"),
        _p("adaptation_time", 14.0, "d"),
        _p("forbes_constant", 10.4, "kg"),
        _p("sodium_concentration", 3220.0, "mg/L"),
        _p("sodium_of_fluid_change", 3000.0, "mg/L/d"),
        _p("sodium_of_carbohydrate_change", 4000.0, "mg/d"),
        _p("glycogen_at_start", 0.5, "kg"),
        _p("water_per_glycogen", 2.7, "kg/kg"),
        _p("carbohydrate_share", 0.5, "1", "the default of the R package bw", "S"),
        _p("rmr_weight", 9.99, "kcal/kg/d", MIFFLIN),
        _p("rmr_height", 625.0, "kcal/m/d", MIFFLIN),
        _p("rmr_age", 4.92, "kcal/a/d", MIFFLIN),
        _p("rmr_men", 5.0, "kcal/d", MIFFLIN),
        _p("rmr_women", -161.0, "kcal/d", MIFFLIN),
        _p("fat_age", 0.14, "%/a"),
        _p("fat_log_bmi_men", 37.31, "%"),
        _p("fat_constant_men", -103.94, "%"),
        _p("fat_log_bmi_women", 39.96, "%"),
        _p("fat_constant_women", -102.01, "%"),
        _p("fluid_age_men", 0.025, "L/a"),
        _p("fluid_height_men", 9.57, "L/m"),
        _p("fluid_weight_men", 0.191, "L/kg"),
        _p("fluid_constant_men", -12.4, "L"),
        _p("fluid_height_women", 5.98, "L/m"),
        _p("fluid_weight_women", 0.167, "L/kg"),
        _p("fluid_constant_women", -4.0, "L"),
    ),
)

# Ranges are ours [J]: adults, and changes that somebody may plan without supervision in hospital.
AGE = Input(
    concept="age",
    role="demographic",
    unit="a",
    low=18,
    high=90,
    label="Age",
    published_unit="years",
)
SEX = Input(concept="sex", role="demographic", low=0, high=1, label="Sex")
WEIGHT = Input(
    concept="weight",
    role="measurement",
    unit="kg",
    low=35,
    high=250,
    label="Weight",
    order="Weigh the patient.",
    max_age_days=90,
)
HEIGHT = Input(
    concept="height",
    role="measurement",
    unit="cm",
    low=130,
    high=210,
    label="Height",
    order="Measure the height.",
)
BMI = Input(
    concept="bmi",
    role="derived",
    unit="kg/m2",
    low=18.5,
    high=60,
    label="Body mass index",
    order="Measure weight and height.",
)
ACTIVITY = Input(
    concept="activity_level",
    role="record",
    unit="1",
    low=1.2,
    high=2.5,
    label="Physical activity level (total over resting energy expenditure)",
)
INTAKE_CHANGE = Input(
    concept="intake_change",
    role="record",
    unit="kcal/d",
    low=-1500,
    high=1500,
    label="Change of energy intake",
)
INTAKE = Input(
    concept="energy_intake",
    role="record",
    unit="kcal/d",
    low=800,
    high=8000,
    label="Energy intake",
)
SODIUM_CHANGE = Input(
    concept="sodium_change",
    role="record",
    unit="mg/d",
    low=-4000,
    high=4000,
    label="Change of sodium intake",
)
DAYS = Input(
    concept="days",
    role="record",
    unit="d",
    low=1,
    high=1827,
    label="Length of the simulation",
)
PERSON_INPUTS = (AGE, SEX, WEIGHT, HEIGHT, ACTIVITY)
PLAN_INPUTS = (INTAKE_CHANGE, SODIUM_CHANGE, DAYS)
# conditions with which nothing is simulated: the equations were not made for them
NEVER_WITH = ("pregnancy", "dialysis")
