"""The data sets of a twin, for clinicians: attach, look, rank, delete."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from models_engine.catalogue.treatment.network.identifiers import NetworkError
from patients import audit
from patients.models import Patient
from patients.record.loading import state_of
from twinportal.dashboards.access import role_required, visible_patient
from twinportal.dashboards.clinician.twin_page import Banner
from twinportal.molecular import expression, runs, selectors
from twinportal.molecular.cell_views import kept
from twinportal.molecular.centralities import centralities_from
from twinportal.molecular.documents import content_of, document_of, documents_of
from twinportal.molecular.forms import AboutForm, RunForm, UploadForm
from twinportal.molecular.models import ExpressionSet


@require_safe
@role_required("clinician")
def index(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """What is attached, what the record has to attach, and the rankings."""
    patient = visible_patient(request, public_id)
    audit.record_read(request, patient, what="molecular data")
    return _index(request, patient)


def _index(
    request: HttpRequest,
    patient: Patient,
    *,
    upload: UploadForm | None = None,
    taking: dict[str, AboutForm] | None = None,
) -> HttpResponse:
    now = timezone.now()
    sets = list(selectors.sets_of(patient))
    taken = {(s.document_id, s.document_version) for s in sets}
    documents = [
        {
            "document": document,
            "is_taken": (document.version.resource_id, document.version.version) in taken,
            "form": (taking or {}).get(document.key)
            or AboutForm(
                today=now.date(),
                prefix=f"document-{number}",
                initial={
                    "name": document.title,
                    "system": document.system.name.lower() if document.system else "",
                },
            ),
        }
        for number, document in enumerate(documents_of(patient))
    ]
    context = {
        "patient": patient,
        "banner": Banner(patient, state_of(patient.pk, now), now),
        "sets": sets,
        "runs": list(selectors.runs_of(patient)),
        "cell_files": list(selectors.cell_files_of(patient)),
        "documents": documents,
        "upload": upload or UploadForm(today=now.date()),
        "has_network": selectors.has_network(),
    }
    return render(request, "molecular/index.html", context)


@require_POST
@role_required("clinician")
def upload(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Attach a table. What cannot be read is said by line, and the form keeps what was typed."""
    patient = visible_patient(request, public_id)
    now = timezone.now()
    form = UploadForm(request.POST, request.FILES, today=now.date())
    if form.is_valid():
        is_anndata = form.is_anndata
        file = form.cleaned_data.pop("file")
        try:
            if is_anndata:
                return kept(request, public_id, file, form.cleaned_data)
            return _added(
                request,
                public_id,
                content=file.read(),
                file_name=file.name or "",
                origin=ExpressionSet.Origin.UPLOAD,
                **form.cleaned_data,
            )
        except NetworkError as error:
            form.add_error("file", f"Nothing was attached. {error}")
    audit.record_read(request, patient, what="molecular data")
    return _index(request, patient, upload=form)


