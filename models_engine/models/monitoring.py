"""What is kept of how models fare: references, and one snapshot a model version and day.

Counts and sums only: nothing here is about one patient, and no foreign key leads to one.
"""

from django.db import models
from django.db.models import Q


class MonitoringReference(models.Model):
    """The distributions that a steward froze; drift is measured against them until the next."""

    model_id = models.CharField(max_length=64)
    model_version = models.CharField(max_length=32)
    set_at = models.DateTimeField()
    set_by = models.CharField(max_length=64, help_text="User id, or 'command'.")
    retired_at = models.DateTimeField(null=True, blank=True, help_text="When another replaced it.")
    content = models.JSONField(
        default=dict, help_text="Counts, bins of inputs and outputs, what was missing."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["model_id", "model_version"],
                condition=Q(retired_at=None),
                name="monitoring_one_reference",
            ),
        ]

    def __str__(self) -> str:
        return f"reference of {self.model_id} {self.model_version}, {self.set_at:%Y-%m-%d}"


class MonitoringSnapshot(models.Model):
    """One model version on one day (UTC): who has a number, who has none and why, how it fares."""

    model_id = models.CharField(max_length=64)
    model_version = models.CharField(max_length=32)
    taken_on = models.DateField()
    taken_at = models.DateTimeField()
    milliseconds = models.PositiveIntegerField(default=0, help_text="What it took.")
    reference = models.ForeignKey(
        MonitoringReference, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    twins = models.PositiveIntegerField(help_text="All twins.")
    asked = models.PositiveIntegerField(help_text="Twins of which the model has a standing run.")
    applicable = models.PositiveIntegerField(help_text="Of these, whom it was made for.")
    numbers = models.PositiveIntegerField(help_text="Of these, who have a number.")
    content = models.JSONField(default=dict, help_text="Reasons, drift, calibration.")

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["model_id", "model_version", "taken_on"], name="monitoring_once_a_day"
            ),
        ]
        indexes = [models.Index(fields=["taken_on"], name="monitoring_day")]

    def __str__(self) -> str:
        return f"{self.model_id} {self.model_version} on {self.taken_on}"
