from django.db import models
from pgvector.django import VectorField

from models_engine.catalogue.similarity.embedding import DIMENSIONS


class PastTwin(models.Model):
    """What one twin was like at a fixed day of the past, as a vector; one row a twin and horizon.

    Rewritten when the twin is refreshed, rebuilt by `manage.py rebuild_similar`. Never shown: pages
    count over many of them.
    """

    # found by past_twin_unique
    patient = models.ForeignKey(
        "patients.Patient", on_delete=models.CASCADE, related_name="past_twins", db_index=False
    )
    years = models.PositiveSmallIntegerField(help_text="For how long after it people are followed.")
    as_of = models.DateTimeField()
    version = models.PositiveSmallIntegerField(help_text="Of the embedding.")
    sex = models.CharField(max_length=10)
    age_band = models.PositiveSmallIntegerField()
    vector = VectorField(dimensions=DIMENSIONS)

    class Meta:
        constraints = [
            models.UniqueConstraint(fields=["patient", "years"], name="past_twin_unique"),
        ]
        # the distance is then computed of all who are left, exactly: an approximate index misses
        # neighbours where others are filtered out, and would not answer the same twice
        indexes = [
            models.Index(fields=["years", "version", "sex", "age_band"], name="past_twin_alike"),
        ]

    def __str__(self) -> str:
        return f"{self.patient_id}, {self.years} years ago"
