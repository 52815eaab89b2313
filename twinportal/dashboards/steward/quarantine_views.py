"""The data steward's quarantine: what waits and why, and what can be done about it.

Lists name elements and clients, never a value; opening an item is a read, and is audited.
"""

from dataclasses import replace
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from patients import audit
from patients.models import CorrectionRule, QuarantinedResource
from patients.selectors.quarantine import UNSEEN, Chosen, causes, unseen
from patients.services.correcting import RuleFault, check_rule, end_rule, make_rule
from patients.services.quarantine_replay import ask_again, discard, look_at, replay
from patients.services.rule_reach import stored_by, stored_counts
from patients.services.whom import patients_here
from twinportal import wake_ups
from twinportal.dashboards.access import role_required
from twinportal.dashboards.steward.quarantine_rows import (
    STATES,
    CauseRow,
    ItemPage,
    address_of,
    chosen_of,
    client_names,
    client_of,
)
from twinportal.dashboards.steward.rule_rows import RulePreview, stored_rows, warning_about
from twinportal.typed import typed_text

PAGE = 50
SECTION = {"section": "quarantine"}
SAID = {
    STATES.STORED: "It is stored now.",
    STATES.SUPERSEDED: "It is superseded: something newer is there.",
    STATES.WAITING: "It is refused still, for the faults below.",
    "": "Nothing was done: it does not wait any more.",
}


@role_required("steward")
def quarantine(request: HttpRequest) -> HttpResponse:
    """Causes with their numbers, and under them the items that were chosen, newest first."""
    chosen = chosen_of(request.GET.dict(), state=STATES.WAITING)
    names = client_names()
    rows = chosen.rows().order_by("-pk").defer("content", "faults", "conditions")
    before = request.GET.get("before", "")
    if before.isascii() and before.isdigit() and len(before) < 19:
        rows = rows.filter(pk__lt=int(before))
    items = list(rows[: PAGE + 1])
    more = address_of(chosen, before=str(items[PAGE - 1].pk)) if len(items) > PAGE else ""
    context = {
        "causes": [CauseRow(cause, names) for cause in causes(chosen)],
        "items": [(row, client_of(row, names)) for row in items[:PAGE]],
        "more": more,
        "chosen": chosen,
        "is_narrowed": bool(chosen.type or chosen.source or chosen.cause),
        "unseen": unseen(),
        "unseen_address": address_of(Chosen(state=UNSEEN)),
        "states": [(value, label, address_of(_in(chosen, value))) for value, label in _states()],
    }
    return render(request, "steward/quarantine.html", context | SECTION)


