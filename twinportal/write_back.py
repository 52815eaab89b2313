"""Writes predictions back as FHIR RiskAssessments, and amends those that turned out wrong."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal

from models_engine.fhir_rendering import risk_assessment, with_status
from models_engine.models import ModelRun
from models_engine.services.run import ModelResult
from patients.models import Patient, Resource
from patients.services.server_written import create_for, current_contents, update_resources


def publish(
    made: Sequence[tuple[Patient, ModelResult, datetime]], *, now: datetime
) -> list[Resource | None]:
    """One RiskAssessment for each result that gives probabilities, in the caller's transaction.

    `made`: whose, what and as of when; returned in the same order.
    """
    contents = {
        at: (
            patient.pk,
            risk_assessment(
                model=result.model,
                probabilities=result.values,
                patient_id=patient.fhir_id,
                as_of=as_of,
                state_hash=result.state_hash,
                basis=result.features.references(),
                notes=result.features.notes,
            ),
        )
        for at, (patient, result, as_of) in enumerate(made)
        if _is_for_the_record(result)
    }
    resources = dict(zip(contents, create_for(list(contents.values()), now=now), strict=True))
    return [resources.get(at) for at in range(len(made))]


@dataclass(frozen=True)
class Amendment:
    """Why the RiskAssessment of a run does not stand any more."""

    run: ModelRun
    status: Literal["cancelled", "entered-in-error"]
    reason: str


def amend(amendments: Sequence[Amendment], *, now: datetime) -> None:
    """A new version of each run's RiskAssessment that says why it no longer stands."""
    why = {a.run.risk_assessment_id: a for a in amendments if a.run.risk_assessment_id is not None}
    if not why:
        return
    written = current_contents(why)
    update_resources(
        [
            (resource, with_status(content, why[key].status, why[key].reason, now))
            for key, (resource, content) in written.items()
        ],
        now=now,
    )


def _is_for_the_record(result: ModelResult) -> bool:
    """Quiet and research models stay here: who asks for them finds them on the twin's page."""
    stays = result.model.quiet or result.model.research
    return result.model.is_probability and not stays and result.has_numbers
