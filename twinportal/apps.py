import logging
from typing import Any

from django.apps import AppConfig

log = logging.getLogger(__name__)


class TwinportalConfig(AppConfig):
    """The composition root: management commands and the pipeline; its tables live in sub-apps."""

    name = "twinportal"

    def ready(self) -> None:
        # importing it makes it the default Celery app of every process
        import twinportal.celery
        import twinportal.closed_door  # noqa: F401 registers the system check
        from patients.signals import bulk_job_waits, twins_changed

        twins_changed.connect(wake_workers, dispatch_uid="wake-workers")
        bulk_job_waits.connect(wake_bulk_worker, dispatch_uid="wake-bulk-worker")


def wake_workers(*, patient_ids: list[int], **_: Any) -> None:
    """Tell the workers at once; a broker that is down costs a sweep's delay and nothing else."""
    from twinportal.wake_ups import wake

    wake(patient_ids)


def wake_bulk_worker(*, job_id: int, **_: Any) -> None:
    """The same for an import or export."""
    from kombu.exceptions import OperationalError

    from twinportal.tasks import work_on_bulk_job

    try:
        work_on_bulk_job.delay(job_id)
    except OperationalError:
        log.warning("the broker is down; the sweep will find the bulk job")
