"""The audit log, searched and shown as FHIR AuditEvents. It is a table of its own, never written
by clients, and grows with every read: nothing of it is stored twice.
"""

from collections.abc import Sequence
from functools import reduce
from operator import or_
from typing import Any

import orjson
from django.db.models import Q

from patients.access.policy import visible_audit_events
from patients.errors import FhirError
from patients.fhir.audit_event import (
    INTERACTIONS,
    OAUTH,
    RECORD,
    REST,
    SIGN_ON,
    Entry,
    audit_event,
)
from patients.fhir.outcome import Issue
from patients.fhir.search import Query
from patients.fhir.search_index import SEPARATOR, token_strings
from patients.models import AuditEvent, Patient, Resource, ResourceVersion
from patients.selectors.search import Page, moment_condition

TYPE = "AuditEvent"
PATIENT = f"patient{SEPARATOR}Patient/"
LONGEST_NUMBER = 18


def search_log(bearer: Any, query: Query) -> Page:
    """One page, the oldest first unless `_sort` says otherwise. FhirError 400 for what the log
    has no answer to.
    """
    _check(query)
    matching = visible_audit_events(bearer).filter(_condition(query))
    if query.count == 0:
        return Page([], matching.count())
    descending = bool(query.sort) and query.sort[0].descending
    ordered = matching.order_by("-pk" if descending else "pk")
    if query.cursor:
        ordered = ordered.filter(**{f"pk__{'lt' if descending else 'gt'}": query.cursor[-1]})
    found = list(ordered[: query.count + 1])
    page, more = found[: query.count], len(found) > query.count
    total = matching.count() if query.total == "accurate" else None
    # a place for each sort key, as cursors have everywhere; events come in the order of their keys
    cursor = (*("" for _ in query.sort), page[-1].pk) if more else ()
    return Page(_as_stored(page), total, cursor, _patients(page))


def logged_event(bearer: Any, fhir_id: str) -> tuple[ResourceVersion, frozenset[int]] | None:
    """One event by its id and the patients it is about; None if the bearer may not see it."""
    if not _is_key(fhir_id):
        return None
    found = list(visible_audit_events(bearer).filter(pk=int(fhir_id)))
    return (_as_stored(found)[0], _patients(found)) if found else None


def _patients(events: Sequence[AuditEvent]) -> frozenset[int]:
    return frozenset(key for event in events for key in event.patient_ids)


def _check(query: Query) -> None:
    if query.chains or query.has or query.includes or query.revincludes or len(query.sort) > 1:
        words = "The audit log is searched by its own parameters and has one sort key"
        raise FhirError(400, [Issue("error", "not-supported", words)])


def _condition(query: Query) -> Q:
    found = Q()
    if query.ids is not None:
        found &= Q(pk__in=[int(i) for i in query.ids if _is_key(i)])
    # an event is recorded once: its date and its last update are the same moment
    for ranges in (*(date.ranges for date in query.date_filters), *query.updated):
        found &= reduce(or_, [moment_condition("at", one) for one in ranges])
    for group in query.ref_groups:
        found &= Q(patient_ids__overlap=_patient_keys(group))
    if query.token_groups:
        found &= _with_tokens(query.token_groups)
    return found


def _is_key(fhir_id: str) -> bool:
    return fhir_id.isascii() and fhir_id.isdigit() and len(fhir_id) <= LONGEST_NUMBER


def _patient_keys(refs: Sequence[str]) -> list[int]:
    """The patients themselves, and those who were merged into them."""
    ids = [ref.removeprefix(PATIENT) for ref in refs if ref.startswith(PATIENT)]
    chosen = Q(fhir_id__in=ids) | Q(merged_into__fhir_id__in=ids)
    return list(Patient.objects.filter(chosen).values_list("pk", flat=True)) if ids else []


def _with_tokens(groups: Sequence[Sequence[str]]) -> Q:
    """The one token parameter is the type, of three; no event has a tag or a profile."""
    is_sign_on = Q(what=OAUTH)
    is_rest = Q(actor_kind="client", action__in=INTERACTIONS)
    found = Q(pk__in=[])
    kinds = (
        (SIGN_ON, is_sign_on),
        (REST, is_rest & ~is_sign_on),
        (RECORD, ~is_rest & ~is_sign_on),
    )
    for coding, condition in kinds:
        tokens = {*token_strings("type", coding["system"], coding["code"])}
        if all(tokens & set(group) for group in groups):
            found |= condition
    return found


def _as_stored(events: Sequence[AuditEvent]) -> list[ResourceVersion]:
    """As if they were resources with one version each, so that all who read can read them."""
    keys = _patients(events)
    ids = dict(Patient.objects.filter(pk__in=keys).values_list("pk", "fhir_id"))
    return [_one(event, [ids[k] for k in event.patient_ids if k in ids]) for event in events]


def _one(event: AuditEvent, patients: Sequence[str]) -> ResourceVersion:
    entry = Entry(
        fhir_id=str(event.pk),
        at=event.at,
        actor_kind=event.actor_kind,
        actor=event.actor,
        action=event.action,
        what=event.what,
        detail=event.detail,
        patients=patients,
        outcome=event.outcome,
        request_id=event.request_id,
    )
    return ResourceVersion(
        resource=Resource(type=TYPE, fhir_id=entry.fhir_id, version=1, last_updated=event.at),
        version=1,
        content=orjson.dumps(audit_event(entry)).decode(),
        method=ResourceVersion.Method.POST,
        recorded_at=event.at,
    )
