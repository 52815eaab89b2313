"""Batch and transaction bundles."""

import logging
import re
from base64 import b64decode
from collections import Counter
from collections.abc import Callable, Iterable, Sequence
from functools import partial
from typing import Any

import orjson
from django.conf import settings
from django.http import HttpResponse
from django.utils import timezone
from rest_framework.request import Request

from patients.api import reading, searching, tally
from patients.api.patching import patched
from patients.api.request_ids import outcome
from patients.api.responses import entry_response, fhir_response, kept_response, preference
from patients.api.security import (
    audit_client,
    audit_refusal,
    require_scope,
    sender_of,
    shown_after_write,
)
from patients.api.tolerance import Attempt, take
from patients.errors import FhirError
from patients.fhir import json_codec, json_patch
from patients.fhir.bundle import PROCESSING_ORDER, READS, Entry, ParsedBundle, parse_bundle
from patients.fhir.outcome import Issue
from patients.fhir.search import read_pairs
from patients.services import ingest, quarantine, reception
from patients.services.interactions import Interaction, Result, patients_of
from patients.services.plan import lost_race

log = logging.getLogger(__name__)
Json = dict[str, Any]
ENTRY = re.compile(r"Bundle\.entry\[(\d+)\]")
# as many as there are stages at which entries can be refused
ATTEMPTS = 4
MAY_BE_KEPT = frozenset({"POST", "PUT", "DELETE"})
LETTERS = {"POST": "c", "PUT": "u", "PATCH": "u", "DELETE": "d"}


def process_bundle(request: Request, body: bytes, base_url: str) -> HttpResponse:
    """The response bundle, one entry for each, in the order of the request; for a transaction
    that is kept in quarantine an OperationOutcome.
    """
    content = reception.parsed(body)
    if content.get("resourceType") != "Bundle":
        words = "Post a Bundle here; other resources go to their type, as POST [base]/Observation"
        raise FhirError(400, [Issue("error", "invalid", words, "resourceType")])
    bundle = parse_bundle(
        content, json_codec.entry_slices(body), max_entries=settings.FHIR_MAX_BUNDLE_ENTRIES
    )
    tally.remember_types(request, bundle)
    if bundle.type == "batch":
        return _response(bundle, _batch(request, bundle, base_url))
    if any(entry.method not in MAY_BE_KEPT for entry in bundle.entries):
        return _response(bundle, _transaction(request, bundle, base_url))
    return _writes(request, bundle, base_url, body=body, content=content)


def _response(bundle: ParsedBundle, answers: list[Json]) -> HttpResponse:
    return fhir_response(
        {
            "resourceType": "Bundle",
            "type": f"{bundle.type}-response",
            **({"entry": answers} if answers else {}),
        }
    )


def _transaction(request: Request, bundle: ParsedBundle, base_url: str) -> list[Json]:
    """All or nothing: the writes commit together before the first GET is answered."""
    for entry in bundle.entries:
        if entry.method not in READS:
            _check_scope(request, entry)
    writes = _in_order(e for e in bundle.entries if e.method not in READS)
    answers = _write_together(request, writes, base_url, action="transaction")
    for entry in bundle.entries:
        if entry.method in READS:
            work = partial(_read, request, entry, base_url)
            answers[entry.index] = _answer(request, work, entry)
    return [answers[entry.index] for entry in bundle.entries]


def _writes(
    request: Request, bundle: ParsedBundle, base_url: str, *, body: bytes, content: Json
) -> HttpResponse:
    """A transaction of nothing but writes, which a tolerant client may have kept whole."""
    for entry in bundle.entries:
        _check_scope(request, entry)
    writes = _in_order(bundle.entries)
    interactions = [_interaction(entry) for entry in writes]

    def store(attempt: Attempt) -> HttpResponse:
        answers = _write_together(request, writes, base_url, action="transaction", attempt=attempt)
        return _response(bundle, [answers[entry.index] for entry in bundle.entries])

    return take(
        request,
        interactions,
        item=partial(quarantine.whole, body, content, interactions),
        store=store,
        answer=kept_response,
    )


