"""Scopes of the bearer token, who sends, and the audit of every access."""

from collections.abc import Iterable
from typing import Any

from oauth2_provider.contrib.rest_framework import OAuth2Authentication
from rest_framework.permissions import BasePermission
from rest_framework.request import Request
from rest_framework.views import APIView

from patients import audit
from patients.access.scopes import allows
from patients.errors import FhirError
from patients.fhir.outcome import Issue
from patients.models import ClientProfile
from patients.services.interactions import Sender


class BearerHeader(OAuth2Authentication):
    """A token in the Authorization header, and nowhere else: addresses end up in logs."""

    def authenticate(self, request: Request) -> tuple[Any, Any] | None:
        scheme = request.headers.get("Authorization", "").partition(" ")[0]
        if scheme.lower() != "bearer":
            return None
        found: tuple[Any, Any] | None = super().authenticate(request)
        return found


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
    application_id = application_of(request)
    profile = ClientProfile.objects.filter(application_id=application_id).first()
    return Sender(
        source=f"client {application_id}",
        request_id=getattr(request, "request_id", ""),
        default_care_team=tuple(profile.default_care_team) if profile else (),
        default_team_always=profile is not None and profile.default_team_always,
        base_url=base_url(request),
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
