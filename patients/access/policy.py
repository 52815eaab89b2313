"""Who may see which patient and which resource. One predicate for every door; fails closed."""

from typing import Any

from django.db.models import Exists, OuterRef, Q, QuerySet
from django.utils import timezone

from patients.access.scopes import readable_types, scopes_of
from patients.models import AuditEvent, CareTeamMember, Patient, Resource

CLINICIAN, PATIENT = "clinician", "patient"


def visible_patients(user: Any) -> "QuerySet[Patient]":
    """The patients whose data `user` may read.

    A clinician: those in whose care team they are today. A patient: themself, or whom they were
    merged into. Everybody else,
    superusers included: nobody.
    """
    if not getattr(user, "is_authenticated", False) or not user.is_active:
        return Patient.objects.none()
    whole = Patient.objects.filter(active=True, merged_into=None)
    if user.role == CLINICIAN and user.practitioner_id:
        return whole.filter(_in_care_team(user.practitioner_id))
    if user.role == PATIENT and user.patient_id is not None:
        return whole.filter(Q(pk=user.patient_id) | Exists(_merged().filter(pk=user.patient_id)))
    return Patient.objects.none()


def record_of(patients: "QuerySet[Patient]") -> Q:
    """The resources that belong to these twins: those that name them or who was merged into them."""
    own = Patient.objects.filter(Q(pk__in=patients) | Q(merged_into__in=patients))
    return Q(patient__in=own.values("pk"))


def can_read_patient(user: Any, patient: Patient) -> bool:
    """Whether `patient` is among the visible."""
    return visible_patients(user).filter(pk=patient.pk).exists()


def visible_resources(token: Any) -> "QuerySet[Resource]":
    """The resources that the bearer of an OAuth access token may read.

    A system's token: the types that its scopes name. A token that stands for a person: of these,
    what is in the records of the patients that the person may see. No token: nothing.
    """
    if token is None:
        return Resource.objects.none()
    types = readable_types(scopes_of(token))
    rows = Resource.objects.all() if "*" in types else Resource.objects.filter(type__in=types)
    if getattr(token, "user_id", None) is not None:
        rows = rows.filter(record_of(visible_patients(token.user)))
    return rows


def visible_audit_events(token: Any) -> "QuerySet[AuditEvent]":
    """The log is for systems whose scopes name it. A person's token sees none of it."""
    if token is None or getattr(token, "user_id", None) is not None:
        return AuditEvent.objects.none()
    types = readable_types(scopes_of(token))
    return AuditEvent.objects.all() if types & {"*", "AuditEvent"} else AuditEvent.objects.none()


def _merged() -> "QuerySet[Patient]":
    return Patient.objects.filter(merged_into=OuterRef("pk"))


def _in_care_team(practitioner_id: str) -> Q:
    """Named by a resource today; or in the sender's default team while no resource names one.

    A client's profile may say that its default team counts always.
    """
    now = timezone.now()
    today = CareTeamMember.objects.filter(
        Q(start_at=None) | Q(start_at__lte=now), Q(end_at=None) | Q(end_at__gt=now)
    )
    mine = today.filter(practitioner_id=practitioner_id)
    return _about(mine.filter(Q(resource__isnull=False) | Q(always=True))) | (
        _about(mine.filter(resource__isnull=True)) & ~_about(today.filter(resource__isnull=False))
    )


def _about(members: "QuerySet[CareTeamMember]") -> Q:
    """A row names the patient, or one who was merged into them.

    Two conditions: of one with OR inside, the database can make no hash, and looks at every row of
    a panel anew for every patient.
    """
    return Q(Exists(members.filter(patient=OuterRef("pk")))) | Q(
        Exists(members.filter(patient__merged_into=OuterRef("pk")))
    )
