"""The patient's page: what could bring my number down. Released numbers only."""

from dataclasses import dataclass

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from explain.attribution.counterfactual import Counterfactual, Lowering, fewer
from explain.figures.icon_array import IconArray, icon_array
from explain.wording.language import gettext
from explain.wording.lower import (
    ALREADY_LOW,
    ASK,
    CAUTIONS,
    CHOICES,
    NOT_SO_LOW,
    NOTHING,
    OPENING,
    NumberText,
    apart_text,
    change_text,
    number_text,
)
from explain.wording.numbers import Frequency, frequency
from explain.wording.phrases import Level
from explain.wording.what_if import BARRED, SMOKING
from models_engine.catalogue.what_if.effects import SMOKING as SMOKING_STATUS
from models_engine.catalogue.what_if.recommended import RECOMMENDED
from patients import audit
from patients.models import Patient
from patients.record.loading import state_of
from twinportal import pipeline
from twinportal.dashboards.access import role_required
from twinportal.dashboards.portal.reader import level_of, own_patient, reader_context
from twinportal.dashboards.portal.results import Result, released_results
from twinportal.known_units import known_units
from twinportal.lower.asking import Question, question_of
from twinportal.lower.presenters import Units, own_unit_text, own_value_text

LOWERED = tuple(one.concept for one in RECOMMENDED)
MOST_WAYS = 3
SAME = 1e-9
# of "1 out of 100" and less no whole person can be taken away
VERY_LOW = 0.01
# how much lower, by what a person picks; as a probability, None: as low as it goes
PICKED: dict[str, float | None] = {"little": 0.01, "more": 0.03, "most": None}


@dataclass(frozen=True)
class PatientNumber:
    """One probability with its words and its hundred people."""

    probability: float
    text: NumberText

    @property
    def frequency(self) -> Frequency:
        return frequency(self.probability)

    @property
    def icons(self) -> IconArray:
        return icon_array(self.frequency.count)


@dataclass(frozen=True)
class PatientWay:
    """One way: what would be other, and the number then."""

    found: Counterfactual
    changes: tuple[str, ...]
    then: PatientNumber
    apart: str


@require_safe
@role_required("patient")
def lower(request: HttpRequest) -> HttpResponse:
    """What could bring my number down. Whose it is follows from who is signed in."""
    patient = own_patient(request)
    level = level_of(request)
    now = timezone.now()
    results = released_results(patient, level)
    result = _asked(request, results)
    audit.record_read(
        request,
        patient,
        what="own what could lower it",
        detail=f"prediction {result.prediction.pk}" if result else "",
    )
    state = state_of(patient.pk, now)
    start = pipeline.what_if_start(patient.pk, now=now, state=state)
    context = reader_context(request, patient) | {
        "results": results,
        "result": result,
        "opening": gettext(OPENING[level]),
        "cautions": [gettext(words) for words in CAUTIONS[level]],
        "barred": BARRED[level] if start.person.barred else "",
    }
    question = None
    if result and not start.person.barred:
        row = result.prediction
        question = question_of(
            start.models,
            (row.model_id, row.model_version, row.outcome),
            start.values,
            start.person.unfit,
            start.reader.circumstances,
        )
    # a number that is being made anew is not argued about
    if result and question and abs(question.before - result.probability) <= SAME:
        context |= _told(request, patient, question, result, level)
    return render(request, "lower/my_page.html", context)


def _told(
    request: HttpRequest, patient: Patient, question: Question, result: Result, level: Level
) -> dict[str, object]:
    picked = request.GET.get("how", "")
    picked = picked if picked in PICKED else "little"
    by = PICKED[picked]
    limit = None if by is None else fewer(question.before, by)
    answer = question.answer(limit)
    # what would raise another number of theirs is offered to nobody, and what is very low to none
    offered = [one for one in answer.found if not one.raises and question.before > VERY_LOW]
    units = known_units(patient, LOWERED)
    ways = [_way(one, result, level, units) for one in offered[:MOST_WAYS]]
    stops = any(SMOKING_STATUS in way.found.concepts for way in ways)
    return {
        "now": _number(result, level, question.before),
        "picked": picked,
        "choices": [(code, gettext(words[level])) for code, words in CHOICES.items()],
        "ways": ways,
        "ask": gettext(ASK[level]),
        "smoking": SMOKING[level] if stops else "",
        "none": "" if ways else gettext(_none(answer)[level]),
    }


def _none(answer: Lowering) -> dict[Level, str]:
    """Why there is no way, kindly: very low already, not so far, or nothing to change at all."""
    if answer.before <= VERY_LOW:
        return ALREADY_LOW
    return NOT_SO_LOW if answer.lowest or answer.found else NOTHING


def _way(one: Counterfactual, result: Result, level: Level, units: Units) -> PatientWay:
    return PatientWay(
        one,
        tuple(
            change_text(
                change.lever.concept,
                level,
                before=own_value_text(change.lever, change.lever.start, units),
                after=own_value_text(change.lever, change.value, units),
                unit=own_unit_text(change.lever, units),
            )
            for change in one.changes
        ),
        _number(result, level, one.after),
        apart_text(horizon=result.horizon, before=one.before, after=one.after),
    )


def _number(result: Result, level: Level, probability: float) -> PatientNumber:
    words = number_text(
        outcome=result.prediction.outcome,
        level=level,
        horizon=result.horizon,
        probability=probability,
    )
    return PatientNumber(probability, words)


def _asked(request: HttpRequest, results: list[Result]) -> Result | None:
    """The result of the address, else the first. Raises Http404 on one that is not theirs."""
    number = request.GET.get("result", "")
    if not number:
        return results[0] if results else None
    for one in results:
        if str(one.prediction.pk) == number:
            return one
    raise Http404
