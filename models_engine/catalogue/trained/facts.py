"""Model facts of trained models: every figure is read from the tables of the training run."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import date
from typing import Any

from models_engine.catalogue.facts import (
    MONITORED,
    CalibrationPoint,
    Change,
    ModelFacts,
    NetBenefitRow,
    Performance,
    Reference,
    SubgroupRow,
)
from models_engine.catalogue.horizon import horizon_text
from models_engine.catalogue.trained.additive import Artefact

UPDATED = date(2026, 11, 21)
OURS = "this model"
CROSS_VALIDATED = "internal: 5-fold cross-validation, all rows of a person in one fold"
MEASURES = {
    "harrell_c": "Harrell's C",
    "uno_c": "Uno's C",
    "auc": "AUC",
    "integrated_brier": "Integrated Brier score",
    "brier": "Brier score",
    "calibration_slope": "Calibration slope",
    "calibration_intercept": "Calibration intercept",
    "observed_over_expected": "Observed over expected",
}


@dataclass(frozen=True)
class Words:
    """What no table can say."""

    name: str
    predicts: str
    moment: str
    intended_use: str
    intended_population: str
    not_for: str
    years_and_places: str
    outcome_definition: str
    exclusions: str
    missing_inputs: str
    missing_data_handling: str
    risks: str
    references: tuple[Reference, ...]
    # version and what is new in it, the newest first
    changes: tuple[tuple[str, str], ...]


def facts_of(
    words: Words, artefact: Artefact, measured: Mapping[str, Any], outcomes: Mapping[str, str]
) -> ModelFacts:
    """The facts page of one trained model; `outcomes` are its outcome ids by the tables' names."""
    data = artefact.content["data"]
    where = f"{data['source']}: {words.years_and_places}; held out in 5-fold cross-validation"
    if data["rows"] != data["people"]:
        where += "; each stay of a person counts as one of the people"
    held_out = {outcomes[key]: found for key, found in measured["held_out"].items()}
    return ModelFacts(
        name=words.name,
        owner="This project.",
        contact="The hospital's Twinportal administrator; the project's issue tracker.",
        updated=UPDATED,
        evidence="J",
        predicts=words.predicts,
        moment=words.moment,
        intended_users="Clinicians. It is never shown to patients.",
        intended_use=words.intended_use,
        intended_population=words.intended_population,
        not_for=words.not_for,
        missing_inputs=words.missing_inputs,
        output_scale="Probability from 0 to 1, shown as a percentage.",
        how_made=(
            f"Trained by this project, version {artefact.content['version']}: an additive "
            f"{_kind(artefact)} model. {_against_the_best(measured)}"
        ),
        development_data=(
            f"{data['source']}: {words.years_and_places}; {data['people']:,} people"
            + (f" with {data['rows']:,} stays" if data["rows"] != data["people"] else "")
            + f", {data['events']:,} events."
        ),
        outcome_definition=words.outcome_definition,
        exclusions=words.exclusions,
        missing_data_handling=words.missing_data_handling,
        performance=(*_learners(measured), *_external(measured)),
        calibration=_calibration(measured),
        net_benefit=(
            "Held-out decision curve in the table: true positives less false positives, these "
            "weighted by the odds of the threshold, a person. The thresholds were set by this "
            "project before it was computed. Not measured at this hospital."
        ),
        subgroups=(
            "Held-out, by sex and age band, in the table; no C statistic of fewer than 10 events. "
            "By ethnicity: not measured."
        ),
        uncertainty=interval_text(artefact),
        explanation=(
            "Exact Shapley values on the probability scale, against two baselines: same age and "
            "sex with reference values, and a made-up sample with the training data's moments."
        ),
        explanation_quality=(
            "Adds up to the probability within 1e-6 (tested); stability and faithfulness over the "
            "background sample stand in the table."
        ),
        risks=words.risks,
        if_it_fails="No number is shown, with the reason by name; use clinical judgement.",
        monitoring=MONITORED,
        review="On every change of the data, the script or the artefact; at least yearly.",
        licence=f"Artefact: this project's. Data: {data['licence']}.",
        cost="None.",
        conflicts_and_funding="None for the training; those of the studies were not read by us.",
        references=words.references,
        change_log=tuple(Change(version, UPDATED, what) for version, what in words.changes),
        calibration_points=tuple(
            CalibrationPoint(outcome=outcome, where=where, **row)
            for outcome, found in held_out.items()
            for row in found["calibration"]
        ),
        subgroup_rows=tuple(
            SubgroupRow(outcome=outcome, where=where, **row)
            for outcome, found in held_out.items()
            for row in found["subgroups"]
        ),
        net_benefit_rows=tuple(
            NetBenefitRow(outcome=outcome, where=where, **row)
            for outcome, found in held_out.items()
            for row in found["net_benefit"]
        ),
    )


