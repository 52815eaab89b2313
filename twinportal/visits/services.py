"""Writes of a patient's questions. Each is one transaction; who may is the door's to say."""

from datetime import datetime
from typing import Any

from django.db import transaction
from django.db.models import Max

from patients.models import Patient
from twinportal.typed import typed_line
from twinportal.visits.models import LONGEST, VisitQuestion

MOST = 20


class QuestionError(ValueError):
    """A question that cannot be kept. Its message is one of the reasons below."""


EMPTY, TOO_LONG, TOO_MANY, THERE_ALREADY = "empty", "too long", "too many", "there already"


@transaction.atomic
def question_add(patient: Patient, text: str, *, now: datetime) -> VisitQuestion:
    """At the end of the list. Raises QuestionError."""
    wanted = _checked(text)
    # who presses twice, or in two windows, has one question
    mine = _locked(patient)
    if len(mine) >= MOST:
        raise QuestionError(TOO_MANY)
    if any(one.text == wanted for one in mine):
        raise QuestionError(THERE_ALREADY)
    last = VisitQuestion.objects.about(patient.pk).aggregate(last=Max("position"))["last"] or 0
    return VisitQuestion.objects.create(
        patient=patient, text=wanted, position=last + 1, created_at=now, changed_at=now
    )


def question_change(question: VisitQuestion, text: str, *, now: datetime) -> None:
    """Say it in other words. Raises QuestionError."""
    wanted = _checked(text)
    rows = VisitQuestion.objects.filter(pk=question.pk, discussed_at=None)
    rows.update(text=wanted, changed_at=now)


def question_delete(question: VisitQuestion) -> None:
    question.delete()


@transaction.atomic
def question_move(patient: Patient, question: VisitQuestion, *, up: bool) -> None:
    """One place up or down among those that are open; at the end of the list nothing happens."""
    mine = _locked(patient)
    places = [one.pk for one in mine]
    if question.pk not in places:
        return
    at = places.index(question.pk)
    to = at - 1 if up else at + 1
    if not 0 <= to < len(mine):
        return
    mine[at], mine[to] = mine[to], mine[at]
    for position, one in enumerate(mine, 1):
        one.position = position
    VisitQuestion.objects.bulk_update(mine, ["position"])


def question_discussed(
    question: VisitQuestion, *, is_discussed: bool, by: Any, now: datetime
) -> None:
    """A clinician says that it was talked about, or that it was not after all."""
    question.discussed_at = now if is_discussed else None
    question.discussed_by = by if is_discussed else None
    question.save(update_fields=["discussed_at", "discussed_by"])


def _locked(patient: Patient) -> list[VisitQuestion]:
    """The open questions in order; other writers of the same list wait."""
    Patient.objects.select_for_update(of=("self",), no_key=True).get(pk=patient.pk)
    return list(VisitQuestion.objects.about(patient.pk).open())


def _checked(text: str) -> str:
    wanted = typed_line(text)
    if not wanted:
        raise QuestionError(EMPTY)
    if len(wanted) > LONGEST:
        raise QuestionError(TOO_LONG)
    return wanted
