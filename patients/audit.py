"""Writes the audit log: who read or wrote what, when. Ids only, never a name or a value."""

import logging
import time
from collections.abc import Hashable, Iterable
from threading import Lock

from django.db import DatabaseError, connection
from django.http import HttpRequest
from django.utils import timezone

from patients.models import AuditEvent, Patient

log = logging.getLogger(__name__)
DETAIL_LENGTH = 400
MOST_REFUSALS = 100
COLUMNS = [f.attname for f in AuditEvent._meta.concrete_fields if f.attname != "id"]
INSERT = (
    f"INSERT INTO {AuditEvent._meta.db_table} ({', '.join(COLUMNS)})"  # noqa: S608 our own names
    f" VALUES ({', '.join(['%s'] * len(COLUMNS))})"
)


class Minute:
    """What was refused in this minute, so that who asks without end cannot fill the disk.

    Each process has its own.
    """

    def __init__(self, most: int = MOST_REFUSALS) -> None:
        self.most = most
        self._minute = -1
        self._seen: set[Hashable] = set()
        self._lock = Lock()

    def number(self, key: Hashable, seconds: float) -> int:
        """How many different ones this minute has had with this one; 0 if it was there already,
        or is one too many.
        """
        with self._lock:
            if (minute := int(seconds // 60)) != self._minute:
                self._minute, self._seen = minute, set()
            if key in self._seen or len(self._seen) >= self.most:
                return 0
            self._seen.add(key)
            return len(self._seen)


_minute = Minute()


class AnonymousAuditError(RuntimeError):
    """Patient data were about to be shown to nobody in particular."""


def record(
    *,
    actor_kind: str,
    actor: str,
    action: str,
    what: str,
    patient_ids: Iterable[int] = (),
    detail: str = "",
    request_id: str = "",
    outcome: str = "success",
) -> None:
    """One event, in the caller's transaction if there is one."""
    event = AuditEvent(
        at=timezone.now(),
        actor_kind=actor_kind,
        actor=actor,
        action=action,
        what=what,
        detail=detail[:DETAIL_LENGTH],
        patient_ids=sorted(set(patient_ids)),
        request_id=request_id,
        outcome=outcome,
    )
    # every request comes here, and a save() takes three times as long
    with connection.cursor() as cursor:
        cursor.execute(INSERT, [getattr(event, column) for column in COLUMNS])


def record_refusal(
    request: HttpRequest, status: int, *, actor_kind: str, actor: str, what: str, detail: str
) -> None:
    """Somebody was refused, at most once a minute for the same reason.

    The refusal stands though it cannot be written down.
    """
    number = _minute.number((actor_kind, actor, status, what, detail), time.monotonic())
    if not number:
        return
    more = "; the others of this minute are not listed" if number == _minute.most else ""
    try:
        record(
            actor_kind=actor_kind,
            actor=actor,
            action="refuse",
            what=what,
            detail=f"{status}: {detail[:300]}{more}",
            request_id=getattr(request, "request_id", ""),
            outcome="refused",
        )
    except DatabaseError as error:
        log.error("a refusal is not in the audit log: %s", type(error).__name__)


def record_read(request: HttpRequest, patient: Patient, *, what: str, detail: str = "") -> None:
    """A signed-in person sees a page about `patient`. Refuses an anonymous request."""
    _record_of_user(request, [patient.pk], action="read", what=what, detail=detail)


def record_list(request: HttpRequest, patient_ids: Iterable[int], *, what: str) -> None:
    """A signed-in person sees a list that names these patients."""
    _record_of_user(request, patient_ids, action="search", what=what, detail="")


def record_kept(
    request: HttpRequest, patient_ids: Iterable[int], *, what: str, detail: str
) -> None:
    """A signed-in person sees what was sent about these patients, though the record has it not."""
    _record_of_user(request, patient_ids, action="read", what=what, detail=detail)


def record_action(
    request: HttpRequest, patient: Patient, *, action: str, what: str, detail: str = ""
) -> None:
    """A signed-in person changes something about `patient`."""
    _record_of_user(request, [patient.pk], action=action, what=what, detail=detail)


def _record_of_user(
    request: HttpRequest, patient_ids: Iterable[int], *, action: str, what: str, detail: str
) -> None:
    if not request.user.is_authenticated:
        raise AnonymousAuditError(what)
    record(
        actor_kind="user",
        actor=str(request.user.pk),
        action=action,
        what=what,
        patient_ids=patient_ids,
        detail=detail,
        request_id=getattr(request, "request_id", ""),
    )
