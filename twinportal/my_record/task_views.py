"""What patients ask to correct, for their clinicians."""

from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_safe

from patients import audit
from patients.record.loading import state_of
from twinportal.dashboards.access import role_required
from twinportal.dashboards.clinician.twin_page import Banner
from twinportal.my_record.corrections import NotOpen, correction_answer, corrections_for
from twinportal.my_record.forms import AnswerForm
from twinportal.my_record.models import OPEN, CorrectionRequest

PAGE_SIZE = 25
STATES = {
    "waiting": ("Waiting for an answer", ("requested",)),
    "accepted": ("Accepted, to be corrected", ("accepted",)),
    "settled": ("Settled", ("completed", "rejected")),
}


@require_safe
@role_required("clinician")
def tasks(request: HttpRequest) -> HttpResponse:
    """The wishes of my patients, newest first."""
    state = request.GET.get("state", "")
    state = state if state in STATES else "waiting"
    found = corrections_for(request.user).filter(status__in=STATES[state][1])
    page = Paginator(found, PAGE_SIZE).get_page(request.GET.get("page"))
    rows = list(page.object_list)
    audit.record_list(request, [row.patient_id for row in rows], what="tasks")
    context = {
        "rows": rows,
        "page": page,
        "state": state,
        "states": [(key, title) for key, (title, _) in STATES.items()],
    }
    return render(request, "my_record/tasks.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@role_required("clinician")
def task(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One wish, what the record says now, and the answer."""
    row = corrections_for(request.user).filter(public_id=public_id).first()
    if row is None:
        raise Http404
    patient = row.patient.merged_into or row.patient
    is_accepted = row.status == CorrectionRequest.Status.ACCEPTED
    form = AnswerForm(request.POST or None, is_accepted=is_accepted)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        now = timezone.now()
        try:
            correction_answer(
                row, outcome=said["outcome"], answer=said["answer"], by=request.user, now=now
            )
        except NotOpen:
            messages.warning(request, "It was answered meanwhile. Nothing was changed.")
        else:
            detail = f"{public_id} {said['outcome']}"
            audit.record_action(request, patient, action="answer", what="task", detail=detail)
            messages.success(request, "The patient can read the answer now.")
        return redirect("task", public_id=public_id)
    audit.record_read(request, patient, what="task", detail=str(public_id))
    now = timezone.now()
    context = {
        "row": row,
        "patient": patient,
        "banner": Banner(patient, state_of(patient.pk, now), now),
        "form": form,
        "is_open": row.status in OPEN,
        "is_accepted": is_accepted,
    }
    return render(request, "my_record/task.html", context)
