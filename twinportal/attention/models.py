from django.db import models


class WorklistEntry(models.Model):
    """Why one patient needs attention; one row a patient, rewritten when the twin is refreshed."""

    patient = models.OneToOneField(
        "patients.Patient", on_delete=models.CASCADE, primary_key=True, related_name="attention"
    )
    rule_id = models.CharField(max_length=16, blank=True, help_text="Empty: no rule fired.")
    priority = models.PositiveSmallIntegerField(default=99)
    outcome = models.CharField(max_length=64, blank=True)
    prediction = models.ForeignKey(
        "models_engine.Prediction", null=True, blank=True, on_delete=models.SET_NULL
    )
    probability = models.FloatField(null=True, blank=True)
    change = models.FloatField(null=True, blank=True, help_text="Over at least 90 days.")
    why = models.JSONField(default=list)
    newest_data_at = models.DateTimeField(null=True, blank=True)
    refreshed_at = models.DateTimeField()

    class Meta:
        indexes = [models.Index(fields=["priority", "-change", "patient"], name="worklist_order")]

    def __str__(self) -> str:
        return f"{self.rule_id or 'no rule'} for {self.patient_id}"
