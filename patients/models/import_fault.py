from django.db import models

from patients.models.bulk import BulkFile


class ImportFault(models.Model):
    """A line of an import that is not stored: it was refused, or it waits for what it names."""

    file = models.ForeignKey(BulkFile, on_delete=models.CASCADE, related_name="faults")
    line = models.BigIntegerField(help_text="From 1.")
    offset = models.BigIntegerField(help_text="Bytes before it, in the text without compression.")
    length = models.BigIntegerField(help_text="Bytes, without the line's end.")
    reference = models.CharField(
        max_length=130, blank=True, help_text="Type/id of its resource, if it has an id."
    )
    issues = models.JSONField(help_text="Of its last try: severity, code, diagnostics, expression.")
    waiting = models.BooleanField(default=False, help_text="It is tried again after the last file.")

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["file", "line"], name="import_fault_line"),
        ]
        indexes = [
            models.Index(
                fields=["file", "reference"],
                name="import_fault_waiting",
                condition=models.Q(waiting=True),
            ),
            models.Index(
                fields=["file", "reference"],
                name="import_fault_refused",
                condition=models.Q(waiting=False) & ~models.Q(reference=""),
            ),
        ]

    def __str__(self) -> str:
        return f"{self.file_id}:{self.line}"
