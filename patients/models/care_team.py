from django.db import models


class CareTeamMember(models.Model):
    """Who looks after whom: projected from CareTeam, generalPractitioner and Encounter.participant."""

    patient = models.ForeignKey(
        "patients.Patient", on_delete=models.CASCADE, related_name="care_team"
    )
    practitioner_id = models.CharField(max_length=64, help_text="Practitioner.id")
    resource = models.ForeignKey(
        "patients.Resource",
        null=True,
        blank=True,
        on_delete=models.CASCADE,
        help_text="What says so; empty for a client's default team.",
    )
    always = models.BooleanField(
        default=False, help_text="A default team that counts beside those that resources name."
    )
    start_at = models.DateTimeField(null=True, blank=True)
    end_at = models.DateTimeField(null=True, blank=True)

    class Meta:
        indexes = [
            models.Index(fields=["practitioner_id", "patient"], name="care_team_practitioner"),
        ]

    def __str__(self) -> str:
        return f"Practitioner/{self.practitioner_id} for {self.patient_id}"
