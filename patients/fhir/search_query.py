"""What a search asks for, checked and taken apart; it can be run against an index or a database."""

from dataclasses import dataclass
from typing import Any, Literal

from patients.fhir.search_index import IndexEntry
from patients.fhir.search_parameters import SearchParameter
from patients.fhir.search_values import DateFilter, DateRange, QuantityFilter

DEFAULT_COUNT = 50
Total = Literal["accurate", "none"]


@dataclass(frozen=True)
class Chain:
    """`subject:Patient.name=x`: the reference leads to a resource that one of the queries finds."""

    parameter: SearchParameter
    queries: "tuple[Query, ...]"


@dataclass(frozen=True)
class Has:
    """`_has:Observation:patient:code=x`: a resource that the query finds refers to this one."""

    parameter: SearchParameter
    query: "Query"


@dataclass(frozen=True)
class Include:
    """`_include` or `_revinclude`: follow `parameter` of `source`, to `target` only if given."""

    source: str
    parameter: SearchParameter
    target: str = ""


@dataclass(frozen=True)
class SortKey:
    """`name` is _lastUpdated, _id or the type's main date."""

    name: str
    descending: bool


@dataclass(frozen=True)
class Query:
    """A search that can be run: every group must match, by at least one of its members.

    `ids` None means any; an empty set means none. `cursor` is what a next link carried: the sort
    values of the last row and its key. `echo` are the parameters as understood: a truthful self
    link.
    """

    type: str
    ids: frozenset[str] | None = None
    token_groups: tuple[tuple[str, ...], ...] = ()
    ref_groups: tuple[tuple[str, ...], ...] = ()
    date_filters: tuple[DateFilter, ...] = ()
    updated: tuple[tuple[DateRange, ...], ...] = ()
    quantities: tuple[QuantityFilter, ...] = ()
    chains: tuple[Chain, ...] = ()
    has: tuple[Has, ...] = ()
    includes: tuple[Include, ...] = ()
    revincludes: tuple[Include, ...] = ()
    sort: tuple[SortKey, ...] = ()
    elements: frozenset[str] = frozenset()
    total: Total = "accurate"
    count: int = DEFAULT_COUNT
    cursor: tuple[Any, ...] = ()
    echo: tuple[tuple[str, str], ...] = ()

    def matches(self, fhir_id: str, entry: IndexEntry) -> bool:
        """The slow, obvious search; a database must find the same. No chains, no _has."""
        return (
            (self.ids is None or fhir_id in self.ids)
            and all(any(t in entry.tokens for t in group) for group in self.token_groups)
            and all(any(r in entry.refs for r in group) for group in self.ref_groups)
            and not self.updated
            and all(one.matches(self.type, entry) for one in self.date_filters)
            and all(one.matches(entry) for one in self.quantities)
        )
