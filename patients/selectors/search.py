"""Runs a search. Every part of it, chained and reverse-chained ones too, looks only `among` the
resources that may be seen.
"""

from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from functools import reduce
from operator import and_, or_
from typing import Any

from django.contrib.postgres.expressions import ArraySubquery
from django.db.models import F, Func, Q, QuerySet, TextField, Value
from django.db.models.functions import Coalesce, Concat

from patients.fhir import dates
from patients.fhir.search import Chain, DateRange, Has, Query, SearchParameterError, SortKey
from patients.fhir.search_index import SEPARATOR
from patients.fhir.search_parameters import main_date
from patients.fhir.search_values import DateFilter, QuantityFilter, QuantityRange, date_bounds
from patients.models import Patient, Resource, ResourceVersion

Resources = QuerySet[Resource]
PATIENT = f"{SEPARATOR}Patient/"


@dataclass(frozen=True)
class Page:
    """Rows of a search with their current content, and the cursor of the next page.

    `total` is None where nobody asked for it. `concerned` are patients in whose compartments the
    rows are not, and whom they name all the same.
    """

    rows: list[ResourceVersion]
    total: int | None
    next_cursor: tuple[Any, ...] = ()
    concerned: frozenset[int] = frozenset()


def search(among: Resources, query: Query) -> Page:
    """One page, in the order asked for, else in that in which resources first came.

    Three statements at most, however many rows.
    """
    matching = among.filter(search_condition(among, _with_the_merged(query)))
    if query.count == 0:  # only the number is asked for
        return Page([], matching.count())
    keys = [_sort_column(query.type, key) for key in query.sort]
    ordered = matching.annotate(**{f"key{i}": column for i, column in enumerate(keys)})
    if query.cursor:
        ordered = ordered.filter(_after(query.sort, query.cursor))
    names = [f"{'-' if k.descending else ''}key{i}" for i, k in enumerate(query.sort)]
    columns = [f"key{i}" for i in range(len(keys))]
    found = list(
        ordered.order_by(*names, "pk").values_list("version", *columns, "pk")[: query.count + 1]
    )
    more = len(found) > query.count
    found = found[: query.count]
    total = None
    if query.total == "accurate":
        # a first page that has room left has everything
        total = matching.count() if more or query.cursor else len(found)
    rows = exact_versions([(row[-1], row[0]) for row in found])
    return Page(rows, total, _cursor(found[-1][1:]) if more else ())


def _with_the_merged(query: Query) -> Query:
    """References to a patient also find what names a patient who was merged into them."""
    asked = {ref.partition(PATIENT)[2] for group in query.ref_groups for ref in group} - {""}
    if not asked:
        return query
    rows = Patient.objects.filter(merged_into__fhir_id__in=asked)
    others = dict.fromkeys(rows.values_list("merged_into__fhir_id", "fhir_id"))
    if not others:
        return query
    groups = (
        (*group, *(f"{ref.partition(PATIENT)[0]}{PATIENT}{old}"
                   for ref in group for new, old in others if ref.partition(PATIENT)[2] == new))
        for group in query.ref_groups
    )  # fmt: skip
    return replace(query, ref_groups=tuple(groups))


def exact_versions(wanted: Sequence[tuple[int, int]]) -> list[ResourceVersion]:
    """The versions with these resource keys and numbers, in this order.

    Those that matched, and not whatever is current by now: a resource may have been deleted or
    filed with another patient since.
    """
    if not wanted:
        return []
    keys: dict[int, list[int]] = defaultdict(list)
    for key, number in wanted:
        keys[number].append(key)
    among = reduce(or_, (Q(resource__in=some, version=n) for n, some in keys.items()))
    versions = (
        ResourceVersion.objects.filter(among)
        .select_related("resource")
        # the index columns are the larger part of a row, and nobody asks for them
        .defer("resource__tokens", "resource__refs", "resource__search_values")
    )
    place = {key: i for i, (key, _) in enumerate(wanted)}
    return sorted(versions, key=lambda row: place[row.resource_id])


def search_condition(among: Resources, query: Query) -> Q:
    """The predicate of a search; every group must match, any entry of a group will do."""
    parts = [Q(type=query.type, deleted=False)]
    if query.ids is not None:
        parts.append(Q(fhir_id__in=query.ids))
    parts += [Q(tokens__overlap=list(group)) for group in query.token_groups]
    parts += [Q(refs__overlap=list(group)) for group in query.ref_groups]
    parts += [_dates(query.type, one) for one in query.date_filters]
    parts += [
        reduce(or_, [moment_condition("last_updated", one) for one in group])
        for group in query.updated
    ]
    parts += [_quantities(one) for one in query.quantities]
    parts += [_chain(among, one) for one in query.chains]
    parts += [_has(among, query.type, one) for one in query.has]
    return reduce(and_, parts)


def _dates(type_name: str, asked: DateFilter) -> Q:
    if asked.parameter == main_date(type_name):
        return reduce(or_, [_main_date(one) for one in asked.ranges])
    return reduce(or_, [_other_date(asked.parameter, one) for one in asked.ranges])


