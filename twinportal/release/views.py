"""The review page: numbers that wait until a clinician lets the patient see them."""

from django.conf import settings
from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from models_engine.models import Prediction
from patients import audit
from patients.access.consent import Purpose, permits
from patients.access.policy import visible_patients
from patients.models import StaleTwin
from twinportal.dashboards.access import role_required
from twinportal.release.models import ReleaseDecision
from twinportal.release.review import waiting_rows
from twinportal.release.selectors import waiting_for_review
from twinportal.release.services import set_release

PAGE_SIZE = 20
WITHHELD = [choice for choice in ReleaseDecision.Reason.choices if choice[0] != "not-stated"]


@require_safe
@role_required("clinician")
def review(request: HttpRequest) -> HttpResponse:
    """What waits over all my patients, newest first."""
    waiting = waiting_for_review(visible_patients(request.user))
    page = Paginator(waiting, PAGE_SIZE).get_page(request.GET.get("page"))
    rows = waiting_rows(page.object_list, now=timezone.now())
    audit.record_list(request, [row.patient.pk for row in rows], what="review")
    context = {
        "rows": rows,
        "page": page,
        "reasons": WITHHELD,
        "policy": settings.RELEASE_POLICY,
    }
    return render(request, "release/review.html", context)


@require_POST
@role_required("clinician")
def decide(request: HttpRequest) -> HttpResponse:
    """Release or withhold what is ticked. What has changed since the page was read stays as it is."""
    action = request.POST.get("action", "")
    reason = request.POST.get("reason", "")
    ticked = request.POST.getlist("prediction")[:PAGE_SIZE]
    if action not in ("release", "withhold") or not all(_is_key(pk) for pk in ticked):
        raise Http404
    if not ticked:
        messages.warning(request, "Nothing was ticked.")
    elif action == "withhold" and reason not in dict(WITHHELD):
        messages.warning(request, "Nothing was withheld: choose a reason.")
    else:
        _decide(request, [int(pk) for pk in ticked], action == "release", reason)
    return redirect("review")


def _decide(request: HttpRequest, keys: list[int], visible: bool, reason: str) -> None:
    now = timezone.now()
    waiting = Prediction.objects.filter(
        pk__in=keys, patient__in=visible_patients(request.user), status=Prediction.Status.CURRENT
    ).select_related("patient")
    rows = list(waiting)
    stale = StaleTwin.objects.filter(pk__in=[row.patient_id for row in rows])
    being_updated = set(stale.values_list("pk", flat=True)) if visible else set()
    done = hidden = 0
    for row in rows:
        if row.patient_id not in being_updated and set_release(
            row.patient, row.pk, visible=visible, by=request.user, now=now, reason=reason
        ):
            done += 1
            hidden += visible and not permits(row.patient, Purpose.SEE_PREDICTIONS)
            audit.record_action(
                request,
                row.patient,
                action="release" if visible else "withhold",
                what="prediction",
                detail=str(row.pk) if visible else f"{row.pk} {reason}",
            )
    if done:
        what = "1 number" if done == 1 else f"{done} numbers"
        messages.success(request, f"{'Released' if visible else 'Withheld'}: {what}.")
    if hidden:
        messages.warning(
            request,
            f"Not shown until they choose otherwise: {hidden} of a patient who chose not to see "
            "estimates.",
        )
    if left := len(keys) - done:
        messages.warning(request, f"{left} left as they were: newer data arrived. Look again.")


def _is_key(text: str) -> bool:
    return text.isascii() and text.isdigit() and len(text) <= 18
