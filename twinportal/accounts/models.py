from django.conf import settings
from django.contrib.auth.models import AbstractUser
from django.db import models
from django.db.models import Q


class User(AbstractUser):
    """Somebody who signs in. What they may see follows from role, care team and own twin."""

    class Role(models.TextChoices):
        CLINICIAN = "clinician"
        PATIENT = "patient"
        STEWARD = "steward", "data steward"

    class LiteracyLevel(models.TextChoices):
        PLAIN = "plain"
        STANDARD = "standard"
        DETAILED = "detailed"

    role = models.CharField(max_length=10, choices=Role, default=Role.STEWARD)
    practitioner_id = models.CharField(
        max_length=64, blank=True, help_text="Practitioner.id of a clinician."
    )
    patient = models.OneToOneField(
        "patients.Patient",
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="user",
        help_text="The twin of a patient.",
    )
    literacy_level = models.CharField(
        max_length=8, choices=LiteracyLevel, default=LiteracyLevel.PLAIN
    )

    language = models.CharField(
        max_length=5,
        blank=True,
        choices=settings.LANGUAGES,
        help_text="Of a patient's pages. Empty: what the browser asks for.",
    )

    class Meta(AbstractUser.Meta):
        constraints = [
            models.CheckConstraint(
                condition=~Q(role="clinician") | ~Q(practitioner_id=""),
                name="clinician_has_practitioner",
            ),
            models.CheckConstraint(
                condition=Q(role="patient", patient__isnull=False)
                | (~Q(role="patient") & Q(patient__isnull=True)),
                name="patient_role_has_twin",
            ),
        ]
