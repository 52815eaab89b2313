"""Celery's doors: ids in, one call of the pipeline, nothing else."""

import logging
from collections.abc import Iterable

from celery import shared_task
from django.utils import timezone
from kombu.exceptions import OperationalError

from twinportal import pipeline, staleness

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


@shared_task
def mark_expired_predictions() -> None:
    """A birthday, or an input grown too old, changes a prediction without any push."""
    staleness.mark_expired(now=timezone.now())


def wake(patient_ids: Iterable[int]) -> None:
    """Send wake-ups; with the broker down, leave it to the sweep."""
    try:
        for patient_id in patient_ids:
            refresh_twin.delay(patient_id)
    except OperationalError:
        log.warning("the broker is down; the sweep will find the stale twins")
