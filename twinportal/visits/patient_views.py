"""My visit: own questions, and a page to take along."""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, HttpResponseBadRequest
from django.shortcuts import redirect, render
from django.template.loader import render_to_string
from django.utils import timezone
from django.utils.translation import gettext as _
from django.utils.translation import ngettext
from django.views.decorators.http import require_POST, require_safe

from patients import audit
from patients.models import Patient
from twinportal.dashboards.access import role_required
from twinportal.dashboards.portal.days import day_text
from twinportal.dashboards.portal.reader import level_of, own_record, reader_context
from twinportal.dashboards.portal.results import released_results
from twinportal.visits import services
from twinportal.visits.models import LONGEST, VisitQuestion
from twinportal.visits.pdf import pdf_is_available, pdf_of
from twinportal.visits.selectors import questions_of
from twinportal.visits.summary import suggested_questions, summary_context

WHAT = "own visit question"


@require_safe
@role_required("patient")
def visit(request: HttpRequest) -> HttpResponse:
    """Questions that the results suggest, and my own."""
    patient = own_record(request)
    audit.record_read(request, patient, what="own visit questions")
    mine = questions_of(patient)
    known = {one.text for one in mine}
    results = released_results(patient, level_of(request))
    context = reader_context(request, patient) | {
        "open_questions": [one for one in mine if one.discussed_at is None],
        "discussed": [(one, day_text(one.discussed_at)) for one in mine if one.discussed_at],
        "suggestions": [text for text in suggested_questions(results) if text not in known],
        "longest": LONGEST,
        "has_pdf": pdf_is_available(),
    }
    return render(request, "visits/my_visit.html", context)


@require_POST
@role_required("patient")
def add(request: HttpRequest) -> HttpResponse:
    """Keep one question."""
    patient = own_record(request)
    try:
        kept = services.question_add(patient, request.POST.get("text", ""), now=timezone.now())
    except services.QuestionError as error:
        messages.error(request, _reason(str(error)))
    else:
        audit.record_action(request, patient, action="create", what=WHAT, detail=str(kept.pk))
        messages.success(request, _("Your question is on the list."))
    return redirect("my-visit")


@require_POST
@role_required("patient")
def change(request: HttpRequest, pk: int) -> HttpResponse:
    """Other words for one of my questions, another place, or away with it."""
    patient = own_record(request)
    question = _own_question(patient, pk)
    action = request.POST.get("action", "")
    match action:
        case "save":
            try:
                text = request.POST.get("text", "")
                services.question_change(question, text, now=timezone.now())
            except services.QuestionError as error:
                messages.error(request, _reason(str(error)))
                return redirect("my-visit")
        case "delete":
            services.question_delete(question)
        case "up" | "down":
            services.question_move(patient, question, up=action == "up")
        case _:
            return HttpResponseBadRequest("Unknown action")
    done = "delete" if action == "delete" else "update"
    audit.record_action(request, patient, action=done, what=WHAT, detail=str(pk))
    return redirect("my-visit")


@require_safe
@role_required("patient")
def summary(request: HttpRequest) -> HttpResponse:
    """A page to print and take along."""
    patient = own_record(request)
    audit.record_read(request, patient, what="own visit summary")
    context = reader_context(request, patient)
    context |= summary_context(patient, level_of(request), now=timezone.now())
    context["has_pdf"] = pdf_is_available()
    return render(request, "visits/summary.html", context)


@require_safe
@role_required("patient")
def summary_pdf(request: HttpRequest) -> HttpResponse:
    """The same as PDF; where this machine cannot make one, the page to print."""
    patient = own_record(request)
    if not pdf_is_available():
        messages.info(request, _("We cannot make a PDF here. You can print this page."))
        return redirect("my-summary")
    audit.record_read(request, patient, what="own visit summary as PDF")
    context = reader_context(request, patient)
    context |= summary_context(patient, level_of(request), now=timezone.now())
    document = pdf_of(render_to_string("visits/summary_pdf.html", context))
    # no name in a file's name either
    headers = {"Content-Disposition": 'attachment; filename="my-visit.pdf"'}
    return HttpResponse(document, content_type="application/pdf", headers=headers)


def _own_question(patient: Patient, pk: int) -> VisitQuestion:
    """Raises Http404 for one of somebody else."""
    found = VisitQuestion.objects.about(patient.pk).filter(pk=pk).first()
    if found is None:
        raise Http404
    return found


def _reason(error: str) -> str:
    """Why a question was not kept."""
    return {
        services.EMPTY: _("Please write your question first."),
        services.TOO_LONG: ngettext(
            "Please make your question shorter: %(most)s letter at most.",
            "Please make your question shorter: %(most)s letters at most.",
            LONGEST,
        )
        % {"most": LONGEST},
        services.TOO_MANY: _("Your list is full. Take one away to add another."),
        services.THERE_ALREADY: _("That question is on your list already."),
    }[error]
