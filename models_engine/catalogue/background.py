"""Reads the committed background samples that predictions are explained against."""

import csv
from pathlib import Path

import numpy as np

from models_engine.catalogue.contract import Background

FOLDER = Path(__file__).parent / "risk" / "background"
SOURCES = {
    "prevent_10y": (
        "32 made-up people aged 30 to 79 (16 women, 16 men) drawn from a distribution fitted to "
        "NHANES 2009-12 (age, sex, cholesterol, HDL, blood pressure, BMI, diabetes, smoking; "
        "survey-weighted). Kidney function, medicines, HbA1c, urine ACR and SDI are assumed."
    ),
    "prevent_30y": (
        "32 made-up people aged 30 to 59 (16 women, 16 men) drawn from a distribution fitted to "
        "NHANES 2009-12 (age, sex, cholesterol, HDL, blood pressure, BMI, diabetes, smoking; "
        "survey-weighted). Kidney function, medicines, HbA1c, urine ACR and SDI are assumed."
    ),
    "kfre": (
        "32 made-up people with chronic kidney disease whose mean age, sex, eGFR and log urine "
        "ACR are the values that the equation itself is centred on; the spread is assumed."
    ),
}


def read_background(name: str, concepts: tuple[str, ...]) -> Background:
    """The committed sample `name`, restricted to a model's concepts.

    Raises KeyError when the sample has no such column.
    """
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as source:
        rows = list(csv.DictReader(source))
    columns = {concept: np.array([float(row[concept]) for row in rows]) for concept in concepts}
    return Background(columns, source=SOURCES[name], evidence="J")
