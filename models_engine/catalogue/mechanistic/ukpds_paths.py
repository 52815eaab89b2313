"""Risk factors of a person with type 2 diabetes, year by year: the equations of UKPDS 90.

    y_t = constant + a y_(t-1) + b ln(years since diagnosis in year t) + c y_first
          + female + Afro-Caribbean + Asian-Indian

`y_first` is the value at diagnosis; where it is not known, today's value stands for it [J]. Heart
rate and white blood cells look three years back; before the start they were as today [J].
Kidney function, albuminuria, smoking, atrial fibrillation and peripheral artery disease have
equations that we do not hold in full: they stay as they are, and `HELD` names them. Means only:
how people differ around them is not modelled.

References
----------
Leal J, Alva M, Gregory V, et al. Estimating risk factor progression equations for the UKPDS
Outcomes Model 2 (UKPDS 90). Diabet Med 2021:e14656. Coefficients: a public implementation's table.
"""

import csv
from collections.abc import Mapping
from dataclasses import dataclass
from math import log
from pathlib import Path

import numpy as np

from models_engine.catalogue.contract import FEMALE, FloatArray, Input, Refusal
from models_engine.catalogue.mechanistic.parameters import Parameter, ParameterSet
from models_engine.catalogue.mechanistic.refusing import RefusedError, require

LABEL = "natural history, uncalibrated"
COEFFICIENTS = Path(__file__).parent / "coefficients" / "ukpds_90.csv"
SOURCE = "Leal J et al., Diabet Med 2021:e14656 (UKPDS 90), from a public implementation's table"
TERMS = (
    "constant",
    "previous",
    "log_duration",
    "first",
    "female",
    "afro_caribbean",
    "asian_indian",
)
LONGEST = 40
# years back that "previous" looks, where it is not one
LOOKS_BACK = {"heart_rate": 3, "wbc": 3}
HELD = {
    "egfr": "Kidney function (eGFR)",
    "albuminuria": "Albuminuria",
    "smoking_status": "Smoking",
    "atrial_fibrillation": "Atrial fibrillation",
    "peripheral_artery_disease": "Peripheral artery disease",
}


def _parameters() -> ParameterSet:
    """The table: one parameter a coefficient, "hba1c.previous"."""
    found = []
    with COEFFICIENTS.open(encoding="utf-8", newline="") as source:
        for row in csv.DictReader(source):
            if row["term"] not in TERMS:
                raise ValueError(f"ukpds_90.csv: unknown term {row['term']}")
            name = f"{row['concept']}.{row['term']}"
            found.append(Parameter(name, float(row["value"]), row["unit"], SOURCE, "V"))
    return ParameterSet(f"Risk factors in type 2 diabetes ({LABEL})", tuple(found))


PARAMETERS = _parameters()
MOVING = tuple(dict.fromkeys(p.name.partition(".")[0] for p in PARAMETERS))

DURATION = Input(
    concept="diabetes_duration",
    role="record",
    unit="a",
    low=0,
    high=60,
    label="Duration of type 2 diabetes",
    published_unit="years",
    order="Record when type 2 diabetes was diagnosed (onset).",
)
YEARS = Input(
    concept="years",
    role="record",
    unit="a",
    low=1,
    high=LONGEST,
    label="Length of the simulation",
    published_unit="years",
)
SEX = Input(concept="sex", role="demographic", low=0, high=1, label="Sex")


@dataclass(frozen=True)
class Equation:
    """One risk factor's equation. A term that the publication does not have is 0."""

    concept: str
    parameters: ParameterSet

    def next(
        self, previous: float, first: float, duration: float, person: Mapping[str, float]
    ) -> float:
        """The value of the year whose diabetes duration is `duration` (above 0)."""
        given = {
            "constant": 1.0,
            "previous": previous,
            "log_duration": log(duration),
            "first": first,
            "female": float(person["sex"] == FEMALE),
            "afro_caribbean": _group(person, "afro_caribbean"),
            "asian_indian": _group(person, "asian_indian"),
        }
        prefix = f"{self.concept}."
        return sum(
            p.value * given[p.name.removeprefix(prefix)]
            for p in self.parameters
            if p.name.startswith(prefix)
        )


def _group(person: Mapping[str, float], concept: str) -> float:
    """Ethnicity: where it is not recorded, the reference group."""
    value = person.get(concept, 0.0)
    return 0.0 if np.isnan(value) else value


def risk_factor_paths(
    person: Mapping[str, float],
    years: int,
    *,
    first: Mapping[str, float] | None = None,
    parameters: ParameterSet = PARAMETERS,
) -> dict[str, FloatArray]:
    """Mean value of each risk factor today and at the end of each of `years` years.

    Parameters
    ----------
    person : values by concept in the twin's canonical units, with sex and diabetes_duration; a
        risk factor that is not there has no path.
    first : values at diagnosis, where they are known.

    Returns
    -------
    Shape (years + 1,) by concept; the first entry is today's value.

    Raises
    ------
    RefusedError
        no sex, no duration, a horizon out of range, or a value that is no number.
    """
    asked = {name: person.get(name) for name in ("sex", "diabetes_duration")}
    require((SEX, DURATION, YEARS), {**asked, "years": float(years)})
    at_diagnosis = first or {}
    paths = {}
    for concept in MOVING:
        if concept not in person:
            continue
        today = float(person[concept])
        if not np.isfinite(today):
            text = f"{concept}: {today} is no value."
            raise RefusedError([Refusal("out_of_range", concept, text)])
        equation = Equation(concept, parameters)
        back = LOOKS_BACK.get(concept, 1)
        path = [today]
        for year in range(1, years + 1):
            path.append(
                equation.next(
                    path[max(0, year - back)],
                    at_diagnosis.get(concept, today),
                    person["diabetes_duration"] + year,
                    person,
                )
            )
        paths[concept] = np.array(path)
    return paths
