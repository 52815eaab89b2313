"""Stores whether a patient wants to see how people like them fared."""

from datetime import datetime

from django.db import transaction
from django.http import HttpRequest

from patients import audit
from patients.access.consent import Purpose
from patients.models import ConsentChoice, Patient


@transaction.atomic
def choose_to_see(request: HttpRequest, patient: Patient, *, granted: bool, now: datetime) -> None:
    """One row more, and a line in the audit log; it counts at once."""
    ConsentChoice.objects.create(
        patient=patient,
        purpose=Purpose.SEE_SIMILAR,
        granted=granted,
        at=now,
        by=str(request.user.pk),
    )
    what, detail = f"consent {Purpose.SEE_SIMILAR}", "granted" if granted else "refused"
    audit.record_action(request, patient, action="create", what=what, detail=detail)
