"""The patient's own pages. Whose they are follows from who is signed in, never from the URL."""

from typing import Any

from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.http import url_has_allowed_host_and_scheme
from django.views.decorators.http import require_POST

from explain.wording.language import LANGUAGES
from explain.wording.measurements import usual_note
from explain.wording.phrases import LEVELS
from patients import audit
from patients.record.loading import state_of
from twinportal.dashboards.access import role_required
from twinportal.dashboards.portal.history import number_histories
from twinportal.dashboards.portal.numbers import measured_groups
from twinportal.dashboards.portal.outlook import released_outlooks
from twinportal.dashboards.portal.reader import level_of, own_patient, own_record, reader_context
from twinportal.dashboards.portal.results import released_result, released_results, waits_for_review
from twinportal.treatment.models import TreatmentProposal


@role_required("patient")
def home(request: HttpRequest) -> HttpResponse:
    """My results: at most three, the main message first."""
    patient = own_patient(request)
    audit.record_read(request, patient, what="own results")
    context = reader_context(request, patient)
    context["results"] = released_results(patient, level_of(request))
    context["has_choices"] = TreatmentProposal.objects.about(patient.pk).shared().exists()
    if not context["results"]:
        context["waits_for_review"] = waits_for_review(patient)
    return render(request, "portal/home.html", context)


@role_required("patient")
def result(request: HttpRequest, pk: int) -> HttpResponse:
    """One of my results, with more about it."""
    patient = own_patient(request)
    found = released_result(patient, pk, level_of(request))
    if found is None:
        raise Http404
    audit.record_read(request, patient, what="own result", detail=str(pk))
    context = reader_context(request, patient) | {"result": found}
    return render(request, "portal/result.html", context)


@role_required("patient")
def outlook(request: HttpRequest) -> HttpResponse:
    """Where my measurements may go: what the clinic has released."""
    patient = own_patient(request)
    audit.record_read(request, patient, what="own forecasts")
    now = timezone.now()
    context = reader_context(request, patient)
    state = state_of(patient.pk, now)
    context["outlooks"] = released_outlooks(patient, state, level_of(request), now)
    return render(request, "portal/outlook.html", context)


@role_required("patient")
def numbers(request: HttpRequest) -> HttpResponse:
    """My numbers over time: what was measured, and the released results with what moved them."""
    patient, level = own_record(request), level_of(request)
    audit.record_read(request, patient, what="own numbers")
    context = reader_context(request, patient)
    context["histories"] = number_histories(patient, released_results(patient, level), level)
    context["groups"] = measured_groups(patient, state_of(patient.pk, timezone.now()), level)
    context["usual_note"] = usual_note(level)
    return render(request, "portal/numbers.html", context)


@require_POST
@role_required("patient")
def level(request: HttpRequest) -> HttpResponse:
    """Keep the literacy level that the person chose; it changes words, never numbers."""
    wanted = request.POST.get("level", "")
    if wanted not in LEVELS:
        return HttpResponseBadRequest("Unknown level")
    user: Any = request.user
    user.literacy_level = wanted
    user.save(update_fields=["literacy_level"])
    return _back(request)


@require_POST
@role_required("patient")
def language(request: HttpRequest) -> HttpResponse:
    """Keep the language that the person chose; it changes words, never numbers."""
    wanted = request.POST.get("language", "")
    if wanted not in LANGUAGES:
        return HttpResponseBadRequest("Unknown language")
    user: Any = request.user
    user.language = wanted
    user.save(update_fields=["language"])
    return _back(request)


def _back(request: HttpRequest) -> HttpResponse:
    """To the page that the person was on, of this site only."""
    back = request.POST.get("next", "")
    if url_has_allowed_host_and_scheme(back, allowed_hosts={request.get_host()}):
        return redirect(back)
    return redirect("portal-home")
