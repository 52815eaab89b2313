from datetime import date, datetime
from typing import Any

from django.conf import settings
from django.db import models
from django.db.models import F, Q


class Prediction(models.Model):
    """One outcome of one model run: a number, or none (the run's refusals say why).

    `current` until newer data or time replaces it (`past`), or until one of its inputs is
    corrected, deleted or re-attributed, or its model version withdrawn (`superseded`).
    """

    class Status(models.TextChoices):
        CURRENT = "current"
        PAST = "past"
        SUPERSEDED = "superseded"

    run = models.ForeignKey(
        "models_engine.ModelRun", on_delete=models.CASCADE, related_name="predictions"
    )
    patient = models.ForeignKey(
        "patients.Patient", on_delete=models.CASCADE, related_name="predictions"
    )
    model_id = models.CharField(max_length=64)
    model_version = models.CharField(max_length=32)
    outcome = models.CharField(max_length=64)
    horizon_years = models.FloatField(null=True, blank=True)
    is_probability = models.BooleanField(default=True)
    value = models.FloatField(
        null=True, blank=True, help_text="Probability 0..1, or the derived value in `unit`."
    )
    unit = models.CharField(max_length=32, blank=True)
    low = models.FloatField(null=True, blank=True, help_text="Interval, where one is published.")
    high = models.FloatField(null=True, blank=True)
    as_of = models.DateTimeField(help_text="As the run's.")
    status = models.CharField(max_length=10, choices=Status, default=Status.CURRENT)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_reason = models.CharField(max_length=200, blank=True)
    replaced_by = models.ForeignKey(
        "self", null=True, blank=True, on_delete=models.SET_NULL, related_name="replaces"
    )
    released_at = models.DateTimeField(null=True, blank=True, help_text="Visible to the patient.")
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "model_id", "outcome"],
                condition=Q(status="current"),
                name="prediction_one_current",
            ),
            models.UniqueConstraint(fields=["run", "outcome"], name="prediction_one_per_run"),
            models.CheckConstraint(
                condition=Q(is_probability=False)
                | Q(value__isnull=True)
                | Q(value__gte=0, value__lte=1),
                name="prediction_probability_in_range",
            ),
            models.CheckConstraint(
                condition=Q(low__isnull=True, high__isnull=True)
                | Q(low__lte=F("value"), high__gte=F("value")),
                name="prediction_interval_holds_value",
            ),
        ]
        indexes = [
            models.Index(fields=["patient", "status"], name="prediction_patient_status"),
            models.Index(
                fields=["patient", "model_id", "outcome", "-as_of"], name="prediction_history"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model_id} {self.outcome} of {self.patient_id} as of {self.as_of}"

    # what all outcomes of a run share; select_related("run") where these are shown in a list
    @property
    def inputs(self) -> list[dict[str, Any]]:
        return list(self.run.inputs)

    @property
    def refusals(self) -> list[dict[str, Any]]:
        return list(self.run.refusals)

    @property
    def notes(self) -> list[str]:
        return list(self.run.notes)

    @property
    def valid_until(self) -> date | None:
        return self.run.valid_until

    @property
    def expires_at(self) -> datetime | None:
        return self.run.expires_at

    @property
    def replayed(self) -> bool:
        return self.run.replayed
