import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q


class ScenarioQuerySet(models.QuerySet["Scenario"]):
    def about(self, patient_id: int) -> "ScenarioQuerySet":
        """Of one twin, with those of the twins that were merged into it; newest first."""
        own = Q(patient_id=patient_id) | Q(patient__merged_into_id=patient_id)
        return self.filter(own).order_by("-created_at", "-pk")


class Scenario(models.Model):
    """A named what-if that a clinician saved: what was tried, and what the models said then.

    `resources` are the Goals, the CarePlan and the Provenance of it in the FHIR record.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey(
        "patients.Patient", on_delete=models.CASCADE, related_name="scenarios"
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="scenarios"
    )
    name = models.CharField(max_length=80)
    interventions = models.JSONField(help_text="See models_engine what_if Intervention.to_dict.")
    result = models.JSONField(help_text="Every outcome before and after, as it was when saved.")
    created_at = models.DateTimeField()
    token = models.UUIDField(
        null=True, editable=False, help_text="Of a page and what it sent: twice is once."
    )
    resources = models.ManyToManyField("patients.Resource", related_name="+")

    objects = ScenarioQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["patient", "-created_at"], name="scenario_of_patient")]
        constraints = [
            models.CheckConstraint(condition=~Q(name=""), name="scenario_has_a_name"),
            models.UniqueConstraint(
                fields=["patient", "owner", "token"], name="scenario_of_one_page"
            ),
        ]

    def __str__(self) -> str:
        return f"scenario {self.public_id}"
