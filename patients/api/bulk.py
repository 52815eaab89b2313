"""The status of bulk jobs, their files, and how they are cancelled."""

from collections.abc import Sequence
from uuid import UUID

from django.http import FileResponse, HttpResponse
from django.utils import timezone
from django.utils.http import http_date
from rest_framework.request import Request

from patients.access.scopes import allows, scopes_of, types_with
from patients.api.responses import fhir_response, outcome_response
from patients.api.security import application_of, audit_client, is_personal
from patients.errors import FhirError
from patients.fhir.outcome import Issue
from patients.models import BulkFile, BulkJob
from patients.services import bulk_jobs
from patients.services.bulk_manifest import manifest, progress, status_url

NDJSON = "application/fhir+ndjson"
ASK_AGAIN_SECONDS = 2
State = BulkJob.State


def accepted(job: BulkJob, notes: Sequence[Issue] = ()) -> HttpResponse:
    """202 with the address to ask at."""
    words = f"The {job.kind} runs in the background; ask at Content-Location how it goes"
    issue = Issue("information", "informational", words)
    return outcome_response(202, [issue, *notes], {"Content-Location": status_url(job)})


def job_of(request: Request, public_id: UUID) -> BulkJob:
    """The client's own job. FhirError 404 for everybody else's, and for what is over; 403 for a
    token that stands for a person, who may not see what the client sees.
    """
    if is_personal(request):
        words = "Jobs and their files are for systems; this token stands for a person"
        raise FhirError(403, [Issue("error", "forbidden", words)])
    mine = BulkJob.objects.filter(public_id=public_id)
    if application := application_of(request):
        job = mine.filter(application_id=application).first()
        if job is not None and job.state not in (State.CANCELLED, State.EXPIRED):
            return job
    words = "There is no such job, or it was cancelled, or its files have expired"
    raise FhirError(404, [Issue("error", "not-found", words)])


def status(request: Request, public_id: UUID) -> HttpResponse:
    """202 while it runs, 200 with the manifest, or how it failed."""
    job = job_of(request, public_id)
    if job.is_open:
        headers = {"X-Progress": progress(job)[:100], "Retry-After": str(ASK_AGAIN_SECONDS)}
        return HttpResponse(status=202, headers=headers)
    if job.state == State.FAILED:
        words = f"The {job.kind} failed: {job.error}. Request id {job.request_id}"
        raise FhirError(500, [Issue("fatal", "exception", words)])
    expires = http_date(job.expires_at.timestamp()) if job.expires_at else ""
    answer = fhir_response(manifest(job), headers={"Expires": expires})
    answer["Content-Type"] = "application/json"
    return answer


def cancel(request: Request, public_id: UUID) -> HttpResponse:
    """202: it stops, and its files are gone."""
    job = job_of(request, public_id)
    _require_all_of(request, job)
    bulk_jobs.cancel(job, now=timezone.now())
    audit_client(request, "delete", what=job.kind, detail=str(job.public_id))
    words = f"The {job.kind} is cancelled and its files are gone"
    return outcome_response(202, [Issue("information", "informational", words)])


def _require_all_of(request: Request, job: BulkJob) -> None:
    """FhirError 403 unless the token may do what the job does with every type: faults quote what
    was sent, and whoever cancels takes the files away.
    """
    given, letters = scopes_of(request.auth), "cu" if job.kind == BulkJob.Kind.IMPORT else "r"
    if any(
        not allows(given, t, letter)
        for t in types_with(job.scopes.split(), letters)
        for letter in letters
    ):
        words = "The token's scopes are narrower than those of the token that began the job"
        raise FhirError(403, [Issue("error", "forbidden", words)])


def download(request: Request, public_id: UUID, name: str) -> HttpResponse | FileResponse:
    """A file of a complete job, for the client that asked, while its token may read the type."""
    job = job_of(request, public_id)
    file = job.files.exclude(role=BulkFile.Role.INPUT).filter(name=name).first()
    path = bulk_jobs.place(job) / name
    if job.state != State.COMPLETE or file is None or not path.is_file():
        raise FhirError(404, [Issue("error", "not-found", "There is no such file")])
    if file.role == BulkFile.Role.ERROR:
        _require_all_of(request, job)
    elif not allows(scopes_of(request.auth), file.type, "r"):
        words = f"The token's scopes do not allow 'r' on {file.type}"
        raise FhirError(403, [Issue("error", "forbidden", words)])
    audit_client(request, "read", what=f"{job.kind} file", detail=f"{job.public_id}/{name}")
    return FileResponse(path.open("rb"), content_type=NDJSON, headers={"Cache-Control": "no-store"})
