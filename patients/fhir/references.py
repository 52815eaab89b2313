"""References: what kind a text is, where they are in a resource, whose record it belongs to."""

import re
from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache, lru_cache
from typing import Any, Literal

from patients.fhir.definitions import resource_types, table

Kind = Literal["relative", "absolute", "urn", "contained", "conditional", "unknown"]
Json = dict[str, Any]
_LITERAL = re.compile(
    r"(?P<base>https?://[^?#]*/)?(?P<type>[A-Z][A-Za-z]+)/(?P<id>[A-Za-z0-9.-]{1,64})"
    r"(/_history/(?P<version>[A-Za-z0-9.-]{1,64}))?(?P<fragment>#.*)?"
)


@dataclass(frozen=True)
class Reference:
    """A reference's parts. `type` and `id` are empty where the kind has none."""

    text: str
    kind: Kind
    type: str = ""
    id: str = ""
    version: str = ""
    query: str = ""

    @property
    def literal(self) -> str:
        """ "Type/id" for what is on this server, else the text."""
        return f"{self.type}/{self.id}" if self.kind == "relative" else self.text


@lru_cache(maxsize=16_384)  # a record names the same patient and visits again and again
def parse_reference(text: str, *, base_url: str = "") -> Reference:
    """Tell what `text` is. An absolute URL under `base_url` counts as relative.

    >>> parse_reference("Patient/1/_history/2").version
    '2'
    >>> parse_reference("Practitioner?identifier=sys|1").kind
    'conditional'
    """
    if text.startswith("#"):
        return Reference(text, "contained", id=text[1:])
    if text.startswith(("urn:uuid:", "urn:oid:")):
        return Reference(text, "urn")
    match = _LITERAL.fullmatch(text)
    if match is not None and match["type"] in resource_types():
        ours = not match["base"] or (bool(base_url) and match["base"] == base_url.rstrip("/") + "/")
        kind: Kind = "relative" if ours else "absolute"
        return Reference(text, kind, match["type"], match["id"], match["version"] or "")
    name, question, query = text.partition("?")
    if question and query and name in resource_types():
        return Reference(text, "conditional", type=name, query=query)
    if re.match(r"[a-z][a-z0-9+.-]*:", text):
        return Reference(text, "absolute")
    return Reference(text, "unknown")


def iter_references(resource: Json, path: str = "") -> Iterator[tuple[str, Json]]:
    """Every element with a "reference" text, contained resources included, with its path.

    The element is the resource's own dict: changing it changes the resource.
    """
    path = path or str(resource.get("resourceType", ""))
    stack: list[tuple[Any, Any]] = [(resource, None)]
    while stack:
        node, trail = stack.pop()
        if type(node) is dict:
            if type(node.get("reference")) is str:
                yield path + _path_of(trail), node
            for name, value in node.items():
                if type(value) is dict or type(value) is list:
                    stack.append((value, (trail, name)))
        else:
            for i, value in enumerate(node):
                if type(value) is dict or type(value) is list:
                    stack.append((value, (trail, i)))


def _path_of(trail: Any) -> str:
    """A linked list of names and indices, innermost first, as ".a[0].b"."""
    parts = []
    while trail is not None:
        trail, step = trail
        parts.append(f"[{step}]" if type(step) is int else f".{step}")
    return "".join(reversed(parts))


@cache
def owner_paths(type_name: str) -> tuple[tuple[str, ...], ...]:
    paths = table("compartment").get(type_name, ())
    return tuple(tuple(path.partition(":")[0].split(".")) for path in paths)


def owned_types() -> tuple[str, ...]:
    """The types whose resources belong to somebody's record."""
    return tuple(name for name in table("compartment") if owner_paths(name))


def patient_reference(resource: Json) -> str | None:
    """The reference text of the Patient whose record this is, as it stands; None for nobody.

    Whose: subject, patient, beneficiary, ... (HL7's compartment, without authors and performers).
    urn: and conditional references are given back too, since only the caller can resolve them.
    """
    name = resource.get("resourceType", "")
    if name == "Patient":
        return f"Patient/{resource['id']}" if resource.get("id") else None
    for path in owner_paths(name):
        for element in follow(resource, path):
            text = element.get("reference") if isinstance(element, dict) else None
            if isinstance(text, str) and _may_be_patient(text):
                return text
    return None


def logical_owner(resource: Json) -> tuple[str, str, str] | None:
    """Element, system and value where a patient is named by an identifier, with a reference
    beside it or not.

    An element whose `type` names something else (Group, Device) is not taken for a patient.
    """
    for path in owner_paths(resource.get("resourceType", "")):
        element = resource.get(path[0]) if len(path) == 1 else None
        identifier = element.get("identifier") if isinstance(element, dict) else None
        if not isinstance(element, dict) or not isinstance(identifier, dict):
            continue
        system, value = identifier.get("system"), identifier.get("value")
        if system and value and element.get("type", "Patient") == "Patient":
            return path[0], system, value
    return None


def names_nobody(resource: Json) -> str | None:
    """The element that should say whose record this is, where it is absent or has no reference.

    None for types that are in no record at all, and for what is about a Group, a Device, ...
    """
    paths = owner_paths(resource.get("resourceType", ""))
    found = [element for path in paths for element in follow(resource, path)]
    if not paths or any("reference" in e or "type" in e for e in found):
        return None
    return ".".join(paths[0])


def _may_be_patient(text: str) -> bool:
    parsed = parse_reference(text)
    return parsed.kind == "urn" or parsed.type == "Patient"


def follow(node: Any, path: tuple[str, ...]) -> Iterator[Any]:
    """Values at a path of member names; lists are gone through."""
    if isinstance(node, list):
        for item in node:
            yield from follow(item, path)
    elif not path:
        yield node
    elif isinstance(node, dict) and path[0] in node:
        yield from follow(node[path[0]], path[1:])
