"""Body weight of one patient under a planned change. Nothing is stored."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from models_engine.catalogue.mechanistic.drugs import DRUGS
from patients import audit
from twinportal.dashboards.access import role_required, visible_patient
from twinportal.dashboards.clinician.body_weight import BodyWeightPage
from twinportal.dashboards.clinician.body_weight_form import BodyWeightForm


@require_http_methods(["GET", "HEAD", "POST"])
@role_required("clinician")
def body_weight(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """What is typed is posted, so that no plan of anybody stands in an address."""
    patient = visible_patient(request, public_id)
    audit.record_read(request, patient, what="body weight")
    form = BodyWeightForm(request.POST if request.method == "POST" else None)
    given = form.cleaned_data if form.is_bound and form.is_valid() else {}
    page = BodyWeightPage(patient, given, timezone.now())
    context = {
        "page": page,
        "form": form,
        "banner": page.banner,
        "patient": patient,
        "drugs": DRUGS.values(),
        "here": "body-weight",
        "readings": page.readings,
    }
    return render(request, "clinician/body_weight.html", context)
