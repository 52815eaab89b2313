"""Writes predictions back as FHIR RiskAssessments, and amends those that turned out wrong."""

from collections.abc import Sequence
from datetime import datetime
from typing import Literal

from models_engine.fhir_rendering import risk_assessment, with_status
from models_engine.models import ModelRun
from models_engine.services.run import ModelResult
from patients.models import Patient
from patients.services.server_written import create_resources, current_content, update_resource


def publish(
    patient: Patient, made: Sequence[tuple[ModelResult, ModelRun]], *, now: datetime
) -> None:
    """One RiskAssessment a run that gave probabilities, in the caller's transaction."""
    pairs = [(result, run) for result, run in made if _is_for_the_record(result)]
    contents = [
        risk_assessment(
            model=result.model,
            probabilities=result.values,
            patient_id=patient.fhir_id,
            as_of=run.as_of,
            state_hash=run.state_hash,
            basis=result.features.references(),
            notes=result.features.notes,
        )
        for result, run in pairs
    ]
    resources = create_resources(contents, patient_id=patient.pk, now=now)
    for (_, run), resource in zip(pairs, resources, strict=True):
        run.risk_assessment = resource
    ModelRun.objects.bulk_update([run for _, run in pairs], ["risk_assessment"])


def amend(
    run: ModelRun,
    *,
    status: Literal["cancelled", "entered-in-error"],
    reason: str,
    now: datetime,
) -> None:
    """A new version of the run's RiskAssessment that says why it no longer stands."""
    if run.risk_assessment is None:
        return
    content = with_status(current_content(run.risk_assessment), status, reason, now)
    update_resource(run.risk_assessment, content, now=now)


def _is_for_the_record(result: ModelResult) -> bool:
    """Quiet and research models stay here: who asks for them finds them on the twin's page."""
    stays = result.model.quiet or result.model.research
    return result.model.is_probability and not stays and result.has_numbers
