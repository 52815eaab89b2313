"""What a finished job answers with: its files, as the Bulk Data guide lists them."""

from typing import Any

from patients.fhir.json_codec import instant
from patients.models import BulkFile, BulkJob

Json = dict[str, Any]
Role = BulkFile.Role


def status_url(job: BulkJob) -> str:
    """Where the job is asked about, and cancelled."""
    return f"{job.base_url}/bulk/{job.public_id}"


def file_url(job: BulkJob, file: BulkFile) -> str:
    return f"{status_url(job)}/{file.name}"


def manifest(job: BulkJob) -> Json:
    """Of a complete job. An import's outputs are its inputs, with how many of each are stored."""
    files = list(job.files.order_by("name"))
    made: Json = {
        "transactionTime": instant(job.transaction_time or job.created_at),
        "request": job.request_url,
        "requiresAccessToken": True,
        "output": [],
        "deleted": [],
        "error": [],
    }
    for file in files:
        if file.role == Role.INPUT:
            # one entry for each type of its lines: types are what a client counts by
            for kind, count in sorted((file.counts or {file.type: file.count}).items()):
                entry = {"type": kind, "count": count, "inputUrl": file.path or file.name}
                made["output"].append(entry)
        elif file.count:
            # a file of deletions holds Bundles; its own type is of what was deleted
            kind = "Bundle" if file.role == Role.DELETED else file.type
            entry = {"type": kind, "url": file_url(job, file), "count": file.count}
            made[file.role].append(entry)
    return made


def progress(job: BulkJob) -> str:
    """In words, at most 100 characters, for the X-Progress header."""
    files = list(job.files.all())
    if job.kind == BulkJob.Kind.EXPORT:
        done = sum(file.count for file in files if file.role == Role.OUTPUT)
        if "total" not in job.parameters:
            return "waiting for what is being written at this moment"
        return f"{done} of about {job.parameters['total']} resources written"
    inputs = [file for file in files if file.role == Role.INPUT]
    size = sum(file.size for file in inputs)
    part = 100 * sum(file.position for file in inputs) // size if size else 0
    stored, rejected = (sum(getattr(f, name) for f in inputs) for name in ("count", "rejected"))
    return f"{part} % read, {stored} stored, {rejected} rejected"