@require_POST
@role_required("clinician")
def take_document(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Attach the table of a document of the record, the very version that the page showed."""
    patient = visible_patient(request, public_id)
    document = document_of(patient, request.POST.get("document", ""))
    if document is None:
        messages.error(request, "This document was changed or is gone: look again.")
        return redirect("molecular", public_id=patient.public_id)
    form = AboutForm(
        request.POST, today=timezone.now().date(), prefix=request.POST.get("prefix", "")[:40]
    )
    if form.is_valid():
        try:
            return _added(
                request,
                public_id,
                content=content_of(document, patient),
                file_name=document.title,
                origin=ExpressionSet.Origin.DOCUMENT,
                document=document.version.resource,
                **form.cleaned_data,
            )
        except NetworkError as error:
            form.add_error(None, f"Nothing was attached. {error}")
    audit.record_read(request, patient, what="molecular data")
    return _index(request, patient, taking={document.key: form})


def _added(request: HttpRequest, public_id: UUID, **given: Any) -> HttpResponse:
    with transaction.atomic():
        # again, inside: the patient may have been deleted or merged meanwhile
        patient = visible_patient(request, public_id)
        row, is_new = expression.add(patient=patient, by=request.user, now=timezone.now(), **given)
        if is_new:
            detail = str(row.public_id)
            audit.record_action(request, patient, action="create", what="expression", detail=detail)
    said = "Attached." if is_new else "The same table is attached already; it is there once."
    messages.success(request, said)
    return redirect("molecular-data", public_id=patient.public_id, set_id=row.public_id)


@require_safe
@role_required("clinician")
def data(request: HttpRequest, public_id: UUID, set_id: UUID) -> HttpResponse:
    """One data set: what it holds, where it is from, and what to rank it with."""
    patient = visible_patient(request, public_id)
    row = _set(patient, set_id)
    audit.record_read(request, patient, what="expression", detail=str(set_id))
    return _data(request, patient, row, RunForm(of=row))


def _set(patient: Patient, set_id: UUID) -> ExpressionSet:
    """Of this twin; another's is not there."""
    row = selectors.sets_of(patient).filter(public_id=set_id).first()
    if row is None:
        raise Http404
    return row


def _data(
    request: HttpRequest, patient: Patient, row: ExpressionSet, form: RunForm
) -> HttpResponse:
    now = timezone.now()
    context = {
        "patient": patient,
        "banner": Banner(patient, state_of(patient.pk, now), now),
        "row": row,
        "form": form,
        "warnings": warnings_of(row, patient),
        "runs": list(selectors.runs_of(patient).filter(expression=row)),
        "can_run": selectors.networks(row.system).exists()
        and selectors.drug_tables(row.system).exists(),
    }
    return render(request, "molecular/data.html", context)


def warnings_of(row: ExpressionSet, patient: Patient) -> list[str]:
    """Why these data may be another person's, or no longer what the record says."""
    found = [expression.what_became_of_its_document(row, patient)]
    if expression.is_elsewhere(row, patient):
        found.append(
            "The very same table is attached to another patient too: one of the two is wrong. "
            "Find out whose it is before you read on."
        )
    return [text for text in found if text]


@require_POST
@role_required("clinician")
def run(request: HttpRequest, public_id: UUID, set_id: UUID) -> HttpResponse:
    """Ask for a ranking; the same one is there once."""
    patient = visible_patient(request, public_id)
    row = _set(patient, set_id)
    form = RunForm(request.POST, request.FILES, of=row)
    if form.is_valid():
        chosen = form.cleaned_data
        file = chosen["centralities"]
        names = [cell["name"] for cell in row.cell_types]
        try:
            given = centralities_from(file.read(), file.name or "", names) if file else None
        except NetworkError as error:
            form.add_error("centralities", f"Nothing was started. {error}")
        else:
            try:
                return _asked(request, patient, row, chosen | {"centralities": given})
            except NetworkError as error:
                form.add_error(None, f"Nothing was started. {error}")
            except runs.TooManyOpen:
                words = (
                    f"{runs.MOST_OPEN} rankings of this twin are open: wait for one, or cancel it."
                )
                form.add_error(None, words)
    audit.record_read(request, patient, what="expression", detail=str(set_id))
    return _data(request, patient, row, form)


def _asked(
    request: HttpRequest, patient: Patient, row: ExpressionSet, chosen: dict[str, Any]
) -> HttpResponse:
    with transaction.atomic():
        asked, is_new = runs.ask(expression=row, by=request.user, now=timezone.now(), **chosen)
        if is_new:
            detail = str(asked.public_id)
            audit.record_action(
                request, patient, action="create", what="network ranking", detail=detail
            )
    if not is_new:
        messages.info(request, "This ranking was asked for before; it is there once.")
    return redirect("molecular-run", public_id=patient.public_id, run_id=asked.public_id)


@require_POST
@role_required("clinician")
def delete(request: HttpRequest, public_id: UUID, set_id: UUID) -> HttpResponse:
    """Forget a data set and its rankings. Anybody of the care team may."""
    patient = visible_patient(request, public_id)
    row = _set(patient, set_id)
    with transaction.atomic():
        ExpressionSet.objects.filter(pk=row.pk).delete()
        detail = str(set_id)
        audit.record_action(request, patient, action="delete", what="expression", detail=detail)
    messages.success(request, "The data set and its rankings are deleted.")
    return redirect("molecular", public_id=patient.public_id)


@require_safe
@role_required("clinician", "steward")
def tables(request: HttpRequest) -> HttpResponse:
    """The networks and drug-target tables that the site brought in. They are about nobody."""
    context = {"networks": selectors.networks(), "drug_tables": selectors.drug_tables()}
    return render(request, "molecular/tables.html", context)
