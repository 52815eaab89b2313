from django.conf import settings
from django.db import models
from django.db.models import Q

LONGEST_NOTE, LONGEST_NAME, LONGEST_QUERY = 400, 60, 600


class Flag(models.Model):
    """A rule fired for a patient and has not stopped since, or did until `ended_at`.

    One is open for a patient at a time. A rule that fires again after it had stopped is a new flag.
    """

    patient = models.ForeignKey("patients.Patient", on_delete=models.CASCADE, related_name="flags")
    rule_id = models.CharField(max_length=16)
    outcome = models.CharField(max_length=64)
    prediction = models.ForeignKey(
        "models_engine.Prediction",
        null=True,
        blank=True,
        on_delete=models.SET_NULL,
        related_name="+",
        help_text="The one on which the rule fired first.",
    )
    probability = models.FloatField(null=True, blank=True, help_text="When it was raised.")
    raised_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["patient"], condition=Q(ended_at__isnull=True), name="flag_one_open"
            ),
        ]
        indexes = [models.Index(fields=["raised_at"], name="flag_raised")]

    def __str__(self) -> str:
        return f"{self.rule_id} of {self.patient_id} since {self.raised_at}"


class WorklistEntry(models.Model):
    """Why one patient needs attention; one row a patient, rewritten when the twin is refreshed."""

    patient = models.OneToOneField(
        "patients.Patient", on_delete=models.CASCADE, primary_key=True, related_name="attention"
    )
    rule_id = models.CharField(max_length=16, blank=True, help_text="Empty: no rule fired.")
    priority = models.PositiveSmallIntegerField(default=99)
    outcome = models.CharField(max_length=64, blank=True)
    prediction = models.ForeignKey(
        "models_engine.Prediction", null=True, blank=True, on_delete=models.SET_NULL
    )
    flag = models.ForeignKey(
        Flag, null=True, blank=True, on_delete=models.SET_NULL, related_name="+"
    )
    probability = models.FloatField(null=True, blank=True)
    change = models.FloatField(null=True, blank=True, help_text="Over at least 90 days.")
    why = models.JSONField(default=list)
    firing = models.JSONField(default=list, help_text="Ids of all rules that fire, first first.")
    shown = models.JSONField(
        default=dict, help_text="By outcome, every probability judged, whichever ranked the line."
    )
    newest_data_at = models.DateTimeField(null=True, blank=True)
    refreshed_at = models.DateTimeField()
    changed_at = models.DateTimeField(
        null=True,
        blank=True,
        help_text="When what it says changed last, by the database's clock.",
    )

    class Meta:
        indexes = [
            models.Index(fields=["priority", "-change", "patient"], name="worklist_order"),
            models.Index(fields=["changed_at"], name="worklist_changed"),
        ]

    def __str__(self) -> str:
        return f"{self.rule_id or 'no rule'} for {self.patient_id}"


class Acknowledgement(models.Model):
    """Somebody has seen a flag and says what becomes of it. It quiets that person's own list only.

    It ends when it is taken back, when the flag ends, when another rule begins to fire beside it, or
    when the flag says more than it did then; `until` ends it without a word.
    """

    class Reason(models.TextChoices):
        ACTED = "acted", "Seen and acted on"
        KNOWN = "known", "Already known"
        NOT_RELEVANT = "not_relevant", "Not relevant to this patient"
        WRONG_DATA = "wrong_data", "The data are wrong"
        LATER = "later", "Will look at it later"
        DECLINED = "declined", "The patient declined"

    class Ended(models.TextChoices):
        UNDONE = "undone", "taken back"
        REPLACED = "replaced", "acknowledged anew"
        FLAG_ENDED = "flag_ended", "the rule stopped or another fired"
        ROSE = "rose", "the probability rose"
        NEW_REASON = "new_reason", "a new reason"
        NEW_RULE = "new_rule", "another rule fires too"
        FURTHER = "further", "a value went further beyond the range"

    flag = models.ForeignKey(Flag, on_delete=models.CASCADE, related_name="acknowledgements")
    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.PROTECT, related_name="acknowledgements"
    )
    reason = models.CharField(max_length=12, choices=Reason)
    note = models.CharField(max_length=LONGEST_NOTE, blank=True)
    at = models.DateTimeField()
    until = models.DateField(
        null=True, blank=True, help_text="The day on which the flag is back; the site's time zone."
    )
    probability = models.FloatField(null=True, blank=True, help_text="Which was acknowledged.")
    why = models.JSONField(default=list, help_text="The reasons which were acknowledged.")
    firing = models.JSONField(
        default=list, help_text="Rules which fired then. Empty: not known, the flag's rule alone."
    )
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_because = models.CharField(max_length=12, blank=True, choices=Ended)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["flag", "user"],
                condition=Q(ended_at__isnull=True),
                name="acknowledgement_one_open",
            ),
            models.CheckConstraint(
                condition=~Q(reason="later") | Q(until__isnull=False),
                name="acknowledgement_later_has_a_day",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.reason} of flag {self.flag_id} by {self.user_id}"


class Visit(models.Model):
    """When a clinician last opened a twin, and what the worklist said of it then."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="twin_visits"
    )
    # found by visit_once
    patient = models.ForeignKey("patients.Patient", on_delete=models.CASCADE, related_name="visits")
    at = models.DateTimeField()
    rule_id = models.CharField(max_length=16, blank=True)
    outcome = models.CharField(max_length=64, blank=True)
    probability = models.FloatField(null=True, blank=True)
    newest_data_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "patient"], name="visit_once"),
        ]

    def __str__(self) -> str:
        return f"{self.user_id} at {self.patient_id}, {self.at}"


class SavedView(models.Model):
    """A person's own name for a query of the worklist: coded values only, as in the address."""

    user = models.ForeignKey(
        settings.AUTH_USER_MODEL, on_delete=models.CASCADE, related_name="saved_views"
    )
    name = models.CharField(max_length=LONGEST_NAME)
    query = models.CharField(max_length=LONGEST_QUERY)
    is_default = models.BooleanField(default=False)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["user", "name"], name="saved_view_name"),
            models.UniqueConstraint(
                fields=["user"], condition=Q(is_default=True), name="saved_view_one_default"
            ),
        ]

    def __str__(self) -> str:
        return f"view {self.pk} of {self.user_id}"
