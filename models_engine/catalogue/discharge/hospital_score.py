"""HOSPITAL score: 0 to 13 points for a potentially avoidable readmission within 30 days.

Admissions of the year before count 2 points from the second on, as in later validations; sources
disagree (one quotes the score with 2 points from the first admission on). What was opened:
docs/evidence.md, E-HOSPITAL.

References
----------
Donze J et al. Potentially avoidable 30-day hospital readmissions in medical patients: derivation
and validation of a prediction model. JAMA Intern Med 2013.
"""

from collections.abc import Mapping

import numpy as np

from models_engine.catalogue.artefact import artefact_hash
from models_engine.catalogue.contract import (
    Arrays,
    Band,
    ClinicalModel,
    Equation,
    FloatArray,
    Outcome,
    Vector,
)
from models_engine.catalogue.discharge.hospital_facts import HOSPITAL_FACTS
from models_engine.catalogue.discharge.inputs import (
    EMERGENCY_ADMISSION,
    HAEMOGLOBIN,
    LENGTH_OF_STAY,
    ONCOLOGY,
    PREVIOUS_ADMISSIONS,
    PROCEDURE,
    SODIUM,
    discharge_applies,
)
from models_engine.catalogue.points import banded, steps
from models_engine.catalogue.risk import inputs

VERSION = "2013.1"

NUMBERS: Mapping[str, float] = {
    "haemoglobin.below": 12,
    "haemoglobin.points": 1,
    "oncology.points": 2,
    "sodium.below": 135,
    "sodium.points": 1,
    "procedure.points": 1,
    "emergency.points": 1,
    **steps("admissions", 0, (2, 2), (6, 5)),
    **steps("length_of_stay", 0, (5, 2)),
}
BANDS = (
    Band("low", "0 to 4: low", 0.0, "S"),
    Band("intermediate", "5 or 6: intermediate", 5.0, "S"),
    Band("high", "7 or more: high", 7.0, "S"),
)


def formula(numbers: Mapping[str, float], arrays: Arrays) -> FloatArray:
    """Points of shape (n, 1)."""
    anaemic = arrays["haemoglobin_at_discharge"] < numbers["haemoglobin.below"]
    low_sodium = arrays["sodium_at_discharge"] < numbers["sodium.below"]
    points = (
        numbers["haemoglobin.points"] * anaemic
        + numbers["oncology.points"] * arrays["oncology_discharge"]
        + numbers["sodium.points"] * low_sodium
        + numbers["procedure.points"] * arrays["procedure_in_stay"]
        + numbers["emergency.points"] * arrays["emergency_admission"]
        + banded(numbers, "admissions", arrays["previous_admissions"])
        + banded(numbers, "length_of_stay", arrays["length_of_stay"])
    )
    return np.asarray(points, dtype=np.float64)[:, np.newaxis]


# haemoglobin, sodium, oncology, procedure, emergency, admissions, days, points
_COMPUTED = (
    (12.0, 135, 0, 0, 0, 1, 4, 0),
    (11.9, 134, 0, 0, 0, 0, 0, 2),
    (13.0, 140, 0, 1, 1, 2, 5, 6),
    (13.0, 140, 1, 0, 0, 5, 4, 4),
    (11.0, 130, 1, 1, 1, 6, 5, 13),
)
_ORDER = (
    "haemoglobin_at_discharge",
    "sodium_at_discharge",
    "oncology_discharge",
    "procedure_in_stay",
    "emergency_admission",
    "previous_admissions",
    "length_of_stay",
)


def hospital_score() -> ClinicalModel:
    """The HOSPITAL score as a clinical model."""
    declared = (
        inputs.age(18, None),
        HAEMOGLOBIN,
        SODIUM,
        ONCOLOGY,
        PROCEDURE,
        EMERGENCY_ADMISSION,
        PREVIOUS_ADMISSIONS,
        LENGTH_OF_STAY,
    )
    return ClinicalModel(
        id="hospital_score",
        version=VERSION,
        title="HOSPITAL score",
        family="discharge",
        inputs=declared,
        outcomes=(
            Outcome(
                id="hospital_score",
                label="HOSPITAL score",
                horizon_years=None,
                is_probability=False,
                unit="{points}",
                definition=(
                    "Potentially avoidable readmission within 30 days after discharge: 0 to 13 "
                    "points."
                ),
                bands=BANDS,
            ),
        ),
        predict=Equation(NUMBERS, formula),
        applies=discharge_applies,
        facts=HOSPITAL_FACTS,
        vectors=tuple(
            Vector(
                name=f"haemoglobin {row[0]}, sodium {row[1]}, {row[5]} admissions, {row[6]} days",
                inputs={"age": 70.0, **dict(zip(_ORDER, map(float, row[:-1]), strict=True))},
                expected={"hospital_score": float(row[-1])},
                tolerance=1e-9,
                provenance="computed by hand from the table of points",
                evidence="S",
            )
            for row in _COMPUTED
        ),
        artefact_hash=artefact_hash(VERSION, repr(sorted(NUMBERS.items())).encode(), declared),
        quiet=True,
    )
