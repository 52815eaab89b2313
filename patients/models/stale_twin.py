from django.db import models


class StaleTwin(models.Model):
    """The mark "this twin changed since its predictions were made".

    Committed with the change itself; the Celery message is only a wake-up. The pipeline deletes
    the row only if `generation` is still the one it read before it loaded the facts.
    """

    patient = models.OneToOneField(
        "patients.Patient", on_delete=models.CASCADE, primary_key=True, related_name="stale"
    )
    generation = models.BigIntegerField(default=1, help_text="Rises with every change.")
    marked_at = models.DateTimeField()
    attempts = models.PositiveIntegerField(default=0)
    last_error = models.CharField(max_length=400, blank=True, help_text="Exception class, no PHI.")
    retry_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [models.Index(fields=["marked_at"], name="stale_twin_marked_at")]

    def __str__(self) -> str:
        return f"{self.patient_id} since {self.marked_at}"
