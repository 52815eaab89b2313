from django.conf import settings
from django.db import models
from django.db.models import Q


class Mapping(models.Model):
    """What a data steward says that a code or a unit means which our tables do not know.

    It says one thing for ever (a trigger holds that): to say something else is another version, to
    take it back is its end. At most one version of a key is in force.
    """

    class Kind(models.TextChoices):
        OBSERVATION = "observation_code", "observation code"
        ANSWER = "answer_code", "answer code"
        CONDITION = "condition_code", "condition or procedure code"
        MEDICATION = "medication_code", "medication code"
        UNIT = "unit"

    kind = models.CharField(max_length=16, choices=Kind)
    concept = models.CharField(max_length=64, blank=True, help_text="Of an answer or a unit.")
    system = models.CharField(max_length=400, blank=True)
    code = models.CharField(max_length=64, help_text="Of a unit: without case and spaces.")
    source = models.CharField(
        max_length=64, blank=True, help_text="Whose unit it is: client 3, server. Codes: empty."
    )
    target = models.CharField(
        max_length=64, help_text="A concept, an answer's value, system|code of a drug, a UCUM unit."
    )
    display = models.CharField(max_length=400, blank=True, help_text="As its senders show it.")
    reason = models.CharField(max_length=400)
    preview = models.JSONField(default=dict, help_text="Counts and values that its maker saw.")
    version = models.PositiveIntegerField()
    made_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="+"
    )
    made_at = models.DateTimeField()
    ended_by = models.ForeignKey(
        settings.AUTH_USER_MODEL, null=True, blank=True, on_delete=models.PROTECT, related_name="+"
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_reason = models.CharField(max_length=400, blank=True)

    # the replay of its making, or of its end
    replayed_at = models.DateTimeField(null=True, blank=True, help_text="Empty: not finished.")
    resources = models.PositiveIntegerField(default=0, help_text="Projected again.")
    twins = models.PositiveIntegerField(default=0, help_text="Changed by it.")
    attempts = models.PositiveIntegerField(default=0)
    last_error = models.CharField(max_length=400, blank=True, help_text="Exception class, no PHI.")
    retry_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["kind", "concept", "system", "code", "source", "version"],
                name="mapping_version",
            ),
            models.UniqueConstraint(
                fields=["kind", "concept", "system", "code", "source"],
                condition=Q(ended_at=None),
                name="mapping_one_in_force",
            ),
        ]
        indexes = [
            models.Index(
                fields=["made_at"], condition=Q(replayed_at=None), name="mapping_to_replay"
            ),
        ]

    def __str__(self) -> str:
        return f"mapping {self.pk}: {self.kind} {self.system}|{self.code}, version {self.version}"
