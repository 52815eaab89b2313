"""Release: the moment a prediction becomes visible to the patient; and taking that back."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction

from models_engine.models import Prediction
from models_engine.registry import quiet_ids, research_ids
from patients.models import Patient
from twinportal.release.models import ReleaseDecision
from twinportal.release.policy import parse_policy

Reason = ReleaseDecision.Reason
# whose, of which model, which outcome
MaySee = Callable[[int, str, str], bool]


@transaction.atomic
def set_release(
    patient: Patient,
    pk: int,
    *,
    visible: bool,
    by: Any,
    now: datetime,
    reason: str = Reason.NOT_STATED,
) -> bool:
    """Release or withhold one current prediction that has a number; False if it is none.

    A quiet or research model's number is none: patients never see it. `reason` is why it is
    withheld.
    """
    rows = Prediction.objects.filter(
        pk=pk, patient=patient, status=Prediction.Status.CURRENT, value__isnull=False
    ).exclude(model_id__in=quiet_ids() | research_ids())
    if not rows.update(released_at=now if visible else None, released_by=by):
        return False
    row = Prediction.objects.only("model_id", "outcome").get(pk=pk)
    ReleaseDecision.objects.create(
        prediction_id=pk,
        patient=patient,
        model_id=row.model_id,
        outcome=row.outcome,
        released=visible,
        reason="" if visible else reason,
        at=now,
        by=by,
    )
    return True


def released_at_once(patient_ids: Collection[int]) -> MaySee:
    """What the clinic's policy releases without a review, for new predictions of these patients.

    Where a clinician last withheld the same outcome of the same model, the next one waits as well:
    a new value of yesterday's test must not undo what they decided. One query, or none where
    everything waits.
    """
    policy = parse_policy(settings.RELEASE_POLICY)
    if policy.releases_nothing:
        return lambda patient_id, model_id, outcome: False
    decided = (
        ReleaseDecision.objects.filter(patient__in=patient_ids)
        .order_by("patient", "model_id", "outcome", "-at", "-pk")
        .distinct("patient", "model_id", "outcome")
    )
    held = {
        (row.patient_id, row.model_id, row.outcome)
        for row in decided.only("patient", "model_id", "outcome", "released")
        if not row.released
    }

    def may_see(patient_id: int, model_id: str, outcome: str) -> bool:
        return policy.releases(model_id) and (patient_id, model_id, outcome) not in held

    return may_see


def releases_forecasts() -> bool:
    """Whether a new, validated forecast may be seen at once."""
    return parse_policy(settings.RELEASE_POLICY).releases_forecasts
