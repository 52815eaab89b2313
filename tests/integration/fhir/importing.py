"""How the tests of $import ask, work the job off, and read what became of it."""

import json
from collections.abc import Sequence
from typing import Any

from django.test import Client

from patients.models import BulkJob
from patients.services import bulk_jobs
from patients.services.bulk_import_report import SOURCE

Json = dict[str, Any]
NDJSON = "application/fhir+ndjson"
FHIR_JSON = "application/fhir+json"
ASYNC = {"Prefer": "respond-async"}
BOUNDARY = "between-the-parts"
MULTIPART = f"multipart/form-data; boundary={BOUNDARY}"


def ndjson(resources: Sequence[Json], end: bytes = b"\n") -> bytes:
    return b"".join(json.dumps(one).encode() + end for one in resources)


def send_lines(ehr: Client, body: bytes, **more: Any) -> Any:
    return ehr.post("/fhir/$import", body, content_type=NDJSON, headers=ASYNC, **more)


def send_manifest(ehr: Client, manifest: Json) -> Any:
    body = json.dumps(manifest)
    return ehr.post("/fhir/$import", body, content_type=FHIR_JSON, headers=ASYNC)


def send_files(ehr: Client, *files: tuple[str, bytes], manifest: Json | None = None) -> Any:
    """As `curl -F 'file=@name'` sends them, the manifest without a file name."""
    parts = []
    for name, content in files:
        head = f'Content-Disposition: form-data; name="file"; filename="{name}"\r\n'
        parts.append(head.encode() + b"Content-Type: application/octet-stream\r\n\r\n" + content)
    if manifest is not None:
        head = 'Content-Disposition: form-data; name="manifest"\r\n\r\n'
        parts.append(head.encode() + json.dumps(manifest).encode())
    line = f"--{BOUNDARY}".encode()
    body = b"".join(line + b"\r\n" + part + b"\r\n" for part in parts) + line + b"--\r\n"
    return ehr.post("/fhir/$import", body, content_type=MULTIPART, headers=ASYNC)


def parameters(*inputs: tuple[str, str]) -> Json:
    """The manifest as a Parameters resource; a type of "" is left out."""
    listed: list[Json] = [{"name": "inputFormat", "valueCode": NDJSON}]
    for kind, url in inputs:
        part: list[Json] = [{"name": "url", "valueUri": url}]
        if kind:
            part.insert(0, {"name": "type", "valueCode": kind})
        listed.append({"name": "input", "part": part})
    return {"resourceType": "Parameters", "parameter": listed}


def job_of(answer: Any) -> BulkJob:
    assert answer.status_code == 202, answer.content
    return BulkJob.objects.get(public_id=answer["Content-Location"].rpartition("/")[2])


def work_off(job: BulkJob) -> None:
    """Slice after slice, as the workers do."""
    while bulk_jobs.work(job.pk):
        pass
    job.refresh_from_db()


def status(ehr: Client, job: BulkJob) -> Any:
    return ehr.get(f"/fhir/bulk/{job.public_id}")


def outcomes(ehr: Client, job: BulkJob) -> list[Json]:
    """The lines of errors.ndjson; none when the manifest names no file of errors."""
    listed = status(ehr, job).json()["error"]
    if not listed:
        return []
    (entry,) = listed
    assert entry["type"] == "OperationOutcome"
    answer = ehr.get("/fhir" + entry["url"].partition("/fhir")[2])
    assert (answer.status_code, answer["Content-Type"]) == (200, NDJSON)
    text = b"".join(answer.streaming_content)
    found = [json.loads(line) for line in text.splitlines()]
    assert len(found) == entry["count"]
    return found


def source(issue: Json) -> Json:
    """File, line, byteOffset and byteLength of an issue."""
    (extension,) = [e for e in issue["extension"] if e["url"] == SOURCE]
    return {
        part["url"]: next(v for k, v in part.items() if k.startswith("value"))
        for part in extension["extension"]
    }


def imported(ehr: Client, answer: Any) -> list[Json]:
    """Work the job off; the lines of errors.ndjson."""
    job = job_of(answer)
    work_off(job)
    assert job.state == "complete", job.error
    return outcomes(ehr, job)
