"""What every model is, for whom, and how it was checked. No patient's data stand here."""

from collections.abc import Mapping

from django.conf import settings
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import render

from models_engine.catalogue.contract import ClinicalModel
from models_engine.catalogue.facts_document import facts_document
from models_engine.plugins import left_out, package_of
from models_engine.registry import not_offered, registered
from models_engine.selectors import used_versions
from twinportal.dashboards.access import role_required
from twinportal.dashboards.model_facts.documents import READERS, document_answer
from twinportal.dashboards.model_facts.forecast_facts import all_forecasts, forecast_facts
from twinportal.dashboards.model_facts.page import FactsPage, groups
from twinportal.dashboards.model_facts.twins import twin_lines


@role_required(*READERS)
def index(request: HttpRequest) -> HttpResponse:
    """Every registered model by family, what is no longer registered, and plug-ins left out."""
    models = _registered()
    context = {
        "groups": groups(models.values()),
        "twins": twin_lines(),
        "retired": [
            used for used in used_versions() if not _is_registered(used.model_id, used.version)
        ],
        "left_out": left_out(models),
        "not_offered": not_offered(settings.SCORE2_REGION),
        "forecasts": all_forecasts(),
    }
    return render(request, "models/index.html", context)


@role_required(*READERS)
def facts(request: HttpRequest, model_id: str) -> HttpResponse:
    """All facts of the registered version; of a model that is gone, the versions that ran."""
    forecast = forecast_facts(model_id)
    if forecast is not None:
        return render(request, "models/forecast.html", {"page": forecast})
    used = used_versions(model_id)
    model = _registered().get(model_id)
    if model is not None:
        page = FactsPage(facts_document(model), used, package_of(model))
        return render(request, "models/facts.html", {"page": page})
    if not used:
        raise Http404
    return render(request, "models/versions.html", {"model_id": model_id, "versions": used})


@role_required(*READERS)
def version(request: HttpRequest, model_id: str, version: str) -> HttpResponse:
    """One version: its facts while it is registered, then what the stored runs know of it."""
    if _is_registered(model_id, version):
        return facts(request, model_id)
    found = [used for used in used_versions(model_id) if used.version == version]
    if not found:
        raise Http404
    context = {
        "model_id": model_id,
        "version": version,
        "versions": found,
        "is_registered": model_id in _registered(),
    }
    return render(request, "models/version.html", context)


@role_required(*READERS)
def facts_json(request: HttpRequest, model_id: str) -> HttpResponse:
    """The same facts for machines; unchanged facts answer If-None-Match with 304."""
    model = _registered().get(model_id)
    if model is None:
        raise Http404
    return document_answer(request, facts_document(model))


def _is_registered(model_id: str, version: str) -> bool:
    model = _registered().get(model_id)
    return model is not None and model.version == version


def _registered() -> Mapping[str, ClinicalModel]:
    return registered(settings.KFRE_REGION, settings.SCORE2_REGION)
