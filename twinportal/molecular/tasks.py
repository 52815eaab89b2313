"""Celery's doors to the network ranking: ids in, one call, nothing else."""

from celery import shared_task
from django.utils import timezone

from twinportal.molecular import runs


@shared_task
def work_on_ranking(run_id: int) -> None:
    """One ranking. Harmless when it comes twice, late, or not at all."""
    runs.work(run_id)


@shared_task
def sweep_rankings() -> None:
    """Send a wake-up for every ranking whose worker is gone."""
    for run_id in runs.waiting(now=timezone.now()):
        runs.wake(run_id)
