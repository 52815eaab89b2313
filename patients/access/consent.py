"""What a patient's own choices permit. The newest choice counts at once, for every page."""

from django.contrib.postgres.aggregates import ArrayAgg
from django.db.models import Q, QuerySet
from django.db.models.functions import Coalesce

from patients.models import ConsentChoice, Patient

Purpose = ConsentChoice.Purpose
# where the patient has said nothing: own numbers are seen, comparisons with others only when asked
# for, and nobody is compared with a patient who refused
DEFAULTS: dict[Purpose, bool] = {
    Purpose.SEE_PREDICTIONS: True,
    Purpose.SEE_SIMILAR: False,
    Purpose.COUNTED_AMONG_SIMILAR: True,
}


def permits(patient: Patient, purpose: Purpose) -> bool:
    """Whether `patient` allows it now."""
    newest = choices_of(patient).filter(purpose=purpose).first()
    return newest.granted if newest else DEFAULTS[purpose]


def choices_of(patient: Patient) -> "QuerySet[ConsentChoice]":
    """Every choice of this person, newest first: under their own name, and under every name that
    was merged with it.
    """
    twin = patient.merged_into_id or patient.pk
    own = Q(patient=twin) | Q(patient__merged_into=twin)
    return ConsentChoice.objects.filter(own).order_by("-at", "-pk")


def permitting(purpose: Purpose) -> "QuerySet[Patient]":
    """Every twin whose patient allows it now."""
    choices = ConsentChoice.objects.filter(purpose=purpose)
    by_twin = choices.values(twin=Coalesce("patient__merged_into", "patient"))
    newest = by_twin.annotate(newest_first=ArrayAgg("granted", order_by=["-at", "-pk"]))
    otherwise = newest.filter(Q(newest_first__0=not DEFAULTS[purpose])).values("twin")
    every = Patient.objects.annotate(twin=Coalesce("merged_into", "pk"))
    if DEFAULTS[purpose]:
        return every.exclude(twin__in=otherwise)
    return every.filter(twin__in=otherwise)
