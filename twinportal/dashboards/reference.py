"""Reference intervals of measurements, for pictures on the pages of clinicians and patients.

Commonly used adult intervals in the canonical unit, tagged [M]: every page that shows one says that
it is not yet verified here. No rule and no model uses them.
"""

REFERENCE: dict[str, tuple[float, float]] = {
    "systolic_bp": (90, 140),
    "diastolic_bp": (60, 90),
    "hba1c": (4.0, 5.7),
    "ldl_cholesterol": (0.0, 3.0),
    "total_cholesterol": (0.0, 5.0),
    "hdl_cholesterol": (1.0, 2.5),
    "creatinine": (0.6, 1.2),
    "egfr_reported": (60, 130),
    "urine_acr": (0, 30),
    "bmi": (18.5, 25),
    "potassium": (3.5, 5.0),
}
