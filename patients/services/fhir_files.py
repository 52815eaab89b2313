"""Finds FHIR files and reads them: bundles, folders, NDJSON, compressed too.

Nothing here knows the database; `file_import` stores what this finds.
"""

import bz2
import codecs
import gzip
import lzma
import re
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from itertools import groupby
from pathlib import Path
from typing import IO, cast

from django.conf import settings

from patients.errors import FhirError
from patients.fhir import json_codec
from patients.fhir.bundle import Entry, parse_bundle
from patients.fhir.outcome import Issue
from patients.services.interactions import Interaction, Json, Method
from patients.services.ndjson import lines
from patients.services.reception import parsed

COMPRESSED = {".gz", ".bz2", ".xz"}
NDJSON = {".ndjson", ".jsonl"}
# what others refer to comes first
NDJSON_ORDER = ("Organization", "Location", "Practitioner", "PractitionerRole", "Patient")
# of what is stored entry by entry; a transaction has the door's limit
MAX_ENTRIES = 1_000_000
ENTRY = re.compile(r"Bundle\.entry\[(\d+)\]")
TYPE = re.compile(rb'"resourceType"\s*:\s*"([A-Za-z]+)"')
# enough of a line to see its type
PEEK = 4096
UNREADABLE = (OSError, EOFError, lzma.LZMAError, zlib.error)


@dataclass(frozen=True)
class Portion:
    """What must go in together: a transaction, or one resource.

    `line` is where it begins. `lines` gives the lines of a bundle's entries. `position` is how
    much of the file has been read, in bytes on disk.
    """

    path: Path
    line: int
    interactions: tuple[Interaction, ...]
    lines: "EntryLines | None" = None
    position: int = 0


@dataclass(frozen=True)
class Fault:
    """One reason why something of a file did not go in, and on which line."""

    path: Path
    line: int
    issue: Issue
    # the element without indexes, where its type is known
    element: str = ""

    def __str__(self) -> str:
        where = self.issue.expression or "-"
        return f"{self.path}:{self.line}: {where}: {self.issue.diagnostics}"


@dataclass(frozen=True)
class Rejected:
    """Why something of a file did not go in."""

    path: Path
    line: int
    issues: tuple[Issue, ...]
    lines: "EntryLines | None" = None

    def faults(self) -> list[Fault]:
        return [Fault(self.path, self._line(issue), issue) for issue in self.issues]

    def _line(self, issue: Issue) -> int:
        match = ENTRY.match(issue.expression)
        if match is None or self.lines is None:
            return self.line
        return self.line - 1 + self.lines.of(int(match[1]))


@dataclass
class EntryLines:
    """Line of every entry's resource in a bundle's text, found when first asked."""

    raw: bytes
    _known: list[int] = field(default_factory=list)

    def of(self, index: int) -> int:
        """1-based line within the text."""
        if not self._known:
            position = 0
            for piece in json_codec.entry_slices(self.raw):
                position = max(self.raw.find(piece, position), position)
                self._known.append(1 + self.raw.count(b"\n", 0, position))
                position += len(piece)
        return self._known[index] if index < len(self._known) else 1


