"""Batch and transaction bundles (and, for imports, collections) as checked entries.

A transaction with any fault in its frame is refused whole, with the faults of its resources in
the same outcome. A batch keeps each entry's faults with the entry.
"""

import re
from collections import Counter
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any

from patients.errors import FhirError
from patients.fhir.definitions import resource_types
from patients.fhir.outcome import Issue, error
from patients.fhir.references import iter_references
from patients.fhir.validation import validate, validate_frame

Json = dict[str, Any]
# the order in which entries take effect (R4, 3.1.0.11.2)
PROCESSING_ORDER: Mapping[str, int] = {
    "DELETE": 0,
    "POST": 1,
    "PUT": 2,
    "PATCH": 2,
    "GET": 3,
    "HEAD": 3,
}
READS = ("GET", "HEAD")
MAX_ENTRIES = 5000
MOST_FAULTS = 2000
COLLECTIONS = ("collection", "searchset", "history", "document", "message")
_URL = re.compile(
    r"/?(?P<type>[A-Za-z]+)(/(?P<id>[A-Za-z0-9.-]{1,64})(/_history/(?P<version>[0-9]{1,9}))?)?"
    r"(\?(?P<query>.*))?"
)
_URN_REFERENCE = re.compile(rb'"reference"\s*:\s*"(urn:[^"]*)"')


class BundleError(FhirError):
    """A bundle that is refused as a whole, with every fault found in it (up to MOST_FAULTS)."""

    def __init__(self, issues: Sequence[Issue], *, status: int = 400) -> None:
        listed = list(issues[:MOST_FAULTS])
        if len(issues) > MOST_FAULTS:
            text = f"{len(issues)} faults; the first {MOST_FAULTS} are listed"
            listed.append(Issue("information", "incomplete", text))
        super().__init__(status, listed)

    @property
    def too_large(self) -> bool:
        return self.status == 413


@dataclass
class Entry:
    """One entry, its request read apart. `raw` is the resource's text, byte for byte."""

    index: int
    method: str = ""
    url_type: str = ""
    url_id: str = ""
    url_version: str = ""
    url_query: str = ""
    full_url: str = ""
    resource: Json | None = None
    raw: bytes = b""
    if_none_exist: str = ""
    if_match: str = ""
    if_none_match: str = ""
    issues: list[Issue] = field(default_factory=list)

    @property
    def path(self) -> str:
        return f"Bundle.entry[{self.index}]"

    def fault(self, code: str, diagnostics: str, element: str) -> None:
        """Note a fault of an element of this entry."""
        self.issues.append(error(code, diagnostics, f"{self.path}.{element}"))


@dataclass
class ParsedBundle:
    """Entries in the order sent. Only a batch's entries may have issues left."""

    type: str
    entries: list[Entry]


def parse_bundle(
    content: Json,
    slices: Sequence[bytes],
    *,
    max_entries: int = MAX_ENTRIES,
    collections: bool = False,
) -> ParsedBundle:
    """Read a parsed Bundle; `slices` are json_codec.entry_slices() of its text.

    `collections` takes any kind of bundle as a list of resources (imports). Raises BundleError:
    413 above `max_entries`, else 400 with every fault. Resources are validated only to complete
    such a list; otherwise that is the caller's.
    """
    found = content.get("entry", [])
    if isinstance(found, list) and len(found) > max_entries:
        text = f"{len(found)} entries; at most {max_entries} are taken in one bundle"
        raise BundleError([error("too-costly", text, "Bundle.entry")], status=413)
    kind, issues = _kind(content, collections), _frame_faults(content)
    if not isinstance(found, list) or not all(isinstance(entry, dict) for entry in found):
        raise BundleError(issues)
    entries = [
        _entry(i, element, raw, kind)
        for i, (element, raw) in enumerate(zip(found, slices, strict=True))
    ]
    if kind == "transaction":
        _check_together(entries)
    if kind == "batch":
        _give_to_entries(issues, entries)
    else:
        issues += [issue for entry in entries for issue in entry.issues]
    if issues and kind != "batch":
        issues += [issue for entry in entries for issue in _resource_faults(entry)]
    if issues:
        raise BundleError(issues)
    return ParsedBundle(kind, entries)


def _kind(content: Json, collections: bool) -> str:
    """The bundle's type; every kind of collection is called "collection"."""
    kind = content.get("type")
    if content.get("resourceType") != "Bundle":
        raise BundleError([error("invalid", "a Bundle is expected here", "Bundle.resourceType")])
    if kind in ("batch", "transaction"):
        return str(kind)
    if collections and kind in COLLECTIONS:
        return "collection"
    shown = "no type" if kind is None else f"type {str(kind)[:40]!r}"
    text = f"a Bundle with {shown} cannot be processed here; send a batch or a transaction"
    raise BundleError([error("not-supported", text, "Bundle.type")])


def _frame_faults(content: Json) -> list[Issue]:
    """Faults of the Bundle without its resources: an empty one stands for each."""
    found = content.get("entry")
    if isinstance(found, list):
        content = {**content, "entry": [_without_resource(entry) for entry in found]}
    return validate_frame(content)


def _without_resource(entry: Any) -> Any:
    if isinstance(entry, dict) and isinstance(entry.get("resource"), dict):
        return {**entry, "resource": {}}
    return entry


def _entry(index: int, element: Json, raw: bytes, kind: str) -> Entry:
    resource, request = element.get("resource"), element.get("request")
    entry = Entry(index, full_url=_text(element.get("fullUrl")), raw=raw)
    if isinstance(resource, dict):
        entry.resource = resource
    elif resource is not None:
        entry.fault("structure", "a resource is expected", "resource")
    if kind == "collection":
        _as_collected(entry)
    elif isinstance(request, dict):
        _read_request(entry, request)
    return entry


