"""What the facts pages of published equations have in common, said once."""

from datetime import date

from models_engine.catalogue.facts import (
    MONITORED,
    Change,
    EvidenceTag,
    ModelFacts,
    Performance,
    Reference,
)

NOT_STATED = "Not stated in the sources that we have read."
MISSING_INPUTS = (
    "A missing or too old measurement gives no number and says what to order. A condition or "
    "medicine that is not recorded counts as absent, and is listed as assumed."
)
INCOMPLETE_RECORD = (
    "Conditions and medicines that are not recorded count as absent, which makes the probability "
    "too low when the record is incomplete."
)


def published_facts(
    *,
    name: str,
    owner: str,
    version: str,
    updated: date,
    evidence: EvidenceTag,
    predicts: str,
    intended_use: str,
    intended_population: str,
    not_for: str,
    output_scale: str,
    how_made: str,
    outcome_definition: str,
    performance: tuple[Performance, ...],
    risks: str,
    licence: str,
    references: tuple[Reference, ...],
    missing_inputs: str = MISSING_INPUTS,
    development_data: str = NOT_STATED,
    exclusions: str = NOT_STATED,
    calibration: str = f"{NOT_STATED} Not measured at this hospital.",
    subgroups: str = f"{NOT_STATED} Not measured at this hospital.",
    change_log: tuple[Change, ...] = (),
) -> ModelFacts:
    """The facts of a published equation; what nobody measured says so."""
    return ModelFacts(
        name=name,
        owner=f"{owner} (equation); this project (implementation)",
        contact="The hospital's Twinportal administrator; the project's issue tracker.",
        updated=updated,
        evidence=evidence,
        predicts=predicts,
        moment="At a consultation, from the newest values that are not too old.",
        intended_users="Clinicians.",
        intended_use=intended_use,
        intended_population=intended_population,
        not_for=not_for,
        missing_inputs=missing_inputs,
        output_scale=output_scale,
        how_made=how_made,
        development_data=development_data,
        outcome_definition=outcome_definition,
        exclusions=exclusions,
        missing_data_handling=NOT_STATED,
        performance=performance,
        calibration=calibration,
        net_benefit=NOT_STATED,
        subgroups=subgroups,
        uncertainty="No interval for one person is published; none is shown.",
        explanation=(
            "Exact Shapley values over clinical concepts on the probability scale, against two "
            "baselines: same age and sex with reference values, and a sample of people. They are "
            "computed when the prediction is shown among the main ones."
        ),
        explanation_quality=(
            "Adds up to the probability within 1e-6 (tested); stability and faithfulness over the "
            "background sample stand in the table."
        ),
        risks=risks,
        if_it_fails="No number is shown, with the reason by name; use clinical judgement.",
        monitoring=MONITORED,
        review="On every change of the equation or of this implementation; at least yearly.",
        licence=licence,
        cost="None.",
        conflicts_and_funding=NOT_STATED,
        references=references,
        change_log=change_log or (Change(version, updated, "First implementation."),),
    )
