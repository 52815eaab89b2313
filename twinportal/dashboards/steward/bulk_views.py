"""The data steward's page of imports and exports: how they go, and where an import failed."""

from dataclasses import dataclass
from uuid import UUID

from django.contrib import messages
from django.core.paginator import Paginator
from django.db.models import Count
from django.http import HttpRequest, HttpResponse
from django.shortcuts import get_object_or_404, redirect, render
from django.utils import timezone
from django.views.decorators.http import require_POST, require_safe

from patients import audit
from patients.models import BulkFile, BulkJob, ImportFault
from patients.services import bulk_jobs
from patients.services.bulk_manifest import progress
from twinportal.dashboards.access import role_required

ON_A_PAGE = 25
FIRST_FAULTS = 50


@dataclass(frozen=True)
class Row:
    """A job as the page shows it. No resource is named here."""

    job: BulkJob
    progress: str
    rejected: int


@require_safe
@role_required("steward")
def jobs(request: HttpRequest) -> HttpResponse:
    """All jobs, the newest first."""
    listed = BulkJob.objects.select_related("application").prefetch_related("files")
    page = Paginator(listed.order_by("-created_at", "-pk"), ON_A_PAGE).get_page(
        request.GET.get("page")
    )
    shown = {"section": "bulk", "page": page, "rows": [_row(job) for job in page]}
    return render(request, "steward/bulk.html", shown)


@require_safe
@role_required("steward")
def job(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """One job: its files, and the first faults by file and line; no value that was sent."""
    found = get_object_or_404(BulkJob.objects.select_related("application"), public_id=public_id)
    faults = ImportFault.objects.filter(file__job=found, waiting=False)
    first = faults.select_related("file").order_by("file_id", "line")[:FIRST_FAULTS]
    waiting = BulkFile.objects.filter(job=found, faults__waiting=True)
    # names of files are what a client wrote, and may name somebody
    audit.record(
        actor_kind="user",
        actor=str(request.user.pk),
        action="read",
        what=f"{found.kind} job",
        detail=str(found.public_id),
        request_id=getattr(request, "request_id", ""),
    )
    shown = {
        "section": "bulk",
        "row": _row(found),
        "files": found.files.order_by("pk"),
        "faults": first,
        "more": faults.count() - len(first),
        "waiting": waiting.aggregate(count=Count("faults"))["count"],
    }
    return render(request, "steward/bulk_job.html", shown)


@require_POST
@role_required("steward")
def cancel(request: HttpRequest, public_id: UUID) -> HttpResponse:
    """Stop an open job; one that has ended stays as it is."""
    found = get_object_or_404(BulkJob, public_id=public_id)
    if not found.is_open:
        messages.info(request, f"The {found.kind} has ended already")
        return redirect("steward-bulk-job", public_id)
    bulk_jobs.cancel(found, now=timezone.now())
    audit.record(
        actor_kind="user",
        actor=str(request.user.pk),
        action="delete",
        what=found.kind,
        detail=str(found.public_id),
        request_id=getattr(request, "request_id", ""),
    )
    messages.info(request, f"The {found.kind} is cancelled; what it has stored stays")
    return redirect("steward-bulk-job", public_id)


def _row(job: BulkJob) -> Row:
    rejected = sum(f.rejected for f in job.files.all() if f.role == BulkFile.Role.INPUT)
    return Row(job, progress(job), rejected)
