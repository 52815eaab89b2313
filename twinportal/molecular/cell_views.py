"""An AnnData file on its way: how it goes, what is to be compared."""

from typing import Any
from uuid import UUID

from django.contrib import messages
from django.db import transaction
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from patients import audit
from patients.models import Patient
from patients.record.loading import state_of
from twinportal.dashboards.access import role_required, visible_patient
from twinportal.dashboards.clinician.twin_page import Banner
from twinportal.molecular import cell_files
from twinportal.molecular.anndata_reading import PSEUDO_REPLICATION
from twinportal.molecular.forms import ChoiceForm
from twinportal.molecular.models import CellFile


def kept(request: HttpRequest, public_id: UUID, file: Any, about: dict[str, Any]) -> HttpResponse:
    """Keep an uploaded file for a worker. Raises NetworkError; nothing is stored then."""
    with transaction.atomic():
        patient = visible_patient(request, public_id)
        row = cell_files.keep(
            patient=patient,
            chunks=file.chunks(cell_files.PART_BYTES),
            file_name=file.name or "",
            by=request.user,
            now=timezone.now(),
            **about,
        )
        detail = str(row.public_id)
        audit.record_action(request, patient, action="create", what="AnnData file", detail=detail)
    return redirect("molecular-cells", public_id=patient.public_id, file_id=row.public_id)


def _file(patient: Patient, file_id: UUID) -> CellFile:
    """Of this twin; another's is not there."""
    row = CellFile.objects.about(patient.pk).filter(public_id=file_id).first()
    if row is None:
        raise Http404
    return row


@require_safe
@role_required("clinician")
def cells(request: HttpRequest, public_id: UUID, file_id: UUID) -> HttpResponse:
    """While a worker has it how far it is; then what to choose, or the data set that came of it."""
    patient = visible_patient(request, public_id)
    row = _file(patient, file_id)
    if request.headers.get("HX-Request") == "true":
        # part of the page that was recorded when it was opened
        context = {"patient": patient, "row": row}
        answer = render(request, "molecular/cells_progress.html", context)
        if not row.is_open:
            answer["HX-Refresh"] = "true"
        return answer
    if row.state == CellFile.State.DONE and row.expression is not None:
        set_id = row.expression.public_id
        return redirect("molecular-data", public_id=patient.public_id, set_id=set_id)
    return _page(request, patient, row)


def _page(
    request: HttpRequest, patient: Patient, row: CellFile, form: ChoiceForm | None = None
) -> HttpResponse:
    audit.record_read(request, patient, what="AnnData file", detail=str(row.public_id))
    now = timezone.now()
    if form is None and row.state == CellFile.State.CHOOSE:
        form = ChoiceForm.again(row.holds, row.choice)
    context = {
        "patient": patient,
        "banner": Banner(patient, state_of(patient.pk, now), now),
        "row": row,
        "form": form,
        "note": PSEUDO_REPLICATION,
    }
    return render(request, "molecular/cells.html", context)


@require_POST
@role_required("clinician")
def choose(request: HttpRequest, public_id: UUID, file_id: UUID) -> HttpResponse:
    """Have the changed genes computed."""
    patient = visible_patient(request, public_id)
    row = _file(patient, file_id)
    if row.state == CellFile.State.CHOOSE:
        form = ChoiceForm(request.POST, holds=row.holds)
        if not form.is_valid():
            return _page(request, patient, row, form)
        with transaction.atomic():
            if cell_files.choose(row, form.chosen, now=timezone.now()):
                detail = str(file_id)
                audit.record_action(
                    request, patient, action="update", what="AnnData file", detail=detail
                )
    return redirect("molecular-cells", public_id=patient.public_id, file_id=file_id)


@require_POST
@role_required("clinician")
def delete(request: HttpRequest, public_id: UUID, file_id: UUID) -> HttpResponse:
    """Forget the file; a data set that was computed from it stays."""
    patient = visible_patient(request, public_id)
    row = _file(patient, file_id)
    with transaction.atomic():
        row.delete()
        detail = str(file_id)
        audit.record_action(request, patient, action="delete", what="AnnData file", detail=detail)
    messages.success(request, "The file is deleted.")
    return redirect("molecular", public_id=patient.public_id)
