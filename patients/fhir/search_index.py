"""What search needs of a resource: tokens, references, one date interval and some more values.

Token strings, with \\x1f between parameter and value and "|" in a code or system escaped:
    "code\\x1fhttp://loinc.org|8480-6"   system|code
    "code\\x1f8480-6"                    the code in any system
    "code\\x1fhttp://loinc.org|"         any code of the system
    "code\\x1f|8480-6"                   the code without a system
    "family\\x1fsmi"                     every beginning of a name, folded
    "family:exact\\x1fSmith"             the name as it stands
Reference strings: "subject\\x1fPatient/123".
"""

import unicodedata
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from functools import lru_cache
from typing import Any

from patients.fhir import dates
from patients.fhir.references import follow, parse_reference
from patients.fhir.search_parameters import (
    ElementPath,
    SearchParameter,
    indexed_parameters,
    main_date,
)

SEPARATOR = "\x1f"
# longer values make an index row that PostgreSQL's GIN refuses; nobody searches for them
LONGEST_TOKEN = 500
LONGEST_NAME = 80
NAME_PARTS = ("family", "given", "text", "prefix", "suffix")
_EVENT = ElementPath(("event",), "dateTime")
Json = dict[str, Any]


@dataclass(frozen=True)
class IndexEntry:
    """Search values of one resource. A date interval without an end reaches to dates.LATEST.

    `values` holds what has no index of its own: {"issued": [low, high]} as sortable UTC texts,
    {"value-quantity": [5.4]}.
    """

    tokens: list[str] = field(default_factory=list)
    refs: list[str] = field(default_factory=list)
    date_low: datetime | None = None
    date_high: datetime | None = None
    values: dict[str, list[Any]] = field(default_factory=dict)

    @property
    def columns(self) -> dict[str, Any]:
        """The same by the names that a stored resource's row has for it."""
        return {
            "tokens": self.tokens,
            "refs": self.refs,
            "date_low": self.date_low,
            "date_high": self.date_high,
            "search_values": self.values,
        }


def extract_index(resource: Json) -> IndexEntry:
    """The index entry of a valid resource whose references are resolved. Without order, unique."""
    type_name = resource["resourceType"]
    tokens: dict[str, None] = {}
    refs: dict[str, None] = {}
    intervals: dict[str, tuple[datetime, datetime]] = {}
    values: dict[str, list[Any]] = {}
    for parameter in indexed_parameters(type_name):
        for path in parameter.paths:
            if path.steps[0] not in resource:
                continue
            found = _found(resource, path.steps)
            match parameter.type:
                case "token":
                    tokens.update(dict.fromkeys(_tokens(parameter.name, path, found)))
                case "reference":
                    refs.update(dict.fromkeys(_refs(parameter, found)))
                case "date":
                    _widen(intervals, parameter.name, _intervals(path, found))
                case "string":
                    tokens.update(dict.fromkeys(_names(parameter.name, path, found)))
                case "uri":
                    tokens.update(dict.fromkeys(_uris(parameter.name, found)))
                case "quantity":
                    for quantity in found:
                        _add_quantity(tokens, values, parameter.name, path, quantity)
    low, high = intervals.pop(main_date(type_name), (None, None))
    values |= {name: [sortable(a), sortable(b)] for name, (a, b) in intervals.items()}
    return IndexEntry(list(tokens), list(refs), low, high, values)


def _found(resource: Json, steps: tuple[str, ...]) -> Iterable[Any]:
    """follow(), quicker for the many paths of one step."""
    if len(steps) > 1:
        return follow(resource, steps)
    value = resource[steps[0]]
    return value if isinstance(value, list) else (value,)


def sortable(moment: datetime) -> str:
    """UTC text that sorts as time does."""
    return moment.astimezone(UTC).strftime("%Y-%m-%dT%H:%M:%S.%fZ").rjust(27, "0")


def folded(text: str) -> str:
    """Without case, accents and doubled spaces, as names are compared."""
    plain = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return " ".join("".join(c for c in plain if not unicodedata.combining(c)).split())


def escape(text: str) -> str:
    """Mark what separates system and code, as searches do."""
    return text.replace("\\", "\\\\").replace("|", "\\|") if "|" in text or "\\" in text else text


