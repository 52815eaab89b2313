"""Error invariants of Bundle, each naming the entry that breaks it."""

import re
from collections import Counter
from collections.abc import Callable, Iterator

from patients.fhir.definitions import resource_types
from patients.fhir.invariants import Invariant, Json, at_least_one, rule
from patients.fhir.invariants_types import SCHEME

WHOLE_BUNDLE = "WholeBundle"
LISTS = ("searchset", "history")
REQUESTS = ("batch", "transaction", "history")
_RESTFUL = re.compile(r"https?://.+/(?P<type>[A-Z][A-Za-z]+)/(?P<id>[A-Za-z0-9.-]{1,64})")
ANSWERS = ("batch-response", "transaction-response")
NAMED_ONCE = ("collection", "document", "message", "searchset")
RESPONSES = (*ANSWERS, "history")


def _only_in(name: str, kinds: tuple[str, ...]) -> Callable[[Json], Iterator[str]]:
    """Entries of these kinds of bundle have the member; entries of others do not."""

    def offenders(bundle: Json) -> Iterator[str]:
        wanted = bundle.get("type") in kinds
        for i, entry in enumerate(bundle.get("entry", ())):
            if (name in entry) != wanted:
                yield f"entry[{i}].{name}"

    return offenders


def _search_elsewhere(bundle: Json) -> Iterator[str]:
    for i, entry in enumerate(bundle.get("entry", ())):
        if "search" in entry and bundle.get("type") != "searchset":
            yield f"entry[{i}].search"


def _doubles(kinds: tuple[str, ...]) -> Callable[[Json], Iterator[str]]:
    """bdl-7: entries of these kinds of bundle with the same fullUrl and version."""

    def offenders(bundle: Json) -> Iterator[str]:
        if bundle.get("type") not in kinds:
            return
        keys = [
            (e.get("fullUrl"), e.get("resource", {}).get("meta", {}).get("versionId"))
            for e in bundle.get("entry", ())
        ]
        counts = Counter(key for key in keys if key[0] is not None)
        yield from (f"entry[{i}].fullUrl" for i, key in enumerate(keys) if counts[key] > 1)

    return offenders


def _nameless(bundle: Json) -> Iterator[str]:
    """Where entries are no requests, a resource that has an id has an address too."""
    if bundle.get("type") not in (*NAMED_ONCE, "history"):
        return
    for i, entry in enumerate(bundle.get("entry", ())):
        is_identified = "id" in entry.get("resource", ())
        if is_identified and not ("fullUrl" in entry or "_fullUrl" in entry):
            yield f"entry[{i}].fullUrl"


def _relative(bundle: Json) -> Iterator[str]:
    for i, entry in enumerate(bundle.get("entry", ())):
        if "fullUrl" in entry and not SCHEME.match(entry["fullUrl"]):
            yield f"entry[{i}].fullUrl"


def _misnamed(bundle: Json) -> Iterator[str]:
    for i, entry in enumerate(bundle.get("entry", ())):
        match = _RESTFUL.fullmatch(entry.get("fullUrl", ""))
        own = entry.get("resource", {}).get("id")
        if match and match["type"] in resource_types() and own not in (None, match["id"]):
            yield f"entry[{i}].fullUrl"


def _document_holds(bundle: Json) -> bool:
    identifier = bundle.get("identifier", {})
    return bundle.get("type") != "document" or ("system" in identifier and "value" in identifier)


def _first_is(kind: str, type_name: str) -> Callable[[Json], bool]:
    def holds(bundle: Json) -> bool:
        entries = bundle.get("entry") or [{}]
        first = entries[0].get("resource", {}).get("resourceType")
        return bundle.get("type") != kind or first == type_name

    return holds


BUNDLE_RULES: dict[str, tuple[Invariant, ...]] = {
    # where its resources are looked at; the bundle reader, which has taken them out, names doubles
    WHOLE_BUNDLE: (
        Invariant("bdl-7", "a fullUrl is used once", _doubles(("batch", "transaction"))),
        Invariant("bdl-url", "an entry whose resource has an id needs a fullUrl", _nameless),
        Invariant("bdl-abs", "a fullUrl is absolute", _relative),
        Invariant("bdl-id", "a fullUrl ends with the id of its resource", _misnamed),
    ),
    "Bundle": (
        rule(
            "bdl-1",
            "total goes with searchset and history",
            lambda bundle: "total" not in bundle or bundle.get("type") in LISTS,
        ),
        Invariant("bdl-2", "search goes with a searchset", _search_elsewhere),
        Invariant(
            "bdl-3",
            "entries of a batch, transaction or history have a request, others do not",
            _only_in("request", REQUESTS),
        ),
        Invariant(
            "bdl-4",
            "entries of a response or history have a response, others do not",
            _only_in("response", RESPONSES),
        ),
        Invariant("bdl-7", "a fullUrl is used once", _doubles((*NAMED_ONCE, *ANSWERS))),
        rule("bdl-9", "a document has an identifier with system and value", _document_holds),
        rule(
            "bdl-10",
            "a document has a timestamp",
            lambda bundle: bundle.get("type") != "document" or "timestamp" in bundle,
        ),
        rule(
            "bdl-11", "a document begins with a Composition", _first_is("document", "Composition")
        ),
        rule(
            "bdl-12", "a message begins with a MessageHeader", _first_is("message", "MessageHeader")
        ),
    ),
    "Bundle.entry": (
        at_least_one("bdl-5", "resource", "request", "response"),
        rule(
            "bdl-8",
            "a fullUrl names no version",
            lambda entry: "/_history/" not in entry.get("fullUrl", ""),
        ),
    ),
}
