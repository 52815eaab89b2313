from django.contrib.postgres.fields import ArrayField
from django.db import models

from explain.attribution import stability


class Attribution(models.Model):
    """Exact Shapley values of one prediction against one baseline, on the outcome's own scale.

    `contributions` is a list of {concept, label, contribution, modifiable, value, unit,
    effective_at, resource} that adds up to `prediction.value - baseline_value` within 1e-6.
    """

    class Baseline(models.TextChoices):
        OPTIMAL = "optimal", "same age and sex, reference values"
        POPULATION = "population", "people of the background sample"

    prediction = models.ForeignKey(
        "models_engine.Prediction", on_delete=models.CASCADE, related_name="attributions"
    )
    baseline = models.CharField(max_length=12, choices=Baseline)
    baseline_value = models.FloatField()
    contributions = models.JSONField(default=list)
    overlap = models.FloatField(
        null=True,
        blank=True,
        help_text="Of the three largest between draws of the sample, 0 to 1; null: not measured.",
    )
    far = ArrayField(
        models.CharField(max_length=64),
        default=list,
        blank=True,
        help_text="Concepts whose value is far from everybody of the sample.",
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["prediction", "baseline"], name="attribution_one_per_baseline"
            ),
        ]

    @property
    def is_stable(self) -> bool | None:
        """None: explained before it was measured; a refresh of what stands measures it."""
        return None if self.overlap is None else stability.is_stable(self.overlap)

    @property
    def is_uncertain(self) -> bool:
        """True: say "reasons uncertain". Known to be unstable, or far from the sample."""
        return self.is_stable is False or bool(self.far)

    def __str__(self) -> str:
        return f"{self.baseline} attribution of prediction {self.prediction_id}"
