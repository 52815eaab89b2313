"""Days and moments as the reader's language writes them."""

from datetime import UTC, date, datetime

from django.utils import timezone
from django.utils.formats import date_format
from django.utils.translation import pgettext

from patients.models import Patient


def day_text(moment: datetime, precision: str = "time") -> str:
    """ "20 November 2026", and no more than is known of a moment that is told to a month or year.

    A moment is shown in the zone of the site; a date without a time of day is that date anywhere.
    """
    return _written(day_of(moment, precision), precision)


def birth_day_text(patient: Patient) -> str:
    """The birth date with the precision that was recorded; "" without one."""
    if patient.birth_date is None:
        return ""
    return _written(patient.birth_date, patient.birth_date_precision)


def day_of(moment: datetime, precision: str = "time") -> date:
    """The calendar day on which a reader would look it up."""
    zone = None if precision == "time" else UTC
    return timezone.localtime(moment, zone).date()


def time_text(moment: datetime) -> str:
    """ "14:05 UTC", with the zone that it is told in."""
    return date_format(timezone.localtime(moment), "H:i e")


def _written(day: date, precision: str) -> str:
    formats = {
        "year": "Y",
        "month": pgettext("format of a month, see Django's date filter", "F Y"),
    }
    whole = pgettext("format of a day, see Django's date filter", "j F Y")
    return date_format(day, formats.get(precision, whole))
