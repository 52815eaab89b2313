"""The clinician's page of people like a patient. Aggregates of the whole site, audited."""

from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from patients import audit
from patients.record.loading import state_of
from twinportal.dashboards.access import role_required, visible_patient
from twinportal.dashboards.clinician.twin_page import Banner
from twinportal.similar.comparison import compare
from twinportal.similar.disclosure import least
from twinportal.similar.presenters import age_text, alike_groups, fared_rows, years_text
from twinportal.similar.services import is_on


@require_safe
@role_required("clinician")
def similar(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Who was compared, how they fared, and what that does not say."""
    if not is_on():
        raise Http404
    patient = visible_patient(request, public_id)
    audit.record_read(request, patient, what="people like this")
    now = timezone.now()
    state = state_of(patient.pk, now)
    found = compare(patient, state, now=now)
    context = {
        "banner": Banner(patient, state, now),
        "patient": patient,
        "found": found,
        "years": years_text(found.years),
        "ages": age_text(found),
        "rows": fared_rows(found),
        "groups": alike_groups(found),
        "k": settings.SIMILAR_K,
        "least": least(settings.SIMILAR_K),
    }
    return render(request, "similar/page.html", context)
