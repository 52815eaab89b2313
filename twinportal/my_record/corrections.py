"""A patient asks for a correction, a clinician answers: a table, and a FHIR Task beside it."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date, datetime
from typing import Any

from django.db import transaction

from patients.access.policy import visible_patients
from patients.models import Fact, Patient
from patients.services.server_written import create_resources, current_contents, update_resources
from twinportal.my_record import fhir_rendering
from twinportal.my_record.models import OPEN, CorrectionQuerySet, CorrectionRequest
from twinportal.what_if.services import lock_twin
from twinportal.what_if.withdrawal import checked

Status, Outcome = CorrectionRequest.Status, CorrectionRequest.Outcome
# one patient's; whoever has more to say calls the clinic
MOST_OPEN = 20
STATUS_OF = {
    Outcome.WILL_CORRECT: Status.ACCEPTED,
    Outcome.CORRECTED: Status.COMPLETED,
    Outcome.RECORD_IS_RIGHT: Status.REJECTED,
    Outcome.ASK_THE_SENDER: Status.REJECTED,
}


class AlreadyAsked(ValueError):
    """The same fact is in dispute already."""


class TooManyOpen(ValueError):
    """As many wishes of one patient are open as a team can read."""


class NotOpen(ValueError):
    """Somebody else has settled it, or said the same."""


@dataclass(frozen=True)
class Wish:
    """What the patient says of one fact; `label`, `said` and `said_on` are what the page showed."""

    label: str
    said: str
    said_on: date | None
    reason: str
    text: str = ""
    right_value: str = ""


@transaction.atomic
def correction_ask(
    patient: Patient, fact: Fact, wish: Wish, *, by: Any, now: datetime
) -> CorrectionRequest:
    """Keep the wish and put a Task into the record; the fact stays as it is.

    Raises AlreadyAsked or TooManyOpen.
    """
    lock_twin(patient.pk)
    known = CorrectionRequest.objects.about(patient.pk).open()
    if known.filter(resource=fact.resource_id, path=fact.path, concept=fact.concept).exists():
        raise AlreadyAsked
    if known.count() >= MOST_OPEN:
        raise TooManyOpen
    made = CorrectionRequest(
        patient=patient,
        resource=fact.resource,
        resource_version=fact.resource_version,
        path=fact.path,
        concept=fact.concept,
        kind=fact.kind,
        label=wish.label[:400],
        said=wish.said[:400],
        said_on=wish.said_on,
        reason=wish.reason,
        text=wish.text,
        right_value=wish.right_value,
        created_at=now,
        created_by=by,
    )
    content = fhir_rendering.task(made)
    checked([content])
    (made.task,) = create_resources([content], patient_id=patient.pk, now=now)
    made.save()
    return made


@transaction.atomic
def correction_answer(
    request: CorrectionRequest, *, outcome: str, answer: str, by: Any, now: datetime
) -> CorrectionRequest:
    """The clinician's answer, which the patient sees at once.

    Raises NotOpen where it was settled meanwhile, or was accepted already and is so again.
    """
    lock_twin(request.patient_id)
    row = CorrectionRequest.objects.select_for_update().get(pk=request.pk)
    status = STATUS_OF[Outcome(outcome)]
    if row.status not in OPEN or row.status == status:
        raise NotOpen
    row.status, row.outcome, row.answer = status, outcome, answer
    row.answered_at, row.answered_by = now, by
    content = fhir_rendering.task(row, practitioner_id=by.practitioner_id)
    checked([content])
    if row.task_id is not None:
        ((resource, _),) = current_contents([row.task_id]).values()
        update_resources([(resource, content)], now=now)
    row.save()
    return row


def corrections_for(user: Any) -> CorrectionQuerySet:
    """What the patients of a clinician ask, those of merged twins included; newest first."""
    patients = visible_patients(user)
    own = CorrectionRequest.objects.filter(patient__in=patients)
    merged = CorrectionRequest.objects.filter(patient__merged_into__in=patients)
    return (own | merged).select_related("patient", "resource").order_by("-created_at", "-pk")


def waiting_count(user: Any) -> int:
    """How many wait for a first answer: the number beside "Tasks"."""
    return corrections_for(user).filter(status=Status.REQUESTED).count()


def disputed_facts(patient: Patient) -> Sequence[CorrectionRequest]:
    """What the patient says is wrong and nobody has settled yet. One query."""
    return list(CorrectionRequest.objects.about(patient.pk).open().select_related("resource"))
