import uuid

from django.conf import settings
from django.db import models


class BulkJob(models.Model):
    """An import or export that runs in the background. Its rows are the truth: a worker that is
    killed is followed by another, which goes on behind what was committed.
    """

    class Kind(models.TextChoices):
        IMPORT = "import"
        EXPORT = "export"

    class State(models.TextChoices):
        WAITING = "waiting"
        RUNNING = "running"
        COMPLETE = "complete"
        FAILED = "failed"
        CANCELLED = "cancelled"
        EXPIRED = "expired"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    kind = models.CharField(max_length=6, choices=Kind)
    state = models.CharField(max_length=9, choices=State, default=State.WAITING)
    application = models.ForeignKey(
        settings.OAUTH2_PROVIDER_APPLICATION_MODEL,
        null=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="The client that asked. Nobody else sees the job.",
    )
    scopes = models.TextField(help_text="Those of the token that asked.")
    request_id = models.CharField(max_length=64, blank=True)
    request_url = models.TextField(help_text="As the client sent it.")
    base_url = models.CharField(max_length=500, help_text="The FHIR door as the client knows it.")
    parameters = models.JSONField(default=dict, help_text="What was asked for, checked.")
    transaction_time = models.DateTimeField(
        null=True, blank=True, help_text="An export has what was stored up to here."
    )
    created_at = models.DateTimeField()
    started_at = models.DateTimeField(null=True, blank=True)
    worked_at = models.DateTimeField(null=True, blank=True, help_text="The last sign of work.")
    ended_at = models.DateTimeField(null=True, blank=True)
    expires_at = models.DateTimeField(null=True, blank=True, help_text="Its files go then.")
    failures = models.PositiveIntegerField(default=0, help_text="In a row.")
    error = models.CharField(max_length=200, blank=True, help_text="Without PHI.")

    class Meta:
        indexes = [models.Index(fields=["state", "created_at"], name="bulk_job_state")]

    def __str__(self) -> str:
        return f"{self.kind} {self.public_id}"

    @property
    def is_open(self) -> bool:
        return self.state in (self.State.WAITING, self.State.RUNNING)


class BulkFile(models.Model):
    """A file of a job, and how far the work on it has come."""

    class Role(models.TextChoices):
        INPUT = "input"
        OUTPUT = "output"
        DELETED = "deleted"
        ERROR = "error"

    job = models.ForeignKey(BulkJob, on_delete=models.CASCADE, related_name="files")
    role = models.CharField(max_length=7, choices=Role)
    name = models.CharField(max_length=200, help_text="Unique in its job; part of its address.")
    type = models.CharField(max_length=64, help_text="Resource type of its lines.")
    path = models.CharField(
        max_length=1000, blank=True, help_text="Of an input that is not in the job's own folder."
    )
    size = models.BigIntegerField(default=0, help_text="Bytes, without compression.")
    position = models.BigIntegerField(
        default=0, help_text="Bytes that are done, by committed work."
    )
    lines = models.BigIntegerField(default=0, help_text="Lines that are done.")
    cursor = models.BigIntegerField(default=0, help_text="Of an output: the last row in it.")
    count = models.BigIntegerField(default=0, help_text="Resources stored, or lines written.")
    counts = models.JSONField(default=dict, help_text="Of an input: resources stored, by type.")
    rejected = models.BigIntegerField(default=0, help_text="Of an input: what did not go in.")
    is_done = models.BooleanField(default=False)

    class Meta:
        constraints = [models.UniqueConstraint(fields=["job", "name"], name="bulk_file_name")]

    def __str__(self) -> str:
        return f"{self.role} {self.name}"
