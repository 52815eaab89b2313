"""MELD 3.0: severity of end-stage liver disease, 6 to 40 points.

1.33 female + 4.56 ln bili + 0.82 (137 - Na) - 0.24 (137 - Na) ln bili + 9.09 ln INR
+ 11.14 ln Cr + 1.85 (3.5 - alb) - 1.83 (3.5 - alb) ln Cr + 6, each value held in its bounds.

References
----------
Kim WR et al. MELD 3.0. Gastroenterology 2021;161:1887-1895. doi 10.1053/j.gastro.2021.08.050. What was opened: docs/evidence.md, E-MELD3.
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
    Input,
    Outcome,
    Refusal,
    Vector,
)
from models_engine.catalogue.facts import Performance, Reference
from models_engine.catalogue.risk import inputs
from models_engine.catalogue.risk.applicability import not_after_death
from models_engine.catalogue.scores import parts

VERSION = "2021.1"
THREE_MONTHS = 90  # how old a value may be: [J]

NUMBERS = {
    "female": 1.33,
    "bilirubin": 4.56,
    "sodium": 0.82,
    "sodium_bilirubin": -0.24,
    "inr": 9.09,
    "creatinine": 11.14,
    "albumin": 1.85,
    "albumin_creatinine": -1.83,
    "constant": 6.0,
    "bilirubin_least": 1.0,
    "inr_least": 1.0,
    "creatinine_least": 1.0,
    "creatinine_most": 3.0,
    "sodium_least": 125.0,
    "sodium_most": 137.0,
    "albumin_least": 1.5,
    "albumin_most": 3.5,
    "score_least": 6.0,
    "score_most": 40.0,
}


def _test(concept: str, label: str, unit: str, order: str) -> Input:
    return parts.laboratory(concept, label, unit, order, days=THREE_MONTHS, positive=True)


DECLARED = (
    inputs.age(parts.ADULT, None),
    inputs.SEX,
    parts.condition("liver_disease", "Chronic liver disease", "cirrhosis", "chronic_liver_disease"),
    _test("bilirubin_total", "Bilirubin", "mg/dL", "Order bilirubin."),
    _test("sodium", "Sodium", "mmol/L", "Order sodium."),
    _test("inr", "INR", "{INR}", "Order INR."),
    _test("creatinine", "Serum creatinine", "mg/dL", "Order serum creatinine."),
    _test("albumin", "Serum albumin", "g/dL", "Order serum albumin."),
    Input(
        concept="dialysis_last_week",
        role="record",
        label="Dialysis at least twice in the last week",
    ),
)


def score(n: Mapping[str, float], x: Arrays) -> FloatArray:
    """Whole points of shape (n, 1), rounded half up, then held within 6 to 40."""
    bilirubin = np.log(np.maximum(x["bilirubin_total"], n["bilirubin_least"]))
    inr = np.log(np.maximum(x["inr"], n["inr_least"]))
    measured = np.clip(x["creatinine"], n["creatinine_least"], n["creatinine_most"])
    creatinine = np.log(np.where(x["dialysis_last_week"] > 0, n["creatinine_most"], measured))
    sodium = n["sodium_most"] - np.clip(x["sodium"], n["sodium_least"], n["sodium_most"])
    albumin = n["albumin_most"] - np.clip(x["albumin"], n["albumin_least"], n["albumin_most"])
    total = (
        n["female"] * (x["sex"] == FEMALE)
        + n["bilirubin"] * bilirubin
        + n["sodium"] * sodium
        + n["sodium_bilirubin"] * sodium * bilirubin
        + n["inr"] * inr
        + n["creatinine"] * creatinine
        + n["albumin"] * albumin
        + n["albumin_creatinine"] * albumin * creatinine
        + n["constant"]
    )
    whole = np.floor(total + 0.5)
    return np.asarray(np.clip(whole, n["score_least"], n["score_most"]))[:, np.newaxis]


def applies(circumstances: Circumstances) -> tuple[Refusal, ...]:
    """For people with chronic liver disease."""
    return (
        *not_after_death(circumstances),
        *parts.only_if_found(
            circumstances,
            "liver_disease",
            "MELD is for people with chronic liver disease, and none is recorded.",
        ),
    )


FACTS = parts.score_facts(
    version=VERSION,
    evidence="S",
    performance=(
        Performance(
            measure="Concordance, 90 days",
            population="candidates for a liver transplant, USA, 2016 to 2018",
            value="0.869",
            interval="not stated in the abstract",
            where="Kim, Gastroenterology 2021 (abstract, PMC8608337)",
            evidence="S",
        ),
    ),
    name="MELD 3.0",
    owner="Kim and colleagues (score); this project (implementation)",
    predicts="Severity of chronic liver disease; more points, more deaths within 90 days.",
    moment="Whenever bilirubin, sodium, INR, creatinine and albumin of the last 90 days are known.",
    intended_use="To talk about referral for liver transplantation.",
    intended_population="Adults with chronic liver disease.",
    not_for=(
        "People without chronic liver disease, acute liver failure, and allocation of organs, "
        "which has rules of its own. Anticoagulation that raises the INR makes it too high (shown "
        "for MELD by Heuman and colleagues)."
    ),
    missing_inputs="Without one of the five tests of the last 90 days there is no number.",
    output_scale="Whole points from 6 to 40. No probability is given.",
    how_made=(
        "Published formula; every term and bound read in a public calculator, every term again in "
        "an R package."
    ),
    outcome_definition="Death within 90 days without a transplant.",
    risks=(
        "The five tests may be of different days: look at their dates. A diagnosis of dependence "
        "on dialysis is read as two treatments a week; continuous dialysis is not read. The "
        "authors set no highest score; 40 is where allocation stops."
    ),
    references=(
        Reference(
            "Kim WR, et al. MELD 3.0: The Model for End-stage Liver Disease Updated for the Modern "
            "Era. Gastroenterology 2021;161:1887-1895 (abstract read).",
            "S",
            doi="10.1053/j.gastro.2021.08.050",
            url="https://pmc.ncbi.nlm.nih.gov/articles/PMC8608337",
        ),
        Reference(
            "patientnotes.ai, MELD 3.0 calculator: the whole formula and its bounds.",
            "S",
            url="https://staging.patientnotes.ai/tools/calculators/meld-score",
        ),
        Reference(
            "ampel-leipzig/ameld, R/meld.R at commit 1e33728: the same terms and bounds, but no "
            "highest creatinine.",
            "S",
            url="https://github.com/ampel-leipzig/ameld",
        ),
        Reference(
            "MELD-XI (abstract): MELD can overestimate risk when anticoagulation raises the INR.",
            "S",
            doi="10.1002/lt.20906",
        ),
    ),
)
# bilirubin, creatinine, INR, sodium, albumin, points
_COMPUTED = (
    (MALE, 1.0, 1.0, 1.0, 137.0, 3.5, 6.0),
    (FEMALE, 2.5, 1.2, 1.6, 132.0, 2.8, 22.0),
    (MALE, 6.0, 2.0, 2.1, 128.0, 2.4, 33.0),
    (FEMALE, 12.0, 3.5, 3.0, 122.0, 1.4, 40.0),
)


def meld3() -> ClinicalModel:
    """The score as a clinical model."""
    return ClinicalModel(
        id="meld3",
        version=VERSION,
        title="MELD 3.0",
        family="liver",
        inputs=DECLARED,
        outcomes=(
            Outcome(
                id="meld3",
                label="MELD 3.0",
                horizon_years=None,
                is_probability=False,
                unit=parts.POINTS,
                definition="Severity of chronic liver disease, 6 to 40.",
            ),
        ),
        predict=Equation(NUMBERS, score),
        applies=applies,
        facts=FACTS,
        vectors=tuple(
            Vector(
                f"bilirubin {bilirubin}, creatinine {creatinine}, INR {inr}",
                {
                    "age": 60.0,
                    "sex": sex,
                    "liver_disease": 1.0,
                    "bilirubin_total": bilirubin,
                    "creatinine": creatinine,
                    "inr": inr,
                    "sodium": sodium,
                    "albumin": albumin,
                    "dialysis_last_week": 0.0,
                },
                {"meld3": points},
                1e-9,
                "computed from the published formula",
                "S",
            )
            for sex, bilirubin, creatinine, inr, sodium, albumin, points in _COMPUTED
        ),
        artefact_hash=artefact_hash(VERSION, parts.in_text(NUMBERS), DECLARED),
        quiet=True,
    )