def _batch(request: Request, bundle: ParsedBundle, base_url: str) -> list[Json]:
    """Each entry by itself; a fault of one is its own.

    Entries without any fault that do not touch each other are stored together, for speed; if
    that fails after all, each goes its own way.
    """
    entries = _in_order(bundle.entries)
    writes = [e for e in entries if e.method not in READS]
    named = Counter((e.url_type, e.url_id) for e in writes if e.url_id)
    # a condition may mean what another entry writes: each in its turn, so that the last one wins
    searched = {e.url_type for e in writes if e.url_query}
    together = [
        e
        for e in writes
        if named[e.url_type, e.url_id] < 2
        and e.url_type not in searched
        and _may_go_together(request, e)
    ]
    answers = _as_many_as_can(request, together, base_url)
    for entry in entries:
        if entry.index not in answers:
            work = partial(_one, request, entry, base_url)
            answers[entry.index] = _answer(request, work, entry)
    return [answers[entry.index] for entry in bundle.entries]


def _as_many_as_can(request: Request, together: list[Entry], base_url: str) -> dict[int, Json]:
    """Store entries together, leaving out those that a refusal names; answers by entry index.

    One unknown patient would otherwise cost a large batch a commit for each entry.
    """
    for _ in range(ATTEMPTS):
        if len(together) < 2:
            break
        named: set[int] = set()
        try:
            return _write_together(request, together, base_url, action="batch")
        except FhirError as error:
            places = [ENTRY.match(issue.expression) for issue in error.issues]
            named = {int(place[1]) for place in places if place}
        except Exception as error:
            # whichever it is fails alone below, and only it
            log.error("unhandled %s", type(error).__name__, exc_info=settings.MODE == "test")
        for entry in together:
            # what this attempt has resolved is undone
            if entry.resource is not None:
                entry.resource = reception.parsed(entry.raw)
        if not named:
            break
        together = [entry for entry in together if entry.index not in named]
    return {}


def _may_go_together(request: Request, entry: Entry) -> bool:
    if entry.issues or entry.method in READS or entry.method == "PATCH":
        return False
    if entry.if_none_exist or entry.if_match or entry.if_none_match or entry.url_query:
        return False
    # an entry of a batch knows no other: what it cannot resolve alone fails alone
    entry.full_url = ""
    try:
        _check_scope(request, entry)
        reception.check([_interaction(entry)])
    except FhirError:
        return False
    return True


def _write_together(
    request: Request,
    entries: Sequence[Entry],
    base_url: str,
    *,
    action: str,
    attempt: Attempt | None = None,
) -> dict[int, Json]:
    """Store all in one transaction; answers by entry index."""
    if attempt is None:
        attempt = Attempt([_interaction(entry) for entry in entries], sender_of(request))
    interactions = attempt.interactions
    reception.check(interactions)
    wanted = preference(request)

    def witness(results: list[Result]) -> None:
        audit_client(
            request,
            action,
            what="Bundle",
            patient_ids=patients_of(results),
            detail=f"{len(results)} writes",
        )
        attempt.record(results)

    try:
        results = ingest.process(
            interactions,
            sender=attempt.sender,
            now=timezone.now(),
            contents=wanted == "representation",
            notes=wanted == "OperationOutcome",
            witness=witness,
        )
    except FhirError as error:
        raise (lost_race() if _patch_was_late(error, entries) else error) from error
    return {
        e.index: entry_response(r, base_url, shown_after_write(request, e.method, r, wanted))
        for e, r in zip(entries, attempt.noted(results), strict=True)
    }


def _patch_was_late(error: FhirError, entries: Sequence[Entry]) -> bool:
    """A patched resource changed meanwhile, and the client did not say that it must not."""
    own = {f"{e.path}.request.ifMatch" for e in entries if e.method == "PATCH" and not e.if_match}
    return error.status == 412 and any(issue.expression in own for issue in error.issues)


