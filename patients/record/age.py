"""Age in completed years, and only when the birth date allows no doubt."""

from calendar import monthrange
from datetime import date


def completed_years(birth_date: date, precision: str, on: date) -> int | None:
    """Age in completed years on a day.

    A person born on 29 February completes a year on 1 March of a common year. A partial birth
    date (`precision` 'year' or 'month'; `birth_date` its first day) gives an age only if every
    day that it may mean gives the same one; otherwise None, as for a day before birth.
    """
    oldest = _years_between(birth_date, on)
    youngest = _years_between(_last_day_meant(birth_date, precision), on)
    return oldest if oldest == youngest and oldest >= 0 else None


def _years_between(birth_date: date, on: date) -> int:
    before_birthday = (on.month, on.day) < (birth_date.month, birth_date.day)
    return on.year - birth_date.year - before_birthday


def _last_day_meant(birth_date: date, precision: str) -> date:
    if precision == "year":
        return date(birth_date.year, 12, 31)
    if precision == "month":
        return birth_date.replace(day=monthrange(birth_date.year, birth_date.month)[1])
    return birth_date
