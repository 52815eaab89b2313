"""What a tolerant client gets where others are refused: its faulty resource is kept apart.

Only what is JSON of a known type, which the client may write, and whose faults are its own (422).
Corrected by a rule it is stored at once; else it is kept in quarantine and answered 202.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field, replace
from typing import Any, TypeVar
from uuid import uuid4

from django.db import OperationalError, transaction
from django.utils import timezone
from rest_framework.request import Request

from patients.api.security import audit_client, sender_of
from patients.errors import FhirError
from patients.fhir.outcome import Issue
from patients.models import QuarantinedResource
from patients.services import activity, ingest
from patients.services.correcting import corrected
from patients.services.interactions import Interaction, Origin, Result, Sender
from patients.services.plan import lost_race
from patients.services.quarantine import Item, LaneFull, keep, record_corrected
from patients.services.whom import patients_here

Answer = TypeVar("Answer")
FULL = "The quarantine of this client is full: this is kept nowhere. Send it again when it is right"


@dataclass(frozen=True)
class Attempt:
    """One try to store. `record` belongs into its transaction; `notes` are for the client."""

    interactions: Sequence[Interaction]
    sender: Sender
    record: Callable[[list[Result]], None] = lambda results: None
    notes: Sequence[Issue] = field(default=())

    def noted(self, results: list[Result]) -> list[Result]:
        if not self.notes:
            return results
        return [replace(result, notes=(*result.notes, *self.notes)) for result in results]


def take(
    request: Request,
    interactions: Sequence[Interaction],
    *,
    item: Callable[[], Item],
    store: Callable[[Attempt], Answer],
    answer: Callable[[list[Issue], str], Answer],
) -> Answer:
    """What `store` answers; where it refuses a tolerant client, `answer` to why it is kept, and
    the address that says what becomes of it.

    `item` is what is kept. Raises FhirError, as `store` does, for all that is not kept.
    """
    bearer: Any = request.auth
    sender = sender_of(request)
    try:
        return store(Attempt(interactions, sender))
    except FhirError as error:
        if not bearer.tolerant or not _may_be_kept(interactions, error):
            raise
        refusal = error
    correction = corrected(interactions, refusal.issues, application_id=bearer.application_id)
    if correction is not None:
        attempt = _corrected(request, correction.interactions, correction.rules, item, refusal)
        try:
            return store(attempt)
        except FhirError as error:
            if not _may_be_kept(interactions, error):
                raise
            # what the rules could not put right
            refusal = error
    kept = item()
    row = _keep(request, kept, refusal, sender)
    return answer(_told(row, kept, refusal), f"{sender.base_url}/quarantine/{row.public_id}")


def _may_be_kept(interactions: Sequence[Interaction], error: FhirError) -> bool:
    """Whether these are the faults of resources whose type is known for certain."""
    return (
        error.status == 422
        and not any(issue.code == "forbidden" for issue in error.issues)
        and all(
            i.method == "DELETE" or (i.resource or {}).get("resourceType") == i.type
            for i in interactions
        )
    )


def _corrected(
    request: Request,
    interactions: Sequence[Interaction],
    rules: tuple[int, ...],
    item: Callable[[], Item],
    refusal: FhirError,
) -> Attempt:
    bearer: Any = request.auth
    now = timezone.now()
    origin = Origin(uuid4(), now, rules)
    sender = replace(sender_of(request), origin=origin)

    def record(results: list[Result]) -> None:
        record_corrected(
            item(),
            refusal.issues,
            results,
            origin=origin,
            sender=sender,
            application_id=bearer.application_id,
            now=now,
        )

    numbers = ", ".join(map(str, rules))
    words = f"Corrected by rule {numbers} of the data steward; the text as sent is kept"
    return Attempt(interactions, sender, record, [Issue("warning", "informational", words)])


def _keep(request: Request, item: Item, refusal: FhirError, sender: Sender) -> QuarantinedResource:
    """FhirError 422 when the lane is full, 409 with Retry-After after lost races."""
    for _ in range(ingest.ATTEMPTS):
        try:
            row = _keep_once(request, item, refusal, sender)
        except LaneFull as full:
            issues = [*refusal.issues, Issue("error", "too-costly", FULL)]
            raise FhirError(422, issues) from full
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", "") not in ingest.LOST_RACES:
                raise
            continue
        activity.count(sender.source, quarantined=1)
        return row
    raise lost_race()


def _keep_once(
    request: Request, item: Item, refusal: FhirError, sender: Sender
) -> QuarantinedResource:
    bearer: Any = request.auth
    with transaction.atomic():
        row = keep(
            item,
            refusal.issues,
            sender=sender,
            application_id=bearer.application_id,
            now=timezone.now(),
        )
        audit_client(
            request,
            "quarantine",
            what=row.type,
            patient_ids=patients_here(row.about),
            detail=f"quarantine {row.public_id}",
        )
    return row


def _told(row: QuarantinedResource, item: Item, refusal: FhirError) -> list[Issue]:
    """The issues of the answer: what is wrong, as warnings, and where it is kept."""
    words = f"Kept in quarantine as {row.public_id}: nothing uses it until it is corrected"
    if row.method == row.Method.TRANSACTION:
        words += f". None of the {row.entries} entries of this transaction is done"
        if gone := sum(i.method == "DELETE" for i in item.interactions):
            words += f": its {gone} deletion{'s are' if gone > 1 else ' is'} not done either"
    return [
        *(Issue("warning", i.code, i.diagnostics, i.expression) for i in refusal.issues),
        Issue("information", "informational", words),
    ]
