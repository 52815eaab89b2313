"""Does again what waits in quarantine, through the one write path; ends it when it is done.

The row is locked while it is tried: two who want the same thing store it once.
"""

import logging
from collections.abc import Sequence
from datetime import datetime, timedelta
from time import monotonic
from uuid import UUID

import orjson
from django.conf import settings
from django.db import connection, transaction
from django.db.models import Q, QuerySet

from patients import audit
from patients.errors import FhirError
from patients.fhir import json_codec
from patients.fhir.bundle import PROCESSING_ORDER, parse_bundle
from patients.fhir.outcome import Issue
from patients.models import ClientProfile, QuarantinedResource
from patients.services import ingest, reception, superseding
from patients.services.correcting import corrected
from patients.services.fault_places import causes_of, listed
from patients.services.interactions import Interaction, Origin, Result, Sender, patients_of
from patients.services.plan import Outdated
from patients.services.quarantine import FIRST_RETRY, LONGEST_WAIT, ending, retry_time
from patients.services.whom import patients_here

log = logging.getLogger(__name__)
State = QuarantinedResource.State
SYSTEM = "system"
# a patient who has been written since the last try may be the one that was missing
ARRIVED = """
    UPDATE patients_quarantinedresource q SET retry_at = %s
    WHERE q.state = 'waiting' AND q.retry_at > %s AND EXISTS (
        SELECT 1 FROM patients_patient p JOIN patients_resource r ON r.id = p.resource_id
        WHERE p.fhir_id = ANY(q.about) AND p.active
          AND r.last_updated > COALESCE(q.last_tried_at, q.received_at))
"""
# who is named by an identifier and is here now: only if one live patient alone has it
FOUND = """
    WITH wanted AS MATERIALIZED (
        SELECT DISTINCT unnest(about_identifiers) AS token
        FROM patients_quarantinedresource WHERE state = 'waiting' AND about_identifiers <> '{}'),
    bearers AS MATERIALIZED (
        SELECT wanted.token, min(r.fhir_id) AS fhir_id
        FROM wanted JOIN LATERAL (
            SELECT fhir_id FROM patients_resource
            WHERE type = 'Patient' AND NOT deleted AND tokens @> ARRAY[wanted.token]
            LIMIT 2) r ON true
        GROUP BY wanted.token HAVING count(*) = 1),
    found AS (
        SELECT q.id, array_agg(DISTINCT b.fhir_id) AS ids
        FROM patients_quarantinedresource q, unnest(q.about_identifiers) t
        JOIN bearers b ON b.token = t
        WHERE q.state = 'waiting' AND q.about_identifiers <> '{}' AND NOT b.fhir_id = ANY(q.about)
        GROUP BY q.id),
    free AS (
        SELECT q.id, found.ids FROM patients_quarantinedresource q JOIN found ON found.id = q.id
        WHERE q.state = 'waiting' ORDER BY q.id FOR UPDATE OF q SKIP LOCKED)
    UPDATE patients_quarantinedresource q
    SET about = q.about || free.ids,
        retry_at = CASE WHEN q.retry_at > %s THEN %s ELSE q.retry_at END
    FROM free WHERE q.id = free.id
"""


def replay(pk: int, *, by: str, now: datetime, wait: bool = True, is_wanted: bool = False) -> str:
    """Try one item; returns its state then, "" if nothing waits there.

    `by`: key of a user, or "system". Without `wait` an item that somebody else has in hand is
    left to them. `is_wanted`: creates are stored though something with their identifier was sent
    later.
    """
    with transaction.atomic():
        row = _waiting(pk, wait=wait)
        if row is None:
            return ""
        row.tries, row.last_tried_at = row.tries + 1, now
        row.retry_at, row.asked_by = None, ""
        _try(row, by, now, is_wanted=is_wanted)
        row.save()
        return str(row.state)


def discard(pk: int, *, by: str, reason: str, now: datetime) -> bool:
    """A person says that this is never to be stored. The row stays; False if it has ended."""
    with transaction.atomic():
        row = _waiting(pk)
        if row is None:
            return False
        _end(row, State.DISCARDED, by=by, now=now, note=reason.strip()[:400])
        row.save()
        _audit(row, by, "discard", patients_here(row.about))
    return True


