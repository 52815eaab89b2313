"""FHIR answers: bodies, headers and OperationOutcomes."""

import re
from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
from django.http import HttpResponse
from django.utils.http import http_date
from rest_framework.request import Request

from patients.api.request_ids import outcome
from patients.errors import FhirError
from patients.fhir.outcome import Issue
from patients.services.interactions import Result

RETURN = re.compile(r"\breturn=(minimal|representation|OperationOutcome)\b", re.IGNORECASE)
SPELLED = {name.lower(): name for name in ("minimal", "representation", "OperationOutcome")}
CONTENT_TYPE = "application/fhir+json; charset=utf-8"


def fhir_response(
    body: str | bytes | dict[str, Any], status: int = 200, headers: Mapping[str, str] | None = None
) -> HttpResponse:
    """JSON with FHIR's media type; a text is passed on as it is."""
    content = orjson.dumps(body) if isinstance(body, dict) else body
    return HttpResponse(
        content, status=status, content_type=CONTENT_TYPE, headers=dict(headers or {})
    )


def outcome_response(
    status: int, issues: Sequence[Issue], headers: Mapping[str, str] | None = None
) -> HttpResponse:
    return fhir_response(outcome(issues), status, headers)


def kept_response(issues: Sequence[Issue], location: str) -> HttpResponse:
    """202: faulty and kept in quarantine; `location` says what becomes of it."""
    return outcome_response(202, issues, {"Location": location})


def error_response(error: FhirError) -> HttpResponse:
    return outcome_response(error.status, error.issues, error.headers)


def result_headers(result: Result, base_url: str) -> dict[str, str]:
    headers = {"ETag": result.etag, "Last-Modified": http_date(result.last_updated.timestamp())}
    if result.status != 204:
        # after a conditional create, the one way to hear of an id without the resource
        headers["Location"] = f"{base_url}/{result.location}"
    return headers


def preference(request: Request) -> str:
    """What `Prefer: return=` asks for; "" when it asks for nothing."""
    match = RETURN.search(request.headers.get("Prefer", ""))
    return SPELLED[match[1].lower()] if match else ""


def write_response(result: Result, base_url: str, wanted: str) -> HttpResponse:
    """The answer to a create, update or delete, as `Prefer` asks."""
    headers = result_headers(result, base_url)
    if result.status == 204:
        return HttpResponse(status=204, headers={"ETag": result.etag} if result.version else {})
    if wanted == "minimal":
        return fhir_response(b"", result.status, headers)
    if wanted == "OperationOutcome":
        return outcome_response(result.status, [_stored(result), *result.notes], headers)
    return fhir_response(result.content, result.status, headers)


def _stored(result: Result) -> Issue:
    words = f"{result.type}/{result.fhir_id} is stored as version {result.version}"
    return Issue("information", "informational", words)


def entry_response(result: Result, base_url: str, wanted: str = "") -> dict[str, Any]:
    """The entry that answers one interaction, with its resource or an outcome if wanted."""
    reasons = {200: "OK", 201: "Created", 204: "No Content"}
    response: dict[str, Any] = {"status": f"{result.status} {reasons[result.status]}"}
    if result.version:
        response["etag"] = result.etag
        response["lastModified"] = instant(result.last_updated)
        if result.status != 204:
            response["location"] = f"{base_url}/{result.location}"
    entry: dict[str, Any] = {"response": response}
    if result.status != 204:
        entry["fullUrl"] = f"{base_url}/{result.type}/{result.fhir_id}"
    if wanted == "representation" and result.content:
        entry["resource"] = orjson.Fragment(result.content)
    elif wanted == "OperationOutcome":
        response["outcome"] = outcome([_stored(result), *result.notes])
    return entry


def instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
