"""The trained models that may run: for clinicians, and only for people like those in the data."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, replace

import numpy as np

from models_engine.catalogue.artefact import artefact_hash
from models_engine.catalogue.contract import (
    Applies,
    Background,
    Circumstances,
    ClinicalModel,
    Input,
    Outcome,
    Refusal,
    Vector,
)
from models_engine.catalogue.display import POPULATION
from models_engine.catalogue.outcome_event import DEATH, OutcomeEvent
from models_engine.catalogue.risk import inputs
from models_engine.catalogue.risk.applicability import not_after_death, not_with
from models_engine.catalogue.risk.inputs import cholesterol
from models_engine.catalogue.trained.additive import (
    Artefact,
    Resemblance,
    read_artefact,
    read_performance,
)
from models_engine.catalogue.trained.facts import Words, facts_of, interval_text
from models_engine.catalogue.trained.words import GENERAL, INFARCTION

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
    recent: Mapping[str, int]
    event: OutcomeEvent = DEATH


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
    recent={},
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


def _ranged(declared: Input, artefact: Artefact) -> Input:
    """The input with the 1st to 99th percentile of the training data as its range."""
    if declared.role in ("condition", "medication") or declared.concept == "sex":
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
    horizons = [float(key) for key in content["model"]["baseline"]]
    ids = [f"{offer.name}_{years:g}y" for years in horizons]
    by_key = dict(zip(content["model"]["baseline"], ids, strict=True))
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
            for outcome, years in zip(ids, horizons, strict=True)
        ),
        predict=fitted.predict,
        applies=_applies(offer, artefact.resemblance),
        facts=facts_of(offer.words, artefact, measured),
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
    )


def trained_models() -> tuple[ClinicalModel, ...]:
    """Those whose inputs a twin can hold. Readmission needs hospital stays, which it does not."""
    return tuple(map(trained_model, (POST_INFARCTION, GENERAL_MORTALITY)))
