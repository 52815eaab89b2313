"""Follows the flags of twins through their refreshes: raised, kept, ended, and back on the list.

An acknowledgement quiets a flag as it was. It ends when the rule stops or another one fires, when
the probability has risen by RETURN_STEP since, or when a reason is among those shown that was not.
"""

from collections.abc import Collection, Sequence
from datetime import datetime

from django.db.models import QuerySet

from twinportal.attention.models import Acknowledgement, Flag, WorklistEntry

Ended = Acknowledgement.Ended
# percentage points over the probability that was acknowledged: the step of the slower rising rule
RETURN_STEP = 0.02
# a sum of floats must not decide
TOLERANCE = 1e-9


def reason_names(why: Collection[str]) -> set[str]:
    """What the reasons are about, without their values: a value that moves is no new reason."""
    return {reason.partition(": ")[0] for reason in why}


def comes_back(given: Acknowledgement, entry: WorklistEntry) -> Ended | None:
    """Why an acknowledged flag, of the same rule still, is back; None where it stays quiet."""
    if entry.probability is not None and given.probability is not None:
        if entry.probability - given.probability >= RETURN_STEP - TOLERANCE:
            return Ended.ROSE
    elif entry.probability is not None:
        # there was no number to acknowledge
        return Ended.ROSE
    return Ended.NEW_REASON if reason_names(entry.why) - reason_names(given.why) else None


def follow(entries: Sequence[WorklistEntry], now: datetime) -> None:
    """Set the flag of each new line of the worklist, and write what became of the old ones.

    A bounded number of statements. The caller holds the lines' locks.
    """
    of_patient = {entry.patient_id: entry for entry in entries}
    open_flags = Flag.objects.filter(patient__in=of_patient, ended_at__isnull=True)
    kept, over = {}, []
    for flag in open_flags:
        entry = of_patient[flag.patient_id]
        if flag.rule_id == entry.rule_id:
            kept[flag.pk] = entry
            entry.flag = flag
        else:
            over.append(flag.pk)
    if over:
        Flag.objects.filter(pk__in=over).update(ended_at=now)
        _end(Acknowledgement.objects.filter(flag__in=over), Ended.FLAG_ENDED, now)
    if kept:
        _return(kept, now)
    raised = [
        Flag(
            patient_id=entry.patient_id,
            rule_id=entry.rule_id,
            outcome=entry.outcome,
            prediction_id=entry.prediction_id,
            probability=entry.probability,
            raised_at=now,
        )
        for entry in entries
        if entry.rule_id and entry.flag is None
    ]
    for flag in Flag.objects.bulk_create(raised):
        of_patient[flag.patient_id].flag = flag


def _return(kept: dict[int, WorklistEntry], now: datetime) -> None:
    given = Acknowledgement.objects.filter(flag__in=kept, ended_at__isnull=True)
    back: dict[Ended, list[int]] = {}
    for one in given:
        if (why := comes_back(one, kept[one.flag_id])) is not None:
            back.setdefault(why, []).append(one.pk)
    for why, keys in back.items():
        _end(Acknowledgement.objects.filter(pk__in=keys), why, now)


def _end(given: "QuerySet[Acknowledgement]", why: Ended, now: datetime) -> None:
    given.filter(ended_at__isnull=True).update(ended_at=now, ended_because=why)
