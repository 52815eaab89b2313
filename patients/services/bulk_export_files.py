"""The files of an export: appended to, on the disk before the database says so."""

import os
from collections.abc import Iterable
from pathlib import Path
from typing import Any

import msgspec
import orjson

from patients.models import BulkFile, BulkJob

Json = dict[str, Any]
MOST_LINES = 100_000
MOST_BYTES = 1024**3
MOST_DELETIONS = 100
FILE_MODE = 0o600


def line(content: str) -> bytes:
    """A stored resource as one line, its numbers as they were written."""
    raw = content.encode()
    # inside a text a line break is always escaped: these stand between tokens
    if b"\n" in raw or b"\r" in raw:
        raw = msgspec.json.format(raw, indent=-1)
    return raw + b"\n"


def deletions(references: list[str]) -> Iterable[bytes]:
    """Bundles that delete these, a line each, as the Bulk Data guide has them."""
    for start in range(0, len(references), MOST_DELETIONS):
        entries: list[Json] = [
            {"request": {"method": "DELETE", "url": reference}}
            for reference in references[start : start + MOST_DELETIONS]
        ]
        bundle = {"resourceType": "Bundle", "type": "transaction", "entry": entries}
        yield orjson.dumps(bundle) + b"\n"


def current(job: BulkJob, role: BulkFile.Role, type_name: str) -> BulkFile:
    """The file that has room; a new one is not saved yet."""
    files = job.files.filter(role=role, type=type_name)
    last = files.order_by("pk").last()
    if last is not None and last.lines < MOST_LINES and last.size < MOST_BYTES:
        return last
    prefix = "deleted." if role == BulkFile.Role.DELETED else ""
    name = f"{prefix}{type_name}.{files.count() + 1}.ndjson"
    return BulkFile(job=job, role=role, type=type_name, name=name)


def append(folder: Path, file: BulkFile, lines: list[bytes]) -> None:
    """Write behind what is committed, over what a killed worker has left there; counts them.

    The caller saves `file`. OSError when the file is gone, or shorter than it must be.
    """
    path = folder / file.name
    if not file.size:
        # the folder is this user's alone, and so is what is in it
        path.touch(mode=FILE_MODE)
    with path.open("r+b") as stream:
        if os.fstat(stream.fileno()).st_size < file.size:
            raise OSError("a file of this export was cut")
        stream.truncate(file.size)
        stream.seek(file.size)
        stream.writelines(lines)
        stream.flush()
        os.fsync(stream.fileno())
    if not file.size:
        _sync_folder(folder)
    file.size += sum(map(len, lines))
    file.lines += len(lines)
    file.count = file.lines


def _sync_folder(folder: Path) -> None:
    """So that a new file's name outlives a power cut too."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
