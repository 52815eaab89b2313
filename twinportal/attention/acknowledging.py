"""Acknowledge a flag, or take that back. The view has asked the policy; it writes the audit log."""

from dataclasses import dataclass
from datetime import date, datetime, timedelta
from typing import Any

from django.db import transaction
from django.utils import timezone

from patients.models import Patient
from twinportal.attention.models import LONGEST_NOTE, Acknowledgement, WorklistEntry

LONGEST = timedelta(days=366)


class NotAcknowledgedError(Exception):
    """Nothing was stored; the message says why, for the page."""


@dataclass(frozen=True)
class Seen:
    """The flag as the page showed it, with all rules that fired: no newer one goes with it."""

    rule_id: str
    prediction_id: int | None
    firing: tuple[str, ...] = ()


@dataclass(frozen=True)
class Answer:
    """What the person says of it."""

    reason: str
    until: date | None = None
    note: str = ""


@transaction.atomic
def acknowledge(
    patient: Patient, seen: Seen, answer: Answer, *, by: Any, now: datetime
) -> Acknowledgement:
    """Quiet the patient's flag on the list of `by`. Raises NotAcknowledgedError."""
    _check(answer, now)
    # the lock that a refresh takes too: it does not move on underneath
    entry = (
        WorklistEntry.objects.select_for_update(of=("self",))
        .select_related("flag")
        .filter(pk=patient.pk)
        .first()
    )
    if entry is None or entry.flag is None or _as_seen(entry) != seen:
        raise NotAcknowledgedError("The flag has changed meanwhile. Look at it again.")
    standing = entry.flag.acknowledgements.filter(user=by, ended_at__isnull=True)
    standing.update(ended_at=now, ended_because=Acknowledgement.Ended.REPLACED)
    return Acknowledgement.objects.create(
        flag=entry.flag,
        user=by,
        reason=answer.reason,
        note=answer.note,
        until=answer.until,
        at=now,
        probability=entry.probability,
        why=entry.why,
        firing=entry.firing,
    )


def _as_seen(entry: WorklistEntry) -> Seen:
    return Seen(entry.rule_id, entry.prediction_id, tuple(entry.firing))


def take_back(patient: Patient, *, by: Any, now: datetime) -> bool:
    """The person's own acknowledgement is over; False if there is none."""
    standing = Acknowledgement.objects.filter(
        flag__patient=patient, flag__ended_at__isnull=True, user=by, ended_at__isnull=True
    )
    changed = standing.update(ended_at=now, ended_because=Acknowledgement.Ended.UNDONE)
    return changed > 0


def _check(answer: Answer, now: datetime) -> None:
    today = timezone.localdate(now)
    if answer.reason not in Acknowledgement.Reason.values:
        raise NotAcknowledgedError("Choose a reason.")
    if answer.reason == Acknowledgement.Reason.LATER and answer.until is None:
        raise NotAcknowledgedError("“Will look at it later” needs a day.")
    if answer.until is not None and not today < answer.until <= today + LONGEST:
        raise NotAcknowledgedError("The day must be after today and within a year.")
    if len(answer.note) > LONGEST_NOTE:
        raise NotAcknowledgedError("The note is too long.")
