"""The one table of what can be searched. Grammar, index and CapabilityStatement all read it.

A further R4 parameter of type token, reference or date is one more name in the generator's list
(tools/fhir_search.py); nothing here changes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from functools import cache
from typing import Literal

from patients.fhir.definitions import resource_types, table

ParameterType = Literal["token", "reference", "date"]
RESULT_PARAMETERS = ("_count", "_cursor")


@dataclass(frozen=True)
class ElementPath:
    """Member names to follow and the type found there."""

    steps: tuple[str, ...]
    type: str


@dataclass(frozen=True)
class SearchParameter:
    """One parameter of one resource type. `targets`: resource types it may point at."""

    name: str
    type: ParameterType
    paths: tuple[ElementPath, ...]
    definition: str
    targets: tuple[str, ...] = ()


ID = SearchParameter("_id", "token", (), "http://hl7.org/fhir/SearchParameter/Resource-id")


@cache
def search_parameters(type_name: str) -> Mapping[str, SearchParameter]:
    """Every parameter that a search of this type understands, `_id` included, by name."""
    found = {"_id": ID}
    for name, row in table("search").get(type_name, {}).items():
        paths = tuple(_path(text) for text in row["paths"])
        targets = tuple(row.get("targets", ()))
        found[name] = SearchParameter(name, row["type"], paths, row["definition"], targets)
    return found


def _path(text: str) -> ElementPath:
    steps, _, leaf = text.partition(":")
    return ElementPath(tuple(steps.split(".")), leaf)


class _Table(Mapping[str, Mapping[str, SearchParameter]]):
    """Every resource type, read when asked."""

    def __getitem__(self, type_name: str) -> Mapping[str, SearchParameter]:
        if type_name not in resource_types():
            raise KeyError(type_name)
        return search_parameters(type_name)

    def __iter__(self) -> Iterator[str]:
        return iter(sorted(resource_types()))

    def __len__(self) -> int:
        return len(resource_types())


SEARCH_PARAMETERS: Mapping[str, Mapping[str, SearchParameter]] = _Table()
