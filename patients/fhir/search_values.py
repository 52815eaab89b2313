"""Values of search parameters: text in, what the index can be asked for out."""

import re
from datetime import datetime
from decimal import Decimal
from typing import Literal, NamedTuple

from patients.errors import FhirError
from patients.fhir import dates
from patients.fhir.outcome import error
from patients.fhir.references import Reference, parse_reference
from patients.fhir.search_index import (
    LONGEST_NAME,
    LONGEST_TOKEN,
    SEPARATOR,
    IndexEntry,
    escape,
    folded,
    sortable,
)
from patients.fhir.search_parameters import SearchParameter, main_date

Prefix = Literal["eq", "ge", "gt", "le", "lt"]
PREFIXES: tuple[Prefix, ...] = ("eq", "ge", "gt", "le", "lt")
_ID = re.compile(r"[A-Za-z0-9.-]{1,64}")
_DATE = re.compile(r"(?P<prefix>[a-z]{2})?(?P<date>[0-9].*)", re.DOTALL)
_QUANTITY = re.compile(
    r"(?P<prefix>[a-z]{2})?(?P<number>-?[0-9]{1,18}(\.[0-9]{1,18})?)([eE](?P<power>[+-]?[0-9]{1,2}))?"
)


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


class DateFilter(NamedTuple):
    """A date parameter must match one of the ranges."""

    parameter: str
    ranges: tuple[DateRange, ...]

    def matches(self, type_name: str, entry: IndexEntry) -> bool:
        if self.parameter == main_date(type_name):
            return any(r.matches(entry.date_low, entry.date_high) for r in self.ranges)
        found = entry.values.get(self.parameter)
        if found is None:
            return False
        low, high = map(datetime.fromisoformat, found)
        return any(r.matches(low, high) for r in self.ranges)


class QuantityRange(NamedTuple):
    """One comparison of a number; eq means the interval that the number's last digit leaves.

    `unit` is the token that the resource must have, empty for any unit.
    """

    prefix: Prefix
    number: float
    low: float
    high: float
    unit: str

    def matches(self, value: float, tokens: list[str]) -> bool:
        if self.unit and self.unit not in tokens:
            return False
        return {
            "eq": self.low <= value < self.high,
            "ge": value >= self.number,
            "gt": value > self.number,
            "le": value <= self.number,
            "lt": value < self.number,
        }[self.prefix]


class QuantityFilter(NamedTuple):
    parameter: str
    ranges: tuple[QuantityRange, ...]

    def matches(self, entry: IndexEntry) -> bool:
        values = entry.values.get(self.parameter, ())
        return any(r.matches(value, entry.tokens) for r in self.ranges for value in values)


def values_of(name: str, text: str) -> list[str]:
    """Split at commas that are not escaped; escapes stay for the value's own reader."""
    if "\x00" in text:
        raise SearchParameterError(name, f"'{name}' has a NUL character")
    values = split(text, ",")
    if not all(values):
        raise SearchParameterError(name, f"'{name}' has an empty value")
    return values


def split(text: str, separator: str) -> list[str]:
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


def unescape(text: str) -> str:
    return re.sub(r"\\(.)", r"\1", text) if "\\" in text else text


def read_id(text: str) -> str:
    if not _ID.fullmatch(text):
        raise SearchParameterError("_id", "'_id' is up to 64 letters, digits, '-' and '.'")
    return text


def read_token(parameter: SearchParameter, text: str) -> list[str]:
    name = parameter.name
    parts = [unescape(part) for part in split(text, "|")]
    _short(name, "".join(parts))
    if len(parts) > 2:
        raise SearchParameterError(
            name, f"'{name}': write system|code, and \\| for a '|' inside either"
        )
    if not any(parts):
        raise SearchParameterError(name, f"'{name}' has neither system nor code")
    value = "|".join(map(escape, parts))
    return [f"{key}{SEPARATOR}{value}" for key in parameter.keys]


def read_uri(parameter: SearchParameter, text: str) -> list[str]:
    wanted = _short(parameter.name, unescape(text))
    return [f"{key}{SEPARATOR}{wanted}" for key in parameter.keys]


