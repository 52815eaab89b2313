from django.contrib.auth.decorators import login_required
from django.core.exceptions import PermissionDenied
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

HOMES = {"clinician": "worklist", "patient": "portal-home"}


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Everybody's own start page."""
    name = HOMES.get(getattr(request.user, "role", ""))
    if name:
        return redirect(name)
    if getattr(request.user, "is_staff", False):
        return redirect("admin:index")
    raise PermissionDenied
