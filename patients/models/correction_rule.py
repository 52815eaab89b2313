from django.conf import settings
from django.db import models
from django.db.models import Q


class CorrectionRule(models.Model):
    """What a client writes where R4 wants one of a few codes, and the code that it means.

    Never changed: a rule ends, and another begins. Used on faulty resources of tolerant clients.
    """

    application = models.ForeignKey(
        settings.OAUTH2_PROVIDER_APPLICATION_MODEL,
        null=True,
        blank=True,
        on_delete=models.PROTECT,
        related_name="+",
        help_text="Whose resources; empty: every tolerant client's.",
    )
    type = models.CharField(max_length=64)
    element = models.CharField(
        max_length=200, help_text="As Patient.contact.gender, without indexes."
    )
    from_text = models.CharField(max_length=200)
    to_text = models.CharField(max_length=200)
    reason = models.CharField(max_length=400)
    made_by = models.CharField(max_length=40, help_text="Key of the user.")
    made_at = models.DateTimeField()
    ended_at = models.DateTimeField(null=True, blank=True)
    ended_by = models.CharField(max_length=40, blank=True)

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["application", "element", "from_text"],
                condition=Q(ended_at__isnull=True),
                nulls_distinct=False,
                name="correction_rule_once",
            ),
        ]

    def __str__(self) -> str:
        return f"{self.element}: {self.from_text} means {self.to_text}"
