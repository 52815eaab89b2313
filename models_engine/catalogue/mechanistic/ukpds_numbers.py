"""The numbers of the UKPDS OM2 equations as parameters, each with its unit, source and evidence."""

from models_engine.catalogue.facts import EvidenceTag
from models_engine.catalogue.mechanistic.parameters import Parameter, ParameterSet
from models_engine.catalogue.risk import ukpds_equations as equations

SOURCE = (
    "Hayes AJ et al., Diabetologia 2013;56:1925-1933 (UKPDS 82), read in two public implementations"
)
SCALE_SOURCE = "the units of the linear predictors, of the same publication and implementations"
# of one step in the linear predictor; what is not named is yes or no, and has none
UNITS = {
    "age": "/a",
    "age_at_diagnosis": "/a",
    "duration": "/a",
    "bmi": "m2/kg",
    "egfr": "/(10 mL/min/1.73 m2)",
    "egfr_below_60": "/(10 mL/min/1.73 m2)",
    "egfr_above_60": "/(10 mL/min/1.73 m2)",
    "hba1c": "/%",
    "hdl": "/(0.1 mmol/L)",
    "ldl": "/(0.1 mmol/L)",
    "ldl_above_3_5": "/(0.1 mmol/L)",
    "systolic_bp": "/(10 mm[Hg])",
    "heart_rate": "/(10 /min)",
    "wbc": "/(10*3/uL)",
    "haemoglobin": "/(g/dL)",
    "scale.egfr": "/(mL/min/1.73 m2)",
    "scale.hdl_cholesterol": "/(mmol/L)",
    "scale.ldl_cholesterol": "/(mmol/L)",
    "scale.systolic_bp": "/mm[Hg]",
    "scale.heart_rate": "/(/min)",
    "knot.egfr": "mL/min/1.73 m2",
    "knot.ldl_cholesterol": "mmol/L",
    "knot.bmi_low": "kg/m2",
    "knot.bmi_high": "kg/m2",
}
# Gompertz: the shape is of age
GOMPERTZ = {
    "death_without_history_or_event.shape": "/a",
    "death_with_history.shape": "/a",
}
# equations of which a published or reference value is reproduced; the others were read twice
REPRODUCED = frozenset(
    {
        "heart_failure",
        "ihd",
        "mi_men",
        "stroke",
        "blindness",
        "ulcer",
        "renal_failure",
        "death_with_first_event",
        "death_with_history",
    }
)


def _parameter(name: str, value: float) -> Parameter:
    equation, _, term = name.partition(".")
    is_equation = equation in equations.EQUATIONS
    unit = GOMPERTZ.get(name) or UNITS.get(term if is_equation else name, "1")
    evidence: EvidenceTag = "V" if not is_equation or equation in REPRODUCED else "S"
    return Parameter(name, value, unit, SOURCE if is_equation else SCALE_SOURCE, evidence)


PARAMETERS = ParameterSet(
    "Events and death within a year (UKPDS OM2)",
    tuple(
        _parameter(name, value)
        for name, value in equations.numbers_of(
            (*equations.EVENT_EQUATIONS, *equations.DEATH_EQUATIONS)
        ).items()
    ),
)
