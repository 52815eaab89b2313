"""The clinician's what-if: try, save, compare, delete. Trying writes nothing but the audit log."""

from collections.abc import Iterable, Mapping, Sequence
from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_http_methods, require_POST, require_safe

from models_engine.catalogue.what_if.effects import effects
from models_engine.catalogue.what_if.forecasting import DEFAULT_MONTHS
from models_engine.catalogue.what_if.interventions import (
    Intervention,
    ScenarioError,
    scenario,
    treatments,
)
from patients import audit
from patients.models import Patient, StaleTwin
from patients.record.loading import state_of
from twinportal import pipeline
from twinportal.dashboards.access import role_required, visible_patient
from twinportal.dashboards.clinician.twin_page import Banner
from twinportal.what_if.forecast_rows import Cells, ForecastRow, forecast_said_then, saved_months
from twinportal.what_if.forms import KeepForm, lacks_start, sent_of, what_if_form
from twinportal.what_if.models import Scenario
from twinportal.what_if.presenters import (
    Answer,
    by_key,
    names_of,
    said_then,
)
from twinportal.what_if.reading import record_reading
from twinportal.what_if.services import (
    MOST_OF_ONE_OWNER,
    MOST_SCENARIOS,
    NotForThisPerson,
    TooManyScenarios,
    lock_twin,
    scenario_delete,
    scenario_save,
)
from twinportal.what_if.words import intervention_words

MOST_COMPARED = 3


