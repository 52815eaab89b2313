"""Scopes of the bearer token, who sends, and the audit of every access."""

from collections.abc import Iterable
from typing import Any

from django.conf import settings
from django.http import HttpRequest
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from patients import audit
from patients.access.scopes import allows, scopes_of
from patients.errors import FhirError
from patients.fhir.definitions import resource_types
from patients.fhir.outcome import Issue
from patients.services.interactions import Result, Sender

REALM = 'Bearer realm="fhir"'


class HasToken(BasePermission):
    """A valid bearer token; a machine's token has no user behind it."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return request.auth is not None


def require_scope(request: Request, type_name: str, letter: str) -> None:
    """FhirError 403 unless the token permits `letter` (c r u d s) on the type.

    A token that stands for a person never writes: only systems feed the record.
    """
    allowed = allows(scopes_of(request.auth), type_name, letter)
    if not allowed or (letter in "cud" and is_personal(request)):
        words = f"The token's scopes do not allow '{letter}' on {type_name}"
        raise FhirError(403, [Issue("error", "forbidden", words)])


def is_personal(request: Request) -> bool:
    """Whether the token stands for a person, and not for a system."""
    return getattr(request.auth, "user_id", None) is not None


def shown_after_write(request: Request, method: str, result: Result, wanted: str) -> str:
    """What `Prefer: return=` may have: a token that may not read sees only what it sent itself.

    A conditional create gives back what was there, and a patch what it was applied to.
    """
    sent = method == "PUT" or (method == "POST" and result.status == 201)
    if sent or wanted == "OperationOutcome":
        return wanted
    return wanted if allows(scopes_of(request.auth), result.type, "r") else "minimal"


def application_of(request: Request) -> str:
    """Primary key of the OAuth application behind the token."""
    return str(getattr(request.auth, "application_id", ""))


def server_url(request: Request | HttpRequest) -> str:
    """The address of this server as the client knows it, without a slash at its end."""
    return settings.PUBLIC_URL or request.build_absolute_uri("/").rstrip("/")


def base_url(request: Request) -> str:
    """The address of this door as the client knows it."""
    return f"{server_url(request)}/fhir"


def sender_of(request: Request) -> Sender:
    """The OAuth application behind the token, with its default care team."""
    bearer: Any = request.auth
    return Sender(
        source=f"client {application_of(request)}",
        request_id=getattr(request, "request_id", ""),
        default_care_team=bearer.default_care_team,
        default_team_always=bearer.default_team_always,
        base_url=base_url(request),
        match_directory=bearer.match_directory,
    )


def audit_client(
    request: Request,
    action: str,
    *,
    what: str,
    patient_ids: Iterable[int] = (),
    detail: str = "",
) -> None:
    """One audit event of a client's access."""
    audit.record(
        actor_kind="client",
        actor=application_of(request),
        action=action,
        what=what,
        patient_ids=patient_ids,
        detail=detail,
        request_id=getattr(request, "request_id", ""),
    )


def audit_refusal(request: Request, error: FhirError) -> None:
    """A 401 or 403. Who has no valid token is known by the address only."""
    if error.status not in (401, 403):
        return
    http: HttpRequest = request._request
    is_known = request.auth is not None
    asked = http.resolver_match.kwargs.get("type_name", "") if http.resolver_match else ""
    audit.record_refusal(
        http,
        error.status,
        actor_kind="client" if is_known else "address",
        actor=application_of(request) if is_known else http.META.get("REMOTE_ADDR", "")[:200],
        # what else an address holds may be about a person
        what=asked if asked in resource_types() else "FHIR",
        detail=" ".join(issue.diagnostics for issue in error.issues[:1]),
    )


def no_valid_token(request: Request) -> FhirError:
    """FhirError 401."""
    given = "Authorization" in request.headers
    words = "The token is unknown or has expired" if given else "There is no token"
    words = f"{words}: send a valid bearer token in the Authorization header"
    return FhirError(401, [Issue("error", "login", words)], {"WWW-Authenticate": REALM})