def interval_text(artefact: Artefact) -> str:
    """How the interval was made, and how often it held."""
    parts = [
        f"{row['coverage']:.0%} of {row['held_out_groups']} held-out groups (nominal "
        f"{row['level']:.0%}){_at(outcome)}"
        for outcome, row in artefact.content["coverage"].items()
    ]
    return (
        "90 % interval: bootstrap of the fit, calibrated by conformal prediction on held-out "
        "groups of people. Measured coverage of the observed risk of a group, allowing for the "
        f"group's own sampling error: {'; '.join(parts)}. It tells how well the average of people "
        "with these values is known, not how one person differs from them."
    )


def _at(outcome: str) -> str:
    return "" if outcome == "event" else f" at {horizon_text(float(outcome))}"


def _kind(artefact: Artefact) -> str:
    return {"cox": "Cox", "logistic": "logistic regression"}[artefact.content["model"]["kind"]]


def _against_the_best(measured: Mapping[str, Any]) -> str:
    """How its main figure stands to the best of the learners compared."""
    learners = measured["learners"]
    measure = next(name for name in ("harrell_c", "auc") if name in learners[OURS])
    best = max(learners, key=lambda name: learners[name][measure]["mean"])
    ours, other = learners[OURS][measure]["mean"], learners[best][measure]
    what = f"{MEASURES[measure]} {ours:.3f}"
    if best == OURS:
        return f"No other learner compared had a higher one than its {what}."
    near = "within" if ours >= other["mean"] - other["sd"] else "not within"
    more = "with every honest column of the data, also those that no record holds"
    return (
        f"Its {what} is {near} one standard deviation of the best learner compared ({best}: "
        f"{other['mean']:.3f}, SD {other['sd']:.3f}"
        + (f"; {more})." if "all columns" in best else ").")
    )


def _learners(measured: Mapping[str, Any]) -> tuple[Performance, ...]:
    people = f"{measured['people']:,} people, {measured['events']:,} events"
    if measured["rows"] != measured["people"]:
        people = f"{measured['rows']:,} stays of {people}"
    rows = [
        Performance(
            measure=f"{MEASURES[name]} ({learner})",
            population=people,
            value=f"{found['mean']:.3f}",
            interval=f"SD over folds {found['sd']:.3f}",
            where=CROSS_VALIDATED,
            evidence="J",
        )
        for learner, metrics in measured["learners"].items()
        for name, found in metrics.items()
        if learner == OURS or name in ("harrell_c", "uno_c", "auc", "integrated_brier", "brier")
    ]
    return tuple(rows)


def _external(measured: Mapping[str, Any]) -> tuple[Performance, ...]:
    found = measured.get("external")
    if found is None:
        return ()
    people = f"{found['people']:,} people, {found['events']:,} deaths; {found['moment']}"
    low, high = found["harrell_c_95"]
    return (
        Performance(
            measure="Harrell's C",
            population=people,
            value=f"{found['harrell_c']:.3f}",
            interval=f"95 % bootstrap {low:.3f} to {high:.3f}",
            where=f"external: {found['source']}",
            evidence="J",
        ),
        *(
            Performance(
                measure=f"Observed against expected risk at {float(years):g} years",
                population=people,
                value=f"{row['observed']:.1%} observed, {row['expected']:.1%} expected",
                interval="not computed",
                where=f"external: {found['source']}",
                evidence="J",
            )
            for years, row in found["at"].items()
        ),
    )


def _calibration(measured: Mapping[str, Any]) -> str:
    ours = measured["learners"][OURS]
    slope, intercept = ours["calibration_slope"], ours["calibration_intercept"]
    return (
        f"Held-out slope {slope['mean']:.2f} (SD {slope['sd']:.2f}, 1 is right) and intercept "
        f"{round(intercept['mean'], 2) + 0.0:.2f} (SD {intercept['sd']:.2f}, 0 is right) in the study itself. "
        "It does not carry over to today or to another country. Not measured at this hospital."
    )
