from django.contrib.auth.decorators import login_required
from django.http import HttpRequest, HttpResponse
from django.shortcuts import redirect

from twinportal.dashboards.access import refuse

HOMES = {"clinician": "worklist", "patient": "portal-home", "steward": "steward-home"}


@login_required
def home(request: HttpRequest) -> HttpResponse:
    """Everybody's own start page."""
    name = HOMES.get(getattr(request.user, "role", ""))
    if name:
        return redirect(name)
    if getattr(request.user, "is_staff", False):
        return redirect("admin:index")
    refuse(request)
