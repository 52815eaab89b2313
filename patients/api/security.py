"""Scopes of the bearer token, who sends, and the audit of every access."""

from collections.abc import Iterable

from rest_framework.request import Request

from patients import audit
from patients.access.scopes import allows
from patients.errors import FhirError
from patients.fhir.outcome import Issue
from patients.models import ClientProfile
from patients.services.interactions import Sender


def require_scope(request: Request, type_name: str, letter: str) -> None:
    """FhirError 403 unless the token permits `letter` (c r u d s) on the type."""
    scopes = str(request.auth.scope).split() if request.auth is not None else []
    if not allows(scopes, type_name, letter):
        words = f"The token's scopes do not allow '{letter}' on {type_name}"
        raise FhirError(403, [Issue("error", "forbidden", words)])


def sender_of(request: Request) -> Sender:
    """The OAuth application behind the token, with its default care team."""
    application_id = request.auth.application_id
    team = (
        ClientProfile.objects.filter(application_id=application_id)
        .values_list("default_care_team", flat=True)
        .first()
    )
    return Sender(
        source=f"client {application_id}",
        request_id=getattr(request, "request_id", ""),
        default_care_team=tuple(team or ()),
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
        actor=str(request.auth.application_id),
        action=action,
        what=what,
        patient_ids=patient_ids,
        detail=detail,
        request_id=getattr(request, "request_id", ""),
    )
