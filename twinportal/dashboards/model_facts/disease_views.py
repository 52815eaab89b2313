"""The facts page of disease trajectories. No patient's data stand here."""

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render

from twinportal.dashboards.access import role_required
from twinportal.dashboards.disease_trajectories import switched_on
from twinportal.dashboards.model_facts.disease_page import DiseasePage
from twinportal.dashboards.model_facts.views import READERS


@role_required(*READERS)
def facts(request: HttpRequest) -> HttpResponse:
    """What was trained here and how good it is, or that nothing is switched on."""
    chosen = switched_on()
    page = DiseasePage(chosen.artefact) if chosen and chosen.artefact else None
    context = {"page": page, "fault": chosen.fault if chosen else ""}
    return render(request, "models/disease_trajectories.html", context)
