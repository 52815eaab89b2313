"""Partial FHIR dates as half-open intervals: "2020" means some moment of that year.

Times without an offset, and dates, are taken as UTC. The first and last days of the calendar are
cut off, so that every bound is a datetime that Python and the database can hold.
"""

import re
from calendar import monthrange
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from functools import lru_cache
from typing import Literal

Precision = Literal["year", "month", "day", "minute", "second", "fraction"]
EARLIEST = datetime(1, 1, 2, tzinfo=UTC)
LATEST = datetime(9999, 12, 31, tzinfo=UTC)
_MOMENT = re.compile(
    r"(?P<year>[0-9]{4})(-(?P<month>[0-9]{2})(-(?P<day>[0-9]{2})"
    r"(T(?P<hour>[0-9]{2}):(?P<minute>[0-9]{2})(:(?P<second>[0-9]{2})(\.(?P<fraction>[0-9]+))?)?"
    r"(?P<offset>Z|[+-][0-9]{2}:[0-9]{2})?)?)?)?",
    re.ASCII,
)
_TICK = timedelta(microseconds=1)


@dataclass(frozen=True)
class PartialDate:
    """What the text can mean: low <= moment < high, both in UTC."""

    low: datetime
    high: datetime
    precision: Precision


@lru_cache(maxsize=16_384)
def parse(text: str) -> PartialDate:
    """Read a FHIR date, dateTime or instant.

    Raises ValueError for what the calendar does not have (30 February, 24:00), for a time without
    seconds or without an offset, and for anything else.
    """
    match = _MOMENT.fullmatch(text)
    if match is not None and match["hour"]:
        if match["second"] is None:
            raise ValueError(f"{text[:40]!r}: a time needs its seconds")
        if match["offset"] is None:
            raise ValueError(f"{text[:40]!r}: a time needs its offset from UTC (Z or +hh:mm)")
    return _read(text, match)


def parse_search(text: str) -> PartialDate:
    """Read a date of a search: seconds and offset may be missing.

    A "+" that arrived as a space, which it does when a client forgets to encode it, is mended.
    """
    mended = text.replace(" ", "+")
    return _read(mended, _MOMENT.fullmatch(mended))


def _read(text: str, match: re.Match[str] | None) -> PartialDate:
    if match is None:
        raise ValueError(f"{text[:40]!r} is not a date: YYYY, YYYY-MM, YYYY-MM-DD or a full time")
    precision = _precision(match)
    try:
        low, high = _bounds(match, precision)
    except ValueError:
        raise ValueError(f"{text[:40]!r} is not a date of the calendar") from None
    return PartialDate(low, high, precision)


def _precision(match: re.Match[str]) -> Precision:
    if match["month"] is None:
        return "year"
    if match["day"] is None:
        return "month"
    if match["hour"] is None:
        return "day"
    if match["second"] is None:
        return "minute"
    return "fraction" if match["fraction"] else "second"


def _bounds(match: re.Match[str], precision: Precision) -> tuple[datetime, datetime]:
    year, month, day = int(match["year"]), int(match["month"] or 1), int(match["day"] or 1)
    hour, minute = int(match["hour"] or 0), int(match["minute"] or 0)
    # R4 allows leap seconds; Python's clock has none, and the one before keeps the day
    second = 59 if match["second"] == "60" else int(match["second"] or 0)
    fraction = (match["fraction"] or "")[:6]
    micro = int(fraction.ljust(6, "0"))
    low = datetime(year, month, day, hour, minute, second, micro, tzinfo=UTC)
    last = low.replace(microsecond=int(fraction.ljust(6, "9")))
    if precision not in ("second", "fraction"):
        last = last.replace(second=59)
    if precision not in ("minute", "second", "fraction"):
        last = last.replace(hour=23, minute=59)
    if precision == "year":
        last = last.replace(month=12, day=31)
    if precision == "month":
        last = last.replace(day=monthrange(year, month)[1])
    offset = _offset(match["offset"])
    return _utc(low, offset), min(_utc(last, offset), LATEST - _TICK) + _TICK


def _offset(text: str | None) -> timedelta:
    if text is None or text == "Z":
        return timedelta()
    hours, minutes = int(text[1:3]), int(text[4:6])
    if hours > 14 or minutes > 59 or (hours == 14 and minutes):
        raise ValueError("no such offset")
    size = timedelta(hours=hours, minutes=minutes)
    return -size if text[0] == "-" else size


def _utc(local: datetime, offset: timedelta) -> datetime:
    if not EARLIEST <= local <= LATEST:
        return EARLIEST if local < EARLIEST else LATEST
    return min(max(local - offset, EARLIEST), LATEST)
