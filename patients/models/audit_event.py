from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models


class AuditEvent(models.Model):
    """Who read or wrote what, when. No foreign keys: the log outlives what it speaks of. No PHI."""

    at = models.DateTimeField()
    actor_kind = models.CharField(max_length=12, help_text="user, client or system")
    actor = models.CharField(max_length=200, help_text="User or application primary key.")
    action = models.CharField(max_length=40, help_text="read, search, create, update, delete, ...")
    what = models.CharField(max_length=200, help_text="Page or interaction.")
    detail = models.CharField(max_length=400, blank=True, help_text="Type/id references only.")
    patient_ids = ArrayField(models.BigIntegerField(), default=list, blank=True)
    request_id = models.CharField(max_length=64, blank=True)
    outcome = models.CharField(max_length=12, default="success")

    class Meta:
        indexes = [
            GinIndex(fields=["patient_ids"], name="audit_patient_ids"),
            models.Index(fields=["-at"], name="audit_at"),
        ]

    def __str__(self) -> str:
        return f"{self.at} {self.actor_kind} {self.action} {self.what}"
