"""Files of an import: names, places, and how they come to lie in the job's folder, unpacked."""

import errno
import os
import re
import stat
import zlib
from collections.abc import Collection
from dataclasses import dataclass
from pathlib import Path
from typing import IO
from urllib.parse import unquote
from uuid import uuid4

from django.conf import settings

from patients.errors import FhirError
from patients.fhir.outcome import Issue
from patients.services.fhir_files import NDJSON, files_under

PIECE = 1024 * 1024
FILE_MODE = 0o600
REPORT = "errors.ndjson"
SCHEME = "file:"
PACKED = ".gz"
MOST_FILES = 1000
NAME_LENGTH = 100
UNPLAIN = re.compile(r"[^A-Za-z0-9._-]+")
GZIP = 31  # zlib's way to say so
MAGIC = b"\x1f\x8b"


@dataclass(frozen=True)
class Place:
    """A file under FHIR_IMPORT_DIR, and how it was when it was asked for."""

    url: str
    path: Path
    size: int
    modified: int

    @property
    def is_packed(self) -> bool:
        return self.path.suffix == PACKED


@dataclass
class Budget:
    """Bytes that may yet be written, by all files of an import together."""

    left: int

    @classmethod
    def full(cls) -> "Budget":
        return cls(settings.FHIR_MAX_IMPORT_BYTES)

    def take(self, count: int) -> None:
        """FhirError 413 when it is used up."""
        self.left -= count
        if self.left < 0:
            words = (
                f"The files have more than {settings.FHIR_MAX_IMPORT_BYTES} bytes without"
                " compression (FHIR_MAX_IMPORT_BYTES)"
            )
            raise FhirError(413, [Issue("error", "too-costly", words)])


class Sink:
    """A new file that is being written; gzip is unpacked, whatever the file is called.

    FhirError: 413 beyond the budget, 400 for broken gzip, 507 when the disk is full.
    """

    def __init__(self, path: Path, budget: Budget) -> None:
        self.path = path
        self.size = 0
        self._budget = budget
        self._packed: zlib._Decompress | None = None
        self._start = b""
        # None until two bytes have come
        self._is_gzip: bool | None = None
        handle = os.open(path, os.O_WRONLY | os.O_CREAT | os.O_EXCL, FILE_MODE)
        self._file = os.fdopen(handle, "wb")

    def write(self, data: bytes) -> None:
        if self._is_gzip is None:
            data = self._start = self._start + data
            if len(data) < 2:
                return
            self._is_gzip = data.startswith(MAGIC)
        self._take(data)

    def close(self) -> None:
        """All has come."""
        if self._is_gzip is None:
            self._put(self._start)
        if self._packed is not None:
            raise _broken()
        try:
            self._file.flush()
            os.fsync(self._file.fileno())
            self._file.close()
        except OSError as error:
            raise _no_room(error) from error

    def abandon(self) -> None:
        """It is of no use; whoever made its folder clears it away."""
        self._file.close()

    def _take(self, data: bytes) -> None:
        if not self._is_gzip:
            self._put(data)
            return
        while data:
            if self._packed is None:
                # another member follows, or zeros that fill a block
                if not (data := data.lstrip(b"\0")):
                    return
                self._packed = zlib.decompressobj(wbits=GZIP)
            data = self._unpack(self._packed, data)

    def _unpack(self, packed: "zlib._Decompress", data: bytes) -> bytes:
        """A member's text as far as it goes, never much of it at once; returns what follows it."""
        while True:
            try:
                piece = packed.decompress(data, PIECE)
            except zlib.error as error:
                raise _broken() from error
            self._put(piece)
            if packed.eof:
                self._packed = None
                return packed.unused_data
            data = packed.unconsumed_tail
            if not data and len(piece) < PIECE:
                return b""

    def _put(self, piece: bytes) -> None:
        self._budget.take(len(piece))
        self.size += len(piece)
        try:
            self._file.write(piece)
        except OSError as error:
            raise _no_room(error) from error


def _broken() -> FhirError:
    words = "A file begins as gzip and is no whole gzip file"
    return FhirError(400, [Issue("error", "structure", words)])


def _no_room(error: OSError) -> Exception:
    if error.errno not in (errno.ENOSPC, errno.EDQUOT):
        return error
    words = "The disk of this server is full: what was being written is not kept"
    return FhirError(507, [Issue("error", "no-store", words)])


