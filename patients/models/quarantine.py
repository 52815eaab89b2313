import uuid

from django.conf import settings
from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models
from django.db.models import Q


class QuarantinedResource(models.Model):
    """What a tolerant client sent and nobody uses: faulty, kept apart with its faults.

    It is no Resource: searches, facts and models never see it. `content` stays as it was sent,
    for ever; rows are never deleted.
    """

    class Method(models.TextChoices):
        POST = "POST"
        PUT = "PUT"
        TRANSACTION = "TRANSACTION"

    class State(models.TextChoices):
        WAITING = "waiting"
        STORED = "stored"
        SUPERSEDED = "superseded"
        DISCARDED = "discarded"

    public_id = models.UUIDField(default=uuid.uuid4, unique=True, editable=False)
    received_at = models.DateTimeField()
    last_received_at = models.DateTimeField(help_text="The last time the same was sent.")
    times = models.PositiveIntegerField(default=1, help_text="How often the same was sent.")
    application = models.ForeignKey(
        settings.OAUTH2_PROVIDER_APPLICATION_MODEL,
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        db_index=False,
    )
    source = models.CharField(max_length=200, help_text="Who sent it, as in ResourceVersion.")
    request_id = models.CharField(max_length=64, blank=True)
    base_url = models.CharField(
        max_length=400, blank=True, help_text="How the sender knows this server."
    )
    # the interaction, so that the very same can be done later
    method = models.CharField(max_length=11, choices=Method)
    type = models.CharField(max_length=64)
    fhir_id = models.CharField(max_length=64, blank=True, help_text="The id a PUT names.")
    targets = ArrayField(
        models.TextField(),
        default=list,
        blank=True,
        help_text='"Type/id" or "Type?condition" of what it would update or delete.',
    )
    conditions = models.TextField(
        default="{}", help_text="JSON: if_none_exist, condition, if_match, if_none_match, full_url."
    )
    content = models.TextField(help_text="The JSON text as it was sent.")
    digest = models.CharField(max_length=64, help_text="Of the interaction and its content.")
    faults = models.JSONField(help_text="severity, code, diagnostics and expression of each.")
    causes = ArrayField(
        models.TextField(), help_text='"code element" of each fault, without indexes: no values.'
    )
    about = ArrayField(
        models.CharField(max_length=64),
        default=list,
        blank=True,
        help_text="Ids of the patients it speaks of, here or not.",
    )
    about_identifiers = ArrayField(
        models.TextField(),
        default=list,
        blank=True,
        help_text="Tokens of the identifiers it names patients by, as in Resource.tokens.",
    )
    entries = models.PositiveIntegerField(default=1, help_text="How many a transaction has.")
    patient = models.ForeignKey(
        "patients.Patient",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="quarantined",
        db_index=False,
        help_text="The one patient it speaks of, if that one is here.",
    )
    state = models.CharField(max_length=10, choices=State, default=State.WAITING)
    tries = models.PositiveIntegerField(default=0)
    last_tried_at = models.DateTimeField(null=True, blank=True)
    retry_at = models.DateTimeField(null=True, blank=True, help_text="When a worker tries it.")
    asked_by = models.CharField(
        max_length=40, blank=True, help_text="Key of the user who wants it tried; empty: nobody."
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=40, blank=True, help_text='A user\'s key, or "system".')
    stored_type = models.CharField(max_length=64, blank=True)
    stored_id = models.CharField(max_length=64, blank=True)
    stored_version = models.PositiveIntegerField(null=True, blank=True)
    rules = ArrayField(
        models.BigIntegerField(),
        default=list,
        blank=True,
        help_text="Correction rules that made it storable.",
    )
    note = models.TextField(blank=True, help_text="Why it ended; no PHI.")
    looked_at = models.DateTimeField(
        null=True, blank=True, help_text="When a data steward first opened it after it ended."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["source", "digest"],
                condition=Q(state="waiting"),
                name="quarantine_waiting_once",
            ),
        ]
        indexes = [
            # every deletion looks there: it finds no list of what is still to be indexed
            GinIndex(
                fields=["targets"],
                condition=Q(state="waiting"),
                fastupdate=False,
                name="quarantine_targets",
            ),
            models.Index(
                fields=["retry_at"],
                condition=Q(state="waiting", retry_at__isnull=False),
                name="quarantine_retry_at",
            ),
            GinIndex(
                fields=["about"],
                condition=Q(state="waiting"),
                fastupdate=False,
                name="quarantine_about",
            ),
            # who deletes by id looks there for conditions that mean the same
            models.Index(
                fields=["type"],
                condition=Q(state="waiting", fhir_id="", method__in=["PUT", "TRANSACTION"]),
                name="quarantine_conditional",
            ),
            models.Index(fields=["patient"], name="quarantine_patient"),
            models.Index(fields=["state", "-id"], name="quarantine_state"),
            models.Index(fields=["source", "digest"], name="quarantine_same"),
            models.Index(
                fields=["-id"],
                condition=Q(state="superseded", looked_at__isnull=True),
                name="quarantine_unseen",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.public_id}"
