from typing import Any

from django.apps import AppConfig


class TwinportalConfig(AppConfig):
    """The composition root: management commands and the pipeline; its tables live in sub-apps."""

    name = "twinportal"

    def ready(self) -> None:
        # importing it makes it the default Celery app of every process
        import twinportal.celery
        import twinportal.closed_door  # noqa: F401 registers the system check
        from patients.signals import bulk_job_waits, mappings_changed, twins_changed

        twins_changed.connect(wake_workers, dispatch_uid="wake-workers")
        bulk_job_waits.connect(wake_bulk_worker, dispatch_uid="wake-bulk-worker")
        mappings_changed.connect(wake_for_mappings, dispatch_uid="wake-for-mappings")


def wake_workers(*, patient_ids: list[int], **_: Any) -> None:
    """Tell the workers at once; a broker that is down costs a sweep's delay and nothing else."""
    from twinportal.wake_ups import wake

    wake(patient_ids)


def wake_bulk_worker(*, job_id: int, **_: Any) -> None:
    """The same for an import or export."""
    from twinportal.wake_ups import wake_for_bulk_job

    wake_for_bulk_job(job_id)


def wake_for_mappings(*, mapping_ids: list[int], **_: Any) -> None:
    """The same for the replay of mappings."""
    from twinportal.wake_ups import wake_for_mappings

    wake_for_mappings(mapping_ids)
