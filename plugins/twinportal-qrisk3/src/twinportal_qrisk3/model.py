"""QRISK3-2017: 10-year probability of a first heart attack or stroke, United Kingdom.

Copyright of the algorithm 2017 ClinRisk Ltd.; this package is LGPL-3.0-or-later as QRISK3 is.
"""

from collections.abc import Mapping

from models_engine.catalogue.artefact import artefact_hash
from models_engine.catalogue.contract import (
    Circumstances,
    ClinicalModel,
    Outcome,
    Refusal,
    Vector,
)
from models_engine.catalogue.risk.applicability import not_after_death, not_with
from twinportal_qrisk3.equation import equation, numbers
from twinportal_qrisk3.facts import FACTS, SHOWN_WITH_THE_NUMBER, VERSION
from twinportal_qrisk3.inputs import INPUTS

KNOWN_DISEASE = ("coronary_heart_disease", "myocardial_infarction", "stroke")
# the question of the R package: "Cholesterol/HDL ratio? (range from 1 to 11)"
LOWEST_RATIO, HIGHEST_RATIO = 1.0, 11.0
# the first person of the reference values: a woman of 64 years
_FIRST: Mapping[str, float] = {
    "age": 64,
    "sex": 1,
    "systolic_bp": 180,
    "systolic_bp_sd": 20,
    "total_cholesterol": 4.8,
    "hdl_cholesterol": 1.2,
    "bmi": 80 / 1.78**2,
    "smoking_history": 0,
    "atrial_fibrillation": 0,
    "rheumatoid_arthritis": 0,
    "sle": 0,
    "migraine": 0,
    "diabetes_type_1": 0,
    "diabetes_type_2": 0,
    "ckd": 0,
    "hypertension": 0,
    "antihypertensive": 0,
    "statin": 0,
    "ethnicity": 2,
    "townsend": 0,
}


def applies(circumstances: Circumstances) -> tuple[Refusal, ...]:
    """For the living, without cardiovascular disease and without a statin; a possible ratio."""
    return (
        *not_after_death(circumstances),
        *not_with(
            KNOWN_DISEASE,
            circumstances.ever,
            "QRISK3 is for people without cardiovascular disease.",
        ),
        *not_with(("pregnancy",), circumstances.active, "QRISK3 was not made for pregnancy."),
        *not_with(
            ("acute_kidney_injury",),
            circumstances.active,
            "Its eGFR is not a steady one, and would count as chronic kidney disease.",
        ),
        *_no_statin(circumstances.values),
        *_possible_ratio(circumstances.values),
    )


def _no_statin(values: Mapping[str, float]) -> tuple[Refusal, ...]:
    if not values.get("statin"):
        return ()
    text = "Not applicable: a statin is taken. QRISK3 is for people who take none."
    return (Refusal("not_applicable", "statin", text),)


def _possible_ratio(values: Mapping[str, float]) -> tuple[Refusal, ...]:
    if not {"total_cholesterol", "hdl_cholesterol"} <= set(values):
        return ()
    ratio = values["total_cholesterol"] / values["hdl_cholesterol"]
    if LOWEST_RATIO <= ratio <= HIGHEST_RATIO:
        return ()
    text = (
        f"Total cholesterol divided by HDL cholesterol is {ratio:.3g}; QRISK3 is for "
        f"{LOWEST_RATIO:g} to {HIGHEST_RATIO:g}."
    )
    return (Refusal("out_of_range", "total_cholesterol", text),)


def _vector(name: str, expected: float, **changed: float) -> Vector:
    return Vector(
        name=name,
        inputs={**_FIRST, **changed},
        expected={"qrisk3_cvd": expected},
        # published in per cent to one decimal
        tolerance=0.00051,
        provenance="Reference values of the R package QRISK3, made with ClinRisk's own code",
        evidence="V",
    )


VECTORS = (
    _vector("woman 64, Indian", 0.172),
    _vector("the same with atrial fibrillation", 0.360, atrial_fibrillation=1),
    _vector("the same with an atypical antipsychotic", 0.216, atypical_antipsychotic=1),
    _vector("the same with steroid tablets", 0.241, systemic_corticosteroid=1),
)


def qrisk3() -> ClinicalModel:
    """Both equations as one clinical model."""
    return ClinicalModel(
        id="qrisk3",
        version=VERSION,
        title="QRISK3-2017, 10 years (United Kingdom)",
        family="qrisk3",
        inputs=INPUTS,
        outcomes=(
            Outcome(
                id="qrisk3_cvd",
                label="Heart attack or stroke",
                horizon_years=10.0,
                is_probability=True,
                definition=(
                    "A first diagnosis of coronary heart disease, ischaemic stroke or transient "
                    "ischaemic attack within 10 years."
                ),
            ),
        ),
        predict=equation(),
        applies=applies,
        facts=FACTS,
        vectors=VECTORS,
        artefact_hash=artefact_hash(VERSION, repr(sorted(numbers().items())).encode(), INPUTS),
        interval_text=SHOWN_WITH_THE_NUMBER,
        # up to 27 inputs: too many for exact contributions
        quiet=True,
        monotone={
            "systolic_bp": "up",
            "systolic_bp_sd": "up",
            "total_cholesterol": "up",
            "hdl_cholesterol": "down",
        },
    )
