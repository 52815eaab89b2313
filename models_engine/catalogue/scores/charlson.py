"""Charlson comorbidity index: weights of 1987 and of Quan 2011, and with points for age.

Comorbidities come from ICD-10 coded diagnoses by the mapping of Quan 2005
(`patients/terminology/comorbidities.py`). Diagnoses in other codes are not counted, and named.

References
----------
Charlson ME et al. J Chronic Dis 1987;40:373-383. Quan H et al. Med Care 2005;43:1130-1139 and
Am J Epidemiol 2011;173:676-682.
"""

from collections.abc import Mapping

import numpy as np

from models_engine.catalogue.artefact import artefact_hash
from models_engine.catalogue.contract import (
    Arrays,
    Circumstances,
    ClinicalModel,
    Equation,
    FloatArray,
    Input,
    Outcome,
    Refusal,
    Vector,
)
from models_engine.catalogue.facts import Reference
from models_engine.catalogue.risk import inputs
from models_engine.catalogue.risk.applicability import not_after_death
from models_engine.catalogue.scores import parts

VERSION = "2011.1"

# comorbidity: weight of 1987, weight of Quan 2011
WEIGHTS = {
    "mi": (1.0, 0.0),
    "chf": (1.0, 2.0),
    "pvd": (1.0, 0.0),
    "cevd": (1.0, 0.0),
    "dementia": (1.0, 2.0),
    "cpd": (1.0, 1.0),
    "rheumd": (1.0, 1.0),
    "pud": (1.0, 0.0),
    "mld": (1.0, 2.0),
    "diab": (1.0, 0.0),
    "diabwc": (2.0, 1.0),
    "hp": (2.0, 2.0),
    "rend": (2.0, 1.0),
    "canc": (2.0, 2.0),
    "msld": (3.0, 4.0),
    "metacanc": (6.0, 6.0),
    "aids": (6.0, 4.0),
}
LABELS = {
    "mi": "Myocardial infarction",
    "chf": "Heart failure",
    "pvd": "Peripheral vascular disease",
    "cevd": "Cerebrovascular disease",
    "dementia": "Dementia",
    "cpd": "Chronic lung disease",
    "rheumd": "Rheumatic disease",
    "pud": "Peptic ulcer",
    "mld": "Mild liver disease",
    "diab": "Diabetes without complications",
    "diabwc": "Diabetes with complications",
    "hp": "Hemiplegia or paraplegia",
    "rend": "Kidney disease",
    "canc": "Cancer",
    "msld": "Moderate or severe liver disease",
    "metacanc": "Metastatic cancer",
    "aids": "AIDS or HIV",
}
# the milder form does not count beside the graver one
GRAVER = {"mld": "msld", "diab": "diabwc", "canc": "metacanc"}
ORIGINAL, QUAN = 0, 1
NUMBERS = {
    **{f"original.{name}": weights[ORIGINAL] for name, weights in WEIGHTS.items()},
    **{f"quan.{name}": weights[QUAN] for name, weights in WEIGHTS.items()},
    "age_from": 50.0,
    "years_a_point": 10.0,
    "point_of_age": 1.0,
}
UNCOUNTED = Input(
    concept="uncounted_diagnoses",
    role="record",
    label="Diagnoses that could not be counted",
    order="The index reads ICD-10 codes only: send the diagnoses with them.",
)
DECLARED = (
    inputs.age(parts.ADULT, None),
    UNCOUNTED,
    *(parts.condition(f"charlson_{name}", LABELS[name], ever=True) for name in WEIGHTS),
)


def points(n: Mapping[str, float], x: Arrays) -> FloatArray:
    """Points of shape (n, 3): original, Quan 2011, original with age."""
    present = {name: x[f"charlson_{name}"] for name in WEIGHTS}
    counted = {
        name: has * (1.0 - present[GRAVER[name]]) if name in GRAVER else has
        for name, has in present.items()
    }
    original = sum(n[f"original.{name}"] * has for name, has in counted.items())
    quan = sum(n[f"quan.{name}"] * has for name, has in counted.items())
    decades = np.floor((x["age"] - n["age_from"]) / n["years_a_point"]) + 1.0
    of_age = n["point_of_age"] * np.maximum(decades, 0.0)
    return np.column_stack((original, quan, original + of_age))


