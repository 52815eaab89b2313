"""Published and computed test values of the AHA PREVENT equations, by variant and horizon."""

from models_engine.catalogue.contract import FEMALE, MALE, Vector
from models_engine.catalogue.risk.inputs import cholesterol
from models_engine.catalogue.risk.prevent_equations import OUTCOMES

PORT = "README and unit tests of the R package preventr (MIT, v0.12.0), rounded to 3 decimals"
COMPUTED = "computed independently from the published coefficients, 6 decimals"

# age 50, SBP 160 treated, TC 200, HDL 45 mg/dL, no statin, diabetes, non-smoker, eGFR 90, BMI 35
PUBLISHED_CASE = {
    "age": 50.0,
    "systolic_bp": 160.0,
    "antihypertensive": 1.0,
    "total_cholesterol": cholesterol(200),
    "hdl_cholesterol": cholesterol(45),
    "statin": 0.0,
    "diabetes": 1.0,
    "smoking_status": 0.0,
    "egfr": 90.0,
    "bmi": 35.0,
}
PUBLISHED_ADD_ONS = {"hba1c": 9.2, "urine_acr": 92.0, "sdi_decile": 3.0}
# which of them a variant takes
ADD_ONS_OF = {
    "base": (),
    "hba1c": ("hba1c",),
    "uacr": ("urine_acr",),
    "sdi": ("sdi_decile",),
    "full": tuple(PUBLISHED_ADD_ONS),
}
# on the other side of every knot: SBP below 110, BMI below 30, eGFR below 60
SPLINE_CASE = {
    "age": 66.0,
    "systolic_bp": 108.0,
    "antihypertensive": 1.0,
    "total_cholesterol": cholesterol(180),
    "hdl_cholesterol": cholesterol(55),
    "statin": 1.0,
    "diabetes": 0.0,
    "smoking_status": 1.0,
    "egfr": 52.0,
    "bmi": 24.0,
}

# (variant, years, sex): cvd, ascvd, hf, chd, stroke
PUBLISHED = {
    ("base", 10, FEMALE): (0.147, 0.092, 0.081, 0.044, 0.054),
    ("base", 10, MALE): (0.163, 0.102, 0.106, 0.056, 0.052),
    ("base", 30, FEMALE): (0.530, 0.354, 0.390, 0.198, 0.221),
    ("base", 30, MALE): (0.514, 0.349, 0.424, 0.216, 0.197),
    ("hba1c", 10, FEMALE): (0.165, 0.103, 0.107, 0.055, 0.053),
    ("hba1c", 10, MALE): (0.187, 0.112, 0.130, 0.063, 0.056),
    ("hba1c", 30, FEMALE): (0.541, 0.356, 0.449, 0.219, 0.200),
    ("hba1c", 30, MALE): (0.524, 0.340, 0.457, 0.211, 0.188),
    ("uacr", 10, FEMALE): (0.181, 0.111, 0.105, 0.055, 0.065),
    ("uacr", 10, MALE): (0.195, 0.123, 0.130, 0.066, 0.063),
    ("uacr", 30, FEMALE): (0.565, 0.381, 0.437, 0.220, 0.241),
    ("uacr", 30, MALE): (0.535, 0.368, 0.448, 0.227, 0.213),
    ("sdi", 10, FEMALE): (0.127, 0.080, 0.070, 0.038, 0.047),
    ("sdi", 10, MALE): (0.143, 0.088, 0.089, 0.049, 0.043),
    ("sdi", 30, FEMALE): (0.485, 0.322, 0.358, 0.179, 0.202),
    ("sdi", 30, MALE): (0.480, 0.317, 0.384, 0.199, 0.171),
    ("full", 10, FEMALE): (0.174, 0.105, 0.114, 0.056, 0.056),
    ("full", 10, MALE): (0.191, 0.112, 0.131, 0.068, 0.052),
    ("full", 30, FEMALE): (0.534, 0.348, 0.443, 0.213, 0.204),
    ("full", 30, MALE): (0.513, 0.326, 0.438, 0.216, 0.167),
}
UNROUNDED = {
    ("base", 10, FEMALE): (0.146839, 0.091951, 0.080561),
    ("base", 10, MALE): (0.163171, 0.101944, 0.105911),
    ("base", 30, FEMALE): (0.529850, 0.354255, 0.389602),
    ("base", 30, MALE): (0.514398, 0.348594, 0.423597),
}
SPLINE = {
    ("base", 10, FEMALE): (0.149578, 0.075468, 0.097897, 0.040200, 0.038974),
    ("base", 10, MALE): (0.159022, 0.082317, 0.109797, 0.045837, 0.041699),
}


def vectors_of(variant: str, years: int) -> tuple[Vector, ...]:
    """Every test value held for one variant and horizon."""
    add_ons = {concept: PUBLISHED_ADD_ONS[concept] for concept in ADD_ONS_OF[variant]}
    sources = (
        ("published case", PUBLISHED, {**PUBLISHED_CASE, **add_ons}, 0.0005, PORT),
        ("published case, unrounded", UNROUNDED, PUBLISHED_CASE, 6e-7, COMPUTED),
        ("below every knot", SPLINE, SPLINE_CASE, 6e-7, COMPUTED),
    )
    return tuple(
        Vector(
            name=f"{name}, {'female' if sex == FEMALE else 'male'}",
            inputs={**inputs, "sex": sex},
            expected=dict(zip(OUTCOMES, table[variant, years, sex], strict=False)),
            tolerance=tolerance,
            provenance=provenance,
            evidence="V",
        )
        for name, table, inputs, tolerance, provenance in sources
        for sex in (FEMALE, MALE)
        if (variant, years, sex) in table
    )
