"""HAS-BLED: points for the risk of major bleeding in atrial fibrillation, 0 to 9.

What the record cannot tell counts nothing and is named: the score is then a lower bound.

References
----------
Pisters R et al. Chest 2010;138:1093-1100. Items, limits and rates read as reprinted (see facts;
docs/evidence.md, E-HASBLED).
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
from models_engine.catalogue.facts import Change, Reference
from models_engine.catalogue.risk import inputs
from models_engine.catalogue.risk.applicability import not_after_death
from models_engine.catalogue.scores import parts

VERSION = "2010.2"
# major bleeds in 100 person-years by score 0 to 5 (Pisters 2010) [S]
PISTERS_2010 = (1.13, 1.02, 1.88, 3.74, 8.70, 12.50)

NUMBERS = {
    "hypertension": 1.0,
    "systolic_above": 160.0,
    "renal": 1.0,
    # "200 umol/L (2.26 mg/dL)" or more, as the paper is reprinted: the limit itself counts
    "creatinine_from": 2.26,
    "liver": 1.0,
    "bilirubin_times": 2.0,
    "enzymes_times": 3.0,
    # upper limits of normal: bilirubin mg/dL, AST and ALT U/L [J]
    "bilirubin_normal": 1.2,
    "enzymes_normal": 40.0,
    "stroke": 1.0,
    "bleeding": 1.0,
    "labile_inr": 1.0,
    "older": 1.0,
    "age_above": 65.0,
    "drugs": 1.0,
    "alcohol": 1.0,
    "drinks_a_week": 8.0,
}
DAYS_A_WEEK = 7.0
NOT_ASSESSED = "Not assessable, so it counts no point."

SYSTOLIC = parts.any_range(inputs.SYSTOLIC_BP)
LABILE_INR = Input(
    concept="labile_inr",
    role="record",
    label="Labile INR (less than 60 % of the time in range)",
    order="Work out the time in therapeutic range.",
    required=False,
    if_missing=NOT_ASSESSED,
)
ALCOHOL = Input(
    concept="alcohol_drinks",
    role="measurement",
    unit="{drinks}/d",
    max_age_days=inputs.ONE_YEAR,
    label="Alcohol",
    published_unit="drinks a week",
    published_per_unit=DAYS_A_WEEK,
    order="Ask about alcohol and record the drinks per day.",
    required=False,
    if_missing=NOT_ASSESSED,
)
DECLARED = (
    inputs.age(parts.ADULT, None),
    parts.condition("atrial_fibrillation", "Atrial fibrillation"),
    SYSTOLIC,
    parts.condition(
        "renal_replacement", "Dialysis or kidney transplant", "dialysis", "kidney_transplant"
    ),
    parts.laboratory("creatinine", "Serum creatinine", "mg/dL", "Order serum creatinine."),
    parts.condition("chronic_liver_disease", "Chronic liver disease, such as cirrhosis"),
    parts.laboratory(
        "bilirubin_total", "Bilirubin", "mg/dL", "Order bilirubin.", if_missing=NOT_ASSESSED
    ),
    parts.laboratory("ast", "AST", "U/L", "Order AST.", if_missing=NOT_ASSESSED),
    parts.laboratory("alt", "ALT", "U/L", "Order ALT.", if_missing=NOT_ASSESSED),
    parts.condition("stroke", "Stroke"),
    parts.condition("major_bleeding", "Major bleeding"),
    LABILE_INR,
    parts.medication("bleeding_medicine", "Platelet inhibitor or NSAID", "antiplatelet", "nsaid"),
    parts.condition("alcohol_use_disorder", "Alcohol use disorder"),
    ALCOHOL,
)


def points(n: Mapping[str, float], x: Arrays) -> FloatArray:
    """Points of shape (n, 1); a missing optional input counts nothing."""
    renal = (x["renal_replacement"] > 0) | (x["creatinine"] >= n["creatinine_from"])
    enzymes = np.fmax(x["ast"], x["alt"]) > n["enzymes_times"] * n["enzymes_normal"]
    bilirubin = x["bilirubin_total"] > n["bilirubin_times"] * n["bilirubin_normal"]
    liver = (x["chronic_liver_disease"] > 0) | (enzymes & bilirubin)
    # as many drinks a week as a whole, whatever the rounding of a seventh
    weekly = np.round(x["alcohol_drinks"] * DAYS_A_WEEK, 6)
    alcohol = (x["alcohol_use_disorder"] > 0) | (weekly >= n["drinks_a_week"])
    total = (
        n["hypertension"] * (x["systolic_bp"] > n["systolic_above"])
        + n["renal"] * renal
        + n["liver"] * liver
        + n["stroke"] * x["stroke"]
        + n["bleeding"] * x["major_bleeding"]
        + n["labile_inr"] * np.nan_to_num(x["labile_inr"])
        + n["older"] * (x["age"] > n["age_above"])
        + n["drugs"] * x["bleeding_medicine"]
        + n["alcohol"] * alcohol
    )
    return np.asarray(total)[:, np.newaxis]


def applies(circumstances: Circumstances) -> tuple[Refusal, ...]:
    """For people with atrial fibrillation."""
    return (
        *not_after_death(circumstances),
        *parts.only_if_found(
            circumstances,
            "atrial_fibrillation",
            "the score is for people with atrial fibrillation, and none is recorded.",
        ),
    )


FACTS = parts.score_facts(
    version=VERSION,
    evidence="S",
    name="HAS-BLED",
    owner="Pisters and colleagues (score); this project (implementation)",
    predicts="Points for the risk of major bleeding. It is not a probability.",
    moment="When anticoagulation is considered or reviewed in atrial fibrillation.",
    intended_use=(
        "To find what raises the risk of bleeding and can be changed. From 3 points: look closer. "
        "It is no reason by itself to withhold anticoagulation."
    ),
    intended_population="Adults with atrial fibrillation.",
    not_for="People without atrial fibrillation.",
    missing_inputs=(
        "Blood pressure and creatinine are needed. Without liver tests, a statement on the INR's "
        "time in range or on alcohol the item counts nothing, is named, and the page says "
        '"at least". Without a vitamin K antagonist the labile INR does not apply. A condition or '
        "medicine without a record counts as absent."
    ),
    output_scale=(
        "0 to 9 points. The yearly rate of major bleeding beside them is Pisters 2010 (0 to 5 "
        "points), not this person's probability."
    ),
    how_made="Points of the publication; items, limits and rates read in three reprints.",
    change_log=(
        Change(
            VERSION,
            parts.UPDATED,
            "A creatinine of exactly 200 umol/L counts: the limit is 200 or more, not above it.",
        ),
        Change("2010.1", parts.UPDATED, parts.VERSION_TEXT),
    ),
    outcome_definition=(
        "Intracranial bleeding, a fall of haemoglobin by more than 20 g/L, transfusion, or "
        "hospitalisation."
    ),
    risks=(
        "The laboratory's own upper limits of normal are not read: bilirubin 1.2 mg/dL, AST and "
        "ALT 40 U/L are taken (our choice). Alkaline phosphatase is not read. Any NSAID or "
        "platelet inhibitor counts, low-dose aspirin too; a predisposition to bleeding such as "
        "anaemia does not. The INR's time in range is not computed: the target is not recorded. "
        "Reprints differ at limits: creatinine of 200 umol/L or more (used here) or above it, age "
        "above 65 (used here) or from 65, alcohol from 8 units or drinks a week (used here) or "
        "above 8."
    ),
    references=(
        Reference(
            "Pisters R, et al. A novel user-friendly score (HAS-BLED) to assess 1-year risk of "
            "major bleeding in patients with atrial fibrillation. Chest 2010;138:1093-1100. "
            "Items, limits and rates read as reprinted in table 3 of PMC3418985.",
            "S",
            url="https://pmc.ncbi.nlm.nih.gov/articles/PMC3418985/table/t3-0580850",
        ),
        Reference(
            "Table 2 of an article in J Am Board Fam Med: the same items, rates to 4 points, "
            "creatinine of 200 umol/L (2.26 mg/dL) or more.",
            "S",
            url=(
                "https://www.jabfm.org/highwire/markup/9515/expansion?width=1000&height=500&iframe=true"
                "&postprocessors=highwire_tables%2Chighwire_reclass%2Chighwire_figures"
                "%2Chighwire_math%2Chighwire_inline_linked_media%2Chighwire_embed"
            ),
        ),
        Reference(
            "Cheung KS, Leung WK. World J Gastroenterol 2017;23:1954-1963, table 4: the same items, "
            "creatinine of 200 umol/L or more.",
            "S",
            doi="10.3748/wjg.v23.i11.1954",
            url="http://wjgnet.com/1007-9327/full/v23/i11/1954-T4.htm",
        ),
    ),
)
_NOTHING = {i.concept: 0.0 for i in DECLARED} | {
    "age": 60.0,
    "atrial_fibrillation": 1.0,
    "systolic_bp": 130.0,
    "creatinine": 1.0,
}


def has_bled() -> ClinicalModel:
    """The score as a clinical model."""
    return ClinicalModel(
        id="has_bled",
        version=VERSION,
        title="HAS-BLED",
        family="atrial_fibrillation",
        inputs=DECLARED,
        outcomes=(
            Outcome(
                id="has_bled",
                label="HAS-BLED",
                horizon_years=None,
                is_probability=False,
                unit=parts.POINTS,
                definition="Points for the risk of major bleeding in atrial fibrillation.",
                bands=parts.rate_bands(
                    PISTERS_2010,
                    "{rate} major bleeds in 100 person-years",
                    "S",
                    beyond="no rate published for more than 5 points",
                ),
            ),
        ),
        predict=Equation(NUMBERS, points),
        applies=applies,
        facts=FACTS,
        vectors=(
            Vector(
                "70 years, SBP 165, aspirin",
                {**_NOTHING, "age": 70.0, "systolic_bp": 165.0, "bleeding_medicine": 1.0},
                {"has_bled": 3.0},
                1e-9,
                "counted by hand from the points as reprinted",
                "S",
            ),
            Vector(
                "everything",
                {
                    **dict.fromkeys(_NOTHING, 1.0),
                    "age": 80.0,
                    "systolic_bp": 170.0,
                },
                {"has_bled": 9.0},
                1e-9,
                "counted by hand from the points as reprinted",
                "S",
            ),
        ),
        artefact_hash=artefact_hash(VERSION, parts.in_text(NUMBERS), DECLARED),
        quiet=True,
    )
