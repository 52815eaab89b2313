"""What a clinician saw of a twin when they last opened it."""

from datetime import datetime
from typing import Any

from django.db import transaction

from patients.models import Patient
from twinportal.attention.models import Visit, WorklistEntry

KEPT = ["at", "rule_id", "outcome", "probability", "newest_data_at"]


@transaction.atomic
def record_visit(user: Any, patient: Patient, *, now: datetime) -> Visit | None:
    """Write down this opening; returns the one before it, None at the first."""
    before = Visit.objects.filter(user=user, patient=patient).first()
    entry = WorklistEntry.objects.filter(pk=patient.pk).first()
    visit = Visit(user=user, patient=patient, at=now)
    if entry is not None:
        visit.rule_id, visit.outcome = entry.rule_id, entry.outcome
        visit.probability, visit.newest_data_at = entry.probability, entry.newest_data_at
    Visit.objects.bulk_create(
        [visit], update_conflicts=True, unique_fields=["user", "patient"], update_fields=KEPT
    )
    return before
