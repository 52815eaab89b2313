"""Published test values of the Pooled Cohort Equations, in per cent, one decimal."""

from models_engine.catalogue.contract import FEMALE, MALE, Vector
from models_engine.catalogue.risk.inputs import cholesterol

WORKED = "worked examples of the Goff supplement, by the tests of the R package PooledCohort"
CVRISK = "tests of the R package CVrisk"
# values are printed with one decimal or two, from coefficients of two different roundings
TOLERANCE = 0.001
# age 55, total cholesterol 213, HDL 50 mg/dL, SBP 120 untreated, no smoking, no diabetes
CASE = {
    "age": 55.0,
    "total_cholesterol": cholesterol(213),
    "hdl_cholesterol": cholesterol(50),
    "systolic_bp": 120.0,
    "antihypertensive": 0.0,
    "smoking_status": 0.0,
    "diabetes": 0.0,
}
# what differs from the case: % of White women, Black women, White men, Black men
PUBLISHED: tuple[tuple[str, dict[str, float], tuple[float, ...], str], ...] = (
    ("the worked example", {}, (2.1, 3.0, 5.4, 6.1), WORKED),
    ("SBP 140", {"systolic_bp": 140.0}, (2.765, 5.085, 7.005, 7.94), CVRISK),
    ("smoking", {"smoking_status": 1.0}, (5.0, 5.95, 10.0, 10.3), WORKED),
    ("diabetes", {"diabetes": 1.0}, (3.9, 7.05, 10.1, 11.2), WORKED),
)
GROUPS = (
    ("White woman", FEMALE, 0.0),
    ("Black woman", FEMALE, 1.0),
    ("White man", MALE, 0.0),
    ("Black man", MALE, 1.0),
)
# a White man with everything else changed
WHITE_MAN_54 = {
    "age": 54.0,
    "sex": MALE,
    "race_black": 0.0,
    "total_cholesterol": cholesterol(170),
    "hdl_cholesterol": cholesterol(50),
    "systolic_bp": 157.0,
    "antihypertensive": 0.0,
    "smoking_status": 1.0,
    "diabetes": 1.0,
}


def _vector(name: str, given: dict[str, float], percent: float, provenance: str) -> Vector:
    return Vector(
        name=name,
        inputs=given,
        expected={"hard_ascvd": percent / 100},
        tolerance=TOLERANCE,
        provenance=provenance,
        evidence="V",
    )


VECTORS = (
    *(
        _vector(
            f"{who}, {name}", {**CASE, **differs, "sex": sex, "race_black": black}, percent, source
        )
        for name, differs, values, source in PUBLISHED
        for (who, sex, black), percent in zip(GROUPS, values, strict=True)
    ),
    _vector("White man of 54, smoking, diabetes, SBP 157", WHITE_MAN_54, 20.8, WORKED),
)