@lru_cache(maxsize=16_384)  # the same codes come again and again
def token_strings(parameter: str, system: str, code: str) -> tuple[str, ...]:
    """Every string under which a coded value is found."""
    if len(system) + len(code) > LONGEST_TOKEN:
        return ()
    prefix, system, code = f"{parameter}{SEPARATOR}", escape(system), escape(code)
    found = (f"{prefix}{system}|{code}", f"{prefix}{code}") if code else ()
    return (*found, f"{prefix}{system}|") if system else found


def _tokens(name: str, path: ElementPath, values: Iterable[Any]) -> Iterator[str]:
    for value in values:
        if path.type == "CodeableConcept":
            for coding in value.get("coding", ()):
                yield from token_strings(name, coding.get("system", ""), coding.get("code", ""))
        elif path.type == "Coding":
            yield from token_strings(name, value.get("system", ""), value.get("code", ""))
        elif path.type == "Identifier":
            yield from token_strings(name, value.get("system", ""), value.get("value", ""))
        elif isinstance(value, bool):
            yield from token_strings(name, "", "true" if value else "false")
        elif isinstance(value, str):  # null where only an extension stands in a list
            yield from token_strings(name, "", value)


def _refs(parameter: SearchParameter, values: Iterable[Any]) -> Iterator[str]:
    for value in values:
        # a canonical is a text, with the version behind a bar
        text = value.partition("|")[0] if isinstance(value, str) else value.get("reference", "")
        parsed = parse_reference(text)
        if parsed.id and parameter.may_point_at(parsed.type) and len(parsed.text) <= LONGEST_TOKEN:
            yield f"{parameter.name}{SEPARATOR}{parsed.literal}"


def _names(name: str, path: ElementPath, values: Iterable[Any]) -> Iterator[str]:
    """Every beginning of every part of a name, so that a search for one is a look-up."""
    for value in values:
        parts = (
            [p for key in NAME_PARTS for p in follow(value, (key,))]
            if path.type == "HumanName"
            else [value]
        )
        for part in parts:
            if not isinstance(part, str):
                continue
            if len(part) <= LONGEST_TOKEN:
                yield f"{name}:exact{SEPARATOR}{part}"
            text = folded(part)[:LONGEST_NAME]
            yield from (f"{name}{SEPARATOR}{text[:end]}" for end in range(1, len(text) + 1))


def _uris(name: str, values: Iterable[Any]) -> Iterator[str]:
    for value in values:
        if isinstance(value, str) and len(value) <= LONGEST_TOKEN:
            yield f"{name}{SEPARATOR}{value}"


def _add_quantity(
    tokens: dict[str, None],
    values: dict[str, list[Any]],
    name: str,
    path: ElementPath,
    quantity: Json,
) -> None:
    """The number is a value, its unit a token, by code and as it is written."""
    number = quantity.get("value")
    if path.type != "Quantity" or not isinstance(number, int | float):
        return
    values.setdefault(name, []).append(number)
    unit, system, code = (quantity.get(key, "") for key in ("unit", "system", "code"))
    tokens.update(dict.fromkeys(token_strings(name, system, code)))
    if unit and unit != code and len(unit) <= LONGEST_TOKEN:
        tokens[f"{name}{SEPARATOR}{escape(unit)}"] = None


def _widen(
    intervals: dict[str, tuple[datetime, datetime]],
    name: str,
    found: Iterable[tuple[datetime, datetime]],
) -> None:
    for low, high in found:
        before = intervals.get(name, (low, high))
        intervals[name] = (min(before[0], low), max(before[1], high))


def _intervals(path: ElementPath, values: Iterable[Any]) -> Iterator[tuple[datetime, datetime]]:
    for value in values:
        if path.type == "Period":
            yield from _period(value)
        elif path.type == "Timing":
            yield from _intervals(_EVENT, value.get("event", ()))
            yield from _period(value.get("repeat", {}).get("boundsPeriod", {}))
        elif path.type in ("date", "dateTime", "instant") and isinstance(value, str):
            partial = dates.parse(value)
            yield partial.low, partial.high


def _period(period: Json) -> Iterator[tuple[datetime, datetime]]:
    start, end = period.get("start"), period.get("end")
    if start or end:
        low = dates.parse(start).low if start else dates.EARLIEST
        yield low, (dates.parse(end).high if end else dates.LATEST)