def _short(name: str, text: str) -> str:
    """The index has no longer values: the beginning of one must not find another."""
    if len(text) > LONGEST_TOKEN:
        raise SearchParameterError(name, f"'{name}' is longer than {LONGEST_TOKEN} characters")
    return text


def read_name(parameter: SearchParameter, text: str, *, exact: bool) -> str:
    text = unescape(text)
    if exact:
        return f"{parameter.name}:exact{SEPARATOR}{_short(parameter.name, text)}"
    wanted = folded(text)
    if not wanted or len(wanted) > LONGEST_NAME:
        raise SearchParameterError(
            parameter.name, f"'{parameter.name}' is 1 to {LONGEST_NAME} characters of a name"
        )
    return f"{parameter.name}{SEPARATOR}{wanted}"


def read_references(
    parameter: SearchParameter, text: str, base_url: str, *, only: str = ""
) -> list[str]:
    """ "Type/id", an absolute URL, or an id alone, which stands for every type it can be of."""
    text = _short(parameter.name, unescape(text))
    parsed = parse_reference(text, base_url=base_url)
    if parsed.kind in ("relative", "absolute") and parsed.id:
        _check_reference(parameter.name, parsed, only)
        return [f"{key}{SEPARATOR}{parsed.literal}" for key in parameter.keys]
    targets = (only,) if only else parameter.targets
    if not _ID.fullmatch(text) or targets == ("*",):
        raise SearchParameterError(
            parameter.name,
            f"'{parameter.name}' is Type/id"
            + ("" if targets == ("*",) else ", an id alone")
            + " or an absolute URL that ends so",
        )
    return [f"{key}{SEPARATOR}{target}/{text}" for key in parameter.keys for target in targets]


def _check_reference(name: str, asked: Reference, only: str) -> None:
    if asked.version:
        raise SearchParameterError(name, f"'{name}' is searched without a version")
    if only and asked.type != only:
        words = f"'{name}:{only}' is about a {only}, not about '{asked.type}/{asked.id}'"
        raise SearchParameterError(name, words)


def read_date(name: str, text: str) -> DateRange:
    match = _DATE.fullmatch(unescape(text))
    if match is None:
        raise SearchParameterError(name, f"'{name}' is a date such as 2024-05 or ge2024-05-01")
    try:
        partial = dates.parse_search(match["date"])
    except ValueError as fault:
        raise SearchParameterError(name, f"'{name}': {fault}") from None
    return DateRange(_prefix(name, match["prefix"]), partial.low, partial.high)


def read_quantity(parameter: SearchParameter, text: str) -> QuantityRange:
    name = parameter.name
    parts = [unescape(part) for part in split(text, "|")]
    match = _QUANTITY.fullmatch(parts[0])
    if match is None or len(parts) not in (1, 3):
        words = f"'{name}' is a number, or number|system|code, such as gt5.4 or 5.4||mmol/L"
        raise SearchParameterError(name, words)
    number = Decimal(match["number"]).scaleb(int(match["power"] or 0))
    half = Decimal(1).scaleb(_exponent(number)) / 2
    unit = ""
    if len(parts) == 3 and (parts[1] or parts[2]):
        system, code = escape(parts[1]), escape(parts[2])
        unit = f"{name}{SEPARATOR}" + (f"{system}|{code}" if system else code)
    return QuantityRange(
        _prefix(name, match["prefix"]),
        float(number),
        float(number - half),
        float(number + half),
        unit,
    )


def date_bounds(asked: DateRange) -> tuple[str, str]:
    """The range as the index writes dates that have no column."""
    return sortable(asked.low), sortable(asked.high)


def _exponent(number: Decimal) -> int:
    exponent = number.as_tuple().exponent
    return exponent if isinstance(exponent, int) else 0


def _prefix(name: str, text: str | None) -> Prefix:
    for prefix in PREFIXES:
        if prefix == (text or "eq"):
            return prefix
    raise SearchParameterError(
        name, f"'{name}': prefix '{text}' is not supported; use {', '.join(PREFIXES)}"
    )
