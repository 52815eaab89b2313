"""What a patient's own choices permit. The newest choice counts at once, for every page."""

from django.db.models import OuterRef, QuerySet, Subquery, Value
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
    newest = _newest(ConsentChoice.objects.filter(patient=patient, purpose=purpose)).first()
    return newest.granted if newest else DEFAULTS[purpose]


def permitting(purpose: Purpose) -> "QuerySet[Patient]":
    """Every twin whose patient allows it now."""
    said = ConsentChoice.objects.filter(patient=OuterRef("pk"), purpose=purpose)
    return Patient.objects.annotate(
        permitted=Coalesce(Subquery(_newest(said).values("granted")[:1]), Value(DEFAULTS[purpose]))
    ).filter(permitted=True)


def _newest(rows: "QuerySet[ConsentChoice]") -> "QuerySet[ConsentChoice]":
    return rows.order_by("-at", "-pk")
