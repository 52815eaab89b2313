"""When the workers and the sweep last did their work, so that somebody can be told if they do not."""

import logging
import time
from typing import Any

from celery.signals import task_postrun
from django.conf import settings
from django.db import DatabaseError
from django.utils import timezone

from patients.models import Heartbeat

log = logging.getLogger(__name__)
WORKER, BULK, SWEEP = "worker", "bulk", "sweep"
# a worker that is busy says so this often, each of its processes for itself
LEAST_SECONDS = 10.0
_last: dict[str, float] = {}


def note(name: str) -> None:
    """It has worked just now. What it did stands though this cannot be written down."""
    try:
        Heartbeat.objects.bulk_create(
            [Heartbeat(name=name, at=timezone.now())],
            update_conflicts=True,
            unique_fields=["name"],
            update_fields=["at"],
        )
    except DatabaseError as error:
        log.error("the heartbeat of %s is not stored: %s", name, type(error).__name__)


@task_postrun.connect(dispatch_uid="heartbeat")
def after_a_task(sender: Any = None, **_: Any) -> None:
    """A worker has ended a task, well or not. Those of imports and exports have a queue of their
    own: one kind of worker may be gone while the other is well.
    """
    name = BULK if getattr(sender, "name", "") in settings.CELERY_TASK_ROUTES else WORKER
    if (now := time.monotonic()) - _last.get(name, -LEAST_SECONDS) >= LEAST_SECONDS:
        _last[name] = now
        note(name)
