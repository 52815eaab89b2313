"""The one table of what can be searched. Grammar, index and CapabilityStatement all read it.

A further R4 parameter is one more name in the generator's list (tools/fhir_search.py); nothing
here changes.
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cache
from typing import Literal

from patients.fhir.definitions import resource_types, table

ParameterType = Literal["token", "reference", "date", "string", "quantity", "uri"]
# the date that is sorted by and that has columns of its own: the first of these that a type has
MAIN_DATES = (
    *("authoredon", "date", "effective", "effective-time", "whenhandedover", "onset-date"),
    *("recorded-date", "birthdate", "recorded", "authored", "occurrence", "start-date"),
    *("collected", "period", "issued", "identified"),
)
RESULT_PARAMETERS = (
    *("_count", "_sort", "_total", "_summary", "_elements", "_include", "_revinclude", "_cursor"),
)
DEFINITION = "http://hl7.org/fhir/SearchParameter/"


@dataclass(frozen=True)
class ElementPath:
    """Member names to follow and the type found there."""

    steps: tuple[str, ...]
    type: str


@dataclass(frozen=True)
class SearchParameter:
    """One parameter of one resource type. `targets`: resource types it may point at.

    `stored_as` are the names under which the index has its values: "patient" is "subject" where
    both read the same element, and "combo-code" is "code" and "component-code".
    """

    name: str
    type: ParameterType
    paths: tuple[ElementPath, ...]
    definition: str
    targets: tuple[str, ...] = ()
    stored_as: tuple[str, ...] = ()

    @property
    def keys(self) -> tuple[str, ...]:
        return self.stored_as or (self.name,)

    def may_point_at(self, type_name: str) -> bool:
        return self.targets == ("*",) or type_name in self.targets


def _common(name: str, kind: ParameterType, *paths: str) -> SearchParameter:
    found = tuple(_path(path) for path in paths)
    return SearchParameter(name, kind, found, f"{DEFINITION}Resource-{name.strip('_')}")


def _path(text: str) -> ElementPath:
    steps, _, leaf = text.partition(":")
    return ElementPath(tuple(steps.split(".")), leaf)


# the audit log: nothing is included or chained from it, it is searched by itself
NOT_FOLLOWED = frozenset({"AuditEvent"})
# of every type; _id and _lastUpdated are columns, the others are in the index
COMMON = {
    "_id": _common("_id", "token"),
    "_lastUpdated": _common("_lastUpdated", "date"),
    "_tag": _common("_tag", "token", "meta.tag:Coding"),
    "_security": _common("_security", "token", "meta.security:Coding"),
    "_profile": _common("_profile", "uri", "meta.profile:canonical"),
}


@cache
def search_parameters(type_name: str) -> Mapping[str, SearchParameter]:
    """Every parameter that a search of this type understands, the common ones included."""
    found = dict(COMMON)
    for name, row in table("search").get(type_name, {}).items():
        paths = tuple(_path(text) for text in row["paths"])
        targets = tuple(row.get("targets", ()))
        found[name] = SearchParameter(name, row["type"], paths, row["definition"], targets)
    return {name: replace(p, stored_as=_elsewhere(p, found)) for name, p in found.items()}


@cache
def indexed_parameters(type_name: str) -> tuple[SearchParameter, ...]:
    """Those whose values the index holds under their own name."""
    return tuple(p for p in search_parameters(type_name).values() if p.paths and not p.stored_as)


@cache
def main_date(type_name: str) -> str:
    """The name of the date parameter that has columns of its own; empty where there is none."""
    known = search_parameters(type_name)
    return next((name for name in MAIN_DATES if name in known), "")


def _elsewhere(
    parameter: SearchParameter, others: Mapping[str, SearchParameter]
) -> tuple[str, ...]:
    """Names under which other parameters already hold every value of this one."""
    if not parameter.paths or parameter.type not in ("token", "reference"):
        return ()
    wider = [o for o in others.values() if _holds_part(o, parameter)]
    covered = {path for other in wider for path in other.paths}
    if covered != set(parameter.paths):
        return ()
    # of two that read the same element, the one name is enough
    kept: dict[frozenset[ElementPath], str] = {}
    for other in wider:
        kept.setdefault(frozenset(other.paths), other.name)
    return tuple(kept.values())


def _holds_part(other: SearchParameter, parameter: SearchParameter) -> bool:
    """Whether `other` indexes some of the elements of `parameter`, with all of their values."""
    if other.name == parameter.name or other.type != parameter.type or not other.paths:
        return False
    if not set(other.paths) <= set(parameter.paths):
        return False
    if set(other.paths) < set(parameter.paths):
        return True
    if other.targets == parameter.targets:
        return other.name > parameter.name  # one of the two, always the same one
    return other.targets == ("*",) or set(parameter.targets) < set(other.targets)


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
