"""Ends what waits in quarantine when its own resource is deleted or said anew."""

from collections import defaultdict
from collections.abc import Collection, Mapping, Sequence
from datetime import datetime

from django.db import connection

from patients.errors import FhirError
from patients.services import conditionals
from patients.services.conditionals import Condition
from patients.services.interactions import Interaction

DELETED = "the resource was deleted after this was sent"
SAID_AGAIN = "a later update was sent that agrees with what is stored"
SENT_ANEW = "a later update of the same resource was sent"
LATER_LINE = "a later line of the same import has the same id and is stored"
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
SUPERSEDE_ROWS = """
    UPDATE patients_quarantinedresource
    SET state = 'superseded', ended_at = %s, ended_by = 'system', retry_at = NULL,
        note = %s || CASE method WHEN 'TRANSACTION'
                     THEN '; none of the ' || entries || ' entries of this transaction is stored'
                     ELSE '' END
    WHERE state = 'waiting' AND id = ANY(%s)
"""
OUTDATED = """
    UPDATE patients_quarantinedresource q
    SET state = 'superseded', ended_at = %s, ended_by = 'system', note = %s, retry_at = NULL
    FROM patients_resource r
    WHERE q.state = 'waiting' AND q.method = 'PUT' AND q.fhir_id <> ''
      AND r.type = q.type AND r.fhir_id = q.fhir_id AND COALESCE(r.sent_at, r.last_updated) > q.last_received_at
"""
# what waits, or an import that goes on, may bring what was sent before
SAY_AGAIN = """
    UPDATE patients_resource r SET sent_at = %(sent_at)s
    WHERE r.id = ANY(%(pks)s) AND COALESCE(r.sent_at, r.last_updated) < %(sent_at)s
      AND (EXISTS (SELECT 1 FROM patients_quarantinedresource
                   WHERE state = 'waiting' AND last_received_at < %(sent_at)s)
           OR EXISTS (SELECT 1 FROM patients_bulkjob
                      WHERE state IN ('waiting', 'running') AND kind = 'import'
                        AND created_at < %(sent_at)s))
"""
CONDITIONAL = """
    SELECT q.id, split_part(t, '?', 1), substr(t, strpos(t, '?') + 1)
    FROM patients_quarantinedresource q, unnest(q.targets) AS t
    WHERE q.state = 'waiting' AND q.fhir_id = '' AND q.method IN ('PUT', 'TRANSACTION')
      AND q.type = ANY(%s) AND strpos(t, '?') > 0 AND split_part(t, '?', 1) = ANY(%s)
      AND q.last_received_at <= %s
"""


def supersede(targets: Sequence[str], *, note: str, sent_at: datetime, now: datetime) -> None:
    """What waits, was sent until `sent_at` and would change one of these ("Type/id") will not be
    done. A transaction is not done at all: it is all or nothing.
    """
    if targets:
        with connection.cursor() as cursor:
            cursor.execute(SUPERSEDE, [now, note, list(targets), sent_at])


def say_again(said: Mapping[str, int], *, sent_at: datetime, now: datetime) -> None:
    """What is stored ("Type/id" and key of each, locked) was said again at `sent_at`."""
    if not said:
        return
    supersede(sorted(said), note=SAID_AGAIN, sent_at=sent_at, now=now)
    with connection.cursor() as cursor:
        cursor.execute(SAY_AGAIN, {"pks": sorted(said.values()), "sent_at": sent_at})


def supersede_updates(
    targets: Sequence[str], *, but: str, sent_at: datetime, now: datetime
) -> None:
    """Single updates of these that wait have been sent anew; `but`: a digest left alone."""
    if targets:
        with connection.cursor() as cursor:
            statement = f"{SUPERSEDE} AND method = 'PUT' AND digest <> %s"
            cursor.execute(statement, [now, SENT_ANEW, list(targets), sent_at, but])


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
    for, and what it stores is then deleted. Raises FhirError 400 or 412 for its condition.
    """
    deletions = [i for i in interactions if i.method == "DELETE"]
    if not deletions:
        return
    gone = {i.reference for i in deletions if i.fhir_id}
    named = {f"{i.type}?{i.condition}" for i in deletions if i.condition}
    if named:
        asked = [
            conditionals.parse_condition(i.type, i.condition, i.request("url"))
            for i in deletions
            if i.condition
        ]
        for condition, ids in conditionals.find(asked).items():
            gone |= {f"{condition.type}/{fhir_id}" for fhir_id in ids}
    supersede(sorted(gone | named), note=DELETED, sent_at=sent_at, now=now)
    _supersede_conditional(gone, sent_at=sent_at, now=now)


def _supersede_conditional(gone: Collection[str], *, sent_at: datetime, now: datetime) -> None:
    """Conditional updates and deletions that mean one of these, which are here still."""
    types = sorted({reference.partition("/")[0] for reference in gone})
    with connection.cursor() as cursor:
        cursor.execute(CONDITIONAL, [[*types, "Bundle"], types, sent_at])
        waiting = cursor.fetchall()
    asked: dict[Condition, set[int]] = defaultdict(set)
    for pk, type_name, text in waiting:
        try:
            asked[conditionals.parse_condition(type_name, text, "")].add(pk)
        except FhirError:
            # it will never be done
            continue
    meant: set[int] = set()
    for condition, ids in conditionals.find(list(asked)).items():
        if any(f"{condition.type}/{fhir_id}" in gone for fhir_id in ids):
            meant |= asked[condition]
    if meant:
        with connection.cursor() as cursor:
            cursor.execute(SUPERSEDE_ROWS, [now, DELETED, sorted(meant)])


def supersede_outdated(now: datetime) -> int:
    """End every waiting update whose resource has been written since; returns how many."""
    with connection.cursor() as cursor:
        cursor.execute(OUTDATED, [now, WRITTEN])
        return cursor.rowcount
