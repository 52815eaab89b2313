from typing import Any

from django.apps import AppConfig


class TwinportalConfig(AppConfig):
    """The composition root: management commands and the pipeline; its tables live in sub-apps."""

    name = "twinportal"

    def ready(self) -> None:
        # importing it makes it the default Celery app of every process
        import twinportal.celery
        import twinportal.closed_door  # noqa: F401 registers the system check
        from patients.signals import twins_changed

        twins_changed.connect(wake_workers, dispatch_uid="wake-workers")


def wake_workers(*, patient_ids: list[int], **_: Any) -> None:
    """Tell the workers at once; a broker that is down costs a sweep's delay and nothing else."""
    from twinportal.wake_ups import wake

    wake(patient_ids)
