"""What the twin page links to. Every read is permitted by policy and audited."""

import json
from uuid import UUID

from csp.constants import SELF
from csp.decorators import csp_update
from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.urls import reverse
from django.utils import timezone
from django.views.decorators.http import require_POST

from explain.selectors import attributions_of
from models_engine.models import Prediction
from patients import audit
from patients.access.consent import Purpose, permits
from patients.models import Fact, Patient, Resource, ResourceVersion
from patients.record.loading import state_of
from patients.selectors.mappings import readings, readings_of
from patients.selectors.resources import concerns, history
from patients.terminology.measurements import MEASUREMENTS
from twinportal.dashboards.access import role_required, visible_patient
from twinportal.dashboards.clinician.against import Why
from twinportal.dashboards.clinician.blocks import PredictionView
from twinportal.dashboards.clinician.trends import REFERENCE_NOTE, plotly_json, trends_of
from twinportal.dashboards.clinician.twin_page import Banner, concept_label
from twinportal.release.decisions import RELEASED_BUT_HIDDEN
from twinportal.release.services import set_release
from twinportal.typed import row_key

# the strict bundle adds two fixed style elements: an empty one, and one rule
PLOTLY_STYLES = [
    SELF,
    "'sha256-47DEQpj8HBSa+/TImW+5JCeuQeRkm5NMpJWZG3hSuFU='",
    "'sha256-ji27qzEtxXZW+7dun6UwjHXJ18e6WAin1VvNtkzIE/o='",
]


@require_POST
@role_required("clinician")
def release(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Let the patient see a prediction, or no longer."""
    patient = visible_patient(request, public_id)
    visible = request.POST.get("action") == "release"
    pk = request.POST.get("prediction", "")
    key = row_key(pk)
    if key is None or not set_release(
        patient, key, visible=visible, by=request.user, now=timezone.now()
    ):
        raise Http404
    action = "release" if visible else "withhold"
    audit.record_action(request, patient, action=action, what="prediction", detail=pk)
    said = "The patient can see it now." if visible else "The patient no longer sees it."
    if visible and not permits(patient, Purpose.SEE_PREDICTIONS):
        said = RELEASED_BUT_HIDDEN
    messages.success(request, said)
    shown = reverse("twin-predictions", args=[patient.public_id])
    return redirect(f"{shown}#p-{pk}")


@role_required("clinician")
def prediction(request: HttpRequest, public_id: UUID, pk: int) -> HttpResponse:
    """One prediction: every input, every contribution, the model's facts, its history."""
    patient = visible_patient(request, public_id)
    row = Prediction.objects.select_related("run").filter(patient=patient, pk=pk).first()
    if row is None:
        raise Http404
    audit.record_read(request, patient, what="prediction", detail=str(pk))
    stored = attributions_of([row.pk])
    view = PredictionView(row, stored)
    history = (
        Prediction.objects.filter(patient=patient, model_id=row.model_id, outcome=row.outcome)
        .select_related("run")
        .order_by("-as_of", "-pk")[:40]
    )
    expires_at = row.expires_at
    context = {
        "banner": _banner(patient),
        "patient": patient,
        "is_over": expires_at is not None and expires_at < timezone.now(),
        "view": view,
        "why": Why(view, stored, request.GET.get("against", "")) if view.has_reasons else None,
        "readings": readings(view.read_by),
        "facts": view.model.facts if view.model else None,
        "history": [PredictionView(p, {}) for p in history],
    }
    return render(request, "clinician/prediction.html", context)


@csp_update({"style-src": PLOTLY_STYLES})
@role_required("clinician")
def trend(request: HttpRequest, public_id: UUID, concept: str) -> HttpResponse:
    """One measurement over time, as a picture and as a table of the same values."""
    patient = visible_patient(request, public_id)
    if concept not in MEASUREMENTS:
        raise Http404
    audit.record_read(request, patient, what="trend", detail=concept)
    state = state_of(patient.pk, timezone.now())
    found = trends_of(state, [concept])
    context = {
        "banner": Banner(patient, state, timezone.now()),
        "patient": patient,
        "title": MEASUREMENTS[concept].display,
        "trend": found[0] if found else None,
        "readings": readings(found[0].read_by) if found else {},
        "figure": json.loads(plotly_json(found[0])) if found else None,
        "reference_note": REFERENCE_NOTE,
    }
    return render(request, "clinician/trend.html", context)


@role_required("clinician")
def patient_resource(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Where age and sex come from: the newest version of the Patient resource."""
    patient = visible_patient(request, public_id)
    found = Resource.objects.filter(type="Patient", fhir_id=patient.fhir_id).first()
    if found is None:
        raise Http404
    return redirect("resource", patient.public_id, "Patient", found.fhir_id, found.version)


@role_required("clinician")
def resource(
    request: HttpRequest, public_id: UUID, kind: str, fhir_id: str, version: int
) -> HttpResponse:
    """Where a value came from: the resource version, who sent it, and the facts made of it."""
    patient = visible_patient(request, public_id)
    if "\0" in kind + fhir_id:
        raise Http404
    # a resource that has moved to another patient was still evidence here
    row = (
        ResourceVersion.objects.select_related("resource")
        .filter(resource__type=kind, resource__fhir_id=fhir_id, version=version)
        .first()
    )
    if row is None or not concerns(row, patient):
        raise Http404
    audit.record_read(request, patient, what="resource", detail=f"{kind}/{fhir_id}/{version}")
    facts = Fact.objects.filter(resource=row.resource, patient=patient).order_by("path", "concept")
    said = readings_of(facts)
    context = {
        "banner": _banner(patient),
        "patient": patient,
        "version": row,
        "versions": [v for v in history(row.resource) if concerns(v, patient)],
        "facts": [(concept_label(fact.concept), fact, said[fact.pk]) for fact in facts],
        "content": json.dumps(json.loads(row.content), indent=2, ensure_ascii=False)
        if row.content
        else "",
    }
    return render(request, "clinician/resource.html", context)


def _banner(patient: Patient) -> Banner:
    now = timezone.now()
    return Banner(patient, state_of(patient.pk, now), now)
