"""What a FHIRPath expression moves over: values of a resource, each with its type."""

from collections.abc import Iterator
from dataclasses import dataclass
from functools import cache
from typing import Any

from patients.fhir.definitions import Element, elements, resource_types, table


@dataclass(frozen=True, slots=True)
class Node:
    """A JSON value and its FHIR type; `beside` is the "_name" of a primitive.

    A primitive that is an extension alone has the value None.
    """

    value: Any
    type: str
    beside: Any = None

    def children(self, name: str = "") -> Iterator["Node"]:
        """Members in the order of the definition, or those of one name ("value" is value[x])."""
        if not isinstance(self.value, dict):
            extended = self.beside if isinstance(self.beside, dict) else {}
            yield from Node(extended, "Element").children(name) if extended else ()
            return
        members = _members(self.type_name)
        for element in members.get(name, ()) if name else elements_of(self.type_name):
            yield from _nodes(self.value, element)

    @property
    def type_name(self) -> str:
        """The type; a resource inside another says its own."""
        if self.type == "Resource" and isinstance(self.value, dict):
            name = self.value.get("resourceType")
            return name if isinstance(name, str) and name in resource_types() else ""
        return self.type

    def descendants(self) -> Iterator["Node"]:
        for child in self.children():
            yield child
            yield from child.descendants()


@cache
def elements_of(type_name: str) -> tuple[Element, ...]:
    """Elements of a type; none for a primitive or what is unknown."""
    is_known = type_name == "Element" or type_name in table("elements")
    return tuple(elements(type_name).values()) if is_known else ()


@cache
def _members(type_name: str) -> dict[str, tuple[Element, ...]]:
    found: dict[str, tuple[Element, ...]] = {}
    for element in elements_of(type_name):
        for name in {element.name, element.choice or element.name}:
            found[name] = (*found.get(name, ()), element)
    return found


def _nodes(owner: dict[str, Any], element: Element) -> Iterator[Node]:
    value, beside = owner.get(element.name), owner.get(f"_{element.name}")
    if value is None and beside is None:
        return
    if not element.is_list:
        yield Node(value, element.type, beside)
        return
    values, besides = _listed(value), _listed(beside)
    for i in range(max(len(values), len(besides))):
        item = values[i] if i < len(values) else None
        extended = besides[i] if i < len(besides) else None
        if item is not None or extended is not None:
            yield Node(item, element.type, extended)


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
