"""Sentences of the pages on one's own record that belong to a choice or a state."""

from dataclasses import dataclass
from typing import Any

from django.utils.translation import gettext_lazy as _

from patients.models import ConsentChoice
from twinportal.my_record.models import CorrectionRequest

Purpose, Outcome = ConsentChoice.Purpose, CorrectionRequest.Outcome


@dataclass(frozen=True)
class PurposeWords:
    """`title` is the question; the others say what each answer does."""

    title: Any
    about: Any
    when_on: Any
    when_off: Any


PURPOSES: dict[str, PurposeWords] = {
    Purpose.SEE_PREDICTIONS: PurposeWords(
        _("See my numbers"),
        _("These are estimates of what may happen to your health."),
        _("You see your numbers on your pages."),
        _("You see no numbers. Your care team still does, and looks after you as before."),
    ),
    Purpose.SEE_SIMILAR: PurposeWords(
        _("See how people like me fared"),
        _("We can show you what happened to people with similar health."),
        _("You see what happened to people like you."),
        _("You do not see what happened to people like you."),
    ),
    Purpose.COUNTED_AMONG_SIMILAR: PurposeWords(
        _("Be counted when others are compared"),
        _("Other people may be compared with a group. You may be one of the group."),
        _("You may be counted in a group. Nobody sees your name."),
        _("You are not counted in any group."),
    ),
}
STATUSES: dict[str, Any] = {
    "requested": _("Your care team has not answered yet."),
    "accepted": _("Your care team agrees. They will correct your record."),
    "completed": _("Your care team has corrected your record."),
    "rejected": _("Your care team did not change your record."),
}
OUTCOMES: dict[str, Any] = {
    Outcome.WILL_CORRECT: "",
    Outcome.CORRECTED: "",
    Outcome.RECORD_IS_RIGHT: _("They checked it and think that the record is right."),
    Outcome.ASK_THE_SENDER: _("Only the clinic that sent this can correct it. Ask them."),
}
CONSENT_STATUSES: dict[str, Any] = {
    "active": _("in force"),
    "inactive": _("no longer in force"),
    "rejected": _("refused"),
    "proposed": _("proposed"),
    "draft": _("a draft"),
    "entered-in-error": _("a mistake"),
}