def _main_date(asked: DateRange) -> Q:
    """DateRange.matches, in the database."""
    conditions = {
        "eq": Q(date_low__gte=asked.low, date_high__lte=asked.high),
        "ge": Q(date_high__gt=asked.low),
        "gt": Q(date_high__gt=asked.high),
        "le": Q(date_low__lt=asked.high),
        "lt": Q(date_low__lt=asked.low),
    }
    return Q(date_low__isnull=False) & conditions[asked.prefix]


def _other_date(parameter: str, asked: DateRange) -> Q:
    """The same for a date without columns; its texts sort as time does."""
    low, high = date_bounds(asked)
    there = f"search_values__{parameter}__"
    conditions = {
        "eq": Q(**{f"{there}0__gte": low, f"{there}1__lte": high}),
        "ge": Q(**{f"{there}1__gt": low}),
        "gt": Q(**{f"{there}1__gt": high}),
        "le": Q(**{f"{there}0__lt": high}),
        "lt": Q(**{f"{there}0__lt": low}),
    }
    return conditions[asked.prefix]


def moment_condition(column: str, asked: DateRange) -> Q:
    """A moment is inside, before or after what the search's date can mean."""
    conditions = {
        "eq": Q(**{f"{column}__gte": asked.low, f"{column}__lt": asked.high}),
        "ge": Q(**{f"{column}__gte": asked.low}),
        "gt": Q(**{f"{column}__gte": asked.high}),
        "le": Q(**{f"{column}__lt": asked.high}),
        "lt": Q(**{f"{column}__lt": asked.low}),
    }
    return conditions[asked.prefix]


def _quantities(asked: QuantityFilter) -> Q:
    return reduce(or_, [_quantity(asked.parameter, one) for one in asked.ranges])


def _quantity(parameter: str, asked: QuantityRange) -> Q:
    there = f"search_values__{parameter}__0__"
    condition = {
        "eq": Q(**{f"{there}gte": asked.low, f"{there}lt": asked.high}),
        "ge": Q(**{f"{there}gte": asked.number}),
        "gt": Q(**{f"{there}gt": asked.number}),
        "le": Q(**{f"{there}lte": asked.number}),
        "lt": Q(**{f"{there}lt": asked.number}),
    }[asked.prefix]
    return condition & Q(tokens__contains=[asked.unit]) if asked.unit else condition


def _chain(among: Resources, chain: Chain) -> Q:
    """References to what the inner search finds, compared as the index writes them."""
    parts = []
    for query in chain.queries:
        inner = among.filter(search_condition(among, query))
        for key in chain.parameter.keys:
            prefix = Value(f"{key}{SEPARATOR}{query.type}/")
            written = inner.annotate(
                written=Concat(prefix, F("fhir_id"), output_field=TextField())
            ).values("written")
            parts.append(Q(refs__overlap=ArraySubquery(written)))
    return reduce(or_, parts)


def _has(among: Resources, type_name: str, has: Has) -> Q:
    """Ids that the found resources refer to by the parameter."""
    inner = among.filter(search_condition(among, has.query))
    parts = []
    for key in has.parameter.keys:
        pattern = Value(f"^{key}{SEPARATOR}{type_name}/(.+)$")
        each = Func(F("refs"), function="unnest", output_field=TextField())
        target = Func(each, pattern, function="substring", output_field=TextField())
        parts.append(Q(fhir_id__in=inner.annotate(target=target).values("target")))
    return reduce(or_, parts)


def _sort_column(type_name: str, key: SortKey) -> Any:
    """What is sorted by; a resource without a date comes last."""
    if key.name == "_id":
        return F("fhir_id")
    if key.name == "_lastUpdated":
        return F("last_updated")
    return Coalesce(F("date_low"), Value(dates.EARLIEST if key.descending else dates.LATEST))


def _after(sort: Sequence[SortKey], cursor: Sequence[Any]) -> Q:
    """Rows behind the one that the cursor describes, in the order of the search."""
    values = [_sort_value(key, text) for key, text in zip(sort, cursor, strict=False)]
    names = [f"key{i}" for i in range(len(sort))]
    before: Q = Q()
    parts = []
    for key, name, value in zip(sort, names, values, strict=True):
        parts.append(before & Q(**{f"{name}__{'lt' if key.descending else 'gt'}": value}))
        before &= Q(**{name: value})
    parts.append(before & Q(pk__gt=cursor[-1]))
    return reduce(or_, parts)


def _sort_value(key: SortKey, text: str) -> Any:
    if key.name == "_id":
        return text
    try:
        moment = datetime.fromisoformat(text)
        if moment.tzinfo and dates.EARLIEST <= moment <= dates.LATEST:
            return moment
    except ValueError:
        pass
    words = "'_cursor' comes from a next link; do not make it up"
    raise SearchParameterError("_cursor", words)


def _cursor(row: Sequence[Any]) -> tuple[Any, ...]:
    return tuple(v.isoformat() if isinstance(v, datetime) else v for v in row)
