"""The patient's decision aid: what a clinician chose to share, side by side. Reading only."""

from typing import Any, cast
from uuid import UUID

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.views.decorators.http import require_safe

from explain.wording import decision_aid as wording
from explain.wording.phrases import LEVEL_NAMES, LEVELS, Level
from models_engine.catalogue.treatment.ranking.results import Preferences
from patients import audit
from patients.access.policy import visible_patients
from patients.models import Patient, StaleTwin
from twinportal import pipeline
from twinportal.dashboards.access import role_required
from twinportal.treatment.aid_today import has_changed, is_still_safe, new_cautions
from twinportal.treatment.aid_units import units_known_to
from twinportal.treatment.decision_aid import aid_of, titles_of
from twinportal.treatment.models import TreatmentProposal
from twinportal.treatment.views import as_indication
from twinportal.treatment.words import PLAIN_LABELS


@require_safe
@role_required("patient")
def choices(request: HttpRequest) -> HttpResponse:
    """Every comparison that was shared with me."""
    patient = _own(request)
    audit.record_read(request, patient, what="own choices")
    shared = TreatmentProposal.objects.about(patient.pk).shared()
    level = _level(request)
    context = _shared_context(request, patient, level) | {
        "choices": [
            (one, PLAIN_LABELS[one.indication], titles_of(one.result, level)) for one in shared
        ],
    }
    return render(request, "treatment/my_choices.html", context)


@require_safe
@role_required("patient")
def choice(request: HttpRequest, proposal_id: UUID) -> HttpResponse:
    """One comparison. By the record of now, an option that became unsafe hides all of it."""
    patient = _own(request)
    shared = TreatmentProposal.objects.about(patient.pk).shared()
    found = shared.filter(public_id=proposal_id).first()
    if found is None:
        raise Http404
    audit.record_read(request, patient, what="own choice", detail=str(proposal_id))
    level = _level(request)
    now = timezone.now()
    current = pipeline.treatment_ranking(
        patient.pk, as_indication(found.indication), Preferences(), now=now
    )
    aid = None
    if is_still_safe(found.result, current):
        aid = aid_of(
            found.result,
            level,
            new=new_cautions(found.result, current),
            units=units_known_to(found.patient_id, found.result),
        )
    context = _shared_context(request, patient, level) | {
        "proposal": found,
        "label": PLAIN_LABELS[found.indication],
        "aid": aid,
        "hidden": wording.HIDDEN[level],
        "changed": wording.CHANGED[level] if has_changed(found.result, current) else "",
        "opening": wording.OPENING[level],
        "prevented": wording.PREVENTED[level],
        "side_effects": wording.SIDE_EFFECTS[level],
        "others": wording.OTHERS[level],
        "values": wording.VALUES[level],
        "tests": wording.TESTS[level],
        "none_known": wording.NONE_KNOWN[level],
        "cautions": wording.CAUTIONS[level],
        "questions": wording.QUESTIONS[level],
    }
    return render(request, "treatment/my_choice.html", context)


def _own(request: HttpRequest) -> Patient:
    patient = visible_patients(request.user).first()
    if patient is None:
        raise Http404
    return patient


def _level(request: HttpRequest) -> Level:
    return cast(Level, getattr(request.user, "literacy_level", "plain"))


def _shared_context(request: HttpRequest, patient: Patient, level: Level) -> dict[str, Any]:
    return {
        "patient": patient,
        "level": level,
        "levels": [(key, LEVEL_NAMES[key]) for key in LEVELS],
        "is_stale": StaleTwin.objects.filter(pk=patient.pk).exists(),
        "contact": settings.CONTACT,
        "emergency_number": settings.EMERGENCY_NUMBER,
    }
