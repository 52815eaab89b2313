"""One ranking: how it goes, what it says, and the whole of it as a table."""

import gzip
from uuid import UUID

from django.contrib import messages
from django.http import Http404, HttpRequest, HttpResponse
from django.shortcuts import redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from patients import audit
from patients.models import Patient
from patients.record.loading import state_of
from twinportal.dashboards.access import role_required, visible_patient
from twinportal.dashboards.clinician.twin_page import Banner
from twinportal.molecular import runs, selectors
from twinportal.molecular.models import RankingRun
from twinportal.molecular.presenters import RankingPage
from twinportal.molecular.views import warnings_of


def _run(patient: Patient, run_id: UUID) -> RankingRun:
    """Of this twin; another's is not there."""
    row = selectors.runs_of(patient).filter(public_id=run_id).first()
    if row is None:
        raise Http404
    return row


def _withdrawn(row: RankingRun) -> list[str]:
    return [
        f"{table} was withdrawn by this site on {table.withdrawn_at:%-d %b %Y}: ask why."
        for table in (row.network, row.drugs)
        if table.withdrawn_at
    ]


@require_safe
@role_required("clinician")
def ranking(request: HttpRequest, public_id: UUID, run_id: UUID) -> HttpResponse:
    """While it is open how far it is, asked again by the page itself; then the result."""
    patient = visible_patient(request, public_id)
    row = _run(patient, run_id)
    if request.headers.get("HX-Request") == "true":
        # part of the page that was recorded when it was opened
        answer = render(request, "molecular/progress.html", {"patient": patient, "run": row})
        if not row.is_open:
            answer["HX-Refresh"] = "true"
        return answer
    audit.record_read(request, patient, what="network ranking", detail=str(run_id))
    now = timezone.now()
    context = {
        "patient": patient,
        "banner": Banner(patient, state_of(patient.pk, now), now),
        "run": row,
        "warnings": [*warnings_of(row.expression, patient), *_withdrawn(row)],
        "page": RankingPage(row) if row.state == RankingRun.State.DONE else None,
    }
    return render(request, "molecular/ranking.html", context)


@require_POST
@role_required("clinician")
def cancel(request: HttpRequest, public_id: UUID, run_id: UUID) -> HttpResponse:
    """Stop an open ranking; one that has ended stays."""
    patient = visible_patient(request, public_id)
    row = _run(patient, run_id)
    if runs.cancel(row, now=timezone.now()):
        detail = str(run_id)
        audit.record_action(
            request, patient, action="cancel", what="network ranking", detail=detail
        )
        messages.success(request, "The ranking is cancelled.")
    else:
        messages.info(request, "It had ended already.")
    return redirect("molecular-run", public_id=patient.public_id, run_id=row.public_id)


@require_safe
@role_required("clinician")
def table(request: HttpRequest, public_id: UUID, run_id: UUID) -> HttpResponse:
    """Every drug in every cell type, as CSV."""
    patient = visible_patient(request, public_id)
    row = _run(patient, run_id)
    if row.table is None:
        raise Http404
    audit.record_read(request, patient, what="network ranking table", detail=str(run_id))
    # the file's name says whose ranking it is to nobody
    name = f'attachment; filename="ranking-{row.public_id}.csv"'
    return HttpResponse(
        gzip.decompress(bytes(row.table)),
        content_type="text/csv; charset=utf-8",
        headers={"Content-Disposition": name},
    )
