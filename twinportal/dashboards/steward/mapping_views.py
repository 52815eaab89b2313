"""Codes and units that nothing here reads, and what the data steward says that they mean.

Counts only: no page here names a patient.
"""

from dataclasses import replace
from typing import Any
from urllib.parse import urlencode

from django.contrib import messages
from django.core.paginator import Paginator
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST
from kombu.exceptions import OperationalError

from patients import audit
from patients.models import Mapping, UnmappedCode
from patients.selectors.mappings import (
    UnreadUnit,
    newest_survey,
    unmapped_codes,
    unread_units,
    without_patient,
)
from patients.selectors.meanings import key_of
from patients.selectors.senders import sender_name, sender_names
from patients.services.mapping import MappingRefusedError, Wish, end_mapping, in_force, make_mapping
from patients.services.mapping_preview import preview_of
from patients.terminology.mappable import (
    concept_text,
    target_text,
    why_not_mappable,
    without_effect,
)
from patients.terminology.meanings import Key, MappingKind
from twinportal import tasks
from twinportal.dashboards.access import role_required
from twinportal.dashboards.steward.consequences import consequences
from twinportal.dashboards.steward.mapping_form import (
    CODE_KINDS,
    KIND_WORDS,
    choices_for,
    subject_of,
    wish_of,
)

PAGE = 100


@role_required("steward")
def codes(request: HttpRequest) -> HttpResponse:
    """What came with a code that is not read, the most frequent first."""
    survey = newest_survey()
    context: dict[str, Any] = {
        "section": "codes",
        "survey": survey,
        "kinds": [(kind.value, KIND_WORDS[kind]) for kind in CODE_KINDS],
        "without_patient": without_patient(),
    }
    if survey is not None:
        rows = unmapped_codes(survey)
        types = list(survey.codes.order_by("type").values_list("type", flat=True).distinct())
        chosen = request.GET.get("type", "")
        if chosen in types:
            rows = rows.filter(type=chosen)
        page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
        context |= {
            "page": page,
            "types": types,
            "chosen": chosen,
            "rows": [
                (row, concept_text(row.concept) if row.concept else "", *_link(row)) for row in page
            ],
            "without_code": sorted(survey.without_code.items(), key=lambda p: (-p[1], p[0])),
        }
    return render(request, "steward/codes.html", context)


def _link(row: UnmappedCode) -> tuple[str, str]:
    """The address of the form, or why there is none."""
    key = Key(MappingKind(row.kind), row.concept, row.system, row.code)
    why_not = why_not_mappable(key)
    return ("" if why_not else urlencode(key._asdict())), why_not


@require_POST
@role_required("steward")
def count_again(request: HttpRequest) -> HttpResponse:
    """Have the codes counted anew, by a worker."""
    try:
        tasks.survey_codes.delay()
        messages.success(request, "They are being counted. Open the page again in a moment.")
    except OperationalError:
        messages.error(request, "The workers cannot be reached just now. Nothing was counted.")
    return redirect("steward-codes")


@role_required("steward")
def units(request: HttpRequest) -> HttpResponse:
    """Units under which values came that are not used. Counted now."""
    found, names = unread_units(), sender_names()
    context = {
        "section": "units",
        "rows": [
            (
                concept_text(row.concept),
                row,
                _unit_link(row),
                names.get(row.key.source, row.key.source),
            )
            for row in found
        ],
    }
    return render(request, "steward/units.html", context)


def _unit_link(row: UnreadUnit) -> str:
    given = {"kind": "unit", "concept": row.concept, "code": row.raw_unit, "source": row.key.source}
    return "" if row.why_not else urlencode(given)


@role_required("steward")
def mappings(request: HttpRequest) -> HttpResponse:
    """Every mapping that was ever made, the newest first."""
    rows = Mapping.objects.select_related("made_by", "ended_by").order_by("-pk")
    page = Paginator(rows, PAGE).get_page(request.GET.get("page"))
    context = {
        "section": "mappings",
        "page": page,
        "rows": [(row, *_words(row)) for row in page],
    }
    return render(request, "steward/mappings.html", context)