def files_under(paths: Iterable[Path]) -> list[Path]:
    """The FHIR files in paths and folders; those with hospitals and practitioners come first."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += [p for p in path.rglob("*") if p.is_file() and _is_fhir(p)]
        else:
            found.append(path)
    return sorted(dict.fromkeys(found), key=_rank)


def stages(files: Iterable[Path]) -> list[list[Path]]:
    """Files in groups: what a file refers to by its kind is in a group before its own."""
    ranked = sorted((_rank(path), path) for path in files)
    return [[path for _, path in group] for _, group in groupby(ranked, lambda one: one[0][0])]


def _is_fhir(path: Path) -> bool:
    kinds = [s for s in path.suffixes if s not in COMPRESSED]
    return bool(kinds) and kinds[-1] in {".json", *NDJSON} and not path.name.startswith(".")


def _rank(path: Path) -> tuple[int, str]:
    name = path.name.lower()
    if "hospitalinformation" in name:
        return (0, str(path))
    if "practitionerinformation" in name:
        return (1, str(path))
    kind = path.name.split(".")[0]
    if kind not in NDJSON_ORDER and NDJSON.intersection(path.suffixes):
        kind = first_type(path)
    return (2 + stage_of(kind), str(path))


def stage_of(kind: str) -> int:
    """Files of one type after those of the types that it refers to."""
    order = (*NDJSON_ORDER, "Medication")
    return order.index(kind) if kind in order else len(order)


def first_type(path: Path) -> str:
    """What the first line of an NDJSON file holds, whatever the file is called."""
    try:
        with _opened(path) as (stream, _):
            match = TYPE.search(stream.readline(PEEK))
    except UNREADABLE:
        return ""
    return match[1].decode() if match else ""


def portions(path: Path) -> Iterator[Portion | Rejected]:
    """The portions of one file, in its order; what cannot be read comes as Rejected."""
    try:
        with _opened(path) as (stream, file):
            for number, text in _texts(path, stream):
                if text is None:
                    yield Rejected(path, number, (too_large(),))
                else:
                    yield from _portions_of(path, number, text, file.tell())
    except UNREADABLE as error:
        # the words of an OSError repeat the path
        words = error.strerror if isinstance(error, OSError) and error.strerror else error
        yield Rejected(path, 1, (Issue("error", "structure", f"cannot be read: {words}"),))


def _texts(path: Path, stream: IO[bytes]) -> Iterator[tuple[int, bytes | None]]:
    """The whole of a file, or its lines that say something; None for what is too large.

    No more than the limit is ever held: a small compressed file may hide a large one.
    """
    limit = settings.FHIR_MAX_BODY_BYTES
    if not NDJSON.intersection(path.suffixes):
        whole = stream.read(limit + 1)
        yield 1, whole if len(whole) <= limit else None
        return
    for line in lines(stream, limit=limit):
        if not line.is_blank:
            yield line.number, line.raw


def too_large() -> Issue:
    words = f"larger than {settings.FHIR_MAX_BODY_BYTES} bytes (FHIR_MAX_BODY_BYTES)"
    return Issue("error", "too-costly", words)


@contextmanager
def _opened(path: Path) -> Iterator[tuple[IO[bytes], IO[bytes]]]:
    """The text as a stream, and the file on disk under it."""
    with path.open("rb") as file:
        match path.suffix:
            case ".gz":
                yield cast("IO[bytes]", gzip.GzipFile(fileobj=file)), file
            case ".bz2":
                yield bz2.BZ2File(file), file
            case ".xz":
                yield lzma.LZMAFile(file), file  # noqa: SIM115 `file` is closed here
            case _:
                yield file, file


def _portions_of(path: Path, line: int, raw: bytes, position: int) -> Iterator[Portion | Rejected]:
    # some editors begin a file with a byte order mark, which is no JSON
    raw = raw.removeprefix(codecs.BOM_UTF8)
    lines = EntryLines(raw)
    try:
        content = parsed(raw)
        if content.get("resourceType") != "Bundle":
            yield Portion(path, line, (single(content, raw),), position=position)
            return
        kind, found = _of_bundle(content, raw)
    except FhirError as error:
        yield Rejected(path, line, tuple(error.issues), lines)
        return
    if kind == "transaction":
        yield Portion(path, line, tuple(i for i, _ in found), lines, position)
        return
    for interaction, faults in found:
        if faults:
            yield Rejected(path, line, tuple(faults), lines)
        else:
            yield Portion(path, line, (interaction,), lines, position)


def bundle_interactions(raw: bytes) -> tuple[Interaction, ...]:
    """The writes of one bundle's text. FhirError for what cannot be read."""
    return tuple(interaction for interaction, _ in _of_bundle(parsed(raw), raw)[1])


def single(content: Json, raw: bytes) -> Interaction:
    """A resource that is not in a bundle keeps its id; without one it gets a new one."""
    kind, fhir_id = str(content.get("resourceType")), str(content.get("id", ""))
    method: Method = "PUT" if fhir_id else "POST"
    return Interaction(method, kind, fhir_id, resource=content, raw=raw.strip())


def _of_bundle(content: Json, raw: bytes) -> tuple[str, list[tuple[Interaction, list[Issue]]]]:
    together = content.get("type") == "transaction"
    most = settings.FHIR_MAX_BUNDLE_ENTRIES if together else MAX_ENTRIES
    bundle = parse_bundle(content, json_codec.entry_slices(raw), max_entries=most, collections=True)
    found = [
        (_interaction(entry), entry.issues)
        for entry in bundle.entries
        if entry.issues or entry.method not in ("GET", "")
    ]
    return bundle.type, found


def _interaction(entry: Entry) -> Interaction:
    return Interaction(
        method=cast(Method, entry.method),
        type=entry.url_type,
        fhir_id=entry.url_id,
        resource=entry.resource,
        raw=entry.raw,
        if_none_exist=entry.if_none_exist,
        full_url=entry.full_url,
        where=f"{entry.path}.resource",
    )
