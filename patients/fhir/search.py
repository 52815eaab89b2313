"""The search grammar: query parameters in, a checked Query out. Nothing is ignored in silence."""

import base64
import binascii
import re
from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import parse_qsl

import orjson

from patients.fhir.definitions import elements, resource_types
from patients.fhir.search_index import IndexEntry, extract_index
from patients.fhir.search_parameters import (
    NOT_FOLLOWED,
    RESULT_PARAMETERS,
    SEARCH_PARAMETERS,
    SearchParameter,
    main_date,
    search_parameters,
)
from patients.fhir.search_query import Chain, Has, Include, Query, SortKey
from patients.fhir.search_values import (
    DateFilter,
    DateRange,
    QuantityFilter,
    SearchParameterError,
    read_date,
    read_id,
    read_name,
    read_quantity,
    read_references,
    read_token,
    read_uri,
    values_of,
)

__all__ = [
    "SEARCH_PARAMETERS",
    "Chain",
    "DateRange",
    "Has",
    "Include",
    "IndexEntry",
    "Query",
    "SearchParameterError",
    "SortKey",
    "encode_cursor",
    "extract_index",
    "parse_criteria",
    "parse_query",
]

LARGEST_COUNT = 1000
MOST_SORT_KEYS = 4
# what one search may cost: its parameters and their values, and the searches inside it
MOST_VALUES = 1000
MOST_INNER = 20
_NUMBER = re.compile(r"[0-9]{1,18}")


def read_pairs(text: str | bytes) -> list[tuple[str, str]]:
    """Decoded parameters. Raises SearchParameterError for what is not UTF-8, or is too much."""
    try:
        decoded = text.decode() if isinstance(text, bytes) else text
        return parse_qsl(
            decoded, keep_blank_values=True, errors="strict", max_num_fields=MOST_VALUES
        )
    except UnicodeDecodeError:
        raise SearchParameterError("", "The parameters are not in UTF-8") from None
    except ValueError:
        raise SearchParameterError("", f"There are more than {MOST_VALUES} parameters") from None


def parse_query(type_name: str, pairs: Sequence[tuple[str, str]], *, base_url: str = "") -> Query:
    """Read decoded query parameters. Repeated parameters are AND, a comma is OR.

    Raises SearchParameterError for the first thing that is not served.
    """
    if type_name not in resource_types():
        raise SearchParameterError("", f"'{type_name[:60]}' is not an R4 resource type")
    return _read(_Reader(type_name, base_url), pairs)


def parse_criteria(type_name: str, pairs: Sequence[tuple[str, str]]) -> Query:
    """The same without anything about the answer: what a conditional write or reference asks."""
    return _read(_Reader(type_name, "", inner=True), pairs)


def _read(reader: "_Reader", pairs: Sequence[tuple[str, str]]) -> Query:
    if sum(text.count(",") + 1 for _, text in pairs) > MOST_VALUES:
        raise SearchParameterError("", f"A search has at most {MOST_VALUES} values")
    for name, text in pairs:
        reader.take(name, text)
    if len(reader.lists.get("chains", ())) + len(reader.lists.get("has", ())) > MOST_INNER:
        words = f"A search has at most {MOST_INNER} chained parameters and _has"
        raise SearchParameterError("", words)
    return reader.query()


def supported(type_name: str) -> str:
    """The parameters of a type, for a message."""
    return ", ".join([*search_parameters(type_name), *RESULT_PARAMETERS])


def encode_cursor(values: Sequence[Any]) -> str:
    """What a next link carries."""
    return base64.urlsafe_b64encode(orjson.dumps(list(values))).rstrip(b"=").decode()


