"""Batch and transaction bundles."""

from collections.abc import Iterable
from typing import Any
from urllib.parse import parse_qsl

import orjson
from django.conf import settings
from django.utils import timezone
from rest_framework.request import Request

from patients.api import reading
from patients.api.responses import entry_response
from patients.api.security import audit_client, require_scope, sender_of
from patients.errors import FhirError
from patients.fhir import json_codec
from patients.fhir.bundle import Entry, ParsedBundle, parse_bundle
from patients.fhir.outcome import Issue, operation_outcome
from patients.models import Resource
from patients.services import ingest, reception
from patients.services.interactions import Interaction, Result

Json = dict[str, Any]
# the order in which a transaction's entries take effect
PROCESSING_ORDER = {"DELETE": 0, "POST": 1, "PUT": 2, "GET": 3}
LETTERS = {"POST": "c", "PUT": "u", "DELETE": "d"}


def process_bundle(request: Request, body: bytes, base_url: str) -> Json:
    """The response bundle, one entry for each, in the order of the request."""
    content = reception.parsed(body)
    if content.get("resourceType") != "Bundle":
        words = "Post a Bundle here; other resources go to their type, as POST [base]/Observation"
        raise FhirError(400, [Issue("error", "invalid", words, "resourceType")])
    bundle = parse_bundle(
        content, json_codec.entry_slices(body), max_entries=settings.FHIR_MAX_BUNDLE_ENTRIES
    )
    run = _transaction if bundle.type == "transaction" else _batch
    return {
        "resourceType": "Bundle",
        "type": f"{bundle.type}-response",
        "entry": run(request, bundle, base_url),
    }


def _transaction(request: Request, bundle: ParsedBundle, base_url: str) -> list[Json]:
    """All or nothing: the writes commit together before the first GET is answered."""
    for entry in bundle.entries:
        if entry.method != "GET":
            reception.known_type(entry.url_type)
            require_scope(request, entry.url_type, LETTERS[entry.method])
    writes = sorted(
        (e for e in bundle.entries if e.method != "GET"), key=lambda e: PROCESSING_ORDER[e.method]
    )
    interactions = [_interaction(entry) for entry in writes]
    reception.check(interactions)
    results = ingest.process(interactions, sender=sender_of(request), now=timezone.now())
    _audit(request, "transaction", results)
    answers = {
        entry.index: _written(result, base_url)
        for entry, result in zip(writes, results, strict=True)
    }
    for entry in bundle.entries:
        if entry.method == "GET":
            try:
                answers[entry.index] = _read(request, entry, base_url)
            except FhirError as error:
                answers[entry.index] = _failed(error)
    return [answers[entry.index] for entry in bundle.entries]


def _batch(request: Request, bundle: ParsedBundle, base_url: str) -> list[Json]:
    """Each entry by itself; a fault of one is its own."""
    answers = {}
    for entry in sorted(bundle.entries, key=lambda e: PROCESSING_ORDER[e.method]):
        try:
            answers[entry.index] = _one(request, entry, base_url)
        except FhirError as error:
            answers[entry.index] = _failed(error)
    return [answers[entry.index] for entry in bundle.entries]


def _one(request: Request, entry: Entry, base_url: str) -> Json:
    if entry.issues:
        raise FhirError(400, entry.issues)
    if entry.method == "GET":
        return _read(request, entry, base_url)
    reception.known_type(entry.url_type)
    require_scope(request, entry.url_type, LETTERS[entry.method])
    interaction = _interaction(entry)
    reception.check([interaction])
    results = ingest.process([interaction], sender=sender_of(request), now=timezone.now())
    _audit(request, "batch", results)
    return _written(results[0], base_url)


def _interaction(entry: Entry) -> Interaction:
    return Interaction(
        method=entry.method,  # type: ignore[arg-type]
        type=entry.url_type,
        fhir_id=entry.url_id,
        resource=entry.resource,
        raw=entry.raw,
        if_none_exist=entry.if_none_exist,
        if_match=entry.if_match,
        full_url=entry.full_url,
        where=f"Bundle.entry[{entry.index}].resource",
    )


def _read(request: Request, entry: Entry, base_url: str) -> Json:
    """A read or a search inside a bundle."""
    reception.known_type(entry.url_type)
    if entry.url_id:
        require_scope(request, entry.url_type, "r")
        row = reading.find(request, entry.url_type, entry.url_id, version=entry.url_version or None)
        content: Any = orjson.Fragment(row.content)
        return {"resource": content, "response": {"status": "200 OK", "etag": f'W/"{row.version}"'}}
    require_scope(request, entry.url_type, "s")
    pairs = parse_qsl(entry.url_query, keep_blank_values=True)
    found = reading.search_bundle(request, entry.url_type, pairs, base_url)
    return {"resource": found, "response": {"status": "200 OK"}}


def _written(result: Result, base_url: str) -> Json:
    entry: Json = {"response": entry_response(result, base_url)}
    if result.status != 204:
        entry["fullUrl"] = f"{base_url}/{result.type}/{result.fhir_id}"
    return entry


def _failed(error: FhirError) -> Json:
    outcome = operation_outcome(error.issues)
    return {"response": {"status": str(error.status), "outcome": outcome}}


def _audit(request: Request, action: str, results: Iterable[Result]) -> None:
    listed = list(results)
    ids = Resource.objects.filter(
        fhir_id__in={r.fhir_id for r in listed}, patient__isnull=False
    ).values_list("patient_id", flat=True)
    audit_client(
        request,
        action,
        what="Bundle",
        patient_ids=set(ids),
        detail=f"{len(listed)} writes",
    )
