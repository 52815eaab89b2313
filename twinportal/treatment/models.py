import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

from models_engine.catalogue.treatment.knowledge.schema import INDICATIONS


class ProposalQuerySet(models.QuerySet["TreatmentProposal"]):
    def about(self, patient_id: int) -> "ProposalQuerySet":
        """Of one twin, with those of the twins that were merged into it; newest first."""
        own = Q(patient_id=patient_id) | Q(patient__merged_into_id=patient_id)
        return self.filter(own).order_by("-created_at", "-pk")

    def shared(self) -> "ProposalQuerySet":
        """Those that the patient sees as a decision aid."""
        return self.filter(shared_at__isnull=False)


class TreatmentProposal(models.Model):
    """Two or three ways to treat one indication that a clinician kept, as they were ranked then.

    `shared_at`: since when the patient sees them as a decision aid. `resources` are the
    RequestGroup, the DetectedIssues and the Provenance of it in the FHIR record. Never an order.
    """

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey(
        "patients.Patient", on_delete=models.CASCADE, related_name="treatment_proposals"
    )
    owner = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="treatment_proposals"
    )
    indication = models.CharField(max_length=32)
    result = models.JSONField(help_text="See twinportal.treatment.snapshot.")
    preferences = models.JSONField(help_text="What the ranking was asked with.")
    created_at = models.DateTimeField()
    shared_at = models.DateTimeField(null=True)
    token = models.UUIDField(
        null=True, editable=False, help_text="Of a page and what it sent: twice is once."
    )
    resources = models.ManyToManyField("patients.Resource", related_name="+")

    objects = ProposalQuerySet.as_manager()

    class Meta:
        indexes = [models.Index(fields=["patient", "-created_at"], name="proposal_of_patient")]
        constraints = [
            models.CheckConstraint(
                condition=Q(indication__in=INDICATIONS), name="proposal_of_known_indication"
            ),
            models.UniqueConstraint(
                fields=["patient", "owner", "token"], name="proposal_of_one_page"
            ),
        ]

    def __str__(self) -> str:
        return f"treatment proposal {self.public_id}"
