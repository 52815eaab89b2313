"""The search grammar: query parameters in, a checked Query out. Nothing is ignored in silence."""

import re
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from patients.errors import FhirError
from patients.fhir import dates
from patients.fhir.definitions import resource_types
from patients.fhir.outcome import error
from patients.fhir.references import parse_reference
from patients.fhir.search_index import LONGEST_TOKEN, SEPARATOR, IndexEntry, escape, extract_index
from patients.fhir.search_parameters import (
    RESULT_PARAMETERS,
    SEARCH_PARAMETERS,
    SearchParameter,
    search_parameters,
)

__all__ = [
    "SEARCH_PARAMETERS",
    "DateRange",
    "IndexEntry",
    "Query",
    "SearchParameterError",
    "extract_index",
    "parse_query",
]

Prefix = Literal["eq", "ge", "gt", "le", "lt"]
PREFIXES: tuple[Prefix, ...] = ("eq", "ge", "gt", "le", "lt")
DEFAULT_COUNT = 50
LARGEST_COUNT = 1000
_NUMBER = re.compile(r"[0-9]{1,18}")
_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
_DATE = re.compile(r"(?P<prefix>[a-z]{2})?(?P<date>[0-9].*)", re.DOTALL)


class SearchParameterError(FhirError):
    """A parameter, modifier, prefix or value that we do not serve; says what we do serve."""

    def __init__(self, parameter: str, message: str) -> None:
        super().__init__(400, [error("not-supported", message, parameter)])
        self.parameter, self.message = parameter, message

    def __str__(self) -> str:
        return self.message


class DateRange(NamedTuple):
    """One date comparison with what the value of the search can mean, [low, high)."""

    prefix: Prefix
    low: datetime
    high: datetime

    def matches(self, date_low: datetime | None, date_high: datetime | None) -> bool:
        """Compare with the interval [date_low, date_high) of a resource.

        eq: the search's interval contains the resource's. gt, lt: some of the resource's lies
        after, before the search's. ge, le: some of it lies in or after, in or before.
        """
        if date_low is None or date_high is None:
            return False
        if self.prefix == "eq":
            return self.low <= date_low and date_high <= self.high
        if self.prefix in ("gt", "ge"):
            return date_high > (self.high if self.prefix == "gt" else self.low)
        return date_low < (self.low if self.prefix == "lt" else self.high)


@dataclass(frozen=True)
class Query:
    """A search that can be run: every group must match, by at least one of its members.

    `ids` None means any; an empty set means none. `cursor` is the key that a next link carried,
    0 for the first page. `echo` are the parameters as understood: a truthful self link.
    """

    type: str
    ids: frozenset[str] | None = None
    token_groups: tuple[tuple[str, ...], ...] = ()
    ref_groups: tuple[tuple[str, ...], ...] = ()
    date_filters: tuple[tuple[DateRange, ...], ...] = ()
    count: int = DEFAULT_COUNT
    cursor: int = 0
    echo: tuple[tuple[str, str], ...] = ()

    def matches(self, fhir_id: str, entry: IndexEntry) -> bool:
        """The slow, obvious search; a database must find the same."""
        return (
            (self.ids is None or fhir_id in self.ids)
            and all(any(t in entry.tokens for t in group) for group in self.token_groups)
            and all(any(r in entry.refs for r in group) for group in self.ref_groups)
            and all(
                any(r.matches(entry.date_low, entry.date_high) for r in group)
                for group in self.date_filters
            )
        )


def parse_query(type_name: str, pairs: Sequence[tuple[str, str]], *, base_url: str = "") -> Query:
    """Read decoded query parameters. Repeated parameters are AND, a comma is OR.

    Raises SearchParameterError for the first thing that is not served.
    """
    if type_name not in resource_types():
        raise SearchParameterError("", f"'{type_name[:60]}' is not an R4 resource type")
    ids: frozenset[str] | None = None
    tokens, refs, ranges = [], [], []
    count, cursor = DEFAULT_COUNT, 0
    for name, text in pairs:
        if name == "_count":
            count = _count(text)
        elif name == "_cursor":
            cursor = _cursor(text)
        elif name == "_id":
            wanted = frozenset(_id(value) for value in _values(name, text))
            ids = wanted if ids is None else ids & wanted
        else:
            parameter = _parameter(type_name, name)
            values = _values(name, text)
            if parameter.type == "token":
                tokens.append(tuple(_token(name, value) for value in values))
            elif parameter.type == "reference":
                group = [r for v in values for r in _references(parameter, v, base_url)]
                refs.append(tuple(dict.fromkeys(group)))
            else:
                ranges.append(tuple(_date(name, value) for value in values))
    echo = tuple((n, str(count) if n == "_count" else text) for n, text in pairs)
    return Query(type_name, ids, tuple(tokens), tuple(refs), tuple(ranges), count, cursor, echo)