@dataclass
class _Reader:
    """Takes one parameter after the other; `inner` queries have no result parameters."""

    type: str
    base_url: str
    inner: bool = False
    lists: dict[str, list[Any]] = field(default_factory=dict)
    single: dict[str, Any] = field(default_factory=dict)
    echo: list[tuple[str, str]] = field(default_factory=list)
    is_count: bool = False

    def query(self) -> Query:
        found = {name: tuple(values) for name, values in self.lists.items()}
        cursor = self.single.get("cursor", ())
        if cursor and len(cursor) != len(found.get("sort", ())) + 1:
            raise SearchParameterError("_cursor", "'_cursor' belongs to another search")
        fields: dict[str, Any] = {**self.single, **found}
        if self.is_count:
            fields["count"] = 0
        return Query(self.type, **fields, echo=tuple(self.echo))

    def take(self, name: str, text: str) -> None:
        shown = text
        if name.startswith("_has:"):
            self._add("has", self._has(name, text))
        elif name in RESULT_PARAMETERS and not self.inner:
            shown = self._result(name, text)
        elif "." in name:
            self._add("chains", self._chain(name, text))
        else:
            self._criterion(name, text)
        self.echo.append((name, shown))

    def _add(self, name: str, value: Any) -> None:
        self.lists.setdefault(name, []).append(value)

    def _once(self, field_name: str, name: str, value: Any) -> None:
        if field_name in self.single or field_name in self.lists:
            raise SearchParameterError(name, f"'{name}' is given twice")
        self.single[field_name] = value

    def _criterion(self, name: str, text: str) -> None:
        base, colon, modifier = name.partition(":")
        parameter = self._parameter(base, name)
        if colon:
            _check_modifier(self.type, parameter, modifier, name)
        values = values_of(name, text)
        match parameter.type:
            case "token" if base == "_id":
                wanted = frozenset(read_id(value) for value in values)
                before = self.single.get("ids")
                self.single["ids"] = wanted if before is None else before & wanted
            case "token":
                self._add("token_groups", _all(read_token(parameter, v) for v in values))
            case "uri":
                self._add("token_groups", _all(read_uri(parameter, v) for v in values))
            case "string":
                exact = modifier == "exact"
                found = [read_name(parameter, v, exact=exact) for v in values]
                self._add("token_groups", tuple(found))
            case "reference":
                refs = [read_references(parameter, v, self.base_url, only=modifier) for v in values]
                self._add("ref_groups", _all(refs))
            case "quantity":
                ranges = tuple(read_quantity(parameter, value) for value in values)
                self._add("quantities", QuantityFilter(base, ranges))
            case "date":
                dates = tuple(read_date(name, value) for value in values)
                if base == "_lastUpdated":
                    self._add("updated", dates)
                else:
                    self._add("date_filters", DateFilter(base, dates))

    def _parameter(self, base: str, name: str) -> SearchParameter:
        known = search_parameters(self.type)
        if base in known:
            return known[base]
        raise SearchParameterError(
            name[:80],
            f"{self.type}?{name[:80]}: unknown parameter; supported are {supported(self.type)}",
        )

    def _reference(self, name: str, whole: str) -> SearchParameter:
        parameter = self._parameter(name, whole)
        if parameter.type != "reference":
            raise SearchParameterError(
                whole[:80], f"{self.type}?{whole[:80]}: '{name}' is no reference to follow"
            )
        return parameter

    def _chain(self, name: str, text: str) -> Chain:
        link, _, rest = name.partition(".")
        base, colon, target = link.partition(":")
        parameter = self._reference(base, name)
        if "." in rest or rest.startswith("_has"):
            raise SearchParameterError(name[:80], f"{name[:80]}: chains have one level here")
        if colon and not _may_point_at(parameter, target):
            raise SearchParameterError(name[:80], f"'{base}' does not point at '{target[:40]}'")
        plain = rest.partition(":")[0]
        targets = [target] if target else list(parameter.targets)
        if targets == ["*"]:
            words = f"{name[:80]}: say which type is meant, as {base}:Patient.{rest[:40]}"
            raise SearchParameterError(name[:80], words)
        queries = [self._inner(t, rest, text) for t in targets if plain in search_parameters(t)]
        if not queries:
            words = f"{name[:80]}: '{plain[:40]}' is no parameter of {', '.join(targets)}"
            raise SearchParameterError(name[:80], words)
        return Chain(parameter, tuple(queries))

    def _has(self, name: str, text: str) -> Has:
        parts = name.split(":", 3)
        if len(parts) != 4 or self.inner or parts[1] not in resource_types() - NOT_FOLLOWED:
            words = f"{name[:80]}: write _has:Observation:patient:code, with one level"
            raise SearchParameterError(name[:80], words)
        other = _Reader(parts[1], self.base_url)
        parameter = other._reference(parts[2], name)
        if not parameter.may_point_at(self.type):
            words = f"{parts[1]}.{parts[2]} does not point at {self.type}"
            raise SearchParameterError(name[:80], words)
        if "." in parts[3] or parts[3].startswith("_has"):
            raise SearchParameterError(name[:80], f"{name[:80]}: _has has one level here")
        return Has(parameter, other._inner(parts[1], parts[3], text))

    def _inner(self, type_name: str, name: str, text: str) -> Query:
        reader = _Reader(type_name, self.base_url, inner=True)
        reader.take(name, text)
        return reader.query()

    def _result(self, name: str, text: str) -> str:
        """A parameter about the answer; returns it as understood."""
        match name:
            case "_count":
                self._once("count", name, read_count(text))
                return str(self.single["count"])
            case "_cursor":
                self._once("cursor", name, read_cursor(text))
            case "_total":
                if text not in ("accurate", "estimate", "none"):
                    raise SearchParameterError(name, "'_total' is accurate, estimate or none")
                self._once("total", name, "none" if text == "none" else "accurate")
            case "_summary":
                if text not in ("count", "false"):
                    raise SearchParameterError(name, "'_summary' is count or false here")
                if name in (before for before, _ in self.echo):
                    raise SearchParameterError(name, f"'{name}' is given twice")
                self.is_count = text == "count"
            case "_elements":
                self._once("elements", name, self._elements(text))
            case "_sort":
                if "sort" in self.lists:
                    raise SearchParameterError(name, f"'{name}' is given twice")
                self.lists["sort"] = [self._sort_key(key) for key in values_of(name, text)]
                if len(self.lists["sort"]) > MOST_SORT_KEYS:
                    raise SearchParameterError(name, f"'_sort' has at most {MOST_SORT_KEYS} keys")
            case _:
                self._add(name.removeprefix("_") + "s", self._include(name, text))
        return text

    def _sort_key(self, text: str) -> SortKey:
        name = text.removeprefix("-")
        known = [n for n in ("_lastUpdated", "_id", main_date(self.type)) if n]
        if name not in known:
            words = f"{self.type} is sorted by {', '.join(known)}, each with '-' for descending"
            raise SearchParameterError("_sort", words)
        return SortKey(name, text.startswith("-"))

    def _elements(self, text: str) -> frozenset[str]:
        asked = frozenset(
            name.removeprefix(f"{self.type}.") for name in values_of("_elements", text)
        )
        known = elements(self.type)
        choices = {element.choice for element in known.values()}
        for name in asked - {"resourceType"}:  # of every answer, and no element
            if name not in known and name not in choices:
                words = f"'{name[:60]}' is no element of {self.type}"
                raise SearchParameterError("_elements", words)
        return asked

    def _include(self, name: str, text: str) -> Include:
        source, _, rest = text.partition(":")
        base, colon, target = rest.partition(":")
        known = source in resource_types() - NOT_FOLLOWED
        if not known or not base or ":" in target or (colon and not target):
            words = (
                f"'{name}' is Type:parameter or Type:parameter:Target, such as Observation:subject"
            )
            raise SearchParameterError(name, words)
        parameter = _Reader(source, "")._reference(base, f"{name}={text}")
        if name == "_include" and source != self.type:
            words = f"'_include' starts at the type searched for: {self.type}:parameter"
            raise SearchParameterError(name, words)
        aim = target or (self.type if name == "_revinclude" else "")
        if aim and not _may_point_at(parameter, aim):
            raise SearchParameterError(name, f"{source}.{base} does not point at {aim[:40]}")
        if name == "_revinclude" and aim != self.type:
            raise SearchParameterError(name, f"'_revinclude' ends at {self.type} here")
        return Include(source, parameter, target)


