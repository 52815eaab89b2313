"""LACE index: 0 to 19 points for death or unplanned readmission within 30 days after discharge.

L length of stay, A acute admission, C comorbidity by LACE's own variant of the Charlson index, E
emergency visits in the 6 months before the admission, without the one that led to it.

The expected risk is an interpolation between the two published ends (2.0 % at 0 points, 43.7 % at
19), and no more than that; the probability that the paper prints for each score was not found. What
was opened: docs/evidence.md, E-LACE.

References
----------
van Walraven C et al. Derivation and validation of an index to predict early death or unplanned
readmission after discharge from hospital to the community. CMAJ 2010;182:551.
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
    Input,
    Outcome,
    Vector,
)
from models_engine.catalogue.discharge.inputs import (
    EMERGENCY_ADMISSION,
    EMERGENCY_VISITS,
    LENGTH_OF_STAY,
    discharge_applies,
)
from models_engine.catalogue.discharge.lace_facts import LACE_FACTS
from models_engine.catalogue.points import banded, steps
from models_engine.catalogue.risk import inputs

VERSION = "2010.1"

# label, points, the recorded concepts that count; ICD-10 groups are those of the Charlson index
COMORBIDITIES: Mapping[str, tuple[str, float, tuple[str, ...]]] = {
    "infarction": ("Myocardial infarction", 1, ("myocardial_infarction", "charlson_mi")),
    "cerebrovascular": ("Cerebrovascular disease", 1, ("stroke", "tia", "charlson_cevd")),
    "peripheral": (
        "Peripheral vascular disease",
        1,
        ("peripheral_artery_disease", "charlson_pvd"),
    ),
    "diabetes": (
        "Diabetes without complications",
        1,
        (*inputs.DIABETES_CONCEPTS, "charlson_diab"),
    ),
    "heart_failure": ("Heart failure", 2, ("heart_failure", "charlson_chf")),
    "diabetes_complicated": ("Diabetes with end-organ damage", 2, ("charlson_diabwc",)),
    "lung": ("Chronic lung disease", 2, ("copd", "charlson_cpd")),
    "liver_renal_mild": (
        "Mild liver or kidney disease",
        2,
        ("chronic_liver_disease", "charlson_mld", "charlson_rend", "ckd"),
    ),
    "tumour": ("Any tumour, lymphoma or leukaemia", 2, ("charlson_canc",)),
    "dementia": ("Dementia", 3, ("charlson_dementia",)),
    "connective_tissue": (
        "Connective tissue disease",
        3,
        ("rheumatoid_arthritis", "sle", "charlson_rheumd"),
    ),
    "aids": ("AIDS", 4, ("charlson_aids",)),
    "liver_renal_severe": (
        "Moderate or severe liver or kidney disease",
        4,
        ("charlson_msld", "end_stage_renal_disease", "dialysis", "kidney_transplant", "ckd"),
    ),
    "metastatic": ("Metastatic solid tumour", 6, ("charlson_metacanc",)),
}
# the milder form does not count beside the graver one
GRAVER = {
    "diabetes": "diabetes_complicated",
    "liver_renal_mild": "liver_renal_severe",
    "tumour": "metastatic",
}

NUMBERS: Mapping[str, float] = {
    **steps("length_of_stay", 0, (1, 1), (2, 2), (3, 3), (4, 4), (7, 5), (14, 7)),
    "emergency.points": 3,
    **{f"{name}.points": points for name, (_, points, _) in COMORBIDITIES.items()},
    "comorbidity.many_from": 4,
    "comorbidity.many_points": 5,
    "emergency_visits.points": 1,
    "emergency_visits.at_most": 4,
    "risk.intercept": -3.892,
    "risk.per_point": 0.1915,
}
PER_CENT = 100.0

BANDS = (
    Band("below", "Below 10", 0.0, "S"),
    Band("high", "10 or more: high", 10.0, "S"),
)


def formula(numbers: Mapping[str, float], arrays: Arrays) -> FloatArray:
    """Index, comorbidity points before they are capped, interpolated risk in %: shape (n, 3)."""
    present = {name: arrays[f"lace_{name}"] for name in COMORBIDITIES}
    comorbidity = np.zeros_like(arrays["length_of_stay"])
    for name, has in present.items():
        counted = has * (1.0 - present[GRAVER[name]]) if name in GRAVER else has
        comorbidity = comorbidity + numbers[f"{name}.points"] * counted
    capped = np.where(
        comorbidity >= numbers["comorbidity.many_from"],
        numbers["comorbidity.many_points"],
        comorbidity,
    )
    visits = numbers["emergency_visits.points"] * arrays["emergency_visits"]
    index = (
        banded(numbers, "length_of_stay", arrays["length_of_stay"])
        + numbers["emergency.points"] * arrays["emergency_admission"]
        + capped
        + np.minimum(visits, numbers["emergency_visits.at_most"])
    )
    logit = numbers["risk.intercept"] + numbers["risk.per_point"] * index
    return np.column_stack([index, comorbidity, PER_CENT / (1.0 + np.exp(-logit))])


def _comorbidity(name: str) -> Input:
    label, _, concepts = COMORBIDITIES[name]
    return Input(
        concept=f"lace_{name}",
        role="condition",
        label=label,
        group="comorbidity",
        any_of=concepts,
    )


_NONE = {f"lace_{name}": 0.0 for name in COMORBIDITIES}
# 5 comorbidity points or more in the first: dementia and heart failure
_VECTORS: tuple[tuple[str, dict[str, float], dict[str, float], str], ...] = (
    (
        "5 days, acute, 5 comorbidity points, 2 visits",
        {
            "length_of_stay": 5.0,
            "emergency_admission": 1.0,
            "lace_dementia": 1.0,
            "lace_heart_failure": 1.0,
            "emergency_visits": 2.0,
        },
        {"lace": 14.0, "lace_comorbidity": 5.0},
        "example of the documentation of the R package cliot, as read",
    ),
    (
        "2 days, elective, nothing else",
        {"length_of_stay": 2.0},
        {"lace": 2.0, "lace_comorbidity": 0.0},
        "example of the documentation of the R package cliot, as read",
    ),
    (
        "everything at its highest",
        {
            "length_of_stay": 14.0,
            "emergency_admission": 1.0,
            "lace_metastatic": 1.0,
            "emergency_visits": 9.0,
        },
        {"lace": 19.0, "lace_comorbidity": 6.0, "lace_risk": 43.7},
        "the published end of the scale; its risk is the end of the interpolation",
    ),
    (
        "nothing",
        {"length_of_stay": 0.0},
        {"lace": 0.0, "lace_risk": 2.0},
        "the published end of the scale; its risk is the end of the interpolation",
    ),
)


def lace() -> ClinicalModel:
    """The LACE index as a clinical model."""
    declared = (
        inputs.age(18, None),
        LENGTH_OF_STAY,
        EMERGENCY_ADMISSION,
        *(_comorbidity(name) for name in COMORBIDITIES),
        EMERGENCY_VISITS,
    )
    return ClinicalModel(
        id="lace",
        version=VERSION,
        title="LACE index",
        family="discharge",
        inputs=declared,
        outcomes=(
            Outcome(
                id="lace",
                label="LACE index",
                horizon_years=None,
                is_probability=False,
                unit="{points}",
                definition=(
                    "Death or unplanned readmission within 30 days after discharge: 0 to 19 points."
                ),
                bands=BANDS,
            ),
            Outcome(
                id="lace_comorbidity",
                label="LACE: comorbidity points before they are capped",
                horizon_years=None,
                is_probability=False,
                unit="{points}",
                definition="The sum of LACE's own variant of the Charlson index.",
            ),
            Outcome(
                id="lace_risk",
                label="LACE: risk interpolated between the published ends of the scale",
                horizon_years=None,
                is_probability=False,
                unit="%",
                definition=(
                    "Not a published figure: a logistic line from 2.0 % at 0 points to 43.7 % at "
                    "19 points."
                ),
            ),
        ),
        predict=Equation(NUMBERS, formula),
        applies=discharge_applies,
        facts=LACE_FACTS,
        vectors=tuple(
            Vector(
                name=name,
                inputs={
                    "age": 70.0,
                    "emergency_admission": 0.0,
                    "emergency_visits": 0.0,
                    **_NONE,
                    **given,
                },
                expected=expected,
                # the two ends are published with one decimal
                tolerance=0.05 if "lace_risk" in expected else 1e-9,
                provenance=provenance,
                evidence="S",
            )
            for name, given, expected, provenance in _VECTORS
        ),
        artefact_hash=artefact_hash(VERSION, repr(sorted(NUMBERS.items())).encode(), declared),
        quiet=True,
    )
