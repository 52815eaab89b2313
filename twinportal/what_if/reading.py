"""Audit of a page that answers every drag of a slider: one line in ten minutes, not hundreds."""

from datetime import timedelta

from django.http import HttpRequest
from django.utils import timezone

from patients import audit
from patients.models import AuditEvent, Patient

ONE_READING = timedelta(minutes=10)


def record_reading(request: HttpRequest, patient: Patient, *, what: str, detail: str = "") -> None:
    """A line for the opened page, and for a change of it unless there is one of just now."""
    if request.method == "POST" and _is_written(request, patient, what):
        return
    audit.record_read(request, patient, what=what, detail=detail)


def _is_written(request: HttpRequest, patient: Patient, what: str) -> bool:
    return AuditEvent.objects.filter(
        actor=str(request.user.pk),
        what=what,
        action="read",
        patient_ids__contains=[patient.pk],
        at__gte=timezone.now() - ONE_READING,
    ).exists()
