from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models


class Resource(models.Model):
    """A FHIR resource's identity, its current version and what search needs of it.

    The content lives in ResourceVersion; this row is locked when a new version is written.
    """

    type = models.CharField(max_length=64)
    fhir_id = models.CharField(max_length=64)
    version = models.PositiveIntegerField(default=1)
    content_hash = models.CharField(max_length=64)
    deleted = models.BooleanField(default=False)
    last_updated = models.DateTimeField()
    sent_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When the sender last said what is stored; empty: at last_updated.",
    )
    patient = models.ForeignKey(
        "patients.Patient",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="resources",
        db_index=False,  # resource_patient_type finds it
        help_text="The patient whom the resource names; a merge does not change it.",
    )
    # "<param>\x1f<system>|<code>" and "<param>\x1fPatient/123": see patients.fhir.search
    tokens = ArrayField(models.TextField(), default=list, blank=True)
    refs = ArrayField(models.TextField(), default=list, blank=True)
    date_low = models.DateTimeField(null=True, blank=True)
    date_high = models.DateTimeField(null=True, blank=True)
    search_values = models.JSONField(
        default=dict, blank=True, help_text="Further dates and quantities, without an index."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["type", "fhir_id"], name="resource_type_fhir_id"),
        ]
        indexes = [
            GinIndex(fields=["tokens"], name="resource_tokens"),
            GinIndex(fields=["refs"], name="resource_refs"),
            models.Index(fields=["patient", "type", "id"], name="resource_patient_type"),
            models.Index(fields=["type", "id"], name="resource_type_id"),
        ]

    def __str__(self) -> str:
        return f"{self.type}/{self.fhir_id}"


class ResourceVersion(models.Model):
    """One version of a resource: the exact JSON text that we return, or a deletion's mark."""

    class Method(models.TextChoices):
        POST = "POST"
        PUT = "PUT"
        PATCH = "PATCH"
        DELETE = "DELETE"

    # found by resource_version_unique
    resource = models.ForeignKey(
        Resource, on_delete=models.CASCADE, related_name="versions", db_index=False
    )
    version = models.PositiveIntegerField()
    content = models.TextField(blank=True, help_text="Empty for a deletion.")
    method = models.CharField(max_length=6, choices=Method)
    recorded_at = models.DateTimeField()
    source = models.CharField(
        max_length=200, blank=True, help_text="Which client or import sent it."
    )
    request_id = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["resource", "version"], name="resource_version_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.resource_id}/_history/{self.version}"
