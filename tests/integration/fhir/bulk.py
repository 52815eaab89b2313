"""Bulk exports in tests: asked for, worked on in this process, read, and compared with the store."""

import json
from collections import Counter
from collections.abc import Iterable
from datetime import datetime
from typing import Any

from django.test import Client

from patients.models import BulkJob, ResourceVersion
from patients.services import bulk_jobs
from tests.integration.fhir.calls import Json, post

PREFER = {"Prefer": "respond-async"}
SLICES = 200
Lines = dict[str, list[str]]


def kick_off(ehr: Client, path: str = "/$export", **headers: str) -> Any:
    return ehr.get(f"/fhir{path}", headers={**PREFER, **headers})


def kick_off_by_post(ehr: Client, path: str, *parameters: Json) -> Any:
    body = {"resourceType": "Parameters", "parameter": list(parameters)}
    return post(ehr, path, body, **PREFER)


def address_of(answer: Any) -> str:
    """Where the job is asked about, without the server."""
    assert answer.status_code == 202, answer.content
    return str(answer["Content-Location"]).removeprefix("http://testserver")


def job_of(address: str) -> BulkJob:
    return BulkJob.objects.get(public_id=address.rpartition("/")[2])


def work(address: str) -> BulkJob:
    """All slices, one after the other, as a worker does them."""
    job = job_of(address)
    for _ in range(SLICES):
        if not bulk_jobs.work(job.pk):
            break
    job.refresh_from_db()
    return job


def manifest_of(ehr: Client, address: str) -> Json:
    answer = ehr.get(address)
    assert answer.status_code == 200, answer.content
    found: Json = answer.json()
    return found


def export(ehr: Client, path: str = "/$export") -> Json:
    """The manifest of an export that was worked on to its end."""
    address = address_of(kick_off(ehr, path))
    job = work(address)
    assert job.state == BulkJob.State.COMPLETE, job.error
    return manifest_of(ehr, address)


def content_of(ehr: Client, url: str) -> bytes:
    answer = ehr.get(url.removeprefix("http://testserver"))
    assert answer.status_code == 200, answer.content
    return b"".join(answer.streaming_content)


def lines_of(ehr: Client, manifest: Json, part: str = "output") -> Lines:
    """The lines of all files, by type. Each file has as many as the manifest says."""
    found: Lines = {}
    for entry in manifest[part]:
        text = content_of(ehr, entry["url"]).decode()
        assert text.endswith("\n")
        rows = text[:-1].split("\n")
        assert len(rows) == entry["count"]
        assert {json.loads(row)["resourceType"] for row in rows} == {entry["type"]}
        found.setdefault(entry["type"], []).extend(rows)
    return found


def keys(lines: Lines) -> Counter[str]:
    """ "Type/id/version", each of which may be there once."""
    rows = (json.loads(row) for rows in lines.values() for row in rows)
    found = Counter(f"{r['resourceType']}/{r['id']}/{r['meta']['versionId']}" for r in rows)
    assert not found or max(found.values()) == 1, found.most_common(3)
    return found


def deleted(ehr: Client, manifest: Json) -> set[str]:
    """References that the export says to delete."""
    bundles = [
        json.loads(row) for rows in lines_of(ehr, manifest, "deleted").values() for row in rows
    ]
    assert all(bundle["type"] == "transaction" for bundle in bundles)
    requests = [entry["request"] for bundle in bundles for entry in bundle["entry"]]
    assert {request["method"] for request in requests} <= {"DELETE"}
    return {request["url"] for request in requests}


def stored(types: Iterable[str] | None = None, at: datetime | None = None) -> Counter[str]:
    """What the store has, or had then: the slow, obvious way, version by version."""
    current: dict[str, ResourceVersion] = {}
    for row in ResourceVersion.objects.select_related("resource").order_by("version"):
        if at is None or row.recorded_at <= at:
            current[f"{row.resource.type}/{row.resource.fhir_id}"] = row
    return Counter(
        f"{name}/{row.version}"
        for name, row in current.items()
        if row.content and (types is None or row.resource.type in types)
    )
