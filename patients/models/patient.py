import uuid

from django.db import models


class Patient(models.Model):
    """The twin's identity, projected from one Patient resource. Never merged by name.

    A patient that was replaced by another keeps its resources; its facts are the other's.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    resource = models.OneToOneField(
        "patients.Resource", on_delete=models.PROTECT, related_name="twin"
    )
    fhir_id = models.CharField(max_length=64, unique=True)
    family = models.CharField(max_length=200, blank=True)
    given = models.CharField(max_length=200, blank=True)
    name = models.CharField(max_length=400, blank=True, help_text="As shown on the banner.")
    sex = models.CharField(max_length=10, blank=True, help_text="administrative-gender, or empty")
    birth_date = models.DateField(null=True, blank=True, help_text="First day it may mean.")
    birth_date_precision = models.CharField(max_length=5, blank=True, help_text="year month day")
    deceased = models.BooleanField(default=False)
    deceased_at = models.DateTimeField(null=True, blank=True)
    identifier_system = models.CharField(max_length=400, blank=True)
    identifier_value = models.CharField(max_length=400, blank=True, help_text="Shown: MRN first.")
    active = models.BooleanField(default=True, help_text="False when the resource is deleted.")
    # what the record says, and where that leads in the end: services.identity keeps both
    replaced_by = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="replaces",
        help_text="The patient that Patient.link names as replaced-by.",
    )
    merged_into = models.ForeignKey(
        "self",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="merged",
        help_text="The twin that has this one's facts; empty for a twin that stands for itself.",
    )
    search_text = models.TextField(blank=True, help_text="Lower-case names and identifiers.")

    class Meta:
        indexes = [
            models.Index(fields=["birth_date"], name="patient_birth_date"),
        ]

    def __str__(self) -> str:
        return f"Patient/{self.fhir_id}"