@require_http_methods(["GET", "HEAD", "POST"])
@role_required("clinician")
def what_if(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """The page, and the answer to every change of it. POST only because values are no address."""
    patient = visible_patient(request, public_id)
    opened = _asked_scenario(request, patient)
    detail = f"scenario {opened.public_id}" if opened else ""
    record_reading(request, patient, what="what-if", detail=detail)
    sent = request.POST.dict()
    if opened:
        sent = sent_of(_interventions_of(opened), saved_months(opened.result, DEFAULT_MONTHS))
    return _page(request, patient, sent, opened=opened)


def _page(
    request: HttpRequest,
    patient: Patient,
    sent: Mapping[str, str],
    *,
    opened: Scenario | None = None,
    wrong: Sequence[str] = (),
) -> HttpResponse:
    """The page with what was sent; `wrong` says why that was not saved."""
    now = timezone.now()
    state = state_of(patient.pk, now)
    start = pipeline.what_if_start(patient.pk, now=now, state=state)
    form = what_if_form(start.values, sent, sources=start.sources)
    answer = pipeline.simulate(
        patient.pk, form.interventions, now=now, start=start, months=form.months
    )
    is_partial = request.headers.get("HX-Request") == "true"
    context: dict[str, Any] = {
        "patient": patient,
        "form": form,
        "answer": Answer(answer),
        "is_partial": is_partial,
    }
    if is_partial:
        return render(request, "what_if/answer.html", context)
    context |= {
        "banner": Banner(patient, state, now),
        "scenarios": _scenarios(patient),
        "opened": opened,
        "is_stale": StaleTwin.objects.filter(pk=patient.pk).exists(),
        "name": KeepForm(sent).shown_name,
        "token": KeepForm.new_token(),
        "wrong": wrong,
    }
    return render(request, "what_if/page.html", context)


@require_POST
@role_required("clinician")
def save(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Keep what is on the page under a name, and propose it in the record.

    What is not saved is shown again, with the reason.
    """
    with transaction.atomic():
        lock_twin(visible_patient(request, public_id).pk)
        # again: it may have been deleted or merged while this waited
        patient = visible_patient(request, public_id)
        wrong, is_new = _kept(request, patient)
    if wrong:
        record_reading(request, patient, what="what-if")
        return _page(request, patient, request.POST.dict(), wrong=wrong)
    messages.success(
        request,
        "Saved. It is in the record as a draft proposal."
        if is_new
        else "It was saved already, and is in the record once.",
    )
    return redirect("what-if", public_id=patient.public_id)


def _kept(request: HttpRequest, patient: Patient) -> tuple[list[str], bool]:
    """Why it is not saved; without a reason it is, and in the audit log. Whether it is new."""
    now = timezone.now()
    sent = request.POST.dict()
    start = pipeline.what_if_start(patient.pk, now=now)
    form, keep = what_if_form(start.values, sent), KeepForm(sent)
    wrong = [*form.errors, *keep.words]
    if missing := lacks_start(form, sent):
        wrong.append(f"{', '.join(missing)}: the page did not say where it started. Load it anew.")
    asked = form.interventions
    if not wrong and not asked:
        wrong = ["Change at least one thing."]
    if wrong:
        return wrong, False
    try:
        saved, is_new = scenario_save(
            patient=patient,
            by=request.user,
            name=keep.cleaned_data["name"],
            interventions=asked,
            simulation=pipeline.simulate(
                patient.pk, asked, now=now, start=start, months=form.months
            ),
            now=now,
            token=keep.once,
        )
    except NotForThisPerson as refusal:
        return [f"{intervention_words(one)}: {why}" for one, why in refusal.refused], False
    except TooManyScenarios:
        words = (
            f"A twin has at most {MOST_SCENARIOS} scenarios, and {MOST_OF_ONE_OWNER} of one person."
        )
        return [f"{words} Delete one that is not needed any more."], False
    except ValueError:
        return ["Nothing of it is for this person, or no model moves with it."], False
    if is_new:
        detail = str(saved.public_id)
        audit.record_action(request, patient, action="create", what="scenario", detail=detail)
    return [], is_new


@require_POST
@role_required("clinician")
def delete(request: HttpRequest, public_id: UUID, scenario_id: UUID) -> HttpResponse:
    """Forget a scenario; what it proposed is withdrawn. Anybody of the care team may."""
    patient = visible_patient(request, public_id)
    found = Scenario.objects.about(patient.pk).filter(public_id=scenario_id).first()
    if found is None:
        raise Http404
    with transaction.atomic():
        is_done = scenario_delete(found, by=request.user, now=timezone.now())
        if is_done:
            detail = str(scenario_id)
            audit.record_action(request, patient, action="delete", what="scenario", detail=detail)
    if is_done:
        messages.success(request, "Deleted. What it proposed in the record is withdrawn.")
    else:
        messages.info(request, "Somebody else had deleted it already.")
    return redirect("what-if", public_id=patient.public_id)


@require_safe
@role_required("clinician")
def compare(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Up to three scenarios beside each other, all computed now, from the same twin."""
    patient = visible_patient(request, public_id)
    wanted = _uuids(request.GET.getlist("scenario"))[:MOST_COMPARED]
    saved = _scenarios(patient)
    chosen = [s for s in saved if s.public_id in wanted]
    audit.record_read(request, patient, what="what-if scenarios", detail=_ids(chosen))
    now = timezone.now()
    state = state_of(patient.pk, now)
    start = pipeline.what_if_start(patient.pk, now=now, state=state)
    columns = []
    for kept in chosen:
        interventions = _interventions_of(kept)
        months = saved_months(kept.result, DEFAULT_MONTHS)
        done = pipeline.simulate(patient.pk, interventions, now=now, start=start, months=months)
        columns.append((kept, names_of(interventions), Answer(done)))
    context = {
        "patient": patient,
        "banner": Banner(patient, state, now),
        "columns": columns,
        "rows": _side_by_side([(kept, answer) for kept, _, answer in columns]),
        "forecasts": _forecasts_side_by_side([(kept, answer) for kept, _, answer in columns]),
        "scenarios": saved,
        "most": MOST_COMPARED,
    }
    return render(request, "what_if/compare.html", context)


@require_safe
@role_required("clinician", "patient", "steward")
def effects_table(request: HttpRequest) -> HttpResponse:
    """The one table of paths. It is about nobody."""
    context = {"paths": effects().paths, "treatments": treatments()}
    return render(request, "what_if/effects.html", context)


def _ids(scenarios: Iterable[Scenario]) -> str:
    return " ".join(str(one.public_id) for one in scenarios)


def _scenarios(patient: Patient) -> list[Scenario]:
    return list(Scenario.objects.about(patient.pk).select_related("owner"))


def _asked_scenario(request: HttpRequest, patient: Patient) -> Scenario | None:
    """The saved scenario that the page is opened with; another patient's is not there."""
    wanted = _uuids(request.GET.getlist("scenario"))
    if request.method == "POST" or not wanted:
        return None
    found = Scenario.objects.about(patient.pk).filter(public_id=wanted[0]).first()
    if found is None:
        raise Http404
    return found


def _uuids(texts: list[str]) -> list[UUID]:
    try:
        return [UUID(text) for text in texts]
    except ValueError as error:
        raise Http404 from error


def _interventions_of(kept: Scenario) -> tuple[Intervention, ...]:
    """What was saved; a treatment that the table no longer has is left out."""
    found = []
    for content in kept.interventions:
        try:
            found.append(Intervention.from_dict(content))
        except ScenarioError:
            continue
    return scenario(found)


def _side_by_side(columns: list[tuple[Scenario, Answer]]) -> list[dict[str, Any]]:
    """A row for each main outcome that any of them moves, with what was said when it was saved."""
    found = [(kept, by_key(answer.main)) for kept, answer in columns]
    keys = list(dict.fromkeys(key for _, rows in found for key in rows))
    return [
        {
            "first": next(rows[key] for _, rows in found if key in rows),
            "cells": [
                (rows.get(key), said_then(kept.result, rows.get(key))) for kept, rows in found
            ],
        }
        for key in keys
    ]


def _forecasts_side_by_side(columns: list[tuple[Scenario, Answer]]) -> list[dict[str, Any]]:
    """A row for each measurement and year that any of them moves, as now and as it was saved."""
    cells: dict[tuple[str, float], dict[int, tuple[ForecastRow, Cells]]] = {}
    for at, (_, answer) in enumerate(columns):
        for row in answer.forecasts:
            for found in row.table:
                cells.setdefault((row.concept, found.years), {})[at] = (row, found)
    rows = []
    for (concept, _), by_column in cells.items():
        first, found = next(iter(by_column.values()))
        told = []
        for at, (kept, _) in enumerate(columns):
            now = by_column[at][1] if at in by_column else None
            told.append((now, forecast_said_then(kept.result, concept, now)))
        rows.append({"row": first, "first": found, "cells": told})
    return rows
