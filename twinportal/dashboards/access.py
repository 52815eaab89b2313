"""Who may open which kind of page, and the one way to a patient's row from a URL."""

from collections.abc import Callable
from functools import wraps
from typing import Any
from uuid import UUID

from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import Http404, HttpRequest, HttpResponse

from patients.access.policy import visible_patients
from patients.models import Patient

View = Callable[..., HttpResponse]


def role_required(role: str) -> Callable[[View], View]:
    """Signed in with this role, else the sign-in page or 403."""

    def decorate(view: View) -> View:
        @wraps(view)
        def checked(request: HttpRequest, *args: Any, **kwargs: Any) -> HttpResponse:
            if getattr(request.user, "role", None) != role:
                raise PermissionDenied
            return view(request, *args, **kwargs)

        return login_required(checked)

    return decorate


def visible_patient(request: HttpRequest, public_id: UUID) -> Patient:
    """The patient, if the policy lets this user see them; else 404, whether they exist or not."""
    patient = visible_patients(request.user).filter(public_id=public_id).first()
    if patient is None:
        raise Http404
    return patient
