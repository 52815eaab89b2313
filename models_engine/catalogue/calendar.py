"""The days on which time alone changes a model's inputs."""

from calendar import isleap, monthrange
from datetime import UTC, date, datetime, timedelta


def next_birthday(birth_date: date, precision: str, on: date) -> date:
    """The first day after `on` on which the age in completed years may change.

    A person born on 29 February completes a year on 1 March of a common year. With a partial
    birth date (`precision` "year" or "month"; `birth_date` its first day) that is the next
    anniversary of the first or of the last day it may mean.
    """
    days = {birth_date, _last_day_meant(birth_date, precision)}
    return min(_next_anniversary(day, on) for day in days)


def _next_anniversary(day: date, on: date) -> date:
    this_year = _anniversary(day, on.year)
    return this_year if this_year > on else _anniversary(day, on.year + 1)


def _anniversary(day: date, year: int) -> date:
    if (day.month, day.day) == (2, 29) and not isleap(year):
        return date(year, 3, 1)
    return day.replace(year=year)


def _last_day_meant(birth_date: date, precision: str) -> date:
    if precision == "year":
        return date(birth_date.year, 12, 31)
    if precision == "month":
        return birth_date.replace(day=monthrange(birth_date.year, birth_date.month)[1])
    return birth_date


def first_day_too_old(effective: date, max_age_days: int) -> date:
    """The first day on which a value of the day `effective` is more than `max_age_days` old."""
    return effective + timedelta(days=max_age_days + 1)


def first_day_ended(end_at: datetime) -> date:
    """The first whole day (UTC) that lies after an exposure's end."""
    end = end_at.astimezone(UTC)
    midnight = end.replace(hour=0, minute=0, second=0, microsecond=0)
    return end.date() if end == midnight else end.date() + timedelta(days=1)
