from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.db import models
from django.db.models import Q


class Forecast(models.Model):
    """Where one measurement of one patient was seen heading at one moment, or why nothing is said.

    `current` until newer data replace it (`past`), or until one of the facts it rests on is
    corrected, deleted or re-attributed, or its parameters are withdrawn (`superseded`).
    """

    class Status(models.TextChoices):
        CURRENT = "current"
        PAST = "past"
        SUPERSEDED = "superseded"

    patient = models.ForeignKey(
        "patients.Patient", on_delete=models.CASCADE, related_name="forecasts"
    )
    concept = models.CharField(max_length=64)
    unit = models.CharField(max_length=32, blank=True)
    method = models.CharField(max_length=64, blank=True)
    version = models.CharField(max_length=32)
    as_of = models.DateTimeField(help_text="The moment that its years count from.")
    made_at = models.DateTimeField()
    valid_until = models.DateField(
        null=True, blank=True, help_text="First day on which its newest value is too old."
    )
    input_hash = models.CharField(max_length=64, help_text="Of values, changes and parameters.")
    bands = models.JSONField(default=list, help_text="Rows: years, median and four edges.")
    state = models.JSONField(default=dict, help_text="Gives the distribution at any later time.")
    notes = models.JSONField(default=list)
    refusal = models.JSONField(null=True, blank=True, help_text="Why there is none.")
    validated = models.BooleanField(default=False)
    statement = models.TextField(blank=True)
    evidence = ArrayField(
        models.TextField(),
        default=list,
        help_text="Fingerprints of the facts used: when one is gone, the forecast was wrong.",
    )
    replayed = models.BooleanField(
        default=False, help_text="Made later for a past moment, from what the record says of it."
    )
    status = models.CharField(max_length=10, choices=Status, default=Status.CURRENT)
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_reason = models.CharField(max_length=200, blank=True)
    released_at = models.DateTimeField(null=True, blank=True, help_text="Visible to the patient.")
    released_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["patient", "concept"],
                condition=Q(status="current"),
                name="forecast_one_current",
            ),
            models.CheckConstraint(
                condition=Q(refusal__isnull=True) | Q(bands=[], state={}, released_at=None),
                name="forecast_refused_has_no_bands",
            ),
        ]
        indexes = [
            models.Index(fields=["patient", "status"], name="forecast_patient_status"),
        ]

    def __str__(self) -> str:
        return f"{self.concept} of {self.patient_id} as of {self.as_of}"


class ForecastCheck(models.Model):
    """One later measurement against the forecast that stood when it arrived, at its exact time.

    Never changed but for `withdrawn_at`: the measured value was corrected or deleted since.
    """

    forecast = models.ForeignKey(Forecast, on_delete=models.CASCADE, related_name="checks")
    patient = models.ForeignKey(
        "patients.Patient", on_delete=models.CASCADE, related_name="forecast_checks"
    )
    concept = models.CharField(max_length=64)
    unit = models.CharField(max_length=32, blank=True)
    effective_at = models.DateTimeField()
    years = models.FloatField(help_text="After the moment of the forecast.")
    observed = models.FloatField()
    median = models.FloatField()
    low50 = models.FloatField()
    high50 = models.FloatField()
    low90 = models.FloatField()
    high90 = models.FloatField()
    inside50 = models.BooleanField()
    inside90 = models.BooleanField()
    z = models.FloatField(
        help_text="Standardised error: 0 at the median, +-1.645 at the 90 % band."
    )
    treatment_changed = models.BooleanField(
        default=False, help_text="Between the forecast and the measurement."
    )
    fingerprint = models.TextField(help_text="Of the measured fact.")
    resource_type = models.CharField(max_length=64)
    resource_id = models.CharField(max_length=64)
    resource_version = models.PositiveIntegerField()
    checked_at = models.DateTimeField()
    withdrawn_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["forecast", "fingerprint"], name="forecast_check_once"),
        ]
        indexes = [
            models.Index(
                fields=["patient", "concept", "-effective_at"], name="forecast_check_series"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.concept} of {self.patient_id} at {self.effective_at}"
