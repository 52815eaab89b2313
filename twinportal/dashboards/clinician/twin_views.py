"""The parts of the twin page, what is missing, and whether there is anything new."""

from collections.abc import Callable
from typing import Any
from uuid import UUID

from django.http import HttpRequest, HttpResponse, JsonResponse
from django.shortcuts import redirect, render
from django.utils import timezone

from models_engine.selectors import current_predictions
from patients import audit
from patients.models import Patient, StaleTwin
from patients.record.loading import state_of
from patients.selectors.mappings import readings
from twinportal.attention.selectors import acknowledgements_of
from twinportal.attention.visits import record_visit
from twinportal.dashboards.access import role_required, visible_patient
from twinportal.dashboards.clinician.missing import out_of_range, to_get
from twinportal.dashboards.clinician.twin_page import TAB_NAMES, Banner, TwinTab
from twinportal.dashboards.clinician.twin_predictions import Overview, Predictions
from twinportal.dashboards.clinician.twin_record import Record
from twinportal.dashboards.clinician.twin_tools import Tools
from twinportal.dashboards.clinician.twin_trends import Trends
from twinportal.twin_version import version_of
from twinportal.visits.selectors import visit_questions_context

OLD_TABS = {tab.key: tab.url_name for tab in TAB_NAMES if tab.key != "overview"}


def _tab(
    request: HttpRequest,
    public_id: UUID,
    tab: type[TwinTab],
    more: Callable[[Patient], dict[str, Any]] = lambda _patient: {},
) -> HttpResponse:
    patient = visible_patient(request, public_id)
    audit.record_read(request, patient, what="twin page", detail=tab.key)
    page = tab(patient, timezone.now())
    record_visit(request.user, patient, now=page.now)
    context = {"page": page, "banner": page.banner, "patient": patient, **more(patient)}
    return render(request, f"clinician/twin_{tab.key}.html", context)


@role_required("clinician")
def twin(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """What changed, what matters, what can be done. `?tab=trends` leads to that part."""
    name = OLD_TABS.get(request.GET.get("tab", ""))
    if name:
        return redirect(name, public_id=visible_patient(request, public_id).public_id)
    return _tab(request, public_id, Overview, visit_questions_context)


@role_required("clinician")
def predictions(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Every prediction with its reasons, or why there is none."""
    return _tab(
        request,
        public_id,
        Predictions,
        lambda patient: {"acknowledgements": acknowledgements_of(patient)},
    )


@role_required("clinician")
def trends(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The key measurements over time."""
    return _tab(request, public_id, Trends)


@role_required("clinician")
def record(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """What the record says, with sources, and what of it is not used."""
    return _tab(request, public_id, Record)


@role_required("clinician")
def tools(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """What can be tried on the twin."""
    return _tab(request, public_id, Tools)


@role_required("clinician")
def missing(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """What is missing over all models, and how to get it."""
    patient = visible_patient(request, public_id)
    audit.record_read(request, patient, what="missing inputs")
    now = timezone.now()
    state = state_of(patient.pk, now)
    current = list(current_predictions(patient.pk))
    needs = to_get(current, state)
    context = {
        "banner": Banner(patient, state, now),
        "patient": patient,
        "needs": needs,
        "out_of_range": out_of_range(current),
        "readings": readings({n for need in needs for n in need.mappings}),
    }
    return render(request, "clinician/missing.html", context)


@role_required("clinician")
def version(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """204 while nothing is newer than the page that asks; else the new mark, without any data.

    Only an answer that tells of a change is a read, so a page that waits does not fill the log.
    """
    patient = visible_patient(request, public_id)
    found = version_of(patient.pk)
    if found == request.GET.get("v"):
        return HttpResponse(status=204)
    audit.record_read(request, patient, what="twin page", detail="told that something is new")
    is_waiting = StaleTwin.objects.filter(pk=patient.pk).exists()
    told = {"patient": str(patient.public_id), "version": found, "waiting": is_waiting}
    return JsonResponse(told)
