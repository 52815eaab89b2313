"""What an import could not store, as NDJSON of OperationOutcomes with file, line and byte offset."""

import os
import re
import shutil
from collections.abc import Iterator
from contextlib import suppress
from datetime import UTC, datetime, timedelta
from pathlib import Path
from tempfile import mkstemp
from typing import Any

import orjson
from django.conf import settings
from django.db.models import Q

from patients.fhir.outcome import Issue, operation_outcome
from patients.models import BulkFile, BulkJob, ImportFault
from patients.services.bulk_import_files import REPORT

SOURCE = "urn:twinportal:StructureDefinition:import-source"
UUID_NAME = re.compile(r"[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
# without a byte written for this long, nobody is sending any more
UPLOAD_LASTS = timedelta(hours=1)
Json = dict[str, Any]
Role = BulkFile.Role


def write_report(job: BulkJob, folder: Path) -> None:
    """errors.ndjson, if there is anything to say; what was uploaded or unpacked goes."""
    size = count = 0
    handle, half = mkstemp(dir=folder)
    with os.fdopen(handle, "wb") as stream:
        for outcome in _outcomes(job):
            size += stream.write(orjson.dumps(outcome) + b"\n")
            count += 1
    if not count:
        Path(half).unlink()
    else:
        Path(half).rename(folder / REPORT)
        BulkFile.objects.update_or_create(
            job=job,
            name=REPORT,
            defaults={
                "role": Role.ERROR,
                "type": "OperationOutcome",
                "size": size,
                "count": count,
                "is_done": True,
            },
        )
    for name in job.files.filter(role=Role.INPUT).values_list("name", flat=True):
        (folder / name).unlink(missing_ok=True)


def forget(*, now: datetime) -> None:
    """Faults quote what was sent: they go when the job's files do. So do uploads that broke off
    with the web server, before there was a job.
    """
    over = Q(file__job__expires_at__lte=now) | Q(file__job__state=BulkJob.State.CANCELLED)
    ImportFault.objects.filter(over).delete()
    for folder in Path(settings.BULK_DIR).glob("*"):
        if not UUID_NAME.fullmatch(folder.name) or _age(folder, now) < UPLOAD_LASTS:
            continue
        if not BulkJob.objects.filter(public_id=folder.name).exists():
            shutil.rmtree(folder, ignore_errors=True)


def _age(folder: Path, now: datetime) -> timedelta:
    """Since something in it was written."""
    with suppress(FileNotFoundError):
        newest = max(path.stat().st_mtime for path in (folder, *folder.iterdir()))
        return now - datetime.fromtimestamp(newest, UTC)
    return timedelta()


def _outcomes(job: BulkJob) -> Iterator[Json]:
    faults = ImportFault.objects.filter(file__job=job).select_related("file")
    for fault in faults.order_by("file_id", "line").iterator():
        yield outcome_of(fault)


def outcome_of(fault: ImportFault) -> Json:
    """Each issue says where, for people in its diagnostics and for programs in an extension."""
    where = f"{fault.file.name}, line {fault.line}, byte {fault.offset}"
    issues = [
        Issue(i["severity"], i["code"], f"{where}: {i['diagnostics']}", i["expression"])
        for i in fault.issues
    ]
    outcome = operation_outcome(issues)
    for issue in outcome["issue"]:
        issue["extension"] = [_source(fault)]
    return outcome


def _source(fault: ImportFault) -> Json:
    """Decimals, because R4's integers end at 2 GB."""
    numbers = {"line": fault.line, "byteOffset": fault.offset, "byteLength": fault.length}
    return {
        "url": SOURCE,
        "extension": [
            {"url": "file", "valueString": fault.file.name},
            *({"url": name, "valueDecimal": number} for name, number in numbers.items()),
        ],
    }
