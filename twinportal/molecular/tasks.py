"""Celery's doors to the molecular data: ids in, one call, nothing else."""

from celery import shared_task
from django.utils import timezone

from twinportal.molecular import cell_files, runs


@shared_task
def work_on_ranking(run_id: int) -> None:
    """One ranking. Harmless when it comes twice, late, or not at all."""
    runs.work(run_id)


@shared_task
def work_on_cells(file_id: int) -> None:
    """Read an AnnData file, or compute its changed genes. The same."""
    cell_files.work(file_id)


@shared_task
def sweep_molecular() -> None:
    """Send a wake-up for all whose worker is gone, and forget files that nobody goes on with."""
    for run_id in runs.waiting(now=timezone.now()):
        runs.wake(run_id)
    for file_id in cell_files.waiting(now=timezone.now()):
        cell_files.wake(file_id)
    cell_files.expire(now=timezone.now())
