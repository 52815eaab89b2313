"""How the models fare: stored snapshots, for clinicians and data stewards. No patient is named."""

from collections.abc import Mapping

from django.conf import settings
from django.contrib import messages
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
    newest = MonitoringSnapshot.objects.filter(model_id__in=models).order_by(
        "model_id", "model_version", "-taken_on"
    )
    listed = lines(models, newest.distinct("model_id", "model_version"))
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
    """What stands now is the reference: of one model at once, of all as soon as a worker can."""
    model_id, actor = request.POST.get("model", ""), str(request.user.pk)
    request_id = getattr(request, "request_id", "")
    if not model_id:
        if wake_ups.ask_for_references(actor, request_id):
            messages.success(request, "A worker sets the references; it takes a minute or two.")
        else:
            messages.error(request, "The message broker does not answer: no reference was set.")
        return redirect("monitoring")
    if model_id not in _registered():
        raise Http404
    number = monitoring.freeze(
        [model_id], actor_kind="user", actor=actor, now=timezone.now(), request_id=request_id
    )
    none = "No twin has been asked about yet: there is nothing to freeze."
    messages.success(
        request, "The reference is set; the snapshot was taken anew." if number else none
    )
    return redirect("monitoring-model", model_id)


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
