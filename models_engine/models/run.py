from django.contrib.postgres.fields import ArrayField
from django.db import models


class ModelRun(models.Model):
    """One model for one patient as of one moment: what it was given, or why there is no number.

    Its predictions, one an outcome, share these inputs and always have one status.
    """

    patient = models.ForeignKey(
        "patients.Patient", on_delete=models.CASCADE, related_name="model_runs"
    )
    model_id = models.CharField(max_length=64)
    model_version = models.CharField(max_length=32)
    artefact_hash = models.CharField(max_length=64)
    as_of = models.DateTimeField(help_text="The state used is the state as of this moment.")
    made_at = models.DateTimeField()
    valid_until = models.DateField(
        null=True, blank=True, help_text="First day on which time alone may change the answer."
    )
    expires_at = models.DateTimeField(
        null=True, blank=True, help_text="The moment of it, where an hour matters (bedside)."
    )
    state_hash = models.CharField(max_length=64, help_text="Of the inputs and refusals.")
    inputs = models.JSONField(default=list, help_text="InputUsed rows, with resource versions.")
    refusals = models.JSONField(default=list, help_text="Why there is no number.")
    notes = models.JSONField(default=list, help_text="Assumed, missing with a term, marked.")
    evidence = ArrayField(
        models.TextField(),
        default=list,
        help_text="Fingerprints of the facts used: when one is gone, the run was wrong.",
    )
    replayed = models.BooleanField(default=False, help_text="Made later, for a past as_of.")
    risk_assessment = models.ForeignKey(
        "patients.Resource", null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )

    class Meta:
        constraints = [
            # a replayed moment is fixed, so that what a correction changed and another changed back
            # is said of it a second time; the first run stays, superseded
            models.UniqueConstraint(
                fields=["patient", "model_id", "model_version", "as_of", "state_hash"],
                condition=models.Q(replayed=False),
                name="model_run_idempotent",
            ),
        ]
        indexes = [
            models.Index(
                fields=["expires_at"],
                condition=models.Q(expires_at__isnull=False),
                name="model_run_expires",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.model_id} of {self.patient_id} as of {self.as_of}"
