"""The patient's record: who looked at it, what they allow, what it says, and files of it.

Whose it is follows from who is signed in, never from the URL.
"""

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.utils.translation import gettext as _
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from patients import audit
from patients.access.consent import choices_of, permits
from patients.models import ConsentChoice, Fact, Patient
from twinportal.dashboards.access import role_required
from twinportal.dashboards.portal.reader import level_of, own_record, reader_context
from twinportal.my_record.access_log import FILTERS, access_log
from twinportal.my_record.consents import HISTORY_SHOWN, consent_choose, sent_consents
from twinportal.my_record.corrections import (
    AlreadyAsked,
    TooManyOpen,
    Wish,
    correction_ask,
    disputed_facts,
)
from twinportal.my_record.facts import fact_groups, fact_lines, fact_of
from twinportal.my_record.forms import CorrectionForm
from twinportal.my_record.models import CorrectionRequest
from twinportal.my_record.words import CONSENT_STATUSES, OUTCOMES, PURPOSES, STATUSES

ANSWERS_SHOWN = 50


@require_safe
@role_required("patient")
def record(request: HttpRequest) -> HttpResponse:
    """Where everything about my record is."""
    patient = own_record(request)
    audit.record_read(request, patient, what="own record")
    return render(request, "my_record/record.html", reader_context(request, patient))


@require_safe
@role_required("patient")
def about(request: HttpRequest) -> HttpResponse:
    """What this is not, and whom to call. Shows nothing of the record."""
    return render(request, "my_record/about.html", reader_context(request, own_record(request)))


@require_safe
@role_required("patient")
def access(request: HttpRequest) -> HttpResponse:
    """Who has looked at my record."""
    patient = own_record(request)
    who = request.GET.get("who", "")
    who = who if who in FILTERS else "others"
    number = request.GET.get("page", "")
    page = access_log(patient, who, int(number) if number.isdecimal() and len(number) < 6 else 1)
    audit.record_read(request, patient, what="own access log")
    context = reader_context(request, patient) | {
        "page": page,
        "who": who,
        "filters": list(FILTERS.items()),
    }
    return render(request, "my_record/access.html", context)


@require_safe
@role_required("patient")
def consents(request: HttpRequest) -> HttpResponse:
    """What I allow, with every choice that I made."""
    patient = own_record(request)
    audit.record_read(request, patient, what="own consents")
    context = reader_context(request, patient) | {
        "purposes": [
            (purpose, PURPOSES[purpose], permits(patient, purpose))
            for purpose in ConsentChoice.Purpose
        ],
        "history": [
            (choice, PURPOSES[choice.purpose].title, choice.by == str(request.user.pk))
            for choice in choices_of(patient)[:HISTORY_SHOWN]
        ],
        "sent": [
            (one, CONSENT_STATUSES.get(one.status, ""), one.title) for one in sent_consents(patient)
        ],
    }
    return render(request, "my_record/consents.html", context)


@require_POST
@role_required("patient")
def choose(request: HttpRequest) -> HttpResponse:
    """Turn one switch. It counts at once, on every page."""
    patient = own_record(request)
    purpose, granted = request.POST.get("purpose", ""), request.POST.get("granted", "")
    if purpose not in PURPOSES or granted not in ("yes", "no"):
        raise Http404
    now = timezone.now()
    if consent_choose(patient, purpose, granted=granted == "yes", by=request.user, now=now):
        detail = f"{purpose} {granted}"
        audit.record_action(request, patient, action="choose", what="own consent", detail=detail)
    messages.success(request, _("We have saved your choice. It counts from now on."))
    return redirect("my-consents")


@require_safe
@role_required("patient")
def facts(request: HttpRequest) -> HttpResponse:
    """What my record says of me, and what became of my wishes for corrections."""
    patient = own_record(request)
    audit.record_read(request, patient, what="own facts")
    context = reader_context(request, patient) | {
        "groups": fact_groups(patient, level_of(request)),
        "disputed": {(row.resource_id, row.path, row.concept) for row in disputed_facts(patient)},
        "wishes": [
            (row, STATUSES[row.status], OUTCOMES.get(row.outcome, "")) for row in _wishes(patient)
        ],
    }
    return render(request, "my_record/facts.html", context)


@require_http_methods(["GET", "HEAD", "POST"])
@role_required("patient")
def wrong(request: HttpRequest, pk: int) -> HttpResponse:
    """This is not right: what, and what would be. It goes to the care team and changes nothing."""
    patient = own_record(request)
    fact = fact_of(patient, pk)
    if fact is None:
        # a fact is made anew when its resource changes
        messages.warning(request, _("This entry has changed. Please choose it again."))
        return redirect("my-facts")
    (line,) = fact_lines([fact], level_of(request))
    form = CorrectionForm(request.POST or None)
    if request.method == "POST" and form.is_valid():
        said = form.cleaned_data
        wish = Wish(
            label=line.label,
            said=line.value,
            said_on=line.day,
            reason=said["reason"],
            text=said["text"],
            right_value=said["right_value"],
        )
        _ask(request, patient, fact, wish)
        return redirect("my-facts")
    audit.record_read(request, patient, what="own facts")
    context = reader_context(request, patient) | {"line": line, "form": form}
    return render(request, "my_record/wrong.html", context)


def _ask(request: HttpRequest, patient: Patient, fact: Fact, wish: Wish) -> None:
    try:
        made = correction_ask(patient, fact, wish, by=request.user, now=timezone.now())
    except AlreadyAsked:
        messages.warning(request, _("You have asked about this already. Please wait."))
    except TooManyOpen:
        messages.warning(request, _("You have asked a lot. Please call your clinic instead."))
    else:
        detail = str(made.public_id)
        audit.record_action(request, patient, action="ask", what="own correction", detail=detail)
        messages.success(request, _("Your care team will look at it. You see the answer here."))


def _wishes(patient: Patient) -> list[CorrectionRequest]:
    return list(CorrectionRequest.objects.about(patient.pk)[:ANSWERS_SHOWN])
