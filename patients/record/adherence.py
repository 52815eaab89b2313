"""Proportion of days covered by what was handed over.

    covered = days with supply / days from the first fill of the last 365 days to the end

A fill that is collected early begins when the one before it ends. The end is `as_of`, or the day
the medicine was stopped. Supply from before the window, and tablets left over at its start, are
not counted. It tells what was collected, not what was swallowed. No number with fewer than two
fills of known length: one fill cannot tell whether somebody came back. [J]
"""

from collections.abc import Iterable
from dataclasses import dataclass
from datetime import datetime, timedelta

WINDOW = timedelta(days=365)
FEWEST = 2
DAY = timedelta(days=1)


@dataclass(frozen=True, slots=True)
class Fill:
    """Handed over at `at`, for so many days."""

    at: datetime
    days: float


@dataclass(frozen=True, slots=True)
class Adherence:
    """`covered` 0 to 1, of `days` days, from `fills` fills."""

    covered: float
    days: int
    fills: int

    @property
    def percent(self) -> int:
        return round(self.covered * 100)


def adherence(fills: Iterable[Fill], as_of: datetime, ended: datetime | None) -> Adherence | None:
    """Proportion of days covered; None when the fills do not tell."""
    end = min(as_of, ended) if ended else as_of
    counted = sorted(
        (fill for fill in fills if end - WINDOW <= fill.at < end and fill.days > 0),
        key=lambda fill: fill.at,
    )
    if len({fill.at.date() for fill in counted}) < FEWEST:
        return None
    first = counted[0].at
    covered, until = timedelta(), first
    for fill in counted:
        start = max(fill.at, until)
        until = min(start + timedelta(days=fill.days), end)
        covered += max(until - start, timedelta())
        until = max(until, start)
    span = end - first
    return Adherence(min(covered / span, 1.0), max(round(span / DAY), 1), len(counted))