def supported(type_name: str) -> str:
    """The parameters of a type, for a message."""
    return ", ".join([*search_parameters(type_name), *RESULT_PARAMETERS])


def _parameter(type_name: str, name: str) -> SearchParameter:
    known = search_parameters(type_name)
    if name in known:
        return known[name]
    base, colon, modifier = name.partition(":")
    base = base.partition(".")[0]
    if base in known:
        what = f"modifier ':{modifier[:40]}'" if colon else "chained parameter"
        raise SearchParameterError(
            name[:80], f"{type_name}?{name[:80]}: the {what} is not supported; use plain '{base}'"
        )
    raise SearchParameterError(
        name[:80],
        f"{type_name}?{name[:80]}: unknown parameter; supported are {supported(type_name)}",
    )


def _values(name: str, text: str) -> list[str]:
    """Split at commas that are not escaped; escapes stay for the value's own reader."""
    if "\x00" in text:
        raise SearchParameterError(name, f"'{name}' has a NUL character")
    values = _split(text, ",")
    if not all(values):
        raise SearchParameterError(name, f"'{name}' has an empty value")
    return values


def _split(text: str, separator: str) -> list[str]:
    if "\\" not in text:
        return text.split(separator)
    parts, current, position = [], "", 0
    while position < len(text):
        if text[position] == "\\" and position + 1 < len(text):
            current += text[position : position + 2]
            position += 2
            continue
        if text[position] == separator:
            parts.append(current)
            current = ""
        else:
            current += text[position]
        position += 1
    return [*parts, current]


def _unescape(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text) if "\\" in text else text


def _count(text: str) -> int:
    """The page size asked for; 0 asks for the total alone."""
    if not _NUMBER.fullmatch(text):
        raise SearchParameterError("_count", "'_count' is a whole number")
    return min(int(text), LARGEST_COUNT)


def _cursor(text: str) -> int:
    if not _NUMBER.fullmatch(text):
        raise SearchParameterError("_cursor", "'_cursor' comes from a next link; do not make it up")
    return int(text)


def _id(text: str) -> str:
    if not _ID.fullmatch(text):
        raise SearchParameterError("_id", "'_id' is up to 64 letters, digits, '-' and '.'")
    return text


def _token(name: str, text: str) -> str:
    parts = [_unescape(part) for part in _split(text, "|")]
    if sum(map(len, parts)) > LONGEST_TOKEN:
        raise SearchParameterError(name, f"'{name}' is longer than {LONGEST_TOKEN} characters")
    if len(parts) > 2:
        raise SearchParameterError(
            name, f"'{name}': write system|code, and \\| for a '|' inside either"
        )
    if len(parts) == 1:
        return f"{name}{SEPARATOR}{escape(parts[0])}"
    system, code = parts
    if not system and not code:
        raise SearchParameterError(name, f"'{name}' has neither system nor code")
    return f"{name}{SEPARATOR}{escape(system)}|{escape(code)}"


def _references(parameter: SearchParameter, text: str, base_url: str) -> list[str]:
    """ "Type/id", an absolute URL, or an id alone, which stands for every type it can be of."""
    text = _unescape(text)
    prefix = f"{parameter.name}{SEPARATOR}"
    parsed = parse_reference(text, base_url=base_url)
    if parsed.kind in ("relative", "absolute") and parsed.id:
        return [prefix + parsed.literal]
    if not _ID.fullmatch(text):
        raise SearchParameterError(
            parameter.name, f"'{parameter.name}' is an id, Type/id or an absolute URL of that form"
        )
    return [f"{prefix}{target}/{text}" for target in parameter.targets]


def _date(name: str, text: str) -> DateRange:
    match = _DATE.fullmatch(_unescape(text))
    if match is None:
        raise SearchParameterError(name, f"'{name}' is a date such as 2024-05 or ge2024-05-01")
    prefix = match["prefix"] or "eq"
    if prefix not in PREFIXES:
        raise SearchParameterError(
            name, f"'{name}': prefix '{prefix}' is not supported; use {', '.join(PREFIXES)}"
        )
    try:
        partial = dates.parse_search(match["date"])
    except ValueError as fault:
        raise SearchParameterError(name, f"'{name}': {fault}") from None
    return DateRange(prefix, partial.low, partial.high)
