"""Takes back what proposals of treatment left in the record. The caller holds the refresh locks."""

from collections.abc import Collection, Iterable
from datetime import datetime
from uuid import UUID

from patients.models import Resource
from twinportal.treatment import fhir_rendering
from twinportal.treatment.models import TreatmentProposal
from twinportal.what_if.withdrawal import take_back

TAG = "treatment"


def withdraw(
    proposals: Iterable[TreatmentProposal],
    *,
    now: datetime,
    practitioner_id: str = "",
    reason: str = "",
    in_error: bool = False,
) -> list[UUID]:
    """Forget these. The caller holds the refresh locks. Returns their public ids."""
    gone = list(proposals)
    through = TreatmentProposal.resources.through.objects
    proposed = Resource.objects.filter(
        pk__in=through.filter(treatmentproposal__in=gone).values("resource"),
        type__in=["RequestGroup", "DetectedIssue"],
        deleted=False,
    )
    take_back(
        proposed.order_by("pk").values_list("pk", flat=True),
        lambda content: fhir_rendering.withdrawn(content, in_error=in_error),
        now=now,
        practitioner_id=practitioner_id,
        reason=reason,
        tag=TAG,
    )
    TreatmentProposal.objects.filter(pk__in=[one.pk for one in gone]).delete()
    return [one.public_id for one in gone]


def withdraw_of_deleted(patient_ids: Collection[int], *, now: datetime, reason: str) -> None:
    """Withdraw, as entered in error, every proposal of patients whose resource was deleted."""
    if patient_ids:
        found = TreatmentProposal.objects.filter(patient__in=patient_ids).order_by("pk")
        withdraw(found, now=now, reason=reason, in_error=True)
