from django.conf import settings
from django.db import models


class ReleaseDecision(models.Model):
    """What a clinician decided about one prediction. Rows are added, never changed.

    What the patient sees now is in `Prediction.released_at`.
    """

    class Reason(models.TextChoices):
        TALK_FIRST = "talk-first", "I want to talk with the patient first"
        DATA_DOUBTFUL = "data-doubtful", "An input is doubtful or too old"
        DOES_NOT_FIT = "does-not-fit", "The model does not fit this patient"
        MAY_HARM = "may-harm", "Seeing it now may harm the patient"
        OTHER = "other", "Another reason"
        NOT_STATED = "not-stated", "No reason was stated"

    prediction = models.ForeignKey(
        "models_engine.Prediction", on_delete=models.CASCADE, related_name="release_decisions"
    )
    patient = models.ForeignKey(
        "patients.Patient", on_delete=models.CASCADE, related_name="release_decisions"
    )
    model_id = models.CharField(max_length=64)
    outcome = models.CharField(max_length=64)
    released = models.BooleanField()
    reason = models.CharField(max_length=16, choices=Reason, blank=True)
    at = models.DateTimeField()
    by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        indexes = [
            models.Index(
                fields=["patient", "model_id", "outcome", "-at", "-id"],
                name="release_decision_newest",
            )
        ]
        constraints = [
            models.CheckConstraint(
                condition=models.Q(released=True, reason="")
                | (models.Q(released=False) & ~models.Q(reason="")),
                name="release_decision_withheld_for_a_reason",
            )
        ]

    def __str__(self) -> str:
        return f"{'released' if self.released else 'withheld'}: prediction {self.prediction_id}"
