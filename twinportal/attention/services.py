"""Rewrites a patient's line of the worklist, inside the refresh's transaction."""

from datetime import datetime

from django.db.models import Max

from explain.selectors import attributions_of
from explain.wording.phrases import MEDICINES
from models_engine.catalogue.display import Displayed, displayed
from models_engine.models import Prediction
from models_engine.selectors import current_predictions, earlier_prediction
from patients.models import Fact
from twinportal.attention.models import WorklistEntry
from twinportal.attention.rules import Situation, cannot_wait, extremes_of, judge

REASONS_SHOWN = 2
# half a percentage point: less is not worth a line
SMALLEST_REASON = 0.005


def refresh(patient_id: int, now: datetime) -> WorklistEntry:
    """Judge the patient's current predictions anew and store the verdict."""
    blocks = displayed(list(current_predictions(patient_id)))
    pairs = [
        (_situation(block, prediction, now), prediction)
        for block in blocks
        for prediction in (block.main, *block.under)
    ]
    verdict = judge([situation for situation, _ in pairs])
    prediction = next((p for s, p in pairs if s is verdict.situation), None)
    entry, _ = WorklistEntry.objects.update_or_create(
        patient_id=patient_id,
        defaults={
            "rule_id": verdict.rule.id if verdict.rule else "",
            "priority": verdict.priority,
            "outcome": verdict.situation.outcome if verdict.situation else "",
            "prediction": prediction,
            "probability": verdict.situation.probability if verdict.situation else None,
            "change": verdict.situation.change if verdict.situation else None,
            "why": _why(verdict.situation, prediction, blocks),
            "newest_data_at": _newest_data(patient_id, now),
            "refreshed_at": now,
        },
    )
    return entry


def _why(
    situation: Situation | None,
    prediction: Prediction | None,
    blocks: tuple[Displayed[Prediction], ...],
) -> list[str]:
    if situation is not None and situation.probability is None and situation.extremes:
        return list(situation.extremes)[:REASONS_SHOWN]
    return _reasons(prediction) if prediction else _refusals(blocks)


def _situation(block: Displayed[Prediction], prediction: Prediction, now: datetime) -> Situation:
    earlier = earlier_prediction(prediction, now=now)
    return Situation(
        block.family,
        prediction.outcome,
        prediction.value,
        earlier.value if earlier else None,
        extremes_of(prediction.refusals),
        cannot_wait(prediction.refusals),
    )


def _reasons(prediction: Prediction) -> list[str]:
    """What raises the probability most, against the same age and sex; modifiable inputs first."""
    attribution = attributions_of([prediction.pk]).get((prediction.pk, "optimal"))
    if attribution is None:
        return []
    # a medicine marks a treated condition: it explains, and is no reason to act on
    raising = [
        c
        for c in attribution.contributions
        if c["contribution"] >= SMALLEST_REASON and c["concept"] not in MEDICINES
    ]
    raising.sort(key=lambda c: (not c["modifiable"], -c["contribution"]))
    return [f"{c['label']}: {c['display']}" for c in raising[:REASONS_SHOWN]]


def _refusals(blocks: tuple[Displayed[Prediction], ...]) -> list[str]:
    """Why there is no number, of the first block."""
    messages = [r["message"] for block in blocks for r in block.main.refusals]
    return list(dict.fromkeys(messages))[:REASONS_SHOWN]


def _newest_data(patient_id: int, now: datetime) -> datetime | None:
    newest: datetime | None = Fact.objects.filter(
        patient_id=patient_id, kind=Fact.Kind.MEASUREMENT, effective_at__lte=now
    ).aggregate(newest=Max("effective_at"))["newest"]
    return newest
