"""How old a value may be: '1 h', '3 mo', '2 y' of the concept tables as spans of time."""

from datetime import timedelta
from math import ceil

_DAYS = {"d": 1.0, "mo": 365.25 / 12, "y": 365.25}


def span(text: str) -> timedelta | None:
    """A span in whole days, rounded up so that the same calendar day still counts; None if empty.

    '2 y' is 731 days: a value of 20 November 2024 still counts on 20 November 2026. Hours stay
    hours.

    Raises:
        ValueError: the text is not a number and one of h, d, mo, y.
    """
    if not text:
        return None
    number, _, unit = text.partition(" ")
    if unit == "h":
        return timedelta(hours=float(number))
    if unit not in _DAYS:
        raise ValueError(f"{text!r} is no span")
    return timedelta(days=ceil(float(number) * _DAYS[unit]))
