"""The parameters of a history."""

from dataclasses import dataclass
from datetime import datetime
from urllib.parse import urlencode

from django.http import QueryDict

from patients.fhir import dates
from patients.fhir.search import SearchParameterError

KNOWN = ("_count", "_since", "_before")


@dataclass(frozen=True)
class HistoryQuery:
    """`before` is the version at which the page before this one ended."""

    count: int | None = None
    since: datetime | None = None
    before: int = 0
    echo: tuple[tuple[str, str], ...] = ()

    def url(self, address: str, *, before: int = 0) -> str:
        pairs = [*self.echo]
        if before:
            pairs = [pair for pair in pairs if pair[0] != "_before"] + [("_before", str(before))]
        return f"{address}?{urlencode(pairs)}" if pairs else address


def parse_history(given: QueryDict) -> HistoryQuery:
    """Raises SearchParameterError (400) for what a history does not take."""
    pairs = [(n, v) for n, vs in given.lists() for v in vs if n not in ("_format", "_pretty")]
    for name in {name for name, _ in pairs}:
        if name not in KNOWN:
            words = f"a history takes {', '.join(KNOWN[:2])}, not '{name[:40]}'"
            raise SearchParameterError(name[:40], words)
        if len(given.getlist(name)) > 1:
            raise SearchParameterError(name, f"'{name}' is given twice")
    found = dict(pairs)
    return HistoryQuery(
        _number(found, "_count"), _moment(found), _number(found, "_before") or 0, tuple(pairs)
    )


def _number(found: dict[str, str], name: str) -> int | None:
    if name not in found:
        return None
    if not (found[name].isascii() and found[name].isdigit() and len(found[name]) < 10):
        raise SearchParameterError(name, f"'{name}' is a whole number")
    return int(found[name])


def _moment(found: dict[str, str]) -> datetime | None:
    if "_since" not in found:
        return None
    try:
        return dates.parse_search(found["_since"]).low
    except ValueError as fault:
        raise SearchParameterError("_since", f"'_since': {fault}") from None
