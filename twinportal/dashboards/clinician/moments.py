"""Moments as a page writes and reads them: in the time zone of the site."""

from datetime import UTC, datetime

from django.utils import timezone

from patients.record.moments import TIME
from patients.record.state import Value


def zone_name() -> str:
    """The site's zone (TWINPORTAL_TIME_ZONE) by its name, e.g. "Europe/Vienna"."""
    return str(timezone.get_current_timezone())


def moment_text(at: datetime) -> str:
    """E.g. "5 Nov 2026, 08:00", as templates write it."""
    return f"{timezone.localtime(at):%-d %b %Y, %H:%M}"


def time_of(value: Value) -> str:
    """When it was, with the time of day only where one was recorded."""
    if value.precision == TIME:
        return moment_text(value.effective_at)
    return f"{value.effective_date:%-d %b %Y}"


def typed_moment(text: str) -> datetime:
    """The moment of "2026-11-18 08:00" in the site's zone, or of "2026-11-18 08:00+01:00"; in UTC.

    Raises ValueError, in words, for a day or time that does not exist, and for one that comes
    twice because the clocks are put back.
    """
    try:
        read = datetime.fromisoformat(text)
    except ValueError:
        raise ValueError("there is no such day or time") from None
    if read.tzinfo is None:
        zone = timezone.get_current_timezone()
        # before and after a change of the clocks, where that time is near one (PEP 495)
        first = read.replace(tzinfo=zone, fold=0)
        before, after = first.utcoffset(), first.replace(fold=1).utcoffset()
        if before != after and before is not None and after is not None:
            why = "is skipped" if before < after else "comes twice"
            given, one, other = (
                moment.isoformat(sep=" ", timespec="minutes")
                for moment in (read, first, first.replace(fold=1))
            )
            raise ValueError(
                f"{given} {why} in {zone_name()}, because the clocks change: write it with its "
                f"offset, {one} or {other}"
            )
        read = first
    return read.astimezone(UTC)
