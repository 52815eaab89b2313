"""Published and recomputed test values of the SCORE2 models, in per cent with one decimal."""

from collections.abc import Mapping

from models_engine.catalogue.contract import FEMALE, MALE, Vector

SUPPLEMENT = "supplement of the SCORE2 paper"
SUPPLEMENT_OP = "supplement of the SCORE2-OP paper"
PORT = "tests of public implementations; recomputed"
GRAPHICAL_ABSTRACT = "graphical abstract of the SCORE2-Diabetes paper"
TOLERANCE = 0.00051
TOLERANCE_DIABETES = 0.00055


def _of(
    age: float, sex: float, smoking: float, sbp: float, total: float, hdl: float
) -> dict[str, float]:
    return {
        "age": age,
        "sex": sex,
        "smoking_status": smoking,
        "systolic_bp": sbp,
        "total_cholesterol": total,
        "hdl_cholesterol": hdl,
    }


# region -> (person, %, provenance); no diabetes
SCORE2 = {
    "low": (
        (_of(50, MALE, 1, 140, 6.3, 1.4), 6.3, SUPPLEMENT),
        (_of(50, FEMALE, 1, 140, 6.3, 1.4), 4.3, SUPPLEMENT),
        (_of(45, MALE, 0, 110, 5.0, 2.0), 1.1, PORT),
    ),
    "moderate": (
        (_of(50, MALE, 1, 140, 6.3, 1.4), 8.1, SUPPLEMENT),
        (_of(50, FEMALE, 1, 140, 6.3, 1.4), 5.2, SUPPLEMENT),
    ),
    "high": (
        (_of(50, MALE, 1, 140, 6.3, 1.4), 8.8, SUPPLEMENT),
        (_of(50, FEMALE, 1, 140, 6.3, 1.4), 7.1, SUPPLEMENT),
        (_of(48, MALE, 1, 160, 8.0, 2.0), 10.0, PORT),
    ),
    "very_high": (
        (_of(50, MALE, 1, 140, 6.3, 1.4), 15.1, SUPPLEMENT),
        (_of(50, FEMALE, 1, 140, 6.3, 1.4), 14.1, SUPPLEMENT),
        (_of(45, FEMALE, 1, 140, 5.0, 2.0), 6.0, PORT),
    ),
}
SCORE2_OP = {
    "low": (
        (_of(75, MALE, 1, 140, 5.5, 1.3), 18.6, SUPPLEMENT_OP),
        (_of(75, FEMALE, 1, 140, 5.5, 1.3), 15.2, SUPPLEMENT_OP),
        (_of(75, MALE, 0, 140, 5.5, 1.3), 13.3, PORT),
        (_of(75, FEMALE, 0, 110, 5.0, 2.0), 6.1, PORT),
    ),
    "moderate": (
        (_of(75, MALE, 1, 140, 5.5, 1.3), 23.9, PORT),
        (_of(75, FEMALE, 1, 140, 5.5, 1.3), 20.0, PORT),
    ),
    "high": (
        (_of(75, MALE, 1, 140, 6.0, 1.3), 29.2, PORT),
        (_of(75, FEMALE, 1, 110, 5.0, 2.0), 19.0, PORT),
    ),
    "very_high": (
        (_of(75, MALE, 1, 140, 6.0, 1.3), 40.8, PORT),
        (_of(75, FEMALE, 1, 140, 6.0, 1.3), 46.2, PORT),
    ),
}
# 60 years, no smoking, SBP 140, total cholesterol 5.5, HDL 1.3: the first diagnosed at 60 with
# HbA1c 50 mmol/mol and eGFR 90, the second at 50 with 70 mmol/mol and 60; % of men and women
SCORE2_DIABETES = {
    "low": ((8.4, 6.1), (12.9, 9.8)),
    "moderate": ((11.0, 7.6), (17.2, 12.7)),
    "high": ((12.5, 11.1), (21.0, 20.4)),
    "very_high": ((20.3, 20.6), (31.2, 34.0)),
}
HBA1C_PER_MMOL_MOL, HBA1C_AT_ZERO = 0.09148, 2.152
DIABETES_CASES = (
    {"age_at_diabetes": 60.0, "hba1c": 50 * HBA1C_PER_MMOL_MOL + HBA1C_AT_ZERO, "egfr": 90.0},
    {"age_at_diabetes": 50.0, "hba1c": 70 * HBA1C_PER_MMOL_MOL + HBA1C_AT_ZERO, "egfr": 60.0},
)


def score2_vectors(region: str) -> tuple[Vector, ...]:
    return tuple(_vector(*row, TOLERANCE) for row in SCORE2[region])


def score2_op_vectors(region: str) -> tuple[Vector, ...]:
    return tuple(
        _vector({**person, "diabetes": 0.0}, percent, source, TOLERANCE)
        for person, percent, source in SCORE2_OP[region]
    )


def score2_diabetes_vectors(region: str) -> tuple[Vector, ...]:
    return tuple(
        _vector(
            {**_of(60, sex, 0, 140, 5.5, 1.3), **case},
            percent,
            GRAPHICAL_ABSTRACT,
            TOLERANCE_DIABETES,
        )
        for case, percents in zip(DIABETES_CASES, SCORE2_DIABETES[region], strict=True)
        for sex, percent in zip((MALE, FEMALE), percents, strict=True)
    )


def _vector(
    person: Mapping[str, float], percent: float, provenance: str, tolerance: float
) -> Vector:
    sex = "woman" if person["sex"] == FEMALE else "man"
    others = ", ".join(f"{name} {value:g}" for name, value in person.items() if name != "sex")
    return Vector(
        name=f"{sex}, {others}",
        inputs=person,
        expected={"score2_cvd": percent / 100},
        tolerance=tolerance,
        provenance=provenance,
        evidence="V",
    )
