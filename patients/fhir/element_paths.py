"""Paths of elements without indexes: what a fault is about, whichever resource has it."""

import re
from functools import cache

from patients.fhir.definitions import binding, elements, resource_types, table

INDEX = re.compile(r"\[[^\]]*\]")
# stands for a name that R4 does not have: what a sender makes up might name somebody
UNKNOWN = "*"


def general_path(expression: str) -> str:
    """An issue's expression without its indexes, and without names that are not R4's.

    >>> general_path("Observation.component[2].valueQuantity.value")
    'Observation.component.valueQuantity.value'
    >>> general_path("Patient.contact[0].JaneDoe")
    'Patient.contact.*'
    """
    parts = INDEX.sub("", expression).split(".")
    return ".".join(p if p.removeprefix("_") in _names() else UNKNOWN for p in parts if p)


def codes_of(path: str) -> frozenset[str]:
    """The codes that the element at a general path may have; empty unless it is a `code` with a
    required binding.

    >>> sorted(codes_of("Patient.gender"))
    ['female', 'male', 'other', 'unknown']
    """
    owner, *names = path.split(".")
    if owner not in resource_types() or not names:
        return frozenset()
    for place, name in enumerate(names):
        element = elements(owner).get(name)
        if element is None or element.type == "Resource":
            return frozenset()
        if place == len(names) - 1:
            if element.type != "code" or not element.binding:
                return frozenset()
            return frozenset(c for codes in binding(element.binding).values() for c in codes)
        if element.is_primitive:
            return frozenset()
        owner = element.type
    return frozenset()


@cache
def _names() -> frozenset[str]:
    """Every name that R4 gives to a type or an element, choices by either name."""
    found = set(resource_types())
    for owner in table("elements"):
        if owner != "$resources":
            for element in elements(owner).values():
                found |= {element.name, element.choice}
    return frozenset(found | {"resourceType"} - {""})