def _one(request: Request, entry: Entry, base_url: str) -> Json:
    if entry.issues:
        raise FhirError(400, entry.issues)
    if entry.method in READS:
        return _read(request, entry, base_url)
    _check_scope(request, entry)
    interaction = _interaction(entry)

    def store(attempt: Attempt) -> Json:
        return _write_together(request, [entry], base_url, action="batch", attempt=attempt)[
            entry.index
        ]

    if entry.method not in ("POST", "PUT"):
        return store(Attempt([interaction], sender_of(request)))
    return take(
        request,
        [interaction],
        item=partial(quarantine.one, interaction),
        store=store,
        answer=_kept,
    )


def _kept(issues: list[Issue], location: str) -> Json:
    """An entry that waits in quarantine, and where to ask what becomes of it."""
    found = {"status": "202 Accepted", "location": location, "outcome": outcome(issues)}
    return {"response": found}


def _check_scope(request: Request, entry: Entry) -> None:
    reception.known_type(entry.url_type)
    require_scope(request, entry.url_type, LETTERS[entry.method])


def _in_order(entries: Iterable[Entry]) -> list[Entry]:
    return sorted(entries, key=lambda e: PROCESSING_ORDER.get(e.method, 0))


def _answer(request: Request, work: Callable[[], Json], entry: Entry) -> Json:
    """What `work` answers, or its fault as the entry's own outcome."""
    try:
        return work()
    except FhirError as error:
        audit_refusal(request, error)
        if entry.method not in READS:
            tally.count_entry_refusal(request, error, entry.url_type)
        status, issues = error.status, error.issues
    except Exception as error:
        # entries before this one are stored: the client must hear of them, so the batch goes on
        log.error("unhandled %s", type(error).__name__, exc_info=settings.MODE == "test")
        tally.count_failure(request)
        status, issues = 500, [Issue("fatal", "exception", "An error of this server")]
    return {"response": {"status": str(status), "outcome": outcome(issues)}}


def _interaction(entry: Entry) -> Interaction:
    made = reception.entry_interaction(entry)
    return patched(made, _operations(entry)) if entry.method == "PATCH" else made


def _operations(entry: Entry) -> list[Json]:
    """The JSON Patch in an entry's Binary."""
    where = f"{entry.path}.resource"
    binary = entry.resource or {}
    if binary.get("contentType") != json_patch.CONTENT_TYPE:
        words = f"PATCH takes a Binary with contentType {json_patch.CONTENT_TYPE}"
        raise FhirError(422, [Issue("error", "invalid", words, f"{where}.contentType")])
    try:
        data = b64decode("".join(binary.get("data", "").split()), validate=True)
    except (ValueError, AttributeError) as fault:
        words = "the JSON Patch is not base64"
        raise FhirError(422, [Issue("error", "value", words, f"{where}.data")]) from fault
    return json_patch.read_patch(data, f"{where}.data")


def _read(request: Request, entry: Entry, base_url: str) -> Json:
    """A read or a search inside a bundle."""
    reception.known_type(entry.url_type)
    if entry.url_id:
        require_scope(request, entry.url_type, "r")
        row = reading.find(request, entry.url_type, entry.url_id, version=entry.url_version or None)
        response = {"status": "200 OK", "etag": f'W/"{row.version}"'}
        if reading.is_known(entry.if_none_match, row.version):
            return {"response": response | {"status": "304 Not Modified"}}
        if entry.method == "HEAD":
            return {"response": response}
        return {"resource": orjson.Fragment(row.content), "response": response}
    require_scope(request, entry.url_type, "s")
    try:
        pairs = read_pairs(entry.url_query)
        found = searching.search_bundle(request, entry.url_type, pairs, base_url)
    except FhirError as error:
        where = f"{entry.path}.request.url"
        issues = [Issue(i.severity, i.code, i.diagnostics, where) for i in error.issues]
        raise FhirError(error.status, issues) from error
    return {"resource": found, "response": {"status": "200 OK"}}