def look_at(row: QuarantinedResource, *, now: datetime) -> None:
    """A data steward has opened what was superseded."""
    ended = QuarantinedResource.objects.filter(pk=row.pk, state=State.SUPERSEDED, looked_at=None)
    ended.update(looked_at=now)


def ask_again(rows: "QuerySet[QuarantinedResource]", *, by: str, now: datetime) -> int:
    """Mark waiting items as due, for a worker to try; returns how many."""
    return rows.filter(state=State.WAITING).update(retry_at=now, asked_by=by)


def replay_due(*, now: datetime, most: int = 200, seconds: float = 45) -> int:
    """Try what is due, oldest first, and end what is outdated; returns how many were tried.

    No more begin after so many seconds: the next turn, or another worker, goes on. What a revoked
    client sent enters only if a person asks for it.
    """
    superseding.supersede_outdated(now)
    with connection.cursor() as cursor:
        cursor.execute(FOUND, [now, now])
        cursor.execute(ARRIVED, [now, now])
    began, last, tried = monotonic(), 0, 0
    while found := _due(now, after=last, most=most):
        for pk, asked_by in found:
            passed = monotonic() - began
            if passed > seconds:
                return tried
            # nothing is stored with a time that readers have left behind
            _replay_safely(pk, by=asked_by or SYSTEM, now=now + timedelta(seconds=passed))
            last, tried = pk, tried + 1
    return tried


def _due(now: datetime, *, after: int, most: int) -> list[tuple[int, str]]:
    """Keys of what is due, and who asked for it; each once in a turn, by their order."""
    revoked = Q(application__profile__is_active=False) | Q(
        application=None, source__startswith="client "
    )
    due = QuarantinedResource.objects.filter(state=State.WAITING, retry_at__lte=now, pk__gt=after)
    due = due.exclude(revoked, asked_by="").order_by("pk")
    return list(due.values_list("pk", "asked_by")[:most])


def _replay_safely(pk: int, *, by: str, now: datetime) -> None:
    """One that breaks does not hold up those behind it."""
    try:
        replay(pk, by=by, now=now, wait=False)
    except Exception as error:
        log.error("replay failed: %s", type(error).__name__, exc_info=settings.MODE == "test")
        _put_off(pk, now)


def _put_off(pk: int, now: datetime) -> None:
    """What nobody foresaw went wrong: the others shall not wait for it."""
    with transaction.atomic():
        row = _waiting(pk)
        if row is not None:
            row.tries, row.last_tried_at = row.tries + 1, now
            row.retry_at = now + min(LONGEST_WAIT, FIRST_RETRY * 2 ** min(row.tries, 20))
            row.save()


def _waiting(pk: int, *, wait: bool = True) -> QuarantinedResource | None:
    rows = QuarantinedResource.objects.select_for_update(skip_locked=not wait)
    return rows.filter(pk=pk, state=State.WAITING).first()


def _check_sent_later(row: QuarantinedResource) -> None:
    """Nothing goes in before what was sent later about the same resources and waits too.

    Raises Outdated where that says all of it anew, else FhirError 409.
    """
    if not row.targets:
        return
    later = QuarantinedResource.objects.filter(
        state=State.WAITING,
        targets__overlap=row.targets,
        last_received_at__gt=row.last_received_at,
    )
    for other in later.values_list("targets", flat=True):
        # a transaction says more than its updates
        if row.method == "PUT" and set(row.targets) <= set(other):
            raise Outdated(409, [Issue("error", "conflict", superseding.SENT_ANEW)])
        named = min(set(other) & set(row.targets))
        words = f"{named} was sent again later and waits too: see to that one first"
        raise FhirError(409, [Issue("error", "conflict", words)])


