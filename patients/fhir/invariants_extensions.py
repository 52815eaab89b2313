"""Rules of an extension that stands by itself: an absolute URL, and R4's own keep their values.

Extensions of that base that R4 does not define are left alone: HL7 goes on publishing there.
Where an extension may be used is not looked at.
"""

from collections import Counter
from typing import Any

from patients.fhir.definitions import OUTER_EXTENSION, table
from patients.fhir.invariants import Invariant, Json, rule
from patients.fhir.invariants_types import SCHEME

CORE = "http://hl7.org/fhir/StructureDefinition/"
# absolute and certainly not R4's own; the usual ones
_OTHERS = r"^(https:|urn:|http://([^h\x00-\x20]|h[^l\x00-\x20]|hl7\.org/fhir/u[sv]/))"
_ASK: Json = {"allOf": [{"rule": [OUTER_EXTENSION, key]} for key in ("ext-url", "ext-core")]}


def _quickly_told() -> list[Json]:
    """Schemas for extensions with one type of value, and for those whose parts come in order."""
    urls: dict[str, list[str]] = {}
    ordered = []
    for name, defined in table("extensions").items():
        if isinstance(defined, dict) and all(part[:2] == [1, 1] for part in defined.values()):
            parts = [
                {"required": [f"value{types[0]}"], "properties": {"url": {"enum": [url]}}}
                for url, (_, _, types) in defined.items()
            ]
            inner = {"items": parts, "additionalItems": False, "minItems": len(parts)}
            inside = {"url": {"enum": [CORE + name]}, "extension": inner}
            ordered.append({"required": ["extension"], "properties": inside})
        elif len(defined) == 1 and isinstance(defined, list):
            urls.setdefault(f"value{defined[0]}", []).append(CORE + name)
    return [_valued(urls), *ordered]


def _valued(urls: dict[str, list[str]]) -> Json:
    """One of these members, with one of its URLs."""
    return {
        "properties": {"url": {"enum": [u for listed in urls.values() for u in listed]}}
        | {member: {} for member in urls},
        "additionalProperties": False,
        "dependencies": {
            member: {"properties": {"url": {"enum": listed}}} for member, listed in urls.items()
        },
    }


def _core_holds(node: Json) -> bool:
    url = node.get("url", "")
    defined = table("extensions").get(url.removeprefix(CORE)) if url.startswith(CORE) else None
    if defined is None:
        return True
    return _has_parts(node, defined) if isinstance(defined, dict) else _has_value(node, defined)


def _has_value(node: Json, types: list[str]) -> bool:
    names = {name.removeprefix("_") for name in node} & {f"value{kind}" for kind in types}
    return bool(names)


def _has_parts(node: Json, parts: dict[str, Any]) -> bool:
    """The parts defined, as often as is allowed; any others besides."""
    inner = node.get("extension", [])
    counts = Counter(part.get("url") for part in inner)
    if not inner or any(counts[url] < least for url, (least, _, _) in parts.items()):
        return False
    if any(most and counts[url] > most for url, (_, most, _) in parts.items()):
        return False
    known = [(part, parts[part["url"]][2]) for part in inner if part.get("url") in parts]
    return all(_has_value(part, types) for part, types in known if types)


EXTENSION_RULES: dict[str, tuple[Invariant, ...]] = {
    OUTER_EXTENSION: (
        rule(
            "ext-url",
            "the url of an extension must be absolute, save inside another extension",
            lambda node: SCHEME.match(node.get("url", "")) is not None,
            {},  # the other has the schema of both
        ),
        rule(
            "ext-core",
            "its value is not of a kind that R4 defines for this extension",
            _core_holds,
            {"anyOf": [{"properties": {"url": {"pattern": _OTHERS}}}, *_quickly_told(), _ASK]},
        ),
    ),
}
