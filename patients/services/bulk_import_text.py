"""The text of an import's files: found, unpacked, read in pieces, and the same all along."""

import os
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from itertools import islice
from pathlib import Path
from typing import IO, Any

from django.conf import settings

from patients.errors import BulkJobFailed, FhirError
from patients.models import BulkFile, ImportFault
from patients.services import bulk_import_files as files
from patients.services.ndjson import Line, lines

MOST_LINES = 500
# lines that say nothing are stepped over, and not without end
MOST_BLANK = 200_000
# lines of a step are held in memory together; one that is longer is alone
MOST_BYTES = 16 * 1024 * 1024
Given = dict[str, Any]


def next_lines(file: BulkFile, given: Given, folder: Path) -> list[Line]:
    """From the committed position on; none at the end.

    `given`: path, is_packed, size and modified, as when the job began. BulkJobFailed when the
    file is another one by now.
    """
    read: list[Line] = []
    size = 0
    with _text(file, given, folder) as stream:
        stream.seek(file.position)
        limit = settings.FHIR_MAX_BODY_BYTES
        found = lines(stream, limit=limit, number=file.lines + 1, offset=file.position)
        count = 0
        for line in islice(found, MOST_BLANK):
            if read and (count == MOST_LINES or size + line.size > MOST_BYTES):
                break
            size += line.size
            if line.is_blank and read and read[-1].is_blank:
                # the last of many says as much as all of them
                read[-1] = line
                continue
            read.append(line)
            count += not line.is_blank
    return read


def lines_again(
    file: BulkFile, given: Given, folder: Path, faults: Sequence[ImportFault]
) -> list[Line]:
    """The lines of these faults. BulkJobFailed as above."""
    with _text(file, given, folder) as stream:
        return [_line_again(stream, fault) for fault in faults]


def _line_again(stream: IO[bytes], fault: ImportFault) -> Line:
    stream.seek(fault.offset)
    (line,) = islice(
        lines(
            stream,
            limit=settings.FHIR_MAX_BODY_BYTES,
            number=fault.line,
            offset=fault.offset,
        ),
        1,
    )
    return line


@contextmanager
def _text(file: BulkFile, given: Given, folder: Path) -> Iterator[IO[bytes]]:
    """Whoever changes a file while it is read changes its size or its time."""
    path = _where(file, given, folder)
    is_own = not given["path"] or given["is_packed"]
    try:
        stream = files.opened(path, file.path or file.name)
    except FhirError as error:
        raise _changed(file) from error
    with stream:
        _check(stream, file, None if is_own else given["modified"])
        yield stream
        _check(stream, file, None if is_own else given["modified"])


def _check(stream: IO[bytes], file: BulkFile, modified: int | None) -> None:
    now = os.fstat(stream.fileno())
    if now.st_size != file.size or modified not in (None, now.st_mtime_ns):
        raise _changed(file)


def _where(file: BulkFile, given: Given, folder: Path) -> Path:
    """What is packed on the server is unpacked into the job's folder first."""
    own = folder / file.name
    if not given["path"]:
        return own
    try:
        place, *others = files.places(given["path"])
        if others:
            raise _changed(file)
        if not given["is_packed"]:
            return place.path
        if not own.exists():
            if (place.size, place.modified) != (given["size"], given["modified"]):
                raise _changed(file)
            _unpack(place, own, file)
    except FhirError as error:
        raise BulkJobFailed(f"{error.issues[0].diagnostics}; {_so_far(file)}") from error
    return own


def _unpack(place: files.Place, own: Path, file: BulkFile) -> None:
    """All that is unpacked for a job together is no larger than the limit."""
    others = file.job.files.filter(role=BulkFile.Role.INPUT).exclude(pk=file.pk)
    budget = files.Budget.full()
    budget.take(sum(others.values_list("size", flat=True)))
    file.size = files.unpack(place, own, budget)
    BulkFile.objects.filter(pk=file.pk).update(size=file.size)


def _changed(file: BulkFile) -> BulkJobFailed:
    return BulkJobFailed(
        f"{file.name} has changed since it was asked for, or is gone; {_so_far(file)}"
    )


def _so_far(file: BulkFile) -> str:
    return f"{file.lines} of its lines are done and {file.count} resources stored"
