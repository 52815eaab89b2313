"""The course of type 2 diabetes of one patient. Nothing is stored."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_http_methods

from models_engine.catalogue.mechanistic.drugs import DRUGS
from patients import audit
from twinportal.dashboards.access import role_required, visible_patient
from twinportal.dashboards.clinician.diabetes_course import DiabetesCoursePage
from twinportal.dashboards.clinician.diabetes_course_form import USUAL, DiabetesCourseForm


@require_http_methods(["GET", "HEAD", "POST"])
@role_required("clinician")
def diabetes_course(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """A first look is over the usual number of years; another number is posted."""
    patient = visible_patient(request, public_id)
    audit.record_read(request, patient, what="diabetes course")
    form = DiabetesCourseForm(request.POST if request.method == "POST" else None)
    given = {"years": USUAL}
    if form.is_bound:
        given = form.cleaned_data if form.is_valid() else {}
    page = DiabetesCoursePage(patient, given, timezone.now())
    context = {
        "page": page,
        "form": form,
        "banner": page.banner,
        "patient": patient,
        "drugs": DRUGS.values(),
        "here": "diabetes-course",
        "readings": page.readings,
    }
    return render(request, "clinician/diabetes_course.html", context)
