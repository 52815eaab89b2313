"""Draws people, and lists the showcases that every demo has among its first patients."""

from typing import Any

import numpy as np

from patients.synthetic.life import Traits

# a showcase is complete unless it says otherwise
COMPLETE: dict[str, Any] = {
    "lipids_missing": False,
    "silent_years": 0.0,
    "event": "",
    "treats_pressure": True,
    "treats_lipids": True,
}
# what a showcase fixes; all else is drawn. The order is the order of the patients.
SHOWCASES: tuple[dict[str, Any], ...] = (
    # a diabetic on metformin whose HbA1c answered to treatment
    {"sex": "female", "age": 58, "bmi": 31.5, "bmi_slope": -0.2, "diabetes_years": 3.6, "egfr": 82,
     "egfr_slope": -1.0, "acr": 24, "pressure": 146, "smoking": "never", "cholesterol": 214},
    # kidney disease that progresses with albuminuria
    {"sex": "male", "age": 66, "bmi": 28.5, "diabetes_years": 5.5, "egfr": 34, "egfr_slope": -4.2,
     "acr": 640, "acr_growth": 0.25, "pressure": 152, "smoking": "former", "quit_years_ago": 12},
    # a smoker whose blood pressure rises, untreated
    {"sex": "male", "age": 52, "bmi": 29, "pressure": 166, "pressure_slope": 5.5,
     "smoking": "current", "cholesterol": 238, "hdl": 38, "treats_pressure": False,
     "treats_lipids": False, "diabetes_years": 0, "egfr": 88, "acr": 12},
    # a healthy young woman
    {"sex": "female", "age": 34, "bmi": 22.4, "pressure": 108, "smoking": "never",
     "cholesterol": 168, "hdl": 64, "diabetes_years": 0, "egfr": 112, "acr": 5},
    # known cardiovascular disease: the equations for primary prevention do not apply
    {"sex": "male", "age": 63, "event": "mi", "event_years_ago": 2.4, "diabetes_years": 0},
    # lipids were never measured
    {"sex": "female", "age": 49, "lipids_missing": True, "diabetes_years": 0, "pressure": 138},
    # a statin user
    {"sex": "female", "age": 61, "cholesterol": 268, "hdl": 55, "diabetes_years": 0, "egfr": 84,
     "pressure": 132, "smoking": "former", "quit_years_ago": 1.2},
    # older than the equations allow
    {"sex": "female", "age": 84, "diabetes_years": 0, "egfr": 58, "acr": 40},
    # newest value outside the usual range
    {"sex": "male", "age": 45, "unusual": "alt", "diabetes_years": 0},
    # not seen for years: values too old
    {"sex": "male", "age": 57, "silent_years": 2.8, "diabetes_years": 0, "pressure": 148},
    # heart failure
    {"sex": "female", "age": 72, "event": "heart_failure", "event_years_ago": 1.1, "egfr": 52},
    # gains weight, becomes diabetic this year
    {"sex": "male", "age": 47, "bmi": 35.5, "bmi_slope": 0.9, "diabetes_years": 0.8,
     "pressure": 150, "pressure_slope": 2.5, "smoking": "current", "egfr": 96, "acr": 35,
     "acr_growth": 0.3},
)  # fmt: skip


def draw_traits(number: int, rng: np.random.Generator) -> Traits:
    """Person `number` (0-based): everything drawn, then a showcase's fixed traits on top."""
    sex = "female" if rng.random() < 0.52 else "male"
    age = float(np.clip(rng.normal(57, 15), 21, 92))
    showcase = COMPLETE | SHOWCASES[number] if number < len(SHOWCASES) else {}
    sex, age = showcase.get("sex", sex), float(showcase.get("age", age))
    # in the middle of a year of age, so that a showcase keeps its age
    age = int(age) + float(rng.uniform(0.1, 0.9))
    drawn = _draw(sex, age, rng)
    return Traits(**(drawn | showcase | {"sex": sex, "age": age}))


def _draw(sex: str, age: float, rng: np.random.Generator) -> dict[str, Any]:
    female = sex == "female"
    bmi = float(np.clip(rng.normal(28, 4.6), 18, 44))
    diabetic = rng.random() < np.clip(0.06 + 0.004 * (age - 40) + 0.012 * (bmi - 26), 0.01, 0.5)
    albuminuric = rng.random() < (0.22 if diabetic else 0.06)
    chronic = rng.random() < np.clip(0.004 * (age - 45), 0.01, 0.2)
    slope = rng.uniform(-4.5, -2.5) if albuminuric and (diabetic or chronic) else -0.8
    egfr = 118 - 0.8 * (age - 20) + rng.normal(0, 8) - (22 if chronic else 0)
    has_event = rng.random() < np.clip(0.0035 * (age - 45), 0, 0.14)
    return {
        "height": float(rng.normal(163 if female else 177, 6.5)),
        "bmi": bmi,
        "bmi_slope": float(rng.normal(0.15, 0.25)),
        "pressure": float(
            np.clip(104 + 0.5 * (age - 25) + 0.8 * (bmi - 25) + rng.normal(0, 11), 96, 186)
        ),
        "pressure_slope": float(rng.normal(0.8, 1.0)),
        "cholesterol": float(np.clip(rng.normal(206, 32), 130, 300)),
        "hdl": float(np.clip(rng.normal(58 if female else 48, 9) - 0.5 * (bmi - 27), 26, 92)),
        "smoking": str(rng.choice(["never", "former", "current"], p=[0.56, 0.27, 0.17])),
        "quit_years_ago": float(rng.uniform(0.5, 25)),
        "diabetes_years": float(rng.uniform(0.3, 12)) if diabetic else 0.0,
        "egfr": float(np.clip(egfr, 16, 122)),
        "egfr_slope": float(slope + rng.normal(0, 0.4)),
        "acr": float(rng.lognormal(np.log(180 if albuminuric else 9), 0.6)),
        "acr_growth": float(rng.uniform(0.1, 0.3)) if albuminuric else 0.0,
        "lipids_missing": bool(rng.random() < 0.06),
        "silent_years": float(rng.uniform(2.2, 3.5)) if rng.random() < 0.04 else 0.0,
        "event": str(rng.choice(["mi", "stroke", "af", "heart_failure"])) if has_event else "",
        "event_years_ago": float(rng.uniform(0.5, 6)),
        "treats_pressure": bool(rng.random() < 0.85),
        "treats_lipids": bool(rng.random() < 0.8),
    }
