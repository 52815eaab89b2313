"""The import of bulk data, step by step.

What a step did commits together: resources, the position in the file, the faults of its lines and
the audit event. Whoever is killed in between has done nothing, and the next goes on from there.
"""

from collections.abc import Sequence
from itertools import groupby, islice
from pathlib import Path
from typing import Any

from django.conf import settings
from django.db import transaction
from django.db.models import QuerySet, Sum

from patients.errors import BulkJobFailed
from patients.fhir.outcome import Issue
from patients.models import BulkFile, BulkJob, ImportFault
from patients.services.bulk_import_commit import (
    Overtaken,
    commit,
    give_up,
    hold,
    is_tolerant,
    keep_apart,
    outdone,
    sender_of,
)
from patients.services.bulk_import_lines import Candidate, as_row, read_lines
from patients.services.bulk_import_report import forget, write_report
from patients.services.bulk_import_store import store
from patients.services.bulk_import_text import MOST_LINES, lines_again, next_lines

__all__ = ["forget", "step"]
Role = BulkFile.Role
AGAIN = {"after": 0, "stored": 0}


def step(job: BulkJob, folder: Path) -> bool:
    """Do some of the work and commit it; whether all of it is done.

    BulkJobFailed, in words, when a file is not what it was.
    """
    _check_rejected(job)
    file = job.files.filter(role=Role.INPUT, is_done=False).order_by("pk").first()
    try:
        if file is not None:
            _read_on(job, file, folder)
            return False
        if _try_again(job, folder):
            return False
    except Overtaken:
        return False
    write_report(job, folder)
    return True


def _check_rejected(job: BulkJob) -> None:
    """BulkJobFailed when so much was rejected that something else is wrong."""
    most = settings.FHIR_MAX_IMPORT_FAULTS
    sums = job.files.filter(role=Role.INPUT).aggregate(n=Sum("rejected"), stored=Sum("count"))
    if (sums["n"] or 0) > most:
        raise BulkJobFailed(
            f"more than {most} lines were rejected (FHIR_MAX_IMPORT_FAULTS);"
            f" {sums['stored']} resources are stored"
        )


def _read_on(job: BulkJob, file: BulkFile, folder: Path) -> None:
    """The next lines of a file."""
    given = _given(job, file)
    try:
        lines = next_lines(file, given, folder)
    except BulkJobFailed:
        if _here(file).exists():
            raise
        # whoever was faster has cleared it away
        raise Overtaken from None
    candidates, refused = read_lines(
        lines, file_id=file.pk, declared=given["declared"], scopes=job.scopes.split()
    )
    position, number = file.size, file.lines
    if lines:
        position, number = lines[-1].offset + lines[-1].size, lines[-1].number
    with transaction.atomic():
        is_done = position >= file.size
        if not _here(file).update(position=position, lines=number, is_done=is_done):
            raise Overtaken
        done = store(candidates, sender_of(job))
        done.refused += refused
        commit(job, done, detail=f"file {file.pk} lines {file.lines + 1} to {number}")


def _here(file: BulkFile) -> QuerySet[BulkFile]:
    """The file, if nobody has read on in it."""
    return BulkFile.objects.filter(pk=file.pk, position=file.position, is_done=False)


def _try_again(job: BulkJob, folder: Path) -> bool:
    """Some of the lines that wait; False when none is left, or another pass would not help.

    `again` of the job's parameters: the last fault of this pass, and how many it has stored.
    """
    inputs = list(job.files.filter(role=Role.INPUT).values_list("pk", flat=True))
    waiting = ImportFault.objects.filter(file__in=inputs, waiting=True)
    again = job.parameters.get("again", AGAIN)
    with transaction.atomic():
        left = waiting.filter(pk__gt=again["after"]).order_by("pk")
        faults = list(left.select_for_update(of=("self",))[:MOST_LINES])
        if not faults and (not again["stored"] or not waiting.exists()):
            if is_tolerant(job):
                _keep_the_waiting(job, folder, waiting)
            give_up(inputs)
            return False
        if not faults:
            _note(job, AGAIN)
            return True
        candidates = _candidates(job, folder, faults)
        late = outdone(job, candidates) if is_tolerant(job) else []
        places = {one.place for one in late}
        done = store([c for c in candidates if c.place not in places], sender_of(job))
        done.refused += late
        ImportFault.objects.filter(pk__in=[c.fault.pk for c in done.stored if c.fault]).delete()
        commit(job, done, detail=f"{len(candidates)} lines that waited")
        _note(job, {"after": faults[-1].pk, "stored": again["stored"] + len(done.stored)})
    return True


def _keep_the_waiting(job: BulkJob, folder: Path, waiting: QuerySet[ImportFault]) -> None:
    """What named somebody who did not come may come in later, from the quarantine."""
    faults = waiting.order_by("pk").iterator(chunk_size=MOST_LINES)
    while some := list(islice(faults, MOST_LINES)):
        candidates = _candidates(job, folder, some)
        hold(candidate.interaction for candidate in candidates)
        for candidate in candidates:
            if candidate.fault is not None:
                found = [Issue(**issue) for issue in candidate.fault.issues]
                kept = keep_apart(job, candidate.interaction, found)
                candidate.fault.issues = [as_row(issue) for issue in kept]
                candidate.fault.save(update_fields=["issues"])


def _candidates(job: BulkJob, folder: Path, faults: Sequence[ImportFault]) -> list[Candidate]:
    """Those faults' lines, read again: they were valid before."""
    made: list[Candidate] = []
    for file_id, group in groupby(faults, lambda fault: fault.file_id):
        rows = {fault.line: fault for fault in group}
        file = job.files.get(pk=file_id)
        given = _given(job, file)
        lines = lines_again(file, given, folder, list(rows.values()))
        found, _ = read_lines(
            lines, file_id=file_id, declared=given["declared"], scopes=job.scopes.split()
        )
        for candidate in found:
            candidate.fault = rows[candidate.line.number]
        made += found
    return made


def _note(job: BulkJob, again: dict[str, int]) -> None:
    """How far the pass is, unless another worker is further."""
    noted = job.parameters | {"again": again}
    here = BulkJob.objects.filter(pk=job.pk, parameters=job.parameters)
    if not here.update(parameters=noted):
        raise Overtaken
    job.parameters = noted


def _given(job: BulkJob, file: BulkFile) -> dict[str, Any]:
    given: dict[str, Any] = job.parameters["inputs"][file.name]
    return given
