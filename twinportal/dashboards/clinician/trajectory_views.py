"""Where a patient's measurements are heading. Every read is permitted by policy and audited."""

from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST

from models_engine.models import Forecast
from patients import audit
from patients.access.consent import Purpose, permits
from patients.record.loading import state_of
from patients.selectors.mappings import readings
from twinportal.dashboards.access import role_required, visible_patient
from twinportal.dashboards.clinician.trajectories import TrajectoriesPage
from twinportal.dashboards.clinician.twin_page import Banner
from twinportal.release.decisions import RELEASED_BUT_HIDDEN


@role_required("clinician")
def trajectories(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Every measurement with a forecast, those without and why, and what was missed."""
    patient = visible_patient(request, public_id)
    audit.record_read(request, patient, what="trajectories")
    now = timezone.now()
    state = state_of(patient.pk, now)
    context = {
        "banner": Banner(patient, state, now),
        "patient": patient,
        "page": TrajectoriesPage(patient, state, now),
    }
    return render(request, "clinician/trajectories.html", context)


@role_required("clinician")
def trajectory(request: HttpRequest, public_id: UUID, concept: str) -> HttpResponse:
    """One measurement: fan, table, treatments, events, and what was expected of each new value."""
    patient = visible_patient(request, public_id)
    now = timezone.now()
    state = state_of(patient.pk, now)
    found = TrajectoriesPage(patient, state, now).one(concept)
    if found is None:
        raise Http404
    audit.record_read(request, patient, what="trajectory", detail=concept)
    numbers = {number for _, value, _ in found.newest_first for number in value.mappings}
    context = {
        "banner": Banner(patient, state, now),
        "patient": patient,
        "one": found,
        "hides_estimates": not permits(patient, Purpose.SEE_PREDICTIONS),
        "readings": readings(numbers) if numbers else {},
    }
    return render(request, "clinician/trajectory.html", context)


@require_POST
@role_required("clinician")
def release(request: HttpRequest, public_id: UUID, concept: str) -> HttpResponse:
    """Let the patient see a validated forecast, or no longer."""
    patient = visible_patient(request, public_id)
    visible = request.POST.get("action") == "release"
    rows = Forecast.objects.filter(
        patient=patient,
        concept=concept,
        status=Forecast.Status.CURRENT,
        refusal__isnull=True,
        validated=True,
    )
    if not rows.update(
        released_at=timezone.now() if visible else None,
        released_by=request.user,
    ):
        raise Http404
    action = "release" if visible else "withhold"
    audit.record_action(request, patient, action=action, what="forecast", detail=concept)
    said = "The patient can see it now." if visible else "The patient no longer sees it."
    if visible and not permits(patient, Purpose.SEE_PREDICTIONS):
        said = RELEASED_BUT_HIDDEN
    messages.success(request, said)
    return redirect("trajectory", public_id=public_id, concept=concept)