def plain_name(given: str, taken: Collection[str]) -> str:
    """A name that is safe in a folder and an address, and unlike all of `taken`.

    >>> plain_name("../Mrs Smith/Patient.ndjson.gz", ["Patient.ndjson"])
    'Patient-2.ndjson'
    """
    last = given.replace("\\", "/").rpartition("/")[2].removesuffix(PACKED)
    base = UNPLAIN.sub("_", last).lstrip(".")[-NAME_LENGTH:] or "file.ndjson"
    stem, dot, suffix = base.rpartition(".")
    name, number = base, 1
    known = {REPORT, *(one.lower() for one in taken)}
    while name.lower() in known:
        number += 1
        name = f"{stem}-{number}.{suffix}" if dot else f"{base}-{number}"
    return name


def places(url: str) -> list[Place]:
    """The NDJSON files that `file:Patient.ndjson`, or a folder as `file:2026/`, means.

    FhirError 400 for what is not there, is outside the folder, or is no plain file.
    """
    path = _resolved(url)
    if not path.is_dir():
        return [_place(url, path)]
    base = url if url.endswith("/") or url == SCHEME else f"{url}/"
    inside = [p for p in files_under([path]) if NDJSON.intersection(p.suffixes)]
    if not inside:
        raise _unusable(url, "is a folder without NDJSON")
    urls = [f"{base}{p.relative_to(path).as_posix()}" for p in inside]
    return [_place(one, _resolved(one)) for one in urls]


def _is_ndjson(path: Path) -> bool:
    return path.suffix in NDJSON or (path.suffix == PACKED and Path(path.stem).suffix in NDJSON)


def _resolved(url: str) -> Path:
    if not settings.FHIR_IMPORT_DIR:
        words = "This server reads no files of its own: FHIR_IMPORT_DIR is not set. Upload them"
        raise FhirError(400, [Issue("error", "not-supported", words)])
    scheme, _, rest = url.partition(":")
    if scheme.lower() in ("http", "https"):
        words = (
            f"'{url[:100]}' is not fetched: this server asks no other server for files. Upload"
            " them, or put them under FHIR_IMPORT_DIR and name them as file:Patient.ndjson"
        )
        raise FhirError(400, [Issue("error", "not-supported", words)])
    if f"{scheme}:" != SCHEME:
        raise _unusable(url, "must be as file:Patient.ndjson, under FHIR_IMPORT_DIR")
    relative = unquote(rest)
    if relative.startswith("/") or "\0" in relative:
        raise _unusable(url, "must be as file:Patient.ndjson, under FHIR_IMPORT_DIR")
    root = Path(settings.FHIR_IMPORT_DIR).resolve()
    try:
        path = (root / relative).resolve(strict=True)
    except (OSError, RuntimeError) as error:
        raise _unusable(url, "is not there") from error
    if not path.is_relative_to(root):
        # not even whether it is there
        raise _unusable(url, "is not there")
    return path


def _place(url: str, path: Path) -> Place:
    if not _is_ndjson(path):
        raise _unusable(url, "is no .ndjson, .jsonl or such a file with .gz")
    with opened(path, url) as file:
        found = os.fstat(file.fileno())
    return Place(url, path, found.st_size, found.st_mtime_ns)


def opened(path: Path, url: str) -> IO[bytes]:
    """A plain file, and nothing else that may hang or be elsewhere. FhirError 400."""
    try:
        handle = os.open(path, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK)
    except OSError as error:
        raise _unusable(url, "cannot be read") from error
    if not stat.S_ISREG(os.fstat(handle).st_mode):
        os.close(handle)
        raise _unusable(url, "is no plain file")
    return os.fdopen(handle, "rb")


def _unusable(url: str, why: str) -> FhirError:
    return FhirError(400, [Issue("error", "not-found", f"'{url[:100]}' {why}")])


def unpack(place: Place, into: Path, budget: Budget) -> int:
    """Unpack a packed file of the server; returns its size. Whole or not at all."""
    half = into.with_name(f".{into.name}.{uuid4()}")
    sink = Sink(half, budget)
    try:
        with opened(place.path, place.url) as file:
            while piece := file.read(PIECE):
                sink.write(piece)
        sink.close()
    except BaseException:
        sink.abandon()
        half.unlink(missing_ok=True)
        raise
    half.rename(into)
    return sink.size
