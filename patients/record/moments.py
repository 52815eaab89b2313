"""FHIR dates as the moments that facts hold: the first one meant, and the first one after."""

from dataclasses import dataclass
from datetime import datetime, timedelta

from patients.fhir import dates
from patients.record.elements import Json, child, text

DAY = "day"
TIME = "time"
# a period that ends in this year has no end: the usual way to say so in databases without null
NEVER = 9999


@dataclass(frozen=True, slots=True)
class Moment:
    """`at`: the first instant a partial date may mean; `after`: the first it does not mean.

    `after` is None for the year 9999. `precision` is year, month, day or time.
    """

    at: datetime
    after: datetime | None
    precision: str


def moment(text_: str) -> Moment | None:
    """A FHIR date, dateTime or instant; None for anything else. No offset is taken as UTC."""
    try:
        parsed = dates.parse_search(text_)
    except ValueError:
        return None
    precision = parsed.precision if parsed.precision in ("year", "month", DAY) else TIME
    after = None if parsed.high.year >= NEVER else parsed.high
    return Moment(parsed.low, after, precision)


def moment_in(node: Json, *names: str) -> Moment | None:
    """The first of the named members that is a date."""
    return next((found for name in names if (found := moment(text(node, name)))), None)


def start_of(period: Json) -> Moment | None:
    return moment_in(period, "start")


def end_of(period: Json) -> datetime | None:
    """The first instant after a Period: one that ends on a day includes that day."""
    found = moment_in(period, "end")
    if found is None:
        return None
    return found.at if found.precision == TIME else found.after


def period_or_instant(node: Json, stem: str) -> tuple[Moment | None, datetime | None]:
    """Start and end of a choice element: `<stem>DateTime`, `<stem>Instant` or `<stem>Period`."""
    at = moment_in(node, f"{stem}DateTime", f"{stem}Instant")
    if at is not None:
        return at, None
    period = child(node, f"{stem}Period")
    return start_of(period) or moment_in(period, "end"), end_of(period)


def later(at: datetime, span: timedelta) -> datetime | None:
    """`at` plus a span; None when that is beyond the calendar."""
    try:
        return at + span
    except OverflowError:
        return None
