"""The trained models that may run: for clinicians, and only for people like those in the data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace

import numpy as np

from models_engine.catalogue.artefact import artefact_hash
from models_engine.catalogue.contract import (
    Applies,
    Background,
    Circumstances,
    ClinicalModel,
    Direction,
    Input,
    Outcome,
    Refusal,
    Vector,
)
from models_engine.catalogue.discharge.inputs import (
    EMERGENCY_VISITS_YEAR,
    GLUCOSE_LOWERING_IN_STAY,
    INSULIN_IN_STAY,
    LENGTH_OF_STAY,
    PREVIOUS_ADMISSIONS,
    TO_CARE_FACILITY,
)
from models_engine.catalogue.display import POPULATION
from models_engine.catalogue.horizon import DAYS_PER_YEAR
from models_engine.catalogue.outcome_event import DEATH, OutcomeEvent
from models_engine.catalogue.risk import inputs
from models_engine.catalogue.risk.applicability import not_after_death, not_with
from models_engine.catalogue.risk.inputs import DIABETES_CONCEPTS, cholesterol
from models_engine.catalogue.trained.additive import (
    Artefact,
    Resemblance,
    read_artefact,
    read_performance,
)
from models_engine.catalogue.trained.facts import Words, facts_of, interval_text
from models_engine.catalogue.trained.words import GENERAL, INFARCTION, READMITTED

FAMILY = "trained"
OUTSIDE = "Outside the population this model was built for"
# the model is for leaving hospital; an infarction longer ago is another situation: [J]
RECENT_DAYS = 30
VECTOR_TOLERANCE = 1e-9

ALBUMIN = Input(
    concept="albumin",
    role="measurement",
    unit="g/dL",
    max_age_days=inputs.ONE_YEAR,
    label="Albumin in the blood",
    group="nutrition",
    order="Order serum albumin.",
)
HEART_FAILURE = Input(concept="heart_failure", role="condition", label="Heart failure")


@dataclass(frozen=True, eq=False)
class Offer:
    """What a trained model needs beyond its artefact to stand before a clinician."""

    name: str
    title: str
    declared: tuple[Input, ...]
    label: str
    definition: str
    applies: Callable[[Circumstances], tuple[Refusal, ...]]
    words: Words
    optimal: Mapping[str, float]
    optimal_source: str
    recent: Mapping[str, int] = field(default_factory=dict)
    # of a yes/no outcome: how far ahead it looks
    days: int = 0
    event: OutcomeEvent = DEATH
    monotone: Mapping[str, Direction] = field(default_factory=dict)

    def outcome_of(self, key: str) -> tuple[str, float]:
        """Id and horizon in years of what the artefact names `key`."""
        if self.days:
            return self.name, self.days / DAYS_PER_YEAR
        return f"{self.name}_{float(key):g}y", float(key)


def like_the_training_data(near: Resemblance, circumstances: Circumstances) -> tuple[Refusal, ...]:
    """A refusal when the inputs together are further off than 99 % of the training data.

    Nothing to say while an input is missing or out of range: that is refused by itself.
    """
    if not set(near.concepts) <= set(circumstances.values):
        return ()
    if near.accepts(circumstances.values):
        return ()
    text = f"{OUTSIDE}: nobody there, or hardly anybody, had these values together."
    return (Refusal("not_applicable", POPULATION, text),)


def _general(circumstances: Circumstances) -> tuple[Refusal, ...]:
    return (
        *not_after_death(circumstances),
        *not_with(("pregnancy",), circumstances.active, "The model was not made for pregnancy."),
    )


def _after_infarction(circumstances: Circumstances) -> tuple[Refusal, ...]:
    """Asked of nobody who is dead; else the infarction must be recorded, and recent."""
    if circumstances.deceased:
        return not_after_death(circumstances)
    days = circumstances.days_since.get("myocardial_infarction")
    if days is None:
        text = f"{OUTSIDE}: no myocardial infarction is recorded."
    elif days > RECENT_DAYS:
        text = (
            f"{OUTSIDE}: it is for leaving hospital after an infarction; the last one recorded "
            f"began {days} days ago."
        )
    else:
        return ()
    return (Refusal("not_applicable", "myocardial_infarction", text),)


# where a stay did not end, or ended otherwise than in the training data
NOT_DISCHARGED = {
    "died": "the person died in hospital",
    "hospice": "the person went to a hospice",
    "transferred": "the person was moved to another hospital",
    "rehabilitation": "the person was moved to rehabilitation",
    "left_against_advice": "the person left against advice",
}


def _at_discharge(circumstances: Circumstances) -> tuple[Refusal, ...]:
    """With diabetes, to home or a care facility; whether there was a stay, the inputs tell."""
    if circumstances.deceased:
        return not_after_death(circumstances)
    found = []
    if not circumstances.ever.intersection(DIABETES_CONCEPTS):
        text = f"{OUTSIDE}: it is for people with diabetes, and none is recorded."
        found.append(Refusal("not_applicable", DIABETES_CONCEPTS[0], text))
    if why := NOT_DISCHARGED.get(circumstances.discharged_to):
        text = f"{OUTSIDE}: {why}. It is for a discharge to home or to a care facility."
        found.append(Refusal("not_applicable", "discharge_disposition", text))
    return tuple(found)


GENERAL_MORTALITY = Offer(
    name="general_mortality",
    title="Death of any cause, general population (research)",
    declared=(
        inputs.age(0, None),
        inputs.SEX,
        inputs.SYSTOLIC_BP,
        replace(inputs.BMI, high_open=False),
        inputs.TOTAL_CHOLESTEROL,
        ALBUMIN,
    ),
    label="Death of any cause",
    definition="Death of any cause within {years:g} years.",
    applies=_general,
    words=GENERAL,
    optimal={
        "systolic_bp": 110.0,
        "bmi": 25.0,
        "total_cholesterol": cholesterol(200),
        "albumin": 4.7,
    },
    optimal_source=(
        "Reference values chosen by this project, among the lowest risks of this model: systolic "
        "blood pressure 110 mmHg, BMI 25, total cholesterol 200 mg/dL, albumin 4.7 g/dL."
    ),
)
POST_INFARCTION = Offer(
    name="post_infarction_mortality",
    title="Death of any cause after a myocardial infarction (research)",
    declared=(inputs.age(0, None), inputs.SEX, HEART_FAILURE),
    label="Death after an infarction",
    definition="Death of any cause within {years:g} years of leaving hospital.",
    applies=_after_infarction,
    words=INFARCTION,
    optimal={"heart_failure": 0.0},
    optimal_source="Reference value chosen by this project: no heart failure.",
    recent={"myocardial_infarction": RECENT_DAYS},
    event=OutcomeEvent(
        death=True,
        departs="Time counts from the prediction, at most 30 days after the infarction began.",
    ),
)

READMISSION = Offer(
    name="readmission_30d",
    title="Readmission within 30 days, people with diabetes (research)",
    declared=(
        inputs.age(0, None),
        inputs.SEX,
        PREVIOUS_ADMISSIONS,
        EMERGENCY_VISITS_YEAR,
        LENGTH_OF_STAY,
        TO_CARE_FACILITY,
        INSULIN_IN_STAY,
        GLUCOSE_LOWERING_IN_STAY,
    ),
    label="Readmission to hospital",
    definition="A new stay in hospital, planned or not, less than 30 days after discharge.",
    applies=_at_discharge,
    words=READMITTED,
    optimal={
        "previous_admissions": 0.0,
        "emergency_visits_12_months": 0.0,
        "length_of_stay": 1.0,
        "to_care_facility": 0.0,
        "insulin_in_stay": 0.0,
        "glucose_lowering_in_stay": 0.0,
    },
    optimal_source=(
        "Reference values chosen by this project, among the lowest risks of this model: a stay of "
        "1 day that ended at home, no stay and no emergency visit in the year before, no "
        "glucose-lowering medicine. They say nothing about whether a medicine is good."
    ),
    days=30,
    event=OutcomeEvent(
        ("inpatient_stay",),
        first=False,
        departs="The stay that is being left does not count; stays elsewhere are not known.",
    ),
    monotone={
        "previous_admissions": "up",
        "emergency_visits_12_months": "up",
        "length_of_stay": "up",
    },
)


def _ranged(declared: Input, artefact: Artefact) -> Input:
    """The input with the 1st to 99th percentile of the training data as its range."""
    if declared.role in ("condition", "medication", "coded") or declared.concept == "sex":
        return declared
    low, high = artefact.range_of(declared.concept)
    return replace(declared, low=low, high=high, low_open=False, high_open=False)


def _applies(offer: Offer, near: Resemblance) -> Applies:
    def applies(circumstances: Circumstances) -> tuple[Refusal, ...]:
        return offer.applies(circumstances) or like_the_training_data(near, circumstances)

    return applies


def trained_model(offer: Offer) -> ClinicalModel:
    """The model of an artefact, checked against its checksum. Raises ArtefactError."""
    artefact, measured = read_artefact(offer.name), read_performance(offer.name)
    content, fitted = artefact.content, artefact.model
    declared = tuple(_ranged(one, artefact) for one in offer.declared)
    outcomes = {key: offer.outcome_of(key) for key in content["model"]["baseline"]}
    by_key = {key: outcome for key, (outcome, _) in outcomes.items()}
    return ClinicalModel(
        id=offer.name,
        version=content["version"],
        title=offer.title,
        family=FAMILY,
        inputs=declared,
        outcomes=tuple(
            Outcome(
                id=outcome,
                label=offer.label,
                horizon_years=years,
                is_probability=True,
                definition=offer.definition.format(years=years),
                event=offer.event,
            )
            for outcome, years in outcomes.values()
        ),
        predict=fitted.predict,
        applies=_applies(offer, artefact.resemblance),
        facts=facts_of(offer.words, artefact, measured, by_key),
        vectors=tuple(
            Vector(
                name=f"made-up person {number}",
                inputs=row["inputs"],
                expected={by_key[key]: p for key, p in row["expected"].items()},
                tolerance=VECTOR_TOLERANCE,
                provenance="written by the training run",
                evidence="J",
            )
            for number, row in enumerate(content["vectors"], start=1)
        ),
        artefact_hash=artefact_hash(content["version"], artefact.raw, declared),
        optimal=offer.optimal,
        optimal_source=offer.optimal_source,
        background=Background(
            {c: np.array(v) for c, v in content["background"].items()},
            source=(
                "32 made-up people drawn from means, spreads and correlations of the training "
                f"data: {content['data']['source']}."
            ),
            evidence="J",
        ),
        interval=fitted.interval,
        interval_text=interval_text(artefact),
        research=True,
        recent=offer.recent,
        monotone=offer.monotone,
    )


def trained_models() -> tuple[ClinicalModel, ...]:
    """Those whose inputs a twin can hold."""
    return tuple(map(trained_model, (POST_INFARCTION, GENERAL_MORTALITY, READMISSION)))
