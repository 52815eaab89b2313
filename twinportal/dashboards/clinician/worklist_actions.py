"""What is changed from the worklist: acknowledgements and saved views. POST only; audited."""

import json
from datetime import date
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse, QueryDict
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from patients import audit
from patients.models import Patient
from twinportal.attention import acknowledging, saved_views
from twinportal.attention.acknowledging import Answer, NotAcknowledgedError, Seen
from twinportal.attention.models import Acknowledgement
from twinportal.dashboards.access import role_required, visible_patient
from twinportal.dashboards.clinician.worklist_filters import Filters
from twinportal.dashboards.clinician.worklist_views import one_row
from twinportal.typed import row_key, typed_text


@require_POST
@role_required("clinician")
def acknowledge(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Quiet the flag of this patient on one's own list, with a coded reason."""
    patient = visible_patient(request, public_id)
    given = request.POST
    try:
        until = _day(given.get("until", ""))
        answer = Answer(given.get("reason", ""), until, typed_text(given.get("note", "")))
        stored = acknowledging.acknowledge(
            patient, _seen(given), answer, by=request.user, now=timezone.now()
        )
    except NotAcknowledgedError as error:
        return _answer(request, patient, f"Not acknowledged. {error}", wrong=True)
    # the note may say anything about the patient: it stays out of the log
    detail = f"{stored.flag.rule_id} {stored.reason}" + (f" until {until}" if until else "")
    audit.record_action(request, patient, action="acknowledge", what="flag", detail=detail)
    return _answer(request, patient, f"Acknowledged: {stored.get_reason_display().lower()}.")


@require_POST
@role_required("clinician")
def take_back(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The own acknowledgement is over: the flag is back."""
    patient = visible_patient(request, public_id)
    if not acknowledging.take_back(patient, by=request.user, now=timezone.now()):
        return _answer(request, patient, "There was nothing to take back.", wrong=True)
    audit.record_action(request, patient, action="unacknowledge", what="flag")
    return _answer(request, patient, "The acknowledgement is taken back.")


@require_POST
@role_required("clinician")
def save_view(request: HttpRequest) -> HttpResponse:
    """Keep the filters under a name."""
    query = _query(request)
    try:
        view = saved_views.save_view(request.user, name=request.POST.get("name", ""), query=query)
    except saved_views.ViewError as error:
        messages.error(request, f"Not saved. {error}")
    else:
        _record(request, "create", view.pk)
        messages.success(request, "The view is saved.")
    return redirect(f"{reverse('worklist')}?{query}")


@require_POST
@role_required("clinician")
def change_view(request: HttpRequest, pk: int) -> HttpResponse:
    """Rename, delete, or open the worklist with it. Other people's views are not there."""
    view = saved_views.views_of(request.user).filter(pk=pk).first()
    action = request.POST.get("action")
    if view is None or action not in {"rename", "delete", "default", "no-default"}:
        raise Http404
    try:
        match action:
            case "rename":
                saved_views.rename_view(view, request.POST.get("name", ""))
            case "delete":
                view.delete()
            case _:
                saved_views.set_default(view, on=action == "default")
    except saved_views.ViewError as error:
        messages.error(request, f"Not changed. {error}")
    else:
        _record(request, action, pk)
        messages.success(request, "The view is deleted." if action == "delete" else "Changed.")
    return redirect(f"{reverse('worklist')}?{_query(request)}")


def _record(request: HttpRequest, action: str, pk: int) -> None:
    audit.record(
        actor_kind="user",
        actor=str(request.user.pk),
        action=action,
        what="worklist view",
        detail=str(pk),
        request_id=getattr(request, "request_id", ""),
    )


def _seen(given: QueryDict) -> Seen:
    """Raises NotAcknowledgedError on a prediction that no page of ours can have shown."""
    key = given.get("prediction", "")
    prediction = row_key(key)
    if key and prediction is None:
        raise NotAcknowledgedError("The flag has changed meanwhile. Look at it again.")
    firing = tuple(rule for rule in given.get("firing", "").split(",") if rule)
    return Seen(given.get("rule", ""), prediction, firing)


def _day(text: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError as error:
        raise NotAcknowledgedError("The day is not a date.") from error


def _query(request: HttpRequest) -> str:
    """The worklist's own query, from the form; anything else in it is dropped."""
    return Filters(QueryDict(request.POST.get("query", "")[:2000])).query()


def _answer(
    request: HttpRequest, patient: Patient, said: str, *, wrong: bool = False
) -> HttpResponse:
    """The row alone for htmx; else back to the page that the person came from."""
    if request.headers.get("HX-Request") == "true":
        audit.record_read(request, patient, what="worklist row")
        context = {
            "row": one_row(patient, request, timezone.now()),
            "query": _query(request),
            "ack_reasons": Acknowledgement.Reason.choices,
            "said": said if wrong else "",
        }
        answer = render(request, "components/worklist_row.html", context)
        answer["HX-Trigger"] = json.dumps({"worklist:said": said})
        return answer
    (messages.error if wrong else messages.success)(request, said)
    if request.POST.get("from") == "twin":
        return redirect("twin", public_id=patient.public_id)
    return redirect(f"{reverse('worklist')}?{_query(request)}#p-{patient.public_id}")
