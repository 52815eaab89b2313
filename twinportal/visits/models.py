from django.conf import settings
from django.db import models
from django.db.models import Q

# as long as somebody would say it; the form says so too
LONGEST = 300


class VisitQuestionQuerySet(models.QuerySet["VisitQuestion"]):
    def about(self, patient_id: int) -> "VisitQuestionQuerySet":
        """Of one twin, with those of the twins that were merged into it, in the person's order."""
        own = Q(patient_id=patient_id) | Q(patient__merged_into_id=patient_id)
        return self.filter(own).order_by("position", "pk")

    def open(self) -> "VisitQuestionQuerySet":
        """Those that nobody has talked about yet."""
        return self.filter(discussed_at=None)


class VisitQuestion(models.Model):
    """What a patient wants to ask at the next visit, in their own words."""

    patient = models.ForeignKey(
        "patients.Patient", on_delete=models.CASCADE, related_name="visit_questions"
    )
    text = models.CharField(max_length=LONGEST)
    position = models.PositiveIntegerField(help_text="In the person's own order, from 1.")
    created_at = models.DateTimeField()
    changed_at = models.DateTimeField()
    discussed_at = models.DateTimeField(null=True, blank=True)
    discussed_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    objects = VisitQuestionQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["patient", "position"], name="visit_question_order")]
        constraints = [
            models.CheckConstraint(condition=~Q(text=""), name="visit_question_has_text"),
            models.CheckConstraint(
                condition=Q(discussed_by=None) | Q(discussed_at__isnull=False),
                name="visit_question_discussed_when",
            ),
        ]

    def __str__(self) -> str:
        return f"question {self.pk} of {self.patient_id}"
