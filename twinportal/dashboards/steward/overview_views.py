"""The data steward's first page: what comes in, what does not, and what waits."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from twinportal.dashboards.access import role_required


@role_required("steward")
def overview(request: HttpRequest) -> HttpResponse:
    """Numbers and links; no patient is named here."""
    return render(request, "steward/overview.html", {})
