"""The clinician's page: what would lower a prediction, by which changes of what can be changed."""

from typing import Any
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from explain.wording.numbers import percent
from models_engine.catalogue.display import displayed
from models_engine.models import Prediction
from models_engine.selectors import current_predictions
from patients import audit
from patients.models import Patient, StaleTwin
from patients.record.loading import state_of
from twinportal import pipeline
from twinportal.dashboards.access import role_required, visible_patient
from twinportal.dashboards.clinician.twin_page import Banner
from twinportal.dashboards.display import outcome_label
from twinportal.lower.asking import Question, question_of
from twinportal.lower.notes import against_row, goal_note, severe_ldl_text
from twinportal.lower.presenters import way_of
from twinportal.lower.targets import target_of, targets_for
from twinportal.what_if.forms import WhatIfForm, what_if_form

MOST_WAYS = 6
# the stored number and the one computed now are the same, to rounding
SAME = 1e-9


@require_safe
@role_required("clinician")
def lower(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """What would lower one of the leading predictions; which one and how far is in the address."""
    patient = visible_patient(request, public_id)
    leading = _leading(patient)
    prediction = _asked(request, leading)
    detail = f"prediction {prediction.pk}" if prediction else ""
    audit.record_read(request, patient, what="what would lower it", detail=detail)
    now = timezone.now()
    state = state_of(patient.pk, now)
    start = pipeline.what_if_start(patient.pk, now=now, state=state)
    context: dict[str, Any] = {
        "patient": patient,
        "banner": Banner(patient, state, now),
        "is_stale": StaleTwin.objects.filter(pk=patient.pk).exists(),
        "leading": [(one.pk, outcome_label(one)) for one in leading],
        "prediction": prediction,
        "barred": start.person.barred,
    }
    question = None
    if prediction and not start.person.barred:
        question = question_of(
            start.models,
            (prediction.model_id, prediction.model_version, prediction.outcome),
            start.values,
            start.person.unfit,
            start.reader.circumstances,
        )
    if prediction and question:
        form = what_if_form(start.values, {}, sources=start.sources)
        context |= _answer(request, question, form)
        context["severe_ldl"] = severe_ldl_text(start.values)
        context["differs"] = abs(question.before - (prediction.value or 0.0)) > SAME
    return render(request, "lower/page.html", context)


def _answer(request: HttpRequest, question: Question, form: WhatIfForm) -> dict[str, Any]:
    targets = targets_for(question.outcome, question.before)
    asked = request.GET.get("target", "")
    target = target_of(asked, targets)
    answer = question.answer(target.limit)
    return {
        "question": question,
        "targets": targets,
        "target": target,
        "not_offered_target": bool(asked) and asked != target.code,
        "answer": answer,
        "before_text": percent(answer.before),
        "ways": [way_of(one, form, question.model) for one in answer.found[:MOST_WAYS]],
        "lowest": answer.lowest and way_of(answer.lowest, form, question.model),
        "more": len(answer.found) - MOST_WAYS,
        "against": [against_row(question, lever) for lever in answer.against],
        "goal_note": goal_note(question),
    }


def _leading(patient: Patient) -> list[Prediction]:
    """The probabilities that the twin page leads with, in its order."""
    return [
        one
        for block in displayed(current_predictions(patient.pk))
        for one in block.predictions
        if one.value is not None and one.horizon_years is not None
    ]


def _asked(request: HttpRequest, leading: list[Prediction]) -> Prediction | None:
    """The prediction of the address, else the first. Raises Http404 on any other."""
    number = request.GET.get("prediction", "")
    if not number:
        return leading[0] if leading else None
    for one in leading:
        if str(one.pk) == number:
            return one
    raise Http404
