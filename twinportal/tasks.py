"""Celery's doors: ids in, one call of the pipeline, nothing else."""

import logging
from datetime import timedelta

from celery import shared_task
from django.conf import settings
from django.utils import timezone

from patients.services import (
    activity_store,
    bulk_jobs,
    code_survey,
    mapping_replay,
    quarantine_replay,
)
from patients.sign_on import housekeeping
from twinportal import heartbeat, monitoring, open_jobs, pipeline, staleness
from twinportal.population import services as population

log = logging.getLogger(__name__)


@shared_task
def refresh_twin(patient_id: int) -> None:
    """Wake-up for one twin. Harmless when it comes twice, late, or not at all."""
    pipeline.refresh_twin(patient_id, now=timezone.now())


@shared_task
def sweep_stale_twins() -> None:
    """Send a wake-up for every stale twin whose own one was lost."""
    for patient_id in staleness.due(now=timezone.now()):
        refresh_twin.delay(patient_id)
    heartbeat.note(heartbeat.SWEEP)


@shared_task
def mark_expired_predictions() -> None:
    """A birthday, or an input grown too old, changes a prediction without any push."""
    staleness.mark_expired(now=timezone.now())


@shared_task
def mark_expired_observations() -> None:
    """An early warning score holds for an hour, and not until the next hourly look."""
    staleness.mark_expired_observations(now=timezone.now())


@shared_task
def replay_quarantined() -> None:
    """Try what is due. More than one turn can do is left to the next, or to another worker."""
    quarantine_replay.replay_due(now=timezone.now())


@shared_task
def clear_expired_sign_ons() -> None:
    """Tokens live for minutes, and their table grows with every one."""
    housekeeping.clear_expired(now=timezone.now())


@shared_task
def work_on_bulk_job(job_id: int) -> None:
    """A slice of an import or export; another message brings the next one.

    Harmless when it comes twice, late, or not at all.
    """
    if bulk_jobs.work(job_id):
        work_on_bulk_job.delay(job_id)


@shared_task
def sweep_bulk_jobs() -> None:
    """Send a wake-up for every job whose worker is gone."""
    for job_id in bulk_jobs.waiting(now=timezone.now()):
        work_on_bulk_job.delay(job_id)


@shared_task
def expire_bulk_jobs() -> None:
    """Files of imports and exports are patient data: they go when their time is over."""
    bulk_jobs.expire(now=timezone.now())


@shared_task
def score_population() -> None:
    """Begin to score every twin; a run that is still open goes on instead."""
    run = population.begin(now=timezone.now())
    if run is not None:
        work_on_population.delay(run.pk)


@shared_task
def work_on_population(run_id: int) -> None:
    """A slice of a run over all twins; another message brings the next one.

    Harmless when it comes twice, late, or not at all.
    """
    if population.work(run_id):
        work_on_population.delay(run_id)


@shared_task
def sweep_population() -> None:
    """Send a wake-up for a run whose worker is gone."""
    run = population.forsaken(now=timezone.now())
    if run is not None:
        work_on_population.delay(run.pk)


@shared_task
def replay_mapping(mapping_id: int) -> None:
    """Project again what a data steward's mapping touches. Harmless when it comes twice."""
    mapping_replay.replay_mapping(mapping_id, now=timezone.now())


@shared_task
def sweep_mappings() -> None:
    """Send a wake-up for every mapping whose replay was lost on the way."""
    for mapping_id in mapping_replay.due_replays(now=timezone.now()):
        replay_mapping.delay(mapping_id)


@shared_task
def survey_codes() -> None:
    """Count the codes that nothing here reads."""
    code_survey.survey(now=timezone.now())


@shared_task
def clear_old_activity() -> None:
    """Statistics of last winter help nobody."""
    activity_store.clear_before(timezone.now() - timedelta(days=settings.ACTIVITY_DAYS))


@shared_task
def monitor_models() -> None:
    """The daily snapshot of how the models fare. A second one of a day replaces the first."""
    monitoring.take(now=timezone.now())


@shared_task
def freeze_references(actor: str, seen: int, request_id: str = "") -> None:
    """What a data steward asked for on a page: too long for a request. A second one that had
    `seen` the same references does nothing."""
    try:
        monitoring.freeze(
            actor_kind="user", actor=actor, now=timezone.now(), request_id=request_id, seen=seen
        )
    except monitoring.ChangedError:
        log.info("references were set since they were asked for; none was set again")
    finally:
        open_jobs.end(open_jobs.REFERENCES)


@shared_task
def refresh_twins(patient_ids: list[int]) -> None:
    """The same for several; one that fails does not keep the others waiting."""
    for patient_id in patient_ids:
        try:
            pipeline.refresh_twin(patient_id, now=timezone.now())
        except Exception as error:  # noqa: BLE001 whatever it is
            # it is recorded with the mark, and the sweep comes back to it
            log.error("refresh failed: %s", type(error).__name__)
