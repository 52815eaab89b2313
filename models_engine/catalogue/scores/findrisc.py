"""FINDRISC: points for the risk of type 2 diabetes within ten years, 0 to 26.

Exercise, diet and family history are asked, not measured. The one FHIR form that we found asks for
other amounts (four hours a week, five times a day), so until the form's own questions are read the
model says what to ask and gives no number.

References
----------
Lindström J, Tuomilehto J. The diabetes risk score. Diabetes Care 2003;26:725-731. Points and groups
as on the later form of 0 to 26 points; what was opened: docs/evidence.md, E-FINDRISC.
"""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from models_engine.catalogue.artefact import artefact_hash
from models_engine.catalogue.contract import (
    FEMALE,
    MALE,
    Arrays,
    Band,
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

VERSION = "2003.1"
NO_FAMILY, SECOND_DEGREE, FIRST_DEGREE = 0.0, 1.0, 2.0

NUMBERS = {
    "age_45": 2.0,
    "age_45_from": 45.0,
    "age_55": 3.0,
    "age_55_from": 55.0,
    "age_over_64": 4.0,
    "age_above": 64.0,
    "bmi_25": 1.0,
    "bmi_25_from": 25.0,
    "bmi_over_30": 3.0,
    "bmi_above": 30.0,
    "waist_between": 3.0,
    "waist_large": 4.0,
    "waist_men_from": 94.0,
    "waist_men_above": 102.0,
    "waist_women_from": 80.0,
    "waist_women_above": 88.0,
    "inactive": 2.0,
    "no_vegetables": 1.0,
    "blood_pressure_medicine": 2.0,
    "high_glucose": 5.0,
    "second_degree": 3.0,
    "first_degree": 5.0,
}


def _asked(concept: str, label: str, question: str) -> Input:
    return Input(
        concept=concept, role="coded", label=label, order=question, max_age_days=inputs.ONE_YEAR
    )


WAIST = Input(
    concept="waist",
    role="measurement",
    unit="cm",
    max_age_days=inputs.TWO_YEARS,
    label="Waist",
    order="Measure the waist.",
)
FAMILY = Input(
    concept="family_diabetes",
    role="coded",
    low=NO_FAMILY,
    high=FIRST_DEGREE,
    max_age_days=inputs.FIVE_YEARS,
    label="Diabetes in the family",
    order=(
        "Ask whether a parent, brother, sister or child has diabetes, or else a grandparent, aunt, "
        "uncle or first cousin."
    ),
)
DECLARED = (
    inputs.age(parts.ADULT, None),
    inputs.SEX,
    inputs.DIABETES,
    parts.any_range(inputs.BMI),
    WAIST,
    _asked(
        "daily_exercise",
        "Thirty minutes of exercise a day",
        "Ask whether there are 30 minutes of exercise on most days, at work or in free time.",
    ),
    _asked(
        "daily_vegetables",
        "Vegetables or fruit every day",
        "Ask whether vegetables, fruit or berries are eaten every day.",
    ),
    # "have you ever taken medication for high blood pressure on regular basis?"
    replace(inputs.ANTIHYPERTENSIVE, ever=True, label="Blood pressure medicine, ever"),
    parts.condition(
        "high_glucose_ever",
        "High blood glucose ever found",
        "prediabetes",
        "gestational_diabetes",
        ever=True,
    ),
    FAMILY,
)


def points(n: Mapping[str, float], x: Arrays) -> FloatArray:
    """Points of shape (n, 1)."""
    age, bmi, waist = x["age"], x["bmi"], x["waist"]
    women = x["sex"] == FEMALE
    waist_from = np.where(women, n["waist_women_from"], n["waist_men_from"])
    waist_above = np.where(women, n["waist_women_above"], n["waist_men_above"])
    of_age = np.select(
        [age > n["age_above"], age >= n["age_55_from"], age >= n["age_45_from"]],
        [n["age_over_64"], n["age_55"], n["age_45"]],
        0.0,
    )
    of_bmi = np.select(
        [bmi > n["bmi_above"], bmi >= n["bmi_25_from"]], [n["bmi_over_30"], n["bmi_25"]], 0.0
    )
    of_waist = np.select(
        [waist > waist_above, waist >= waist_from], [n["waist_large"], n["waist_between"]], 0.0
    )
    family = np.select(
        [x["family_diabetes"] == FIRST_DEGREE, x["family_diabetes"] == SECOND_DEGREE],
        [n["first_degree"], n["second_degree"]],
        0.0,
    )
    total = (
        of_age
        + of_bmi
        + of_waist
        + n["inactive"] * (1.0 - x["daily_exercise"])
        + n["no_vegetables"] * (1.0 - x["daily_vegetables"])
        + n["blood_pressure_medicine"] * x["antihypertensive"]
        + n["high_glucose"] * x["high_glucose_ever"]
        + family
    )
    return np.asarray(total)[:, np.newaxis]


def applies(circumstances: Circumstances) -> tuple[Refusal, ...]:
    """For adults without diabetes."""
    return (
        *not_after_death(circumstances),
        *parts.not_yet(
            circumstances, "diabetes", "the score is for people without known diabetes."
        ),
    )


FACTS = parts.score_facts(
    version=VERSION,
    evidence="S",
    name="FINDRISC",
    owner="Lindström and Tuomilehto (score); this project (implementation)",
    predicts="Points for the risk of type 2 diabetes treated with medicine within ten years.",
    moment="At a check-up.",
    intended_use="To decide who needs a test for diabetes.",
    intended_population="Adults without known diabetes.",
    not_for="People with diabetes.",
    missing_inputs=(
        "Exercise, diet and family history must be asked; no code for them is read from FHIR yet, "
        "so the page lists what to ask and gives no number. High blood glucose is read as "
        "prediabetes or diabetes in pregnancy, ever recorded; single values are not judged."
    ),
    output_scale=(
        "0 to 26 points. The share beside them is the ten-year risk that the form prints for the "
        "group, not this person's probability. In Norway in 2006 to 2016 far fewer developed "
        "diabetes: 13.5 in 100 of those with 15 points or more."
    ),
    how_made=(
        "Points as printed on the form, read in two copies. The publication of 2003 has 0 to 20 "
        "points and does not ask about the family; the form of 0 to 26 points is later."
    ),
    development_data="4,435 people of 35 to 64 years in Finland, 1987; 182 developed diabetes.",
    performance=(
        Performance(
            measure="C-statistic, use of glucose-lowering medicine within 10 years",
            population="47,804 people without diabetes, Norway (HUNT3, 2006 to 2008)",
            value="0.77",
            interval="95 % CI 0.76 to 0.78",
            where="external validation of the form of 0 to 26 points (abstract, PMC6887494)",
            evidence="S",
        ),
    ),
    calibration=(
        "Too high in Norway: 13.5 % (95 % CI 12.5 to 14.5) of those with 15 points or more "
        "developed diabetes within 10 years (PMC6887494), where the form prints 33 and 50 %. Not "
        "measured at this hospital."
    ),
    outcome_definition="Type 2 diabetes treated with medicine within ten years.",
    risks="Made in Finland with people of 1987, followed for 10 years; other populations differ.",
    references=(
        Reference(
            "Lindström J, Tuomilehto J. The diabetes risk score: a practical tool to predict type "
            "2 diabetes risk. Diabetes Care 2003;26:725-731. Points and risks read as printed on "
            "the form.",
            "S",
            doi="10.2337/diacare.26.3.725",
            url="http://www.webdisplay.be/seha-epoint/Q.html",
        ),
        Reference(
            "Type 2 diabetes risk assessment form, a second copy: the same points and risks.",
            "S",
            url="https://paperzz.com/doc/6772719/type-2-diabetes-risk-assessment-form",
        ),
        Reference(
            "FINDRISC in a contemporary Norwegian risk environment, HUNT3 (abstract).",
            "S",
            url="https://pmc.ncbi.nlm.nih.gov/articles/PMC6887494",
        ),
    ),
)
_LEAST: dict[str, float] = {
    "age": 40.0,
    "sex": MALE,
    "diabetes": 0.0,
    "bmi": 22.0,
    "waist": 85.0,
    "daily_exercise": 1.0,
    "daily_vegetables": 1.0,
    "antihypertensive": 0.0,
    "high_glucose_ever": 0.0,
    "family_diabetes": NO_FAMILY,
}
_MOST = {
    **_LEAST,
    "age": 70.0,
    "sex": FEMALE,
    "bmi": 35.0,
    "waist": 110.0,
    "daily_exercise": 0.0,
    "daily_vegetables": 0.0,
    "antihypertensive": 1.0,
    "high_glucose_ever": 1.0,
    "family_diabetes": FIRST_DEGREE,
}


def findrisc() -> ClinicalModel:
    """The score as a clinical model."""
    return ClinicalModel(
        id="findrisc",
        version=VERSION,
        title="FINDRISC",
        family="findrisc",
        inputs=DECLARED,
        outcomes=(
            Outcome(
                id="findrisc",
                label="FINDRISC",
                horizon_years=None,
                is_probability=False,
                unit=parts.POINTS,
                definition="Points for the risk of type 2 diabetes within ten years.",
                bands=(
                    Band("low", "1 % of the group in 10 years", 0.0, "S"),
                    Band("slightly_elevated", "4 % of the group in 10 years", 7.0, "S"),
                    Band("moderate", "17 % of the group in 10 years", 12.0, "S"),
                    Band("high", "33 % of the group in 10 years", 15.0, "S"),
                    Band("very_high", "50 % of the group in 10 years", 21.0, "S"),
                ),
            ),
        ),
        predict=Equation(NUMBERS, points),
        applies=applies,
        facts=FACTS,
        vectors=(
            Vector(
                "nothing", _LEAST, {"findrisc": 0.0}, 1e-9, "counted by hand from the form", "S"
            ),
            Vector(
                "everything", _MOST, {"findrisc": 26.0}, 1e-9, "counted by hand from the form", "S"
            ),
        ),
        artefact_hash=artefact_hash(VERSION, parts.in_text(NUMBERS), DECLARED),
        quiet=True,
    )
