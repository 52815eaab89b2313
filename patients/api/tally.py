"""Tells the counters of activity what became of a request at the FHIR door."""

from typing import Any

from django.db import DatabaseError
from rest_framework.exceptions import AuthenticationFailed
from rest_framework.request import Request

from patients.errors import FhirError
from patients.fhir.bundle import ParsedBundle
from patients.fhir.known_elements import element_of
from patients.services import activity

WRITES = {"POST", "PUT", "PATCH", "DELETE"}
# the door is closed or full: nobody has looked at what was sent
NOT_LOOKED_AT = {401, 429}


def count_request(request: Request, status: int) -> None:
    """One request and its size, whatever became of it."""
    source = _source(request, status)
    counts = {"requests": 1, "bytes_in": _length(request)}
    if status >= 500:
        counts["failed"] = 1
    elif status == 429:
        counts["throttled"] = 1
    activity.count(source, **counts)


def count_refusal(request: Request, error: FhirError, type_name: str) -> None:
    """A write was refused: a single one, or a whole bundle."""
    if error.status in NOT_LOOKED_AT or error.status >= 500 or request.method not in WRITES:
        return
    _refuse(request, error, type_name)


def count_entry_refusal(request: Request, error: FhirError, type_name: str) -> None:
    """An entry of a batch was refused, and its neighbours may be in."""
    if error.status >= 500:
        count_failure(request)
        return
    _refuse(request, error, type_name)


def count_failure(request: Request) -> None:
    """An error of this server that cost an entry of a batch."""
    activity.count(_source(request, 500), failed=1)


def remember_types(request: Request, bundle: ParsedBundle) -> None:
    """What an entry is about: its expressions do not say it."""
    request.entry_types = {e.index: e.url_type for e in bundle.entries}  # type: ignore[attr-defined]


def _refuse(request: Request, error: FhirError, type_name: str) -> None:
    types: dict[int, str] = getattr(request, "entry_types", {})
    activity.refuse(
        _source(request, error.status),
        error.status,
        [(element_of(i.expression, type_name, types), i.code) for i in error.issues],
        getattr(request, "request_id", ""),
    )


def _source(request: Request, status: int) -> str:
    """Who asks. What went wrong before anybody looked at the token is its client's too."""
    bearer: Any = getattr(request, "_auth", None)
    if bearer is None and status in (400, 406):
        try:
            bearer = request.auth
        except (AuthenticationFailed, DatabaseError):
            bearer = None
    if bearer is None:
        return activity.NOBODY
    application = bearer.application_id
    return activity.PERSON if application is None else f"client {application}"


def _length(request: Request) -> int:
    given = request.META.get("CONTENT_LENGTH") or "0"
    return int(given) if given.isdecimal() else 0
