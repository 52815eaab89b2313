"""Who may open which kind of page, and the one way to a patient's row from a URL."""

from collections.abc import Callable
from functools import wraps
from typing import Any, NoReturn
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.db.models import Q
from django.http import Http404, HttpRequest, HttpResponse

from patients import audit
from patients.access.policy import visible_patients
from patients.models import Patient

View = Callable[..., HttpResponse]


def refuse(request: HttpRequest) -> NoReturn:
    """403 for a signed-in person, and a line in the audit log."""
    page = request.resolver_match.url_name if request.resolver_match else ""
    audit.record_refusal(
        request,
        403,
        actor_kind="user",
        actor=str(request.user.pk),
        what=f"page {page}",
        detail="the role does not allow it",
    )
    raise PermissionDenied


def role_required(*roles: str) -> Callable[[View], View]:
    """Signed in with one of these roles, else the sign-in page or 403."""

    def decorate(view: View) -> View:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if getattr(request.user, "role", None) not in roles:
                refuse(request)
            return view(request, *args, **kwargs)

        return login_required(checked)

    return decorate


def visible_patient(request: HttpRequest, public_id: UUID) -> Patient:
    """The patient, if the policy lets this user see them; else 404, whether they exist or not.

    An old address of a patient who was merged leads to the twin that has the data now.
    """
    named = Q(public_id=public_id) | Q(merged__public_id=public_id)
    patient = visible_patients(request.user).filter(named).distinct().first()
    if patient is None:
        raise Http404
    return patient
