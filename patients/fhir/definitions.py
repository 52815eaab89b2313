"""HL7's R4 definitions as generated tables; see tables/LICENCE.md. Read once, when first asked."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import orjson

_FOLDER = Path(__file__).parent / "tables"
PRIMITIVES = frozenset(
    [
        "base64Binary",
        "boolean",
        "canonical",
        "code",
        "date",
        "dateTime",
        "decimal",
        "id",
        "instant",
        "integer",
        "markdown",
        "oid",
        "positiveInt",
        "string",
        "time",
        "unsignedInt",
        "uri",
        "url",
        "uuid",
        "xhtml",
    ]
)


@dataclass(frozen=True)
class Element:
    """One JSON member that a type may have. `choice` groups valueQuantity, valueString, ..."""

    name: str
    required: bool
    is_list: bool
    type: str
    choice: str = ""
    binding: str = ""
    targets: tuple[str, ...] = ()
    profile: str = ""

    @property
    def is_primitive(self) -> bool:
        return self.type in PRIMITIVES


@cache
def table(name: str) -> dict[str, Any]:
    """The generated table `name` as it is on disk."""
    loaded: dict[str, Any] = orjson.loads((_FOLDER / f"{name}.json").read_bytes())
    return loaded


@cache
def resource_types() -> frozenset[str]:
    """Names of the R4 resource types that can stand alone."""
    return frozenset(table("elements")["$resources"])


@cache
def elements(type_name: str) -> dict[str, Element]:
    """Elements of a resource type, data type or nested element, by JSON name."""
    if type_name == "Element":
        return {name: elements("Coding")[name] for name in ("id", "extension")}
    found = {}
    for name, low, many, kind, *rest in table("elements")[type_name]:
        extra = dict(rest[0]) if rest else {}
        extra["targets"] = tuple(extra.get("targets", ()))
        found[name] = Element(name, bool(low), bool(many), kind, **extra)
    return found


@cache
def binding(name: str) -> dict[str, frozenset[str]]:
    """A required value set: code system to its codes."""
    return {system: frozenset(codes) for system, codes in table("bindings")[name].items()}
