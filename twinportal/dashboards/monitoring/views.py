"""How the models fare: stored snapshots, for clinicians and data stewards. No patient is named."""

from collections.abc import Collection, Mapping

from django.conf import settings
from django.contrib import messages
from django.db.models import QuerySet
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from models_engine.catalogue.contract import ClinicalModel
from models_engine.models import MonitoringSnapshot
from models_engine.registry import model_as_run, registered
from twinportal import monitoring, wake_ups
from twinportal.dashboards.access import role_required
from twinportal.dashboards.monitoring.overview import findings, lines, tiles
from twinportal.dashboards.monitoring.page import MonitoringPage

READERS = ("clinician", "steward")
COURSE_DAYS = 90


@require_safe
@role_required(*READERS)
def overview(request: HttpRequest) -> HttpResponse:
    """What needs somebody first, then every model. One statement on snapshots."""
    now, models = timezone.now(), _registered()
    listed = lines(models, _newest(models))
    context = {
        "section": "monitoring",
        "findings": findings(listed, registered=len(models), now=now),
        "tiles": tiles(listed),
        "lines": listed,
        "taken_at": max((line.snapshot.taken_at for line in listed), default=None),
        "is_steward": _is_steward(request),
    }
    return render(request, "monitoring/overview.html", context)


@require_safe
@role_required(*READERS)
def one(request: HttpRequest, model_id: str) -> HttpResponse:
    """The newest snapshot of one model: of the registered version, or of the one asked for."""
    of_model = MonitoringSnapshot.objects.filter(model_id=model_id)
    versions = list(
        of_model.order_by("model_version").values_list("model_version", flat=True).distinct()
    )
    known = _registered().get(model_id)
    version = request.GET.get("version") or (known.version if known else "")
    if version not in versions and (known is None or version != known.version):
        if not versions or "version" in request.GET:
            raise Http404
        version = versions[-1]
    snapshot = (
        of_model.filter(model_version=version)
        .select_related("reference")
        .order_by("-taken_on")
        .first()
    )
    context = {
        "model_id": model_id,
        "version": version,
        "title": known.title if known else model_id,
        "is_registered": known is not None and known.version == version,
        "other_versions": [other for other in versions if other != version],
        "is_steward": _is_steward(request),
    }
    if snapshot is None:
        return render(request, "monitoring/model.html", context)
    course = of_model.filter(model_version=version, taken_on__lte=snapshot.taken_on)
    days = course.order_by("-taken_on").values_list("taken_on", "applicable", "numbers")[
        :COURSE_DAYS
    ]
    model = _as_run(model_id, version)
    context["page"] = MonitoringPage(snapshot, model, list(reversed(days)))
    return render(request, "monitoring/model.html", context)


@require_POST
@role_required("steward")
def set_reference(request: HttpRequest) -> HttpResponse:
    """What stands now is the reference: of one model at once, of all as soon as a worker can.

    First a page shows the drift that the new reference would hide; who confirms it says which
    reference stood then, so that a second click, or a page of yesterday, sets nothing.
    """
    model_id = request.POST.get("model", "")
    if model_id and model_id not in _registered():
        raise Http404
    ids = [model_id] if model_id else []
    seen = monitoring.standing(ids)
    confirmed = request.POST.get("confirm", "")
    if confirmed != str(seen):
        return _confirm_reference(request, model_id, seen, has_changed=bool(confirmed))
    actor, request_id = str(request.user.pk), getattr(request, "request_id", "")
    if not model_id:
        asked = wake_ups.ask_for_references(actor, seen, request_id)
        level = {wake_ups.Asked.TAKEN: messages.SUCCESS, wake_ups.Asked.OPEN: messages.INFO}
        messages.add_message(request, level.get(asked, messages.ERROR), asked.value)
        return redirect("monitoring")
    try:
        number = monitoring.freeze(
            ids,
            actor_kind="user",
            actor=actor,
            now=timezone.now(),
            request_id=request_id,
            seen=seen,
            wait=False,
        )
    except monitoring.ChangedError:
        return _confirm_reference(request, model_id, monitoring.standing(ids), has_changed=True)
    except monitoring.NotNowError:
        text = "Snapshots are being taken right now: no reference was set. Try again in a minute."
        messages.error(request, text)
        return redirect("monitoring-model", model_id)
    none = "No twin has been asked about yet: there is nothing to freeze."
    messages.success(
        request, "The reference is set; the snapshot was taken anew." if number else none
    )
    return redirect("monitoring-model", model_id)


def _confirm_reference(
    request: HttpRequest, model_id: str, seen: int, *, has_changed: bool
) -> HttpResponse:
    models = _registered()
    asked = {model_id: models[model_id]} if model_id else models
    listed = lines(asked, _newest(asked))
    context = {
        "section": "monitoring",
        "model_id": model_id,
        "title": models[model_id].title if model_id else "",
        "seen": seen,
        "has_changed": has_changed,
        "hidden": [finding for line in listed for finding in line.drift_findings()],
        "taken_at": min((line.snapshot.taken_at for line in listed), default=None),
    }
    return render(request, "monitoring/confirm_reference.html", context)


def _newest(models: Collection[str]) -> QuerySet[MonitoringSnapshot]:
    """The newest snapshot of each version of these models."""
    found = MonitoringSnapshot.objects.filter(model_id__in=models)
    ordered = found.order_by("model_id", "model_version", "-taken_on")
    return ordered.distinct("model_id", "model_version")


def _is_steward(request: HttpRequest) -> bool:
    return getattr(request.user, "role", "") == "steward"


def _registered() -> Mapping[str, ClinicalModel]:
    return registered(settings.KFRE_REGION, settings.SCORE2_REGION)


def _as_run(model_id: str, version: str) -> ClinicalModel | None:
    """The model of that very version, for its names; None when it is no more."""
    try:
        found = model_as_run(model_id, version)
    except KeyError:
        return None
    return found if found.version == version else None
