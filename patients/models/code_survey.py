from django.db import models


class CodeSurvey(models.Model):
    """One count of all codes that nothing here reads; the newest is the one that is shown."""

    counted_at = models.DateTimeField()
    milliseconds = models.PositiveIntegerField()
    without_code = models.JSONField(
        default=dict, help_text="Resources by type that have a text, or nothing, for a code."
    )

    def __str__(self) -> str:
        return f"survey of {self.counted_at}"


class UnmappedCode(models.Model):
    """A code that neither our tables nor a mapping reads, and how often it came. No PHI."""

    survey = models.ForeignKey(CodeSurvey, on_delete=models.CASCADE, related_name="codes")
    kind = models.CharField(max_length=16, help_text="As of a Mapping.")
    type = models.CharField(max_length=64, help_text="Resource type, or the element's path.")
    concept = models.CharField(max_length=64, blank=True, help_text="Of an answer.")
    system = models.CharField(max_length=500, blank=True)
    code = models.CharField(max_length=500)
    display = models.CharField(max_length=400, blank=True)
    resources = models.PositiveIntegerField()
    patients = models.PositiveIntegerField()
    first = models.DateTimeField(null=True, blank=True)
    last = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["survey", "-resources", "id"], name="unmapped_by_count"),
        ]

    def __str__(self) -> str:
        return f"{self.type} {self.system}|{self.code}: {self.resources}"
