from django.db import models


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

    class Meta:
        constraints = [
            models.UniqueConstraint(
                fields=["prediction", "baseline"], name="attribution_one_per_baseline"
            ),
        ]

    def __str__(self) -> str:
        return f"{self.baseline} attribution of prediction {self.prediction_id}"
