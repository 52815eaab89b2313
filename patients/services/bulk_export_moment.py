"""Fixes what an export holds: the versions up to one moment, with nothing still on its way.

A version bears the time at which its request began, and is seen when its transaction commits: rows
of the past appear later. So the export waits for the transactions that ran at its moment T, and
then notes L, the last number that was given to a version, and waits for those that ran then.
From there on "recorded up to T and numbered up to L" never changes, whatever commits, however
often a worker is killed. What was recorded before T and numbered after L (its clock was read long
before its transaction began) comes with the export that asks `_since=T`: that one knows L.
"""

import time
from datetime import UTC, datetime, timedelta

from django.db import connection
from django.utils import timezone

from patients.models import BulkJob

# between reading the clock and beginning the transaction, where all is well
MARGIN = timedelta(seconds=1)
# nobody's clock and commit are further apart
LATE = timedelta(hours=1)
LOOK_SECONDS = 0.05
LOOKS = 10
# transactions of clients of this database; those of autovacuum have no user
RUNNING = """
    SELECT l.virtualxid FROM pg_locks l JOIN pg_stat_activity a ON a.pid = l.pid
    WHERE l.locktype = 'virtualxid' AND l.mode = 'ExclusiveLock' AND l.granted
      AND l.pid <> pg_backend_pid() AND a.datname = current_database()
      AND a.usesysid IS NOT NULL
"""
LAST = "SELECT CASE WHEN is_called THEN last_value ELSE 0 END FROM {sequence}"


def moment_of(now: datetime) -> datetime:
    """As exact as clients hear of it: what is stored by now is in."""
    rest = timedelta(microseconds=-now.microsecond % 1000)
    return (now + rest).astimezone(UTC)


def fix(job: BulkJob) -> bool:
    """Wait a little; whether the moment is fixed. The job's parameters say how far this came."""
    if job.transaction_time is None:
        raise ValueError("an export has its moment from the beginning")
    found = dict(job.parameters.get("moment", {}))
    if "before" not in found:
        time.sleep(max(0.0, (job.transaction_time + MARGIN - timezone.now()).total_seconds()))
        found["before"] = running()
    if "last" not in found and _ended(found["before"]):
        found["last"] = last_version()
        found["after"] = running()
    found["fixed"] = "last" in found and _ended(found["after"])
    job.parameters = {**job.parameters, "moment": found}
    job.save(update_fields=["parameters"])
    return bool(found["fixed"])


def last_of(moment: datetime) -> int | None:
    """The last version's number of an export of this moment, if there was one."""
    numbers = [
        job.parameters.get("moment", {}).get("last")
        for job in BulkJob.objects.filter(kind=BulkJob.Kind.EXPORT, transaction_time=moment)
    ]
    return min((number for number in numbers if number is not None), default=None)


def running() -> list[str]:
    """The transactions that run at this moment, but for this session's own."""
    with connection.cursor() as cursor:
        cursor.execute(RUNNING)
        return sorted(row[0] for row in cursor.fetchall())


def last_version() -> int:
    """The last number that was given to a version, committed or not."""
    with connection.cursor() as cursor:
        cursor.execute("SELECT pg_get_serial_sequence('patients_resourceversion', 'id')")
        (sequence,) = cursor.fetchone()
        # a sequence's name comes quoted as it must be
        cursor.execute(LAST.format(sequence=sequence))
        return int(cursor.fetchone()[0])


def _ended(transactions: list[str]) -> bool:
    """Whether all of them have ended, within a short while."""
    for look in range(LOOKS):
        if not set(transactions) & set(running()):
            return True
        if look < LOOKS - 1:
            time.sleep(LOOK_SECONDS)
    return False
