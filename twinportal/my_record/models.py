import uuid

from django.conf import settings
from django.db import models
from django.db.models import Q

LONGEST_TEXT = 1000


class CorrectionQuerySet(models.QuerySet["CorrectionRequest"]):
    def about(self, patient_id: int) -> "CorrectionQuerySet":
        """Of one twin, with those of the twins that were merged into it; newest first."""
        own = Q(patient_id=patient_id) | Q(patient__merged_into_id=patient_id)
        return self.filter(own).order_by("-created_at", "-pk")

    def open(self) -> "CorrectionQuerySet":
        """Asked and not settled yet: the fact is in dispute."""
        return self.filter(status__in=OPEN)


class CorrectionRequest(models.Model):
    """A patient says that a fact of the record is wrong. A clinician answers.

    It never changes a fact by itself: the record is corrected where it comes from. `resource` and
    the words are those of the moment of asking, as facts are made anew with each version.
    """

    class Reason(models.TextChoices):
        NEVER_HAD = "never-had", "The patient never had or took this"
        NOT_MINE = "not-mine", "It is about another person"
        WRONG_VALUE = "wrong-value", "The number or the word is wrong"
        WRONG_DATE = "wrong-date", "The date is wrong"
        OVER = "over", "It is over, or no longer taken"
        OTHER = "other", "Something else is wrong"

    class Status(models.TextChoices):
        REQUESTED = "requested"
        ACCEPTED = "accepted"
        REJECTED = "rejected"
        COMPLETED = "completed"

    class Outcome(models.TextChoices):
        WILL_CORRECT = "will-correct", "The patient is right: it will be corrected in the record"
        CORRECTED = "corrected", "It has been corrected in the record"
        RECORD_IS_RIGHT = "record-is-right", "Checked: the record is right"
        ASK_THE_SENDER = "ask-the-sender", "Only the clinic that sent it can correct it"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    patient = models.ForeignKey(
        "patients.Patient", on_delete=models.CASCADE, related_name="correction_requests"
    )
    resource = models.ForeignKey("patients.Resource", on_delete=models.CASCADE, related_name="+")
    resource_version = models.PositiveIntegerField()
    path = models.CharField(max_length=200)
    concept = models.CharField(max_length=64)
    kind = models.CharField(max_length=12)
    label = models.CharField(max_length=400, help_text="What the page called it.")
    said = models.CharField(max_length=400, blank=True, help_text="Which value the page showed.")
    said_on = models.DateField(null=True, blank=True)
    reason = models.CharField(max_length=16, choices=Reason)
    text = models.CharField(max_length=LONGEST_TEXT, blank=True)
    right_value = models.CharField(max_length=200, blank=True)
    status = models.CharField(max_length=10, choices=Status, default=Status.REQUESTED)
    created_at = models.DateTimeField()
    created_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    outcome = models.CharField(max_length=16, choices=Outcome, blank=True)
    answer = models.CharField(max_length=LONGEST_TEXT, blank=True)
    answered_at = models.DateTimeField(null=True, blank=True)
    answered_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, on_delete=models.SET_NULL, related_name="+"
    )
    task = models.OneToOneField(
        "patients.Resource",
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="The Task of it in the FHIR record.",
    )

    objects = CorrectionQuerySet.as_manager()

    class Meta:
        indexes = [
            models.Index(fields=["patient", "status", "-created_at"], name="correction_of_patient")
        ]
        constraints = [
            models.UniqueConstraint(
                fields=["resource", "path", "concept"],
                condition=Q(status__in=["requested", "accepted"]),
                name="correction_one_open",
            ),
            models.CheckConstraint(
                condition=Q(status="requested", outcome="", answered_at=None)
                | (~Q(status="requested") & ~Q(outcome="") & Q(answered_at__isnull=False)),
                name="correction_answered_with_an_outcome",
            ),
        ]

    def __str__(self) -> str:
        return f"correction {self.public_id}"

    @property
    def is_newer(self) -> bool:
        """Whether what it speaks of has a newer version by now, perhaps the correction."""
        return self.resource.version > self.resource_version


OPEN = (CorrectionRequest.Status.REQUESTED, CorrectionRequest.Status.ACCEPTED)
