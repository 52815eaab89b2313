from django.db import models
from django.db.models import Q


class PopulationRun(models.Model):
    """One pass over all twins, and how far it has come: whoever goes on begins after `after`.

    Counts only, and keys of twins: nothing here tells anything of a patient.
    """

    class State(models.TextChoices):
        RUNNING = "running"
        COMPLETE = "complete"
        STOPPED = "stopped"

    state = models.CharField(max_length=8, choices=State, default=State.RUNNING)
    only_stale = models.BooleanField(default=False)
    started_at = models.DateTimeField()
    worked_at = models.DateTimeField(help_text="When a batch of it was last done.")
    ended_at = models.DateTimeField(null=True, blank=True)
    seconds = models.FloatField(default=0, help_text="Spent on it, without the pauses.")
    after = models.BigIntegerField(default=0, help_text="The greatest key that is done.")
    through = models.BigIntegerField(help_text="The greatest key when it began.")
    total = models.PositiveIntegerField(help_text="Twins when it began.")
    scored = models.PositiveIntegerField(default=0)
    created = models.PositiveBigIntegerField(default=0, help_text="Runs of models, replays too.")
    kept = models.PositiveBigIntegerField(default=0, help_text="Runs that still stand.")
    superseded = models.PositiveBigIntegerField(default=0)
    failed = models.PositiveIntegerField(default=0, help_text="Twins; their marks say why.")
    failures = models.JSONField(default=dict, help_text="Twins by class of error.")
    held = models.JSONField(
        default=list, help_text="Keys of twins that another worker had in hand: tried last."
    )
    by_model = models.JSONField(
        default=dict, help_text="Of each model: created, kept, refused, by name."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["state"], condition=Q(state="running"), name="population_run_one_at_once"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.state} since {self.started_at}"
