"""The patient's page of people like them. Only who asked for it sees it."""

from dataclasses import dataclass

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.urls import NoReverseMatch, reverse
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from explain.figures.icon_array import IconArray, icon_array
from explain.wording import similar as wording
from explain.wording.phrases import Level
from explain.wording.similar import SimilarText, similar_text
from patients import audit
from patients.access.consent import Purpose, permits
from patients.record.loading import state_of
from twinportal.dashboards.access import role_required
from twinportal.dashboards.portal.reader import level_of, own_patient, reader_context
from twinportal.my_record.consents import consent_choose
from twinportal.similar.comparison import Comparison, Fared, compare
from twinportal.similar.disclosure import Told
from twinportal.similar.services import is_on

ANSWERS = {"yes": True, "no": False}


@dataclass(frozen=True)
class PatientFared:
    """One event in the patient's words, with its picture."""

    id: str
    told: Told
    text: SimilarText
    years: int

    @property
    def icons(self) -> IconArray | None:
        return icon_array(self.told.share) if self.told.kind == "share" else None


@require_safe
@role_required("patient")
def people_like_me(request: HttpRequest) -> HttpResponse:
    """How people like me fared; without my consent, what it would show and the question."""
    if not is_on():
        raise Http404
    patient = own_patient(request)
    level = level_of(request)
    context = reader_context(request, patient) | {"consents_url": _consents_url()}
    if not permits(patient, Purpose.SEE_SIMILAR):
        audit.record_read(request, patient, what="people like me", detail="asked for consent")
        context["offer"] = wording.offer(level)
        return render(request, "similar/offer.html", context)
    audit.record_read(request, patient, what="people like me")
    now = timezone.now()
    found = compare(patient, state_of(patient.pk, now), now=now)
    context |= {
        "found": found,
        "intro": wording.intro(level),
        "alike": wording.alike(level),
        "cautions": wording.cautions(level),
        "k": settings.SIMILAR_K,
    }
    if found.why:
        context["refused"] = wording.refused(found.why, level)
    else:
        rows = _rows(found, level)
        context["ages"] = wording.ages(found.youngest, found.oldest)
        context["rows"] = [row for row in rows if row.id != wording.ASKED_FIRST]
        context["asked_first"] = [row for row in rows if row.id == wording.ASKED_FIRST]
    return render(request, "similar/my_page.html", context)


@require_POST
@role_required("patient")
def choose(request: HttpRequest) -> HttpResponse:
    """Keep whether I want to see this."""
    if not is_on():
        raise Http404
    patient = own_patient(request)
    granted = ANSWERS.get(request.POST.get("answer", ""))
    if granted is None:
        return HttpResponseBadRequest("Unknown answer")
    now = timezone.now()
    if consent_choose(patient, Purpose.SEE_SIMILAR, granted=granted, by=request.user, now=now):
        detail = f"{Purpose.SEE_SIMILAR} {'yes' if granted else 'no'}"
        audit.record_action(request, patient, action="choose", what="own consent", detail=detail)
    return redirect("my-similar")


def _rows(found: Comparison, level: Level) -> list[PatientFared]:
    """Those with a number first: the first section is the main message."""
    rows = [_row(one, found.years, level) for one in found.fared]
    order = {"share": 0, "below": 1, "above": 1, "few": 2}
    return sorted(rows, key=lambda row: order[row.told.kind])


def _row(one: Fared, years: int, level: Level) -> PatientFared:
    told = one.told
    text = similar_text(
        one.id,
        level,
        years=years,
        kind=told.kind,
        share=told.share,
        low=told.low_words,
        high=told.high_words,
    )
    return PatientFared(one.id, told, text, years)


def _consents_url() -> str:
    """Where every choice is kept; empty on a site without that page."""
    try:
        return reverse("my-consents")
    except NoReverseMatch:
        return ""
