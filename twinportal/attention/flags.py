"""Follows the flags of twins through their refreshes: raised, kept, ended, and back on the list.

An acknowledgement quiets a flag as it was. It ends when the rule stops or another one fires, when
the probability has risen by RETURN_STEP since, when any rule fires that did not fire then, when a
reason is among those shown that was not, or when a value went further beyond the model's range.
"""

import re
from collections.abc import Collection, Sequence
from datetime import datetime

from django.db.models import QuerySet

from twinportal.attention.models import Acknowledgement, Flag, WorklistEntry

Ended = Acknowledgement.Ended
# percentage points over the probability that was acknowledged: the step of the slower rising rule
RETURN_STEP = 0.02
# a sum of floats must not decide
TOLERANCE = 1e-9


# "Systolic blood pressure 226 mmHg is outside the range of this model: 90 to 200 mmHg."
_NUMBER = r"\d+(?:\.\d+)?(?:e[+-]?\d+)?"
_BEYOND = re.compile(
    rf"(?P<what>.+?) (?P<value>-?{_NUMBER})\b.* is outside the range of this model: (?P<range>.*)",
    re.DOTALL,
)
_LOW, _HIGH = (re.compile(rf"\b(?:{word}) ({_NUMBER})") for word in ("from|above", "to|below"))


def reason_names(why: Collection[str]) -> set[str]:
    """What the reasons are about, without their values: a value that moves is no new reason."""
    return {_name(reason) for reason in why}


def _name(reason: str) -> str:
    beyond = _BEYOND.fullmatch(reason)
    return beyond["what"] if beyond else reason.partition(": ")[0]


def _distances(why: Collection[str]) -> dict[str, float]:
    """By what it is, how far each value lies beyond the limits that its refusal names."""
    found = {}
    for beyond in filter(None, map(_BEYOND.fullmatch, why)):
        value = float(beyond["value"])
        below = [float(low[1]) - value for low in [_LOW.search(beyond["range"])] if low]
        above = [value - float(high[1]) for high in [_HIGH.search(beyond["range"])] if high]
        if below or above:
            found[beyond["what"]] = max(below + above)
    return found


def goes_further(was: Collection[str], now: Collection[str]) -> bool:
    """Whether a value beyond the model's range lies further out than in what was acknowledged."""
    then = _distances(was)
    return any(
        what in then and distance > then[what] + TOLERANCE
        for what, distance in _distances(now).items()
    )


def comes_back(given: Acknowledgement, entry: WorklistEntry) -> Ended | None:
    """Why an acknowledged flag, of the same rule still, is back; None where it stays quiet."""
    if entry.probability is not None and given.probability is not None:
        if entry.probability - given.probability >= RETURN_STEP - TOLERANCE:
            return Ended.ROSE
    elif entry.probability is not None:
        # there was no number to acknowledge
        return Ended.ROSE
    # of an acknowledgement from before the rules were kept, only the flag's own is known as seen:
    # it comes back once rather than hide a rule that nobody has seen
    if set(entry.firing) - set(given.firing) - {entry.rule_id}:
        return Ended.NEW_RULE
    if reason_names(entry.why) - reason_names(given.why):
        return Ended.NEW_REASON
    return Ended.FURTHER if goes_further(given.why, entry.why) else None


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
