"""A patient's medicines, reconciled. Permitted by policy and audited like every read."""

from uuid import UUID

from django.http import HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone

from patients import audit
from patients.record.loading import state_of
from twinportal.dashboards.access import role_required, visible_patient
from twinportal.dashboards.clinician.medicines import MedicinesPage
from twinportal.dashboards.clinician.twin_page import Banner


@role_required("clinician")
def medicines(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """What is taken, uncertain and stopped, with dose, since when, and every source."""
    patient = visible_patient(request, public_id)
    audit.record_read(request, patient, what="medicines")
    now = timezone.now()
    state = state_of(patient.pk, now)
    context = {
        "banner": Banner(patient, state, now),
        "patient": patient,
        "page": MedicinesPage(patient, state, now),
    }
    return render(request, "clinician/medicines.html", context)