def _as_collected(entry: Entry) -> None:
    """A collected resource keeps its id; without one it gets a new one."""
    if entry.resource is None:
        return
    entry.url_type = _text(entry.resource.get("resourceType"))
    entry.url_id = _text(entry.resource.get("id"))
    entry.method = "PUT" if entry.url_id else "POST"


def _read_request(entry: Entry, request: Json) -> None:
    entry.method, url = _text(request.get("method")), _text(request.get("url"))
    entry.if_none_exist = _text(request.get("ifNoneExist")).removeprefix("?")
    entry.if_match = _text(request.get("ifMatch"))
    entry.if_none_match = _text(request.get("ifNoneMatch"))
    if entry.method not in PROCESSING_ORDER or not url:
        return
    match = _URL.fullmatch(url)
    if match is None or match["type"] not in resource_types():
        entry.fault("value", f"'{url[:80]}' is not Type, Type/id or Type?query", "request.url")
        return
    entry.url_type, entry.url_id = match["type"], match["id"] or ""
    entry.url_version, entry.url_query = match["version"] or "", match["query"] or ""
    _check_url(entry)
    _check_conditions(entry, request)
    _check_resource(entry)


def _check_url(entry: Entry) -> None:
    method, where = entry.method, "request.url"
    if method not in READS and entry.url_version:
        entry.fault("value", f"{method} takes no version", where)
    if method == "POST" and (entry.url_id or entry.url_query):
        entry.fault("value", "POST takes the resource type alone", where)
    if method in ("PUT", "DELETE", "PATCH") and bool(entry.url_id) == bool(entry.url_query):
        entry.fault("value", f"{method} takes Type/id or Type?query", where)


def _check_conditions(entry: Entry, request: Json) -> None:
    if entry.if_none_exist and entry.method != "POST":
        entry.fault("value", "ifNoneExist goes with POST", "request.ifNoneExist")
    if entry.if_match and entry.method not in ("PUT", "DELETE", "PATCH"):
        entry.fault("value", "ifMatch goes with PUT, PATCH and DELETE", "request.ifMatch")
    if entry.if_none_match and entry.method == "PUT" and entry.if_none_match != "*":
        entry.fault("value", "with PUT, ifNoneMatch is '*'", "request.ifNoneMatch")
    elif entry.if_none_match and entry.method not in ("PUT", *READS):
        entry.fault("value", "ifNoneMatch goes with GET and PUT", "request.ifNoneMatch")
    if "ifModifiedSince" in request:
        words = "ifModifiedSince is not supported in a bundle; use ifNoneMatch"
        entry.fault("not-supported", words, "request.ifModifiedSince")


def _check_resource(entry: Entry) -> None:
    resource = entry.resource
    if entry.method in ("POST", "PUT", "PATCH"):
        if resource is None:
            if not entry.raw:
                entry.fault("required", f"{entry.method} needs a resource", "resource")
            return
        given = resource.get("resourceType")
        if entry.method == "PATCH":
            if given != "Binary":
                entry.fault("invalid", "PATCH takes a Binary with a JSON Patch in it", "resource")
        elif given != entry.url_type:
            text = f"the resource is {str(given)[:60]!r}, the address says '{entry.url_type}'"
            entry.fault("invalid", text, "request.url")
        if entry.method == "PUT" and entry.url_id and resource.get("id") != entry.url_id:
            text = f"id is {str(resource.get('id'))[:70]!r}, the address says '{entry.url_id}'"
            entry.fault("invalid", text, "resource.id")
    elif resource is not None:
        entry.fault("value", f"{entry.method} takes no resource", "resource")


def _check_together(entries: Sequence[Entry]) -> None:
    """What only the whole transaction shows: doubles, and urn: references that lead nowhere."""
    full_urls = Counter(entry.full_url for entry in entries if entry.full_url)
    targets = Counter(
        (e.url_type, e.url_id)
        for e in entries
        if e.url_id and e.method in ("PUT", "DELETE", "PATCH")
    )
    known = {url.encode() for url in full_urls}
    for entry in entries:
        if full_urls[entry.full_url] > 1:
            text = f"fullUrl '{entry.full_url[:80]}' is used by {full_urls[entry.full_url]} entries"
            entry.fault("duplicate", text, "fullUrl")
        target = (entry.url_type, entry.url_id)
        if entry.method in ("PUT", "DELETE", "PATCH") and targets[target] > 1:
            text = f"{'/'.join(target)} is changed by {targets[target]} entries"
            entry.fault("duplicate", text, "request.url")
        if set(_URN_REFERENCE.findall(entry.raw)) - known and entry.resource is not None:
            _check_urns(entry, entry.resource, full_urls)


def _check_urns(entry: Entry, resource: Json, full_urls: Mapping[str, int]) -> None:
    for path, element in iter_references(resource):
        text = element["reference"]
        if text.startswith("urn:") and text not in full_urls:
            _, _, inner = path.partition(".")
            element_path = f"resource.{inner}.reference"
            entry.fault("not-found", f"'{text[:80]}' is the fullUrl of no entry", element_path)


def _give_to_entries(issues: list[Issue], entries: Sequence[Entry]) -> None:
    """Move the faults that lie in an entry's frame to that entry."""
    for issue in list(issues):
        match = re.match(r"Bundle\.entry\[(\d+)\]", issue.expression)
        if match is not None:
            entries[int(match[1])].issues.append(issue)
            issues.remove(issue)


def _resource_faults(entry: Entry) -> list[Issue]:
    if entry.resource is None:
        return []
    return validate(entry.resource, path=f"{entry.path}.resource")


def _text(value: object) -> str:
    return value if isinstance(value, str) else ""
