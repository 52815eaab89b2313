"""What search needs of a resource: tokens, references and one date interval.

Token strings, with \\x1f between parameter and value and "|" in a code or system escaped:
    "code\\x1fhttp://loinc.org|8480-6"   system|code
    "code\\x1f8480-6"                    the code in any system
    "code\\x1fhttp://loinc.org|"         any code of the system
    "code\\x1f|8480-6"                   the code without a system
Reference strings: "patient\\x1fPatient/123".
"""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any

from patients.fhir import dates
from patients.fhir.references import follow, parse_reference
from patients.fhir.search_parameters import ElementPath, SearchParameter, search_parameters

SEPARATOR = "\x1f"
# longer values make an index row that PostgreSQL's GIN refuses; nobody searches for them
LONGEST_TOKEN = 500
_EVENT = ElementPath(("event",), "dateTime")
Json = dict[str, Any]


@dataclass(frozen=True)
class IndexEntry:
    """Search values of one resource. A date interval without an end reaches to dates.LATEST."""

    tokens: list[str] = field(default_factory=list)
    refs: list[str] = field(default_factory=list)
    date_low: datetime | None = None
    date_high: datetime | None = None


def extract_index(resource: Json) -> IndexEntry:
    """The index entry of a valid resource whose references are resolved. Without order, unique."""
    tokens: dict[str, None] = {}
    refs: dict[str, None] = {}
    low: datetime | None = None
    high: datetime | None = None
    for parameter in search_parameters(resource["resourceType"]).values():
        for path in parameter.paths:
            if path.steps[0] not in resource:
                continue
            found = follow(resource, path.steps)
            if parameter.type == "token":
                tokens.update(dict.fromkeys(_tokens(parameter.name, path, found)))
            elif parameter.type == "reference":
                refs.update(dict.fromkeys(_refs(parameter, found)))
            else:
                for start, end in _intervals(path, found):
                    low = start if low is None else min(low, start)
                    high = end if high is None else max(high, end)
    return IndexEntry(list(tokens), list(refs), low, high)


def escape(text: str) -> str:
    """Mark what separates system and code, as searches do."""
    return text.replace("\\", "\\\\").replace("|", "\\|") if "|" in text or "\\" in text else text


def token_strings(parameter: str, system: str, code: str) -> Iterator[str]:
    """Every string under which a coded value is found."""
    if len(system) + len(code) > LONGEST_TOKEN:
        return
    prefix, system, code = f"{parameter}{SEPARATOR}", escape(system), escape(code)
    if code:
        yield f"{prefix}{system}|{code}"
        yield f"{prefix}{code}"
    if system:
        yield f"{prefix}{system}|"


def _tokens(name: str, path: ElementPath, values: Iterable[Any]) -> Iterator[str]:
    for value in values:
        if path.type == "CodeableConcept":
            for coding in value.get("coding", ()):
                yield from token_strings(name, coding.get("system", ""), coding.get("code", ""))
        elif path.type == "Coding":
            yield from token_strings(name, value.get("system", ""), value.get("code", ""))
        elif path.type == "Identifier":
            yield from token_strings(name, value.get("system", ""), value.get("value", ""))
        elif isinstance(value, str):  # null where only an extension stands in a list
            yield from token_strings(name, "", value)


def _refs(parameter: SearchParameter, values: Iterable[Any]) -> Iterator[str]:
    for value in values:
        parsed = parse_reference(value.get("reference", ""))
        if parsed.id and parsed.type in parameter.targets and len(parsed.text) <= LONGEST_TOKEN:
            yield f"{parameter.name}{SEPARATOR}{parsed.literal}"


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
