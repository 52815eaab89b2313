"""Scopes of the bearer token, who sends, and the audit of every access."""

from collections.abc import Iterable
from typing import Any

from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from patients import audit
from patients.access.scopes import allows
from patients.errors import FhirError
from patients.fhir.outcome import Issue
from patients.services.interactions import Sender


class HasToken(BasePermission):
    """A valid bearer token; a machine's token has no user behind it."""

    def has_permission(self, request: Request, view: APIView) -> bool:
        return request.auth is not None


def require_scope(request: Request, type_name: str, letter: str) -> None:
    """FhirError 403 unless the token permits `letter` (c r u d s) on the type.

    A token that stands for a person never writes: only systems feed the record.
    """
    is_personal = getattr(request.auth, "user_id", None) is not None
    scopes = str(getattr(request.auth, "scope", "")).split()
    if not allows(scopes, type_name, letter) or (is_personal and letter in "cud"):
        words = f"The token's scopes do not allow '{letter}' on {type_name}"
        raise FhirError(403, [Issue("error", "forbidden", words)])


def application_of(request: Request) -> str:
    """Primary key of the OAuth application behind the token."""
    return str(getattr(request.auth, "application_id", ""))


def base_url(request: Request) -> str:
    """The address of this door as the client knows it."""
    return request.build_absolute_uri("/fhir")


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