@role_required("steward")
def item(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One item: its faults, what was tried, and what was sent. Whoever opens it after it was
    superseded has looked at it.
    """
    row = _row(public_id)
    audit.record_kept(
        request, patients_here(row.about), what="quarantine", detail=f"quarantine {public_id}"
    )
    look_at(row, now=timezone.now())
    context = {"page": ItemPage(row)}
    return render(request, "steward/quarantine_item.html", context | SECTION)


@require_POST
@role_required("steward")
def again(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Try one now; with `anyway` beside what was sent later with its identifier."""
    is_wanted = request.POST.get("anyway") == "yes"
    pk = _row(public_id).pk
    state = replay(pk, by=_key(request), now=timezone.now(), is_wanted=is_wanted)
    messages.info(request, SAID[state])
    return redirect("quarantine-item", public_id=public_id)


@require_POST
@role_required("steward")
def again_for_many(request: HttpRequest) -> HttpResponse:
    """Have a worker try what shares a cause."""
    chosen = chosen_of(request.POST.dict(), state=STATES.WAITING)
    if not chosen.cause:
        raise Http404
    with transaction.atomic():
        count = ask_again(chosen.rows(), by=_key(request), now=timezone.now())
        audit.record(
            actor_kind="user",
            actor=_key(request),
            action="replay",
            what="quarantine",
            detail=f"{count} with {chosen.cause}",
            request_id=getattr(request, "request_id", ""),
        )
    wake_ups.try_quarantined()
    messages.info(request, f"{count} will be tried within a minute.")
    return redirect(f"{reverse('quarantine')}?{address_of(chosen)}")


@require_POST
@role_required("steward")
def leave(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Discard one, with a reason; the row stays."""
    reason = typed_text(request.POST.get("reason", ""))
    if not reason:
        messages.error(request, "Say why it is discarded.")
    elif discard(_row(public_id).pk, by=_key(request), reason=reason, now=timezone.now()):
        messages.info(request, "It is discarded: it is never stored, and kept as it was sent.")
    else:
        messages.info(request, SAID[""])
    return redirect("quarantine-item", public_id=public_id)


@require_POST
@role_required("steward")
def new_rule(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Say what a text means that this item has in place of a code."""
    row = _row(public_id)
    element, text = request.POST.get("element", ""), request.POST.get("from_text", "")
    if (element, text) not in {(p.element, p.text) for p in ItemPage(row).presets}:
        raise Http404
    is_own = request.POST.get("whose") == "client" and row.application_id is not None
    said = {"to_text": request.POST.get("to_text", ""), "reason": request.POST.get("reason", "")}
    whose = row.application_id if is_own else None
    try:
        check_rule(element=element, from_text=text, **said)
        if "checked" not in request.POST:
            return _rule_preview(request, row, RulePreview(whose, element, text, **said))
        made = make_rule(
            application_id=whose,
            element=element,
            from_text=text,
            **said,
            by=_key(request),
            now=timezone.now(),
        )
    except RuleFault as fault:
        messages.error(request, f"No rule was made. {fault}.")
    else:
        wake_ups.try_quarantined()
        words = "What waits for it is tried within a minute."
        messages.info(request, f"Rule {made.pk} is made. {words}")
    return redirect("quarantine-item", public_id=public_id)


def _rule_preview(
    request: HttpRequest, row: QuarantinedResource, preview: RulePreview
) -> HttpResponse:
    """What the rule would touch; nothing is stored."""
    is_refused = "confirm" in request.POST
    context = {"row": row, "preview": preview, "is_refused": is_refused}
    status = 400 if is_refused else 200
    return render(request, "steward/quarantine_rule_new.html", context | SECTION, status=status)


@role_required("steward")
def rule_page(request: HttpRequest, pk: int) -> HttpResponse:
    """One rule and what it has stored, with the items, the last first."""
    found = get_object_or_404(CorrectionRule.objects.select_related("application"), pk=pk)
    page = Paginator(stored_by(found).defer("content", "faults"), PAGE).get_page(
        request.GET.get("page")
    )
    context = {"rule": found, "page": page, "rows": stored_rows(list(page))}
    context["warning"] = warning_about(found.element)
    return render(request, "steward/quarantine_rule.html", context | SECTION)


@role_required("steward")
def rules(request: HttpRequest) -> HttpResponse:
    """Every rule, those in force first."""
    listed = CorrectionRule.objects.select_related("application")
    current = list(listed.filter(ended_at=None).order_by("element", "pk"))
    ended = list(listed.exclude(ended_at=None).order_by("-ended_at")[:PAGE])
    stored = stored_counts([*current, *ended])
    context = {
        "current": [(rule, stored.get(rule.pk, 0)) for rule in current],
        "ended": [(rule, stored.get(rule.pk, 0)) for rule in ended],
    }
    return render(request, "steward/quarantine_rules.html", context | SECTION)


@require_POST
@role_required("steward")
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """A rule is used no more."""
    is_ended = end_rule(pk, by=_key(request), now=timezone.now())
    words = f"Rule {pk} has ended. What it has stored stays, and is listed here."
    messages.info(request, words if is_ended else "It had ended before.")
    return redirect("quarantine-rule-page", pk=pk)


def _row(public_id: UUID) -> QuarantinedResource:
    rows = QuarantinedResource.objects.select_related("application")
    row = rows.filter(public_id=public_id).first()
    if row is None:
        raise Http404
    return row


def _key(request: HttpRequest) -> str:
    return str(request.user.pk)


def _states() -> list[tuple[str, str]]:
    named = [(str(value), str(label)) for value, label in STATES.choices]
    return [*named, (UNSEEN, "Superseded, not looked at"), ("", "All")]


def _in(chosen: Chosen, state: str) -> Chosen:
    return replace(chosen, state=state)
