"""FHIR answers: bodies, headers and OperationOutcomes."""

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
from django.http import HttpResponse
from django.utils.http import http_date

from patients.errors import FhirError
from patients.fhir.outcome import Issue, operation_outcome
from patients.services.interactions import Result

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
    return fhir_response(operation_outcome(issues), status, headers)


def error_response(error: FhirError) -> HttpResponse:
    return outcome_response(error.status, error.issues, error.headers)


def result_headers(result: Result, base_url: str) -> dict[str, str]:
    headers = {"ETag": result.etag, "Last-Modified": http_date(result.last_updated.timestamp())}
    if result.status == 201:
        headers["Location"] = f"{base_url}/{result.location}"
    return headers


def write_response(result: Result, base_url: str, prefer: str) -> HttpResponse:
    """The answer to a create, update or delete, as `Prefer` asks."""
    headers = result_headers(result, base_url)
    if result.status == 204:
        return HttpResponse(status=204, headers={"ETag": result.etag} if result.version else {})
    if "return=minimal" in prefer:
        return fhir_response(b"", result.status, headers)
    if "return=OperationOutcome" in prefer:
        words = f"{result.type}/{result.fhir_id} is stored as version {result.version}"
        return outcome_response(
            result.status, [Issue("information", "informational", words)], headers
        )
    return fhir_response(result.content, result.status, headers)


def entry_response(result: Result, base_url: str) -> dict[str, Any]:
    """`Bundle.entry.response` of one interaction."""
    reasons = {200: "OK", 201: "Created", 204: "No Content"}
    response: dict[str, Any] = {"status": f"{result.status} {reasons[result.status]}"}
    if result.version:
        response["etag"] = result.etag
        response["lastModified"] = instant(result.last_updated)
        if result.status != 204:
            response["location"] = f"{base_url}/{result.location}"
    return response


def instant(moment: datetime) -> str:
    return moment.astimezone(UTC).isoformat(timespec="milliseconds").replace("+00:00", "Z")
