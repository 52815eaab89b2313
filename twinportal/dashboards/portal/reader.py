"""Whose page it is, at which level of words, and what every page of the portal shows."""

from typing import Any, cast

from django.conf import settings
from django.http import Http404, HttpRequest
from django.utils.translation import gettext

from explain.wording.language import LANGUAGE_NAMES, current_language
from explain.wording.phrases import LEVEL_NAMES, LEVELS, Level
from patients.access.consent import Purpose, permits
from patients.access.policy import visible_patients
from patients.models import Patient, StaleTwin


class PredictionsHidden(Exception):
    """The patient chose not to see estimates: the page is answered with kind words instead."""


def own_patient(request: HttpRequest) -> Patient:
    """Whose it is follows from who is signed in, never from the URL. For every page that may show
    an estimate.

    Raises Http404, and PredictionsHidden where the patient chose not to see estimates.
    """
    patient = own_record(request)
    if not permits(patient, Purpose.SEE_PREDICTIONS):
        raise PredictionsHidden
    return patient


def own_record(request: HttpRequest) -> Patient:
    """The same for a page that shows no estimate, whatever the patient chose. Raises Http404."""
    patient = visible_patients(request.user).first()
    if patient is None:
        raise Http404
    return patient


def level_of(request: HttpRequest) -> Level:
    """The literacy level that the person chose."""
    return cast(Level, getattr(request.user, "literacy_level", "plain"))


def reader_context(request: HttpRequest, patient: Patient) -> dict[str, Any]:
    """What every page of the portal shows, whatever else is on it."""
    return {
        "patient": patient,
        "level": level_of(request),
        "language": current_language(),
        "languages": list(LANGUAGE_NAMES.items()),
        "levels": [(key, LEVEL_NAMES[key]) for key in LEVELS],
        "is_stale": StaleTwin.objects.filter(pk=patient.pk).exists(),
        "contact": gettext(settings.CONTACT),
        "emergency_number": settings.EMERGENCY_NUMBER,
    }
