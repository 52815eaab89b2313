"""What runs in a process that stores files.

Imported before Django is set up there: nothing above the functions may need it.
"""

import os
import signal
import threading
from multiprocessing import parent_process
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from patients.services.file_import import Outcome, Task

_stop: Any = None
_position: Any = None


def begin(database: str, stop: Any, position: Any) -> None:
    """Set Django up for the database of the process that began this one."""
    global _stop, _position
    _stop, _position = stop, position
    # the parent hears ^C and sets the flag
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    threading.Thread(target=_end_with_parent, daemon=True).start()
    import django

    django.setup()
    from django.conf import settings

    from patients.services import file_import  # noqa: F401 alive before the collector freezes
    from patients.services.garbage import collect_rarely

    settings.DATABASES["default"]["NAME"] = database
    collect_rarely()


def store(task: "Task") -> "Outcome":
    """Store one file; the flag and the position are seen by the parent."""
    from patients.services.file_import import import_file

    return import_file(task, progress=_show, is_stopped=lambda: bool(_stop.value))


def _show(position: int) -> None:
    _position.value = position


def _end_with_parent() -> None:
    """A parent that was killed cannot tell; its children would wait for work for ever."""
    parent = parent_process()
    if parent is not None:
        parent.join()
        os._exit(1)
