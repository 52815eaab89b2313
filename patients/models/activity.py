"""What each client does, what was refused and why, and when the workers last did anything.

Counts and names of elements only: nothing here is about a patient.
"""

from django.db import models

COUNTS = (
    "requests",
    "created",
    "updated",
    "unchanged",
    "deleted",
    "refused",
    "quarantined",
    "failed",
    "throttled",
    "bytes_in",
)
# a line for all causes beyond the most that one sender may have in a day
OTHER = "other"


class ClientHour(models.Model):
    """What one sender did in one hour. No foreign key: the counts outlive the client."""

    hour = models.DateTimeField(help_text="When it began.")
    source = models.CharField(
        max_length=40,
        help_text="client 3 (OAuth application); person (a token of one); nobody (no valid token);"
        " server (file imports and other commands here).",
    )
    last_at = models.DateTimeField(help_text="When it was last heard.")
    requests = models.BigIntegerField(default=0)
    created = models.BigIntegerField(default=0, help_text="Resources.")
    updated = models.BigIntegerField(default=0)
    unchanged = models.BigIntegerField(default=0, help_text="Sent again, and the same.")
    deleted = models.BigIntegerField(default=0)
    refused = models.BigIntegerField(
        default=0, help_text="Writes: single ones, entries of a batch, whole transactions."
    )
    quarantined = models.BigIntegerField(default=0, help_text="Kept aside for a data steward.")
    failed = models.BigIntegerField(default=0, help_text="Errors of this server (5xx).")
    throttled = models.BigIntegerField(default=0, help_text="429.")
    bytes_in = models.BigIntegerField(default=0)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["hour", "source"], name="client_hour_unique"),
        ]

    def __str__(self) -> str:
        return f"{self.source} at {self.hour}"


class RejectedElement(models.Model):
    """How often one sender was refused in a day for one cause. Names of elements, never values."""

    day = models.DateField()
    source = models.CharField(max_length=40, help_text="As in ClientHour.")
    type = models.CharField(max_length=64, blank=True, help_text="Resource type, if it is known.")
    path = models.CharField(
        max_length=200, blank=True, help_text="Without indexes; as far as R4 knows it."
    )
    code = models.CharField(max_length=32, help_text="Of the value set issue-type, or 'other'.")
    status = models.PositiveSmallIntegerField(help_text="HTTP.")
    count = models.BigIntegerField(default=0)
    first_at = models.DateTimeField()
    last_at = models.DateTimeField()
    last_request_id = models.CharField(max_length=64, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["day", "source", "type", "path", "code", "status"],
                name="rejected_element_unique",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.path or self.type}: {self.code}"


class Heartbeat(models.Model):
    """When something that runs by itself last did its work."""

    name = models.CharField(max_length=20, primary_key=True, help_text="worker, sweep")
    at = models.DateTimeField()

    def __str__(self) -> str:
        return f"{self.name} at {self.at}"