def _all(groups: Any) -> tuple[str, ...]:
    return tuple(dict.fromkeys(value for group in groups for value in group))


def _may_point_at(parameter: SearchParameter, type_name: str) -> bool:
    return type_name in resource_types() and parameter.may_point_at(type_name)


def _check_modifier(type_name: str, parameter: SearchParameter, modifier: str, name: str) -> None:
    if parameter.type == "string" and modifier == "exact":
        return
    if parameter.type == "reference" and modifier[:1].isupper():
        if _may_point_at(parameter, modifier):
            return
        words = f"{type_name}?{name[:80]}: '{parameter.name}' does not point at '{modifier[:40]}'"
        raise SearchParameterError(name[:80], words)
    raise SearchParameterError(
        name[:80],
        f"{type_name}?{name[:80]}: the modifier ':{modifier[:40]}' is not supported; "
        f"use plain '{parameter.name}'",
    )


def read_count(text: str) -> int:
    """The page size asked for; 0 asks for the total alone."""
    if not _NUMBER.fullmatch(text):
        raise SearchParameterError("_count", "'_count' is a whole number of at most 18 digits")
    return min(int(text), LARGEST_COUNT)


def read_cursor(text: str) -> tuple[Any, ...]:
    fault = SearchParameterError("_cursor", "'_cursor' comes from a next link; do not make it up")
    try:
        values = orjson.loads(base64.urlsafe_b64decode(text + "=" * (-len(text) % 4)))
    except (binascii.Error, ValueError):
        raise fault from None
    if not isinstance(values, list) or not values or type(values[-1]) is not int:
        raise fault
    if not 0 <= values[-1] < 2**63:
        raise fault
    if not all(isinstance(v, str) and "\x00" not in v for v in values[:-1]):
        raise fault
    return tuple(values)
