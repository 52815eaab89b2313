"""Who may see which patient. One predicate, used by every page; fails closed."""

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from patients.models import CareTeamMember, Patient

CLINICIAN, PATIENT = "clinician", "patient"


def visible_patients(user: Any) -> "QuerySet[Patient]":
    """The patients whose data `user` may read.

    A clinician: those in whose care team they are today. A patient: themself. Everybody else,
    superusers included: nobody.
    """
    if not getattr(user, "is_authenticated", False) or not user.is_active:
        return Patient.objects.none()
    if user.role == CLINICIAN and user.practitioner_id:
        return Patient.objects.filter(_in_care_team(user.practitioner_id), active=True)
    if user.role == PATIENT and user.patient_id is not None:
        return Patient.objects.filter(pk=user.patient_id, active=True)
    return Patient.objects.none()


def can_read_patient(user: Any, patient: Patient) -> bool:
    """Whether `patient` is among the visible."""
    return visible_patients(user).filter(pk=patient.pk).exists()


def _in_care_team(practitioner_id: str) -> Exists:
    now = timezone.now()
    return Exists(
        CareTeamMember.objects.filter(
            Q(start_at=None) | Q(start_at__lte=now),
            Q(end_at=None) | Q(end_at__gt=now),
            patient=OuterRef("pk"),
            practitioner_id=practitioner_id,
        )
    )
