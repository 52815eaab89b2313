"""What a clinician does with a patient's questions: says that they were talked about."""

from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect
from django.utils import timezone
from django.views.decorators.http import require_POST

from patients import audit
from twinportal.dashboards.access import role_required, visible_patient
from twinportal.visits import services
from twinportal.visits.models import VisitQuestion


@require_POST
@role_required("clinician")
def discussed(request: HttpRequest, public_id: UUID, pk: int) -> HttpResponse:
    """Mark one question of a visible patient as talked about, or take the mark away."""
    patient = visible_patient(request, public_id)
    question = VisitQuestion.objects.about(patient.pk).filter(pk=pk).first()
    if question is None:
        raise Http404
    is_discussed = request.POST.get("discussed") == "yes"
    services.question_discussed(
        question, is_discussed=is_discussed, by=request.user, now=timezone.now()
    )
    action = "discuss" if is_discussed else "reopen"
    audit.record_action(request, patient, action=action, what="visit question", detail=str(pk))
    return redirect("twin", patient.public_id)
