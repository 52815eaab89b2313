"""Drug levels of one patient: a look, and a simulation of what is typed. Nothing is stored."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from models_engine.catalogue.mechanistic.drugs import DRUGS
from patients import audit
from twinportal.dashboards.access import role_required, visible_patient
from twinportal.dashboards.clinician.drug_level_form import DrugLevelForm
from twinportal.dashboards.clinician.drug_levels import DrugLevelsPage


@require_http_methods(["GET", "HEAD", "POST"])
@role_required("clinician")
def drug_levels(request: HttpRequest, public_id: UUID, drug: str) -> HttpResponse:
    """What is typed is posted, so that no dose of anybody stands in an address."""
    if drug not in DRUGS:
        raise Http404
    patient = visible_patient(request, public_id)
    audit.record_read(request, patient, what="drug levels", detail=drug)
    now = timezone.now()
    form = DrugLevelForm(DRUGS[drug], now, request.POST if request.method == "POST" else None)
    given = form.cleaned_data if form.is_bound and form.is_valid() else {}
    page = DrugLevelsPage(patient, DRUGS[drug], given, now)
    context = {
        "page": page,
        "form": form,
        "banner": page.banner,
        "patient": patient,
        "drugs": DRUGS.values(),
        "here": drug,
        "readings": page.readings,
    }
    return render(request, "clinician/drug_levels.html", context)
