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
_OF_OTHERS = {"properties": {"url": {"not": {"pattern": f"^{CORE}"}}}}


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
            {"properties": {"url": {"pattern": SCHEME.pattern}}},
        ),
        rule(
            "ext-core",
            "its value is not of a kind that R4 defines for this extension",
            _core_holds,
            {"anyOf": [_OF_OTHERS, {"rule": [OUTER_EXTENSION, "ext-core"]}]},
        ),
    ),
}
