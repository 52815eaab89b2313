"""The patient's decision aid: what a clinician chose to share, side by side. Reading only."""

from typing import cast
from uuid import UUID

from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_safe

from explain.wording import decision_aid as wording
from models_engine.catalogue.treatment.knowledge.schema import Indication
from patients import audit
from twinportal import pipeline
from twinportal.dashboards.access import role_required
from twinportal.dashboards.portal.reader import level_of, own_patient, reader_context
from twinportal.treatment.aid_today import has_changed, is_still_safe, new_cautions
from twinportal.treatment.aid_units import units_known_to
from twinportal.treatment.decision_aid import aid_of, titles_of
from twinportal.treatment.models import TreatmentProposal
from twinportal.treatment.words import PLAIN_LABELS


@require_safe
@role_required("patient")
def choices(request: HttpRequest) -> HttpResponse:
    """Every comparison that was shared with me."""
    patient = own_patient(request)
    audit.record_read(request, patient, what="own choices")
    shared = TreatmentProposal.objects.about(patient.pk).shared()
    level = level_of(request)
    context = reader_context(request, patient) | {
        "choices": [
            (one, _(PLAIN_LABELS[one.indication]), titles_of(one.result, level)) for one in shared
        ],
    }
    return render(request, "treatment/my_choices.html", context)


@require_safe
@role_required("patient")
def choice(request: HttpRequest, proposal_id: UUID) -> HttpResponse:
    """One comparison. By the record of now, an option that became unsafe hides all of it."""
    patient = own_patient(request)
    shared = TreatmentProposal.objects.about(patient.pk).shared()
    found = shared.filter(public_id=proposal_id).first()
    if found is None:
        raise Http404
    audit.record_read(request, patient, what="own choice", detail=str(proposal_id))
    level = level_of(request)
    now = timezone.now()
    current = pipeline.treatment_ranking(
        patient.pk, cast(Indication, found.indication), now=now, with_models=False
    )
    aid = None
    if is_still_safe(found.result, current):
        aid = aid_of(
            found.result,
            level,
            new=new_cautions(found.result, current),
            units=units_known_to(found.patient_id, found.result),
        )
    context = reader_context(request, patient) | {
        "proposal": found,
        "label": _(PLAIN_LABELS[found.indication]),
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
