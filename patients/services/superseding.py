"""Ends what waits in quarantine when its own resource is deleted or said anew."""

from collections.abc import Sequence
from datetime import datetime

from django.db import connection

from patients.services.interactions import Interaction

DELETED = "the resource was deleted after this was sent"
SAID_AGAIN = "a later update was sent that agrees with what is stored"
SENT_ANEW = "a later update of the same resource was sent"
WRITTEN = "the resource was written or deleted after this was sent"
SUPERSEDE = """
    UPDATE patients_quarantinedresource
    SET state = 'superseded', ended_at = %s, ended_by = 'system', retry_at = NULL,
        note = %s || CASE method WHEN 'TRANSACTION'
                     THEN '; none of the ' || entries || ' entries of this transaction is stored'
                     ELSE '' END
    WHERE state = 'waiting' AND targets && %s::text[] AND last_received_at <= %s
"""
GIVE_WAY = """
    UPDATE patients_quarantinedresource q
    SET state = 'superseded', ended_at = %s, ended_by = 'system', note = %s, retry_at = NULL
    WHERE q.id = %s AND q.state = 'waiting' AND q.method = 'PUT' AND EXISTS (
        SELECT 1 FROM patients_quarantinedresource o
        WHERE o.state = 'waiting' AND o.method = 'PUT' AND o.id <> q.id
          AND o.targets && q.targets AND o.last_received_at > q.last_received_at)
"""
OUTDATED = """
    UPDATE patients_quarantinedresource q
    SET state = 'superseded', ended_at = %s, ended_by = 'system', note = %s, retry_at = NULL
    FROM patients_resource r
    WHERE q.state = 'waiting' AND q.method = 'PUT' AND q.fhir_id <> ''
      AND r.type = q.type AND r.fhir_id = q.fhir_id AND r.last_updated > q.last_received_at
"""


def supersede(targets: Sequence[str], *, note: str, sent_at: datetime, now: datetime) -> None:
    """What waits, was sent until `sent_at` and would change one of these ("Type/id") will not be
    done. A transaction is not done at all: it is all or nothing.
    """
    if targets:
        with connection.cursor() as cursor:
            cursor.execute(SUPERSEDE, [now, note, list(targets), sent_at])


def supersede_updates(targets: Sequence[str], *, but: str, now: datetime) -> None:
    """Single updates of these that wait have been sent anew; `but`: a digest left alone."""
    if targets:
        with connection.cursor() as cursor:
            statement = f"{SUPERSEDE} AND method = 'PUT' AND digest <> %s"
            cursor.execute(statement, [now, SENT_ANEW, list(targets), now, but])


def give_way(pk: int, *, now: datetime) -> None:
    """Of two that were sent at once the later waits, whichever got here first."""
    with connection.cursor() as cursor:
        cursor.execute(GIVE_WAY, [now, SENT_ANEW, pk])


def none_of(entries: int) -> str:
    """What the note of a transaction ends with that is superseded, as SUPERSEDE has it."""
    return f"; none of the {entries} entries of this transaction is stored"


def before_deletions(
    interactions: Sequence[Interaction], *, sent_at: datetime, now: datetime
) -> None:
    """A deletion means what waits too. Before the plan: a replay of it that is going on is waited
    for, and what it stores is then deleted.
    """
    gone = {i.reference for i in interactions if i.method == "DELETE" and i.fhir_id}
    supersede(sorted(gone), note=DELETED, sent_at=sent_at, now=now)


def supersede_outdated(now: datetime) -> int:
    """End every waiting update whose resource has been written since; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(OUTDATED, [now, WRITTEN])
        return cursor.rowcount
