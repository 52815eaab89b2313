"""Reads the committed background samples that predictions are explained against."""

import csv
from collections.abc import Mapping
from pathlib import Path
from types import MappingProxyType

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
    "kfre_8v": (
        "32 made-up people with chronic kidney disease whose means are the values that the "
        "equation itself is centred on; the spread is assumed."
    ),
    "older": (
        "32 made-up people aged 70 to 89 (16 women, 16 men) drawn from a distribution fitted to "
        "people aged 70 to 79 in NHANES 2009-12 (cholesterol, HDL, blood pressure, BMI, diabetes, "
        "smoking; survey-weighted). Older ages and all else are assumed."
    ),
    "diabetes": (
        "32 made-up people aged 40 to 79 with diabetes (16 women, 16 men): age, cholesterol, HDL, "
        "blood pressure, BMI and smoking from a distribution fitted to NHANES 2009-12; all else, "
        "such as HbA1c, kidney function, medicines and heart disease, is assumed."
    ),
}


def read_background(
    name: str,
    concepts: tuple[str, ...],
    *,
    ages: tuple[float, float] | None = None,
    fixed: Mapping[str, float] = MappingProxyType({}),
) -> Background:
    """The committed sample `name`, restricted to a model's concepts.

    `ages` keeps the people of the sample between two ages; `fixed` gives everybody the same value
    of a concept that the sample does not have. Raises KeyError when it is in neither.
    """
    with (FOLDER / f"{name}.csv").open(encoding="utf-8", newline="") as source:
        rows = [row for row in csv.DictReader(source) if _is_within(float(row["age"]), ages)]
    constant = {concept: np.full(len(rows), float(value)) for concept, value in fixed.items()}
    columns = {
        concept: constant[concept]
        if concept in constant
        else np.array([float(row[concept]) for row in rows])
        for concept in concepts
    }
    return Background(columns, source=_source(name, ages, len(rows)), evidence="J")


def _is_within(age: float, ages: tuple[float, float] | None) -> bool:
    return ages is None or ages[0] <= age <= ages[1]


def _source(name: str, ages: tuple[float, float] | None, count: int) -> str:
    if ages is None:
        return SOURCES[name]
    return f"{SOURCES[name]} Of these, the {count} aged {ages[0]:g} to {ages[1]:g}."
