"""CHA2DS2-VASc: points for the risk of stroke in atrial fibrillation, 0 to 9.

References
----------
Lip GYH et al. Chest 2010;137:263-272 (items and points). Friberg L et al. Eur Heart J
2012;33:1500-1510 (annual rates). What was opened: docs/evidence.md, E-CHADSVASC.
"""

from collections.abc import Mapping

import numpy as np

from models_engine.catalogue.artefact import artefact_hash
from models_engine.catalogue.contract import (
    FEMALE,
    MALE,
    Arrays,
    Circumstances,
    ClinicalModel,
    Equation,
    FloatArray,
    Outcome,
    Refusal,
    Vector,
)
from models_engine.catalogue.facts import Reference
from models_engine.catalogue.risk import inputs
from models_engine.catalogue.risk.applicability import not_after_death
from models_engine.catalogue.scores import parts

VERSION = "2010.1"
# ischaemic strokes in 100 person-years by score 0 to 9, without anticoagulation; read as other
# authors reprint them [S]
FRIBERG_2012 = (0.2, 0.6, 2.2, 3.2, 4.8, 7.2, 9.7, 11.2, 10.8, 12.2)

NUMBERS = {
    "heart_failure": 1.0,
    "hypertension": 1.0,
    "oldest": 2.0,
    "oldest_from": 75.0,
    "diabetes": 1.0,
    "stroke": 2.0,
    "vascular": 1.0,
    "older": 1.0,
    "older_from": 65.0,
    "female": 1.0,
}
DECLARED = (
    inputs.age(parts.ADULT, None),
    inputs.SEX,
    parts.condition("atrial_fibrillation", "Atrial fibrillation"),
    parts.condition("heart_failure", "Heart failure"),
    parts.condition("hypertension", "Hypertension"),
    inputs.DIABETES,
    parts.condition(
        "thromboembolism",
        "Stroke, TIA or systemic embolism",
        "stroke",
        "tia",
        "systemic_embolism",
    ),
    parts.condition(
        "vascular_disease",
        "Vascular disease (infarction, peripheral artery disease, aortic plaque)",
        "myocardial_infarction",
        "peripheral_artery_disease",
        "aortic_atherosclerosis",
    ),
)


def points(n: Mapping[str, float], x: Arrays) -> FloatArray:
    """Points of shape (n, 1)."""
    by_age = np.where(
        x["age"] >= n["oldest_from"],
        n["oldest"],
        np.where(x["age"] >= n["older_from"], n["older"], 0.0),
    )
    total = (
        by_age
        + n["heart_failure"] * x["heart_failure"]
        + n["hypertension"] * x["hypertension"]
        + n["diabetes"] * x["diabetes"]
        + n["stroke"] * x["thromboembolism"]
        + n["vascular"] * x["vascular_disease"]
        + n["female"] * (x["sex"] == FEMALE)
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
    name="CHA2DS2-VASc",
    owner="Lip and colleagues (score); this project (implementation)",
    predicts="Points for the risk of stroke in atrial fibrillation. It is not a probability.",
    moment="When atrial fibrillation is known, and whenever the record changes.",
    intended_use="To talk about anticoagulation. The 2023 ACC/AHA guideline recommends it from 2 points in men and 3 in women.",
    intended_population="Adults with atrial fibrillation.",
    not_for="Mechanical heart valves or moderate to severe mitral stenosis, which we do not read.",
    missing_inputs="A condition without a record counts as absent, and the page lists it.",
    output_scale=(
        "0 to 9 points. The yearly rate of ischaemic stroke beside them is Friberg 2012, a Swedish "
        "cohort, as other authors reprint it, and not this person's probability. Other cohorts "
        "found other rates, for instance 0.6 at 2 points and 5.3 at 5 (PMC4276003, table 2)."
    ),
    how_made="Points of the publication; items and points read in a reprint of its table.",
    outcome_definition="Ischaemic stroke in people without anticoagulation (rates).",
    risks=(
        "Vascular disease is read as myocardial infarction, peripheral artery disease or aortic "
        "plaque; coronary disease without infarction does not count. Blood pressure medicine "
        "without a diagnosis of hypertension does not count."
    ),
    references=(
        Reference(
            "Lip GYH, et al. Refining clinical risk stratification for predicting stroke and "
            "thromboembolism in atrial fibrillation. Chest 2010;137:263-272. Items and points "
            "read as reprinted in Clin Interv Aging 2017;12:175-187, table 1.",
            "S",
            url="https://pmc.ncbi.nlm.nih.gov/articles/PMC5279844/table/t1-cia-12-175/",
        ),
        Reference(
            "Friberg L, Rosenqvist M, Lip GY. Evaluation of risk stratification schemes for "
            "ischaemic stroke and bleeding in 182 678 patients with atrial fibrillation. Eur Heart "
            "J 2012;33:1500-1510. Rates read as reprinted in the repository awell-health/awell-score "
            "and in two further public programs; the paper itself was not read.",
            "S",
            doi="10.1093/eurheartj/ehr488",
            url="https://github.com/awell-health/awell-score",
        ),
        Reference(
            "2023 ACC/AHA/ACCP/HRS guideline on atrial fibrillation, section 6.3 (pocket guide): "
            "anticoagulation is recommended from 2 points in men and 3 in women.",
            "S",
            url="https://eguideline.guidelinecentral.com/i/387793-atrial-fibrillation/43",
        ),
    ),
)


def cha2ds2_vasc() -> ClinicalModel:
    """The score as a clinical model."""
    return ClinicalModel(
        id="cha2ds2_vasc",
        version=VERSION,
        title="CHA2DS2-VASc",
        family="atrial_fibrillation",
        inputs=DECLARED,
        outcomes=(
            Outcome(
                id="cha2ds2_vasc",
                label="CHA2DS2-VASc",
                horizon_years=None,
                is_probability=False,
                unit=parts.POINTS,
                definition="Points for the risk of stroke in atrial fibrillation.",
                bands=parts.rate_bands(
                    FRIBERG_2012, "{rate} ischaemic strokes in 100 person-years", "S"
                ),
            ),
        ),
        predict=Equation(NUMBERS, points),
        applies=applies,
        facts=FACTS,
        vectors=(
            Vector(
                "woman of 78, hypertension, diabetes",
                {
                    "age": 78.0,
                    "sex": FEMALE,
                    "atrial_fibrillation": 1.0,
                    "heart_failure": 0.0,
                    "hypertension": 1.0,
                    "diabetes": 1.0,
                    "thromboembolism": 0.0,
                    "vascular_disease": 0.0,
                },
                {"cha2ds2_vasc": 5.0},
                1e-9,
                "counted by hand from the points as reprinted",
                "S",
            ),
            Vector(
                "man of 66 after a TIA",
                {
                    "age": 66.0,
                    "sex": MALE,
                    "atrial_fibrillation": 1.0,
                    "heart_failure": 0.0,
                    "hypertension": 0.0,
                    "diabetes": 0.0,
                    "thromboembolism": 1.0,
                    "vascular_disease": 0.0,
                },
                {"cha2ds2_vasc": 3.0},
                1e-9,
                "counted by hand from the points as reprinted",
                "S",
            ),
        ),
        artefact_hash=artefact_hash(VERSION, parts.in_text(NUMBERS), DECLARED),
        quiet=True,
    )
