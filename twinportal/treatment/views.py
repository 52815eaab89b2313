"""The clinician's ranking of treatments: look, weigh, keep, share. Looking writes only the audit."""

from typing import Any, cast
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from models_engine.catalogue.treatment.knowledge.schema import INDICATIONS, Indication
from models_engine.catalogue.treatment.ranking.results import POINT
from patients import audit
from patients.models import Patient, StaleTwin
from patients.record.loading import state_of
from twinportal import pipeline
from twinportal.dashboards.access import role_required, visible_patient
from twinportal.dashboards.clinician.twin_page import Banner
from twinportal.treatment.forms import MOST_KEPT, KeepForm, PreferencesForm
from twinportal.treatment.models import TreatmentProposal
from twinportal.treatment.presenters import (
    FindingLine,
    RankingPage,
    ReviewLine,
)
from twinportal.treatment.services import (
    NotToKeep,
    proposal_save,
    proposal_share,
    proposal_withdraw,
)
from twinportal.treatment.words import LABELS, LOADS, NUMBERS
from twinportal.what_if.reading import record_reading


@require_safe
@role_required("clinician")
def index(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """What this person has that can be treated, why we think so, and what was kept."""
    patient = visible_patient(request, public_id)
    audit.record_read(request, patient, what="treatment overview")
    now = timezone.now()
    begin = pipeline.treatment_start(patient.pk, now=now)
    found = pipeline.treatment_indications(patient.pk, now=now, begin=begin)
    context = {
        "patient": patient,
        "banner": Banner(patient, begin[0].reader.state, now),
        "person": begin[1],
        "checked": len(pipeline.medication_review(begin[1]).checked),
        "present": [
            (one, LABELS[one.indication], NUMBERS[one.indication]) for one in found if one.holds
        ],
        "open": [
            (one, LABELS[one.indication], NUMBERS[one.indication]) for one in found if not one.holds
        ],
        "proposals": [
            (one, LABELS[one.indication])
            for one in TreatmentProposal.objects.about(patient.pk).select_related("owner")
        ],
        "is_stale": StaleTwin.objects.filter(pk=patient.pk).exists(),
    }
    return render(request, "treatment/index.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@role_required("clinician")
def ranking(request: HttpRequest, public_id: UUID, number: int) -> HttpResponse:
    """The ranking, and the answer to every change of a preference."""
    patient = visible_patient(request, public_id)
    indication = indication_of(number)
    record_reading(request, patient, what=f"treatment ranking {indication}")
    return _page(request, patient, indication)


def _page(
    request: HttpRequest, patient: Patient, indication: Indication, *, wrong: str = ""
) -> HttpResponse:
    now = timezone.now()
    form = PreferencesForm(request.POST.dict())
    begin = pipeline.treatment_start(patient.pk, now=now)
    done = pipeline.treatment_ranking(patient.pk, indication, form.asked, now=now, begin=begin)
    is_partial = request.headers.get("HX-Request") == "true"
    context: dict[str, Any] = {
        "patient": patient,
        "number": NUMBERS[indication],
        "label": LABELS[indication],
        "form": form,
        "page": RankingPage(done),
        "silent": pipeline.silent_models(begin[0], done),
        "is_partial": is_partial,
        "chosen": request.POST.getlist("keep"),
        "show_all": request.POST.get("all") == "1",
        "most": MOST_KEPT,
        "point": POINT,
        "wrong": wrong,
    }
    if is_partial:
        return render(request, "treatment/answer.html", context)
    context |= {
        "banner": Banner(patient, begin[0].reader.state, now),
        "is_stale": StaleTwin.objects.filter(pk=patient.pk).exists(),
        "token": request.POST.get("token") or KeepForm.new_token(),
    }
    return render(request, "treatment/ranking.html", context)


@require_POST
@role_required("clinician")
def save(request: HttpRequest, public_id: UUID, number: int) -> HttpResponse:
    """Keep what is ticked as a draft proposal; shared, it is the patient's decision aid."""
    patient = visible_patient(request, public_id)
    indication = indication_of(number)
    now = timezone.now()
    form = PreferencesForm(request.POST.dict())
    done = pipeline.treatment_ranking(
        patient.pk, indication, form.asked, now=now, with_models=False
    )
    keep = KeepForm(request.POST, RankingPage(done).keys)
    wrong = " ".join(form.wrong) or keep.wrong
    if not wrong:
        share = keep.cleaned_data["share"]
        try:
            with transaction.atomic():
                proposal, is_new = proposal_save(
                    patient=patient,
                    by=request.user,
                    ranking=done,
                    keys=keep.cleaned_data["keep"],
                    share=share,
                    now=now,
                    token=keep.once,
                )
                if is_new:
                    what = "treatment proposal"
                    detail = f"{proposal.public_id}{' shared' if share else ''}"
                    audit.record_action(request, patient, action="create", what=what, detail=detail)
        except NotToKeep as refusal:
            wrong = str(refusal)
    if wrong:
        record_reading(request, patient, what=f"treatment ranking {indication}")
        return _page(request, patient, indication, wrong=wrong)
    messages.success(
        request,
        "Kept. It is in the record as a draft proposal"
        + (", and the patient sees it as a decision aid." if share else "; nothing is ordered."),
    )
    return redirect(
        "treatment-proposal", public_id=patient.public_id, proposal_id=proposal.public_id
    )


@require_safe
@role_required("clinician")
def proposal(request: HttpRequest, public_id: UUID, proposal_id: UUID) -> HttpResponse:
    """What was kept, as it was ranked then."""
    patient = visible_patient(request, public_id)
    found = _proposal(patient, proposal_id)
    audit.record_read(request, patient, what="treatment proposal", detail=str(proposal_id))
    now = timezone.now()
    context = {
        "patient": patient,
        "banner": Banner(patient, state_of(patient.pk, now), now),
        "proposal": found,
        "label": LABELS[found.indication],
        "number": NUMBERS[found.indication],
        "candidates": found.result["candidates"],
        "written": found.resources.exclude(type="Provenance").order_by("type", "pk"),
    }
    return render(request, "treatment/proposal.html", context)


@require_POST
@role_required("clinician")
def share(request: HttpRequest, public_id: UUID, proposal_id: UUID) -> HttpResponse:
    """Show it to the patient, or take it back; anybody of the care team may."""
    patient = visible_patient(request, public_id)
    found = _proposal(patient, proposal_id)
    shared = request.POST.get("shared") == "yes"
    try:
        with transaction.atomic():
            proposal_share(found, shared=shared, now=timezone.now())
            detail = f"{proposal_id} {'shared' if shared else 'taken back'}"
            audit.record_action(
                request, patient, action="update", what="treatment proposal", detail=detail
            )
    except NotToKeep as refusal:
        messages.error(request, f"Not shared. {refusal}")
    else:
        messages.success(
            request,
            "The patient sees it now." if shared else "The patient does not see it any more.",
        )
    return redirect("treatment-proposal", public_id=patient.public_id, proposal_id=proposal_id)


@require_POST
@role_required("clinician")
def withdraw(request: HttpRequest, public_id: UUID, proposal_id: UUID) -> HttpResponse:
    """Forget a proposal; what it left in the record is revoked."""
    patient = visible_patient(request, public_id)
    found = TreatmentProposal.objects.about(patient.pk).filter(public_id=proposal_id).first()
    is_done = False
    if found is not None:
        with transaction.atomic():
            is_done = proposal_withdraw(found, by=request.user, now=timezone.now())
            if is_done:
                audit.record_action(
                    request,
                    patient,
                    action="delete",
                    what="treatment proposal",
                    detail=str(proposal_id),
                )
    if is_done:
        messages.success(request, "Withdrawn, in the record and for the patient.")
    else:
        messages.info(request, "Somebody else had withdrawn it already.")
    return redirect("treatment", public_id=patient.public_id)


@require_safe
@role_required("clinician")
def review(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Which medicines to review: for people of 65 or more who take five or more."""
    patient = visible_patient(request, public_id)
    audit.record_read(request, patient, what="medication review")
    now = timezone.now()
    start, person = pipeline.treatment_start(patient.pk, now=now)
    found = pipeline.medication_review(person)
    context = {
        "patient": patient,
        "banner": Banner(patient, start.reader.state, now),
        "review": found,
        "items": [ReviewLine(one) for one in (found.medicines if found.is_due else found.checked)],
        "shared": [FindingLine(reason.finding) for reason in found.general],
        "loads": [(LOADS.get(name, name), taken) for name, taken in found.loads.items()],
        "unresolved": found.unresolved,
        "together": [FindingLine(one) for one in found.together],
        "is_stale": StaleTwin.objects.filter(pk=patient.pk).exists(),
    }
    return render(request, "treatment/review.html", context)


def indication_of(number: int) -> Indication:
    """The indication of an address. Raises Http404 on a number that is none."""
    if not 1 <= number <= len(INDICATIONS):
        raise Http404
    return cast(Indication, INDICATIONS[number - 1])


def _proposal(patient: Patient, proposal_id: UUID) -> TreatmentProposal:
    found = (
        TreatmentProposal.objects.about(patient.pk)
        .select_related("owner")
        .filter(public_id=proposal_id)
        .first()
    )
    if found is None:
        raise Http404
    return found
