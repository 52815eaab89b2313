from django.db import models


class ConsentChoice(models.Model):
    """What a patient allowed or refused, when and who entered it. Rows are added, never changed."""

    class Purpose(models.TextChoices):
        SEE_PREDICTIONS = "see-predictions", "See my numbers"
        SEE_SIMILAR = "see-similar", "See how people like me fared"
        COUNTED_AMONG_SIMILAR = "counted-among-similar", "Be counted when others are compared"

    patient = models.ForeignKey(
        "patients.Patient", on_delete=models.CASCADE, related_name="consent_choices"
    )
    purpose = models.CharField(max_length=32, choices=Purpose)
    granted = models.BooleanField()
    at = models.DateTimeField()
    by = models.CharField(max_length=200, help_text="User primary key, or Type/id of a resource.")

    class Meta:
        indexes = [models.Index(fields=["patient", "purpose", "-at", "-id"], name="consent_newest")]

    def __str__(self) -> str:
        return f"{self.purpose} {'granted' if self.granted else 'refused'} by {self.patient_id}"
