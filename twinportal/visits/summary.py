"""The page that a patient takes to a visit: results, newest tests, own questions, whom to call."""

from datetime import datetime
from typing import Any

from django.conf import settings
from django.utils.translation import gettext

from explain.wording.measurements import usual_note
from explain.wording.phrases import Level
from patients.models import Patient
from patients.record.loading import state_of
from twinportal.dashboards.portal.days import birth_day_text, day_text, time_text
from twinportal.dashboards.portal.history import number_histories
from twinportal.dashboards.portal.numbers import measured_groups
from twinportal.dashboards.portal.results import Result, released_results
from twinportal.visits.models import VisitQuestion


def summary_context(patient: Patient, level: Level, *, now: datetime) -> dict[str, Any]:
    """What page and PDF show alike: both have the same numbers, made once."""
    results = released_results(patient, level)
    return {
        "patient": patient,
        "birth_day": birth_day_text(patient),
        "made_day": day_text(now),
        "made_time": time_text(now),
        "results": results,
        "histories": number_histories(patient, results, level),
        "groups": measured_groups(patient, state_of(patient.pk, now), level),
        "usual_note": usual_note(level),
        "questions": list(VisitQuestion.objects.about(patient.pk).open()),
        "suggestions": suggested_questions(results),
        "contact": gettext(settings.CONTACT),
        "emergency_number": settings.EMERGENCY_NUMBER,
    }


def suggested_questions(results: list[Result]) -> list[str]:
    """What the results give reason to ask, each once."""
    return list(dict.fromkeys(question for one in results for question in one.text.talk))
