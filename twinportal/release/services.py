"""Release: the moment a prediction becomes visible to the patient; and taking that back."""

from collections.abc import Callable, Collection
from datetime import datetime
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import Q
from django.db.models.functions import Coalesce

from models_engine.catalogue.display import block_of
from models_engine.models import Forecast, Prediction
from models_engine.registry import quiet_ids, research_ids
from patients.models import Patient
from twinportal.release.decisions import newest_decisions
from twinportal.release.models import ReleaseDecision
from twinportal.release.policy import parse_policy

Reason = ReleaseDecision.Reason
# whose, of which model, which outcome
MaySee = Callable[[int, str, str], bool]
# whose, of which measurement
MaySeeForecast = Callable[[int, str], bool]


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
    withheld. What is withheld takes the other variants of its block along.
    """
    rows = Prediction.objects.filter(
        pk=pk, patient=patient, status=Prediction.Status.CURRENT, value__isnull=False
    ).exclude(model_id__in=quiet_ids() | research_ids())
    if not rows.update(released_at=now if visible else None, released_by=by):
        return False
    row = Prediction.objects.only("model_id", "outcome").get(pk=pk)
    if not visible:
        _take_back_variants(patient, row)
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


def _take_back_variants(patient: Patient, withheld: Prediction) -> None:
    """Another variant that takes the place of the withheld number waits for a decision of its own."""
    block = block_of(withheld.model_id, withheld.outcome)
    others = Prediction.objects.filter(
        patient=patient,
        outcome=withheld.outcome,
        status=Prediction.Status.CURRENT,
        released_at__isnull=False,
    ).exclude(pk=withheld.pk)
    same = [pk for pk, model_id in others.values_list("pk", "model_id")
            if block_of(model_id, withheld.outcome) == block]  # fmt: skip
    Prediction.objects.filter(pk__in=same).update(released_at=None, released_by=None)


def released_at_once(patient_ids: Collection[int]) -> MaySee:
    """What the clinic's policy releases without a review, for new predictions of these patients.

    Where a clinician last withheld a number of the same block, the next one waits as well: a new
    value of yesterday's test, or one fewer, must not undo what they decided. One query, or none
    where everything waits.
    """
    policy = parse_policy(settings.RELEASE_POLICY)
    if policy.releases_nothing:
        return lambda patient_id, model_id, outcome: False
    decided = newest_decisions(patient_ids)
    held = {block for block, last in decided.items() if not last.released}

    def may_see(patient_id: int, model_id: str, outcome: str) -> bool:
        block = (patient_id, *block_of(model_id, outcome))
        return policy.releases(model_id) and block not in held

    return may_see


def forecasts_released_at_once(patient_ids: Collection[int]) -> MaySeeForecast:
    """Whether a new, validated forecast of these patients may be seen at once.

    Not where a clinician last hid a forecast of the same measurement. One query, or none.
    """
    if not parse_policy(settings.RELEASE_POLICY).releases_forecasts:
        return lambda patient_id, concept: False
    own = Q(patient__in=patient_ids) | Q(patient__merged_into__in=patient_ids)
    # a row is decided about while it is current, so that the newest of those is the last word
    decided = (
        Forecast.objects.filter(own, released_by__isnull=False)
        .annotate(of=Coalesce("patient__merged_into", "patient"))
        .order_by("of", "concept", "-made_at", "-pk")
        .distinct("of", "concept")
    )
    held = {
        (of, concept)
        for of, concept, released_at in decided.values_list("of", "concept", "released_at")
        if released_at is None
    }
    return lambda patient_id, concept: (patient_id, concept) not in held
