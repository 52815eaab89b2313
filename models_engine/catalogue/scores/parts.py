"""What the published scores share: facts that nobody has measured, inputs, gates, points."""

from collections.abc import Mapping
from dataclasses import replace
from datetime import date

import numpy as np

from models_engine.catalogue.contract import Band, Circumstances, FloatArray, Input, Refusal
from models_engine.catalogue.facts import (
    DRIFT_ONLY,
    Change,
    EvidenceTag,
    ModelFacts,
    Performance,
    Reference,
)
from models_engine.catalogue.risk import inputs

UPDATED = date(2026, 11, 21)
VERSION_TEXT = "First implementation."
NOT_READ = "Not stated in the sources that we have read."
POINTS = "{points}"
ADULT = 18
NO_FIGURE = Performance(
    measure="Discrimination",
    population="the publication's",
    value="not read by us",
    interval="not read by us",
    where="the references below",
    evidence="M",
)


def score_facts(
    *,
    version: str,
    evidence: EvidenceTag,
    references: tuple[Reference, ...],
    performance: tuple[Performance, ...] = (NO_FIGURE,),
    change_log: tuple[Change, ...] = (),
    **texts: str,
) -> ModelFacts:
    """The facts page of a published score; what is the same for all of them is said here.

    `texts` are the fields of ModelFacts, required: name, owner, predicts, moment, intended_use,
    intended_population, not_for, missing_inputs, output_scale, how_made, outcome_definition, risks.
    They may replace what is common. Without a `change_log` this is the first implementation.
    """
    common = {
        "contact": "The hospital's Twinportal administrator; the project's issue tracker.",
        "intended_users": "Clinicians. Patients do not see it.",
        "development_data": NOT_READ,
        "exclusions": NOT_READ,
        "missing_data_handling": NOT_READ,
        "calibration": "Not measured at this hospital.",
        "net_benefit": NOT_READ,
        "subgroups": NOT_READ,
        "uncertainty": "No interval for one person is published; none is shown.",
        "explanation": "None: the inputs are listed with their sources.",
        "explanation_quality": "Not applicable.",
        "if_it_fails": "No number is shown, with the reason by name; use clinical judgement.",
        "monitoring": DRIFT_ONLY,
        "review": "On every change of the score or of this implementation; at least yearly.",
        "licence": "Published score; facts only.",
        "cost": "None.",
        "conflicts_and_funding": NOT_READ,
    }
    return ModelFacts(
        updated=UPDATED,
        evidence=evidence,
        performance=performance,
        references=references,
        change_log=change_log or (Change(version, UPDATED, VERSION_TEXT),),
        calibration_points=(),
        subgroup_rows=(),
        net_benefit_rows=(),
        **{**common, **texts},
    )


def condition(concept: str, label: str, *any_of: str, ever: bool = False, group: str = "") -> Input:
    """A condition that is there or assumed absent."""
    return Input(
        concept=concept, role="condition", label=label, any_of=any_of, ever=ever, group=group
    )


def medication(concept: str, label: str, *any_of: str) -> Input:
    """A medicine that is taken or assumed not to be."""
    return Input(concept=concept, role="medication", label=label, any_of=any_of)


def laboratory(
    concept: str,
    label: str,
    unit: str,
    order: str,
    *,
    days: int = inputs.ONE_YEAR,
    positive: bool = False,
    if_missing: str = "",
) -> Input:
    """A laboratory value without a published range; `positive`: above 0. Optional with a text."""
    return Input(
        concept=concept,
        role="measurement",
        unit=unit,
        low=0 if positive else None,
        low_open=positive,
        max_age_days=days,
        label=label,
        order=order,
        required=not if_missing,
        if_missing=if_missing,
    )


def any_range(declared: Input, **changed: object) -> Input:
    """The same input without the range of another model's publication."""
    return replace(declared, low=None, high=None, low_open=False, high_open=False, **changed)  # type: ignore[arg-type]


def only_if_found(circumstances: Circumstances, concept: str, because: str) -> tuple[Refusal, ...]:
    """A refusal when the input that the score is for was read as absent."""
    if circumstances.values.get(concept) != 0.0:
        return ()
    return (Refusal("not_applicable", concept, f"Not applicable: {because}"),)


def not_yet(circumstances: Circumstances, concept: str, because: str) -> tuple[Refusal, ...]:
    """A refusal when the person has had the event already."""
    if circumstances.values.get(concept) != 1.0:
        return ()
    return (Refusal("not_applicable", concept, f"Not applicable: {because}"),)


def rate_bands(
    rates: tuple[float, ...], words: str, evidence: EvidenceTag, *, beyond: str = ""
) -> tuple[Band, ...]:
    """One band a point with the rate that the publication gives; `beyond` for more points."""
    bands = [
        Band(str(points), words.format(rate=f"{rate:g}"), float(points), evidence)
        for points, rate in enumerate(rates)
    ]
    if beyond:
        bands.append(Band(str(len(rates)), beyond, float(len(rates)), evidence))
    return tuple(bands)


def in_text(numbers: Mapping[str, float]) -> bytes:
    """The numbers of an equation as text, for the hash of its artefact."""
    return repr(sorted(numbers.items())).encode()


def known(values: FloatArray, true: FloatArray) -> FloatArray:
    """1.0 where `true` holds of a value that is there; a missing one counts nothing."""
    return np.where(np.isnan(values), 0.0, true.astype(np.float64))
