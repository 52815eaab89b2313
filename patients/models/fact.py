from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q


class Fact(models.Model):
    """One coded, unit-checked statement about a patient, tied to the resource version it is from.

    A rebuildable projection (`manage.py rebuild_facts`). Only `usable` and `verify` feed a model.
    """

    class Kind(models.TextChoices):
        MEASUREMENT = "measurement"
        CODED = "coded"
        CONDITION = "condition"
        COMORBIDITY = "comorbidity"
        MEDICATION = "medication"
        ALLERGY = "allergy"
        ENCOUNTER = "encounter"
        GENOTYPE = "genotype"

    class Quality(models.TextChoices):
        USABLE = "usable"
        VERIFY = "verify"
        IMPOSSIBLE = "impossible"
        UNKNOWN_UNIT = "unknown_unit"
        MISSING_UNIT = "missing_unit"
        UNCLASSIFIED = "unclassified"
        UNDATED = "undated"
        IMPLAUSIBLE = "implausible", "implausible date"
        MODIFIED = "modified", "changed by an unknown extension"
        INACTIVE = "inactive"

    # found by the index fact_series
    patient = models.ForeignKey(
        "patients.Patient", on_delete=models.CASCADE, related_name="facts", db_index=False
    )
    resource = models.ForeignKey(
        "patients.Resource", on_delete=models.CASCADE, related_name="facts"
    )
    resource_type = models.CharField(max_length=64)
    resource_fhir_id = models.CharField(max_length=64)
    resource_version = models.PositiveIntegerField()
    path = models.CharField(max_length=200, help_text="e.g. Observation.component[0]")
    concept = models.CharField(max_length=64)
    kind = models.CharField(max_length=12, choices=Kind)
    value = models.FloatField(null=True, blank=True, help_text="In the canonical unit.")
    unit = models.CharField(max_length=32, blank=True, help_text="Canonical UCUM unit.")
    value_code = models.CharField(max_length=64, blank=True)
    raw_value = models.CharField(max_length=200, blank=True)
    raw_unit = models.CharField(max_length=100, blank=True)
    system = models.CharField(max_length=200, blank=True)
    code = models.CharField(max_length=64, blank=True)
    display = models.CharField(max_length=400, blank=True)
    effective_at = models.DateTimeField(null=True, blank=True)
    effective_precision = models.CharField(
        max_length=6, blank=True, help_text="year month day time"
    )
    end_at = models.DateTimeField(null=True, blank=True)
    recorded_at = models.DateTimeField()
    quality = models.CharField(max_length=12, choices=Quality)
    reason = models.CharField(max_length=400, blank=True, help_text="Why it is not plainly usable.")
    mappings = ArrayField(
        models.BigIntegerField(),
        default=list,
        blank=True,
        help_text="The mappings of data stewards by which it was read.",
    )

    class Meta:
        indexes = [
            models.Index(fields=["patient", "concept", "-effective_at"], name="fact_series"),
            # both are small: most facts are in neither
            GinIndex(fields=["mappings"], condition=~Q(mappings=[]), name="fact_mappings"),
            models.Index(
                fields=["concept", "quality", "raw_unit"],
                condition=Q(quality__in=["unknown_unit", "missing_unit"]),
                name="fact_unread_units",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.concept} of {self.resource_type}/{self.resource_fhir_id}"
