"""Adds what a process has counted to the tables of activity."""

from __future__ import annotations

from datetime import UTC, date, datetime
from typing import TYPE_CHECKING

from django.db import connection, transaction

from patients.models import ClientHour, RejectedElement
from patients.models.activity import COUNTS, OTHER

if TYPE_CHECKING:
    from patients.services.activity import Cause, Gathered, Refusals

# different causes of one sender in one day: a path is what a client wrote
MOST_CAUSES = 500
HOURS = ClientHour._meta.db_table
CAUSES = RejectedElement._meta.db_table
ADD_HOUR = (
    f"INSERT INTO {HOURS} AS t (hour, source, last_at, {', '.join(COUNTS)})"  # noqa: S608 our names
    f" VALUES (%s, %s, %s, {', '.join(['%s'] * len(COUNTS))})"
    " ON CONFLICT (hour, source) DO UPDATE SET last_at = greatest(t.last_at, excluded.last_at), "
    + ", ".join(f"{name} = t.{name} + excluded.{name}" for name in COUNTS)
)
KEY = "day, source, type, path, code, status"
ADD_CAUSE = f"""
    INSERT INTO {CAUSES} AS t ({KEY}, count, first_at, last_at, last_request_id)
    VALUES (%s, %s, %s, %s, %s, %s, %s, %s, %s, %s)
    ON CONFLICT ({KEY}) DO UPDATE SET
        count = t.count + excluded.count,
        first_at = least(t.first_at, excluded.first_at),
        last_at = greatest(t.last_at, excluded.last_at),
        last_request_id = CASE WHEN excluded.last_at >= t.last_at
            THEN excluded.last_request_id ELSE t.last_request_id END
"""  # noqa: S608 names of our own
KNOWN = f"SELECT type, path, code, status FROM {CAUSES} WHERE day = %s AND source = %s"  # noqa: S608


def store(gathered: Gathered) -> None:
    """Add all of it, or nothing. Rows in one order: processes that store at once do not deadlock."""
    if not gathered.hours and not gathered.causes:
        return
    with transaction.atomic(), connection.cursor() as cursor:
        cursor.executemany(
            ADD_HOUR,
            [
                [_moment(start), source, _moment(hour.last), *(hour.counts[n] for n in COUNTS)]
                for (start, source), hour in sorted(gathered.hours.items())
            ],
        )
        for (start, source), causes in sorted(gathered.causes.items()):
            day = _moment(start).date()
            cursor.execute(KNOWN, [day, source])
            known = set(cursor.fetchall())
            rows: list[list[str | int | date | datetime]] = [
                [day, source, *cause, n.count, _moment(n.first), _moment(n.last), n.request_id]
                for cause, n in _at_most(causes, known)
            ]
            cursor.executemany(ADD_CAUSE, rows)


def clear_before(moment: datetime) -> None:
    """Forget the counts of hours and days before."""
    ClientHour.objects.filter(hour__lt=moment).delete()
    RejectedElement.objects.filter(day__lt=moment.date()).delete()


def _at_most(
    causes: dict[Cause, Refusals], known: set[tuple[str, str, str, int]]
) -> list[tuple[tuple[str, str, str, int], Refusals]]:
    """In one order; what would be one cause too many goes into the line of the others.

    Processes that store at the same moment may exceed the limit by what each of them brings.
    """
    kept: list[tuple[tuple[str, str, str, int], Refusals]] = []
    for cause, made in sorted(causes.items()):
        if cause not in known and len(known) >= MOST_CAUSES:
            kept.append((("", "", OTHER, 0), made))
        else:
            known.add(cause)
            kept.append((cause, made))
    return sorted(kept, key=lambda row: row[0])


def _moment(seconds: float) -> datetime:
    return datetime.fromtimestamp(seconds, UTC)
