"""Reads FHIR files (bundles, folders, NDJSON, compressed too) into interactions.

Nothing here knows the database: `import_fhir` hands the interactions to the ingest service.
"""

import bz2
import gzip
import lzma
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import IO

from patients.errors import FhirError
from patients.fhir import json_codec
from patients.fhir.bundle import BundleError, parse_bundle
from patients.fhir.outcome import Issue
from patients.services.interactions import Interaction
from patients.services.reception import parsed

OPENERS = {".gz": gzip.open, ".bz2": bz2.open, ".xz": lzma.open}
SUFFIXES = (".json", ".ndjson")
# these name the same thing in file after file: matched by identifier, not multiplied
SHARED_TYPES = {"Practitioner", "Organization", "Location", "PractitionerRole"}
MAX_ENTRIES = 1_000_000


@dataclass(frozen=True)
class Rejected:
    """Why something of a file did not go in. `line` is 1-based; 0 when it is the whole file."""

    path: Path
    line: int
    issues: tuple[Issue, ...]

    def __str__(self) -> str:
        place = f"{self.path}:{self.line}" if self.line else str(self.path)
        return "\n".join(f"{place}: {i.expression or '-'}: {i.diagnostics}" for i in self.issues)


@dataclass(frozen=True)
class Portion:
    """What must go in together: a bundle, or one line of NDJSON."""

    path: Path
    line: int
    interactions: tuple[Interaction, ...]


def files_under(paths: Iterable[Path]) -> list[Path]:
    """The FHIR files in paths and folders; those with hospitals and practitioners come first."""
    found: list[Path] = []
    for path in paths:
        if path.is_dir():
            found += [p for p in sorted(path.rglob("*")) if p.is_file() and _is_fhir(p)]
        else:
            found.append(path)
    return sorted(dict.fromkeys(found), key=_rank)


def _is_fhir(path: Path) -> bool:
    name = path.name.removesuffix(path.suffix) if path.suffix in OPENERS else path.name
    return name.endswith(SUFFIXES) and not path.name.startswith(".")


NDJSON_ORDER = ("Organization", "Location", "Practitioner", "PractitionerRole", "Patient")


def _rank(path: Path) -> tuple[int, str]:
    name = path.name.lower()
    if "hospitalinformation" in name:
        return (0, str(path))
    if "practitionerinformation" in name:
        return (1, str(path))
    kind = path.name.split(".")[0]
    if kind in NDJSON_ORDER:
        return (2 + NDJSON_ORDER.index(kind), str(path))
    return (10 if kind != "Medication" else 9, str(path))


def portions(path: Path) -> Iterator[Portion | Rejected]:
    """The portions of one file, in its order; what cannot be read comes as Rejected."""
    try:
        if ".ndjson" in path.suffixes:
            yield from _lines(path)
        else:
            with _open(path) as stream:
                yield _portion(path, 0, stream.read())
    except (OSError, EOFError, lzma.LZMAError) as error:
        issue = Issue("error", "structure", f"cannot be read: {error}")
        yield Rejected(path, 0, (issue,))


def _open(path: Path) -> IO[bytes]:
    opener = OPENERS.get(path.suffix, open)
    stream: IO[bytes] = opener(path, "rb")  # type: ignore[operator]
    return stream


def _lines(path: Path) -> Iterator[Portion | Rejected]:
    with _open(path) as stream:
        for number, line in enumerate(stream, 1):
            if line.strip():
                yield _portion(path, number, line)


def _portion(path: Path, line: int, raw: bytes) -> Portion | Rejected:
    try:
        content = parsed(raw)
        if content.get("resourceType") == "Bundle":
            return Portion(path, line, _of_bundle(content, raw))
        return Portion(path, line, (_single(content, raw),))
    except FhirError as error:
        return Rejected(path, line, tuple(error.issues))
    except BundleError as error:
        return Rejected(path, line, tuple(error.issues))


def bundle_interactions(raw: bytes) -> tuple[Interaction, ...]:
    """The writes of one bundle's text. FhirError or BundleError for what cannot be read."""
    return _of_bundle(parsed(raw), raw)


def _single(content: dict, raw: bytes) -> Interaction:
    """A resource that is not in a bundle keeps its id; without one it gets a new one."""
    kind, fhir_id = str(content.get("resourceType")), str(content.get("id", ""))
    method = "PUT" if fhir_id else "POST"
    return Interaction(method, kind, fhir_id, resource=content, raw=raw)  # type: ignore[arg-type]


def _of_bundle(content: dict, raw: bytes) -> tuple[Interaction, ...]:
    bundle = parse_bundle(
        content, json_codec.entry_slices(raw), max_entries=MAX_ENTRIES, collections=True
    )
    found = []
    for entry in bundle.entries:
        if entry.resource is None or entry.method == "GET":
            continue
        interaction = Interaction(
            method=entry.method,  # type: ignore[arg-type]
            type=entry.url_type,
            fhir_id=entry.url_id,
            resource=entry.resource,
            raw=entry.raw or b"",
            if_none_exist=entry.if_none_exist,
            full_url=entry.full_url,
            where=f"Bundle.entry[{entry.index}].resource",
        )
        found.append(_shared_once(interaction))
    return tuple(found)


def _shared_once(interaction: Interaction) -> Interaction:
    """A POSTed practitioner or organisation becomes a conditional create on its identifier."""
    if interaction.method != "POST" or interaction.if_none_exist:
        return interaction
    if interaction.type not in SHARED_TYPES:
        return interaction
    for identifier in (interaction.resource or {}).get("identifier", []):
        if identifier.get("system") and identifier.get("value"):
            token = f"{identifier['system']}|{identifier['value']}"
            return replace(interaction, if_none_exist=f"identifier={token}")
    return interaction