def _words(row: Mapping) -> tuple[str, str, str]:
    """What is mapped, onto what, and why it changes nothing if it does not."""
    key = key_of(row)
    what = KIND_WORDS[key.kind] + (f" of {concept_text(key.concept)}" if key.concept else "")
    what += f", as {sender_name(key.source)} sends it" if key.source else ""
    effect = without_effect(key, row.target) if row.ended_at is None else ""
    return what, target_text(key, row.target), effect


@role_required("steward")
def mapping(request: HttpRequest, pk: int) -> HttpResponse:
    """One mapping: what it says, who said so, what it changed; and its end."""
    row = get_object_or_404(Mapping.objects.select_related("made_by", "ended_by"), pk=pk)
    return _mapping_page(request, row)


def _mapping_page(request: HttpRequest, row: Mapping, refusal: str = "") -> HttpResponse:
    what, target, effect = _words(row)
    context = {
        "section": "mappings",
        "row": row,
        "what": what,
        "target": target,
        "effect": effect,
        "refusal": refusal,
        "again": urlencode(key_of(row)._asdict()),
    }
    return render(request, "steward/mapping.html", context, status=400 if refusal else 200)


@require_POST
@role_required("steward")
def end(request: HttpRequest, pk: int) -> HttpResponse:
    """Withdraw it."""
    row = get_object_or_404(Mapping, pk=pk)
    try:
        end_mapping(
            pk,
            by=request.user,
            now=timezone.now(),
            reason=request.POST.get("reason", "").replace("\0", ""),
            request_id=getattr(request, "request_id", ""),
        )
    except MappingRefusedError as refusal:
        return _mapping_page(request, row, str(refusal))
    messages.success(request, f"Mapping {pk} is withdrawn. What it read is projected again.")
    return redirect("steward-mapping", pk=pk)


@role_required("steward")
def new_mapping(request: HttpRequest) -> HttpResponse:
    """The form; then what the mapping would do; then, confirmed, the mapping."""
    given = request.POST if request.method == "POST" else request.GET
    subject = subject_of(given)
    if subject is None:
        raise Http404
    current = in_force(subject.key)
    context: dict[str, Any] = {
        "section": "units" if subject.is_unit else "codes",
        "subject": subject,
        "current": current,
        "current_target": target_text(subject.key, current.target) if current else "",
        "why_not": why_not_mappable(subject.key),
    }
    wish = wish_of(subject, given)
    if request.method == "POST" and not context["why_not"]:
        context["refusal"] = wish.refusal()
        if not context["refusal"]:
            return _previewed(request, wish, context)
    context |= {
        "choices": choices_for(subject.key),
        "target": given.get("target", ""),
        "reason": given.get("reason", ""),
    }
    status = 400 if context.get("refusal") else 200
    return render(request, "steward/mapping_form.html", context, status=status)


def _previewed(request: HttpRequest, wish: Wish, context: dict[str, Any]) -> HttpResponse:
    """What it would do, and the mapping itself once that is confirmed."""
    preview = preview_of(wish)
    preview.consequences = consequences(wish.key, wish.target)
    refusal = ""
    confirmed = "confirm" in request.POST
    if confirmed and preview.doubts and "checked" not in request.POST:
        refusal = "Say that you have checked what is doubtful, or go back."
    elif confirmed:
        try:
            made = make_mapping(
                replace(wish, preview=preview.summary()),
                by=request.user,
                now=timezone.now(),
                request_id=getattr(request, "request_id", ""),
            )
        except MappingRefusedError as refused:
            refusal = str(refused)
        else:
            messages.success(request, f"Mapping {made.pk} is in force. What it reads is replayed.")
            return redirect("steward-mapping", pk=made.pk)
    context |= {
        "preview": preview,
        "wish": wish,
        "refusal": refusal,
        "target_words": target_text(wish.key, wish.target),
        "qualities": sorted(preview.qualities.items()),
    }
    _audit_preview(request, wish)
    status = 400 if refusal else 200
    return render(request, "steward/mapping_preview.html", context, status=status)


def _audit_preview(request: HttpRequest, wish: Wish) -> None:
    audit.record(
        actor_kind="user",
        actor=str(request.user.pk),
        action="preview",
        what="mapping",
        detail=wish.key.kind.value,
        request_id=getattr(request, "request_id", ""),
    )
