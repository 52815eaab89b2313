"""The fixed days of the past at which others are compared with a patient of today. Pure."""

from datetime import datetime, timedelta

from models_engine.monitoring.follow_up import DAYS_A_YEAR
from twinportal.history import anchors

# years that are followed; the longest for which there are enough people is shown, and no other
HORIZONS = (5, 3, 1)
# who was last seen longer than this before the end counts as not followed up [J]
GRACE = {5: timedelta(days=365), 3: timedelta(days=365), 1: timedelta(days=183)}


def anchor(now: datetime, years: int) -> datetime:
    """The last half-year start from which `years` have passed."""
    return anchors(now - length(years) + timedelta(microseconds=1), 1)[0]


def previous(now: datetime, years: int) -> datetime:
    """The half-year start before that: rows of it count until the twins are refreshed."""
    return anchors(anchor(now, years) - timedelta(microseconds=1), 1)[0]


def length(years: int) -> timedelta:
    return timedelta(days=years * DAYS_A_YEAR)
