"""Names elements for statistics: no index, and no word that R4 does not know."""

import re
from collections.abc import Mapping

from patients.fhir.definitions import elements, resource_types, table

ENTRY = re.compile(r"Bundle\.entry\[(\d+)\](\.resource)?")
INDEX = re.compile(r"\[[0-9]+\]")
# extensions may stand in extensions without end
MOST_NAMES = 8


def known_path(type_name: str, expression: str) -> str:
    """The element that `expression` names inside a resource of `type_name`, as far as R4 has such
    a one: what a client made up is cut off. "" for a type that R4 does not have.

    >>> known_path("Observation", "Observation.component[3].valueQuantity.valeu")
    'Observation.component.valueQuantity'
    """
    if type_name not in resource_types():
        return ""
    found, kind = [type_name], type_name
    for given in INDEX.sub("", expression).split(".")[1:MOST_NAMES]:
        name = given.removeprefix("_")
        members = elements(kind) if kind == "Element" or kind in table("elements") else {}
        if name in members:
            kind = members[name].type
        elif any(member.choice == name for member in members.values()):
            kind = ""
        else:
            break
        found.append(name)
    return ".".join(found)


def element_of(expression: str, type_name: str, entry_types: Mapping[int, str]) -> str:
    """`known_path` of a fault in a resource, or in a bundle whose entries are of these types.

    >>> element_of("Bundle.entry[3].resource.status", "Bundle", {3: "Observation"})
    'Observation.status'
    """
    place = ENTRY.match(expression)
    if place is None:
        return known_path(type_name, expression)
    kind = entry_types.get(int(place[1]), "")
    if not place[2] or not kind:
        return known_path("Bundle", expression)
    return known_path(kind, f"{kind}{expression[place.end() :]}")