def applies(circumstances: Circumstances) -> tuple[Refusal, ...]:
    """Not after death."""
    return not_after_death(circumstances)


FACTS = parts.score_facts(
    version=VERSION,
    evidence="S",
    name="Charlson comorbidity index",
    owner="Charlson and colleagues, Quan and colleagues (index); this project (implementation)",
    predicts="Nothing by itself: it sums up other diseases. It is not a probability.",
    moment="Whenever a diagnosis arrives.",
    intended_use="To compare how ill people are, and to adjust for it.",
    intended_population="Adults.",
    not_for="Decisions about one person by the number alone.",
    missing_inputs=(
        "Only ICD-10 codes are read (WHO and ICD-10-CM by the same prefixes). Diagnoses in other "
        'codes, SNOMED CT too, are counted and named: the index is then "at least" this. Where '
        "none of the diagnoses is coded in ICD-10 there is no number. A comorbidity without a "
        "record counts as absent."
    ),
    output_scale=(
        "Points: weights of 1987 (0 to 29), weights of Quan 2011 (0 to 24), and those of 1987 with "
        "one point a decade from 50 years on. The 10-year survival that is sometimes read from it "
        "is not shown."
    ),
    how_made=(
        "Mapping of Quan 2005 and both sets of weights as transcribed in the R package comorbidity."
    ),
    outcome_definition="Death within one year (1987); death after a stay in hospital (Quan 2011).",
    risks=(
        "A comorbidity counts once recorded, also when it is over (our reading): a cancer healed "
        "long ago counts. A category without its last digit (E11) counts only where the mapping "
        "lists the whole category. Provisional diagnoses count; refuted ones do not."
    ),
    references=(
        Reference("Charlson ME, et al. J Chronic Dis 1987;40:373-383 (weights).", "S"),
        Reference("Quan H, et al. Med Care 2005;43:1130-1139 (ICD-10 mapping).", "S"),
        Reference("Quan H, et al. Am J Epidemiol 2011;173:676-682 (weights).", "S"),
    ),
)


def _vector(codes: str, present: tuple[str, ...], original: float, quan: float) -> Vector:
    absent = {f"charlson_{name}": 0.0 for name in WEIGHTS}
    return Vector(
        codes,
        {
            "age": 45.0,
            "uncounted_diagnoses": 0.0,
            **absent,
            **{f"charlson_{name}": 1.0 for name in present},
        },
        {
            "charlson_original": original,
            "charlson_quan_2011": quan,
            "charlson_age_adjusted": original,
        },
        1e-9,
        "counted from the published mapping and weights",
        "S",
    )


def _outcome(outcome_id: str, label: str, definition: str) -> Outcome:
    return Outcome(
        id=outcome_id,
        label=label,
        horizon_years=None,
        is_probability=False,
        unit=parts.POINTS,
        definition=definition,
    )


def charlson() -> ClinicalModel:
    """The index as a clinical model."""
    return ClinicalModel(
        id="charlson",
        version=VERSION,
        title="Charlson comorbidity index",
        family="charlson",
        inputs=DECLARED,
        outcomes=(
            _outcome("charlson_original", "Charlson index", "Weights of 1987."),
            _outcome("charlson_quan_2011", "Charlson index, Quan 2011", "Weights of 2011."),
            _outcome(
                "charlson_age_adjusted",
                "Charlson index with age",
                "Weights of 1987 and one point a decade from 50 years on.",
            ),
        ),
        predict=Equation(NUMBERS, points),
        applies=applies,
        facts=FACTS,
        vectors=(
            _vector("I21.4, E11.9, N18.3", ("mi", "diab", "rend"), 4.0, 1.0),
            _vector("E11.2, E11.9", ("diabwc", "diab"), 2.0, 1.0),
            _vector("C50.9, C78.7", ("canc", "metacanc"), 6.0, 6.0),
            _vector("K74.6, K72.9", ("mld", "msld"), 3.0, 4.0),
        ),
        artefact_hash=artefact_hash(VERSION, parts.in_text(NUMBERS), DECLARED),
        quiet=True,
    )
