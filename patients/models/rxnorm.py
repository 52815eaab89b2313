from django.contrib.postgres.fields import ArrayField
from django.contrib.postgres.indexes import GinIndex
from django.db import models


class RxNormRelease(models.Model):
    """A release of RxNorm that the site has loaded. The one with the highest key is in force;
    of the others only this row is kept.
    """

    name = models.CharField(max_length=100, help_text="As RxNorm calls it: RXNORM_20AA_...")
    sha256 = models.CharField(max_length=64, help_text="Of the three files, in order.")
    imported_at = models.DateTimeField()
    concepts = models.PositiveIntegerField()

    def __str__(self) -> str:
        return f"{self.name}: {self.concepts} concepts"


class RxNormConcept(models.Model):
    """One drug of a release with the ingredients that its relations lead to."""

    release = models.ForeignKey(
        RxNormRelease, on_delete=models.CASCADE, related_name="drugs", db_index=False
    )
    rxcui = models.CharField(max_length=8)
    term_type = models.CharField(max_length=8)
    name = models.TextField()
    ingredients = ArrayField(models.CharField(max_length=400))
    atc = ArrayField(models.CharField(max_length=7), default=list)
    strength_mg = models.FloatField(null=True, help_text="Of one tablet of one ingredient.")
    classes = ArrayField(
        models.CharField(max_length=32), default=list, help_text="Empty: not classified."
    )

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["release", "rxcui"], name="rxnorm_one_concept"),
        ]
        indexes = [GinIndex(fields=["atc"], name="rxnorm_by_atc")]

    def __str__(self) -> str:
        return f"{self.rxcui} {self.name}"