def _try(row: QuarantinedResource, by: str, now: datetime, *, is_wanted: bool) -> None:
    interactions: Sequence[Interaction] = []
    try:
        interactions = _interactions(row)
        _check_sent_later(row)
        results, origin = _store(row, interactions, by, now, is_wanted=is_wanted)
    except Outdated as error:
        note = error.issues[0].diagnostics
        if row.method == row.Method.TRANSACTION:
            note += superseding.none_of(row.entries)
        _end(row, State.SUPERSEDED, by=by, now=now, note=note)
        _audit(row, by, "replay", patients_here(row.about), outcome="superseded")
    except FhirError as error:
        if error.status == 409 and error.headers:
            # lost races say nothing about the resource
            row.retry_at = now + FIRST_RETRY
            return
        row.faults = listed(error.issues, interactions)
        row.causes = causes_of(error.issues, interactions)
        row.retry_at = retry_time(error.issues, row.tries, now)
        if by != SYSTEM:
            _audit(row, by, "replay", patients_here(row.about), outcome="refused")
    else:
        for name, value in ending(row.method, results).items():
            setattr(row, name, value)
        row.ended_at, row.ended_by, row.rules = now, by, list(origin.rules)
        _audit(row, by, "replay", patients_of(results))


def _store(
    row: QuarantinedResource,
    interactions: Sequence[Interaction],
    by: str,
    now: datetime,
    *,
    is_wanted: bool,
) -> tuple[list[Result], Origin]:
    rules: tuple[int, ...] = ()
    try:
        reception.check(interactions)
    except FhirError as refusal:
        correction = corrected(interactions, refusal.issues, application_id=row.application_id)
        if correction is None:
            raise
        interactions, rules = correction.interactions, correction.rules
        reception.check(interactions)
    origin = Origin(row.public_id, row.last_received_at, rules, is_replay=True, is_wanted=is_wanted)
    sender = _sender(row, origin, by)
    return ingest.process(interactions, sender=sender, now=now), origin


def _sender(row: QuarantinedResource, origin: Origin, by: str) -> Sender:
    """The client that sent it, as its profile is now."""
    whose = ClientProfile.objects.filter(application=row.application_id)
    profile = (whose.first() if row.application_id else None) or ClientProfile()
    who = "the system" if by == SYSTEM else f"user {by}"
    return Sender(
        source=f"{row.source[:120]}, replayed from quarantine by {who}",
        request_id=row.request_id,
        default_care_team=tuple(profile.default_care_team),
        default_team_always=profile.default_team_always,
        base_url=row.base_url,
        match_directory=profile.match_directory,
        origin=origin,
    )


def _interactions(row: QuarantinedResource) -> list[Interaction]:
    """The very interaction that was refused, or those of the transaction, in their order."""
    raw = row.content.encode()
    content = reception.parsed(raw)
    if row.method != "TRANSACTION":
        conditions = orjson.loads(row.conditions)
        return [
            Interaction(row.method, row.type, row.fhir_id, content, raw, **conditions)  # type: ignore[arg-type]
        ]
    most = settings.FHIR_MAX_BUNDLE_ENTRIES
    bundle = parse_bundle(content, json_codec.entry_slices(raw), max_entries=most)
    entries = sorted(bundle.entries, key=lambda e: PROCESSING_ORDER[e.method])
    return [reception.entry_interaction(entry) for entry in entries]


def _end(row: QuarantinedResource, state: str, *, by: str, now: datetime, note: str) -> None:
    row.state, row.ended_at, row.ended_by, row.note = state, now, by, note
    row.retry_at = None


def _audit(
    row: QuarantinedResource,
    by: str,
    action: str,
    patient_ids: Sequence[int] | set[int],
    outcome: str = "success",
) -> None:
    audit.record(
        actor_kind="system" if by == SYSTEM else "user",
        actor="quarantine" if by == SYSTEM else by,
        action=action,
        what=row.type,
        patient_ids=patient_ids,
        detail=_detail(row.public_id, row.stored_type, row.stored_id),
        request_id=row.request_id,
        outcome=outcome,
    )


def _detail(public_id: UUID, stored_type: str, stored_id: str) -> str:
    return f"quarantine {public_id} {stored_type}/{stored_id}".removesuffix(" /")
