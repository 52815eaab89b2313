"""HL7's R4 definitions as generated tables; see tables/LICENCE.md. Read once, when first asked."""

from dataclasses import dataclass
from functools import cache
from pathlib import Path
from typing import Any

import orjson

# an extension that is not part of a complex one
OUTER_EXTENSION = "OuterExtension"
_EXT_URL = ("Extension", "url")
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
    form: str = ""  # a kind of text narrower than its type
    targets: tuple[str, ...] = ()
    profile: str = ""
    is_attribute: bool = False  # an element's id, an extension's url

    @property
    def is_primitive(self) -> bool:
        return self.type in PRIMITIVES

    @property
    def is_extensible(self) -> bool:
        """Whether "_name" may stand beside it; not where XML has an attribute, or markup."""
        return self.is_primitive and self.type != "xhtml" and not self.is_attribute


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
        extra["is_attribute"] = (name, kind) == ("id", "string") or (type_name, name) == _EXT_URL
        if extra["is_attribute"] and name == "id":
            extra["form"] = "element id"
        if kind == "Extension" and type_name != "Extension":
            extra["profile"] = OUTER_EXTENSION
        found[name] = Element(name, bool(low), bool(many), kind, **extra)
    return found


@cache
def binding(name: str) -> dict[str, frozenset[str]]:
    """A required value set: code system to its codes."""
    return {system: frozenset(codes) for system, codes in table("bindings")[name].items()}
