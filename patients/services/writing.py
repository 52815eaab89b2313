"""Stores a plan: COPY for what is new, one UPDATE for what changed, whatever the bundle's size."""

from collections.abc import Iterable, Iterator, Sequence
from contextlib import contextmanager
from datetime import datetime
from typing import Any

import orjson
from django.db import connection

from patients.fhir.search_index import IndexEntry
from patients.models import CareTeamMember, Fact, Resource, ResourceVersion
from patients.services.interactions import Sender
from patients.services.plan import Change
from patients.services.table_rows import UPDATE_RESOURCES

RESOURCE_COLUMNS = [
    "id",
    "type",
    "fhir_id",
    "version",
    "content_hash",
    "deleted",
    "last_updated",
    "sent_at",
    "patient_id",
    "tokens",
    "refs",
    "date_low",
    "date_high",
    "search_values",
]
VERSION_COLUMNS = [
    "resource_id",
    "version",
    "content",
    "method",
    "recorded_at",
    "source",
    "request_id",
]
# below this COPY's three round trips take longer than its speed gains
FEW = 8
MARK_STALE = """
    INSERT INTO patients_staletwin (patient_id, generation, marked_at, attempts, last_error)
    SELECT id, 1, %s, 0, '' FROM unnest(%s::bigint[]) AS id ORDER BY id
    ON CONFLICT (patient_id) DO UPDATE
    SET generation = patients_staletwin.generation + 1, marked_at = EXCLUDED.marked_at,
        attempts = 0, last_error = '', retry_at = NULL
"""


@contextmanager
def together(changes: int) -> Iterator[None]:
    """Few changes are sent as one pipeline: a round trip for each question, not each statement.

    Errors rise when a result is fetched, or at the end of the block. Row counts are not known
    inside, so that no `Model.save()` may run here. COPY does not work in a pipeline.
    """
    if not changes or changes > FEW:
        yield
        return
    with connection.wrap_database_errors, connection.connection.pipeline():
        yield


def write_resources(
    changes: Sequence[Change], sender: Sender, now: datetime, *, sent_at: datetime
) -> None:
    """Resource rows and their new versions. Every change has its keys by now."""
    rows = [_resource_row(change, now, sent_at) for change in changes]
    new = [row for row, change in zip(rows, changes, strict=True) if change.existing is None]
    old = [row for row, change in zip(rows, changes, strict=True) if change.existing is not None]
    for row in new:
        row["tokens"], row["refs"] = array_text(row["tokens"]), array_text(row["refs"])
        row["search_values"] = orjson.dumps(row["search_values"]).decode()
    copy(Resource, RESOURCE_COLUMNS, ([row[c] for c in RESOURCE_COLUMNS] for row in new))
    if old:
        with connection.cursor() as cursor:
            cursor.execute(UPDATE_RESOURCES, [orjson.dumps(old).decode()])
    copy(
        ResourceVersion,
        VERSION_COLUMNS,
        (
            (
                change.pk,
                change.version,
                change.text,
                change.interaction.method,
                now,
                sender.source,
                sender.request_id,
            )
            for change in changes
        ),
    )


def _resource_row(change: Change, now: datetime, sent_at: datetime) -> dict[str, Any]:
    if change.existing is not None:
        # who waited for a lock replaces what was sent a moment later
        sent_at = max(sent_at, change.existing.sent_at)
    return {
        "id": change.pk,
        "type": change.interaction.type,
        "fhir_id": change.interaction.fhir_id,
        "version": change.version,
        "content_hash": change.content_hash,
        "deleted": change.is_deletion,
        "last_updated": now,
        "sent_at": None if sent_at == now else sent_at,
        "patient_id": change.patient_id,
        **(change.index or IndexEntry()).columns,
    }


def array_text(texts: Sequence[str]) -> str:
    """A text[] as COPY takes it; psycopg's own way is four times slower.

    >>> array_text(['a', 'b"c'])
    '{"a","b\\\\"c"}'
    """
    quoted = (
        text.replace("\\", "\\\\").replace('"', '\\"') if "\\" in text or '"' in text else text
        for text in texts
    )
    body = '","'.join(quoted)
    return f'{{"{body}"}}' if texts else "{}"


def replace_facts(resource_pks: Sequence[int], facts: Iterable[Fact]) -> set[int]:
    """Delete the facts of these resources and insert the new; returns the patients that had any."""
    before: set[int] = set()
    if resource_pks:
        with connection.cursor() as cursor:
            cursor.execute(
                "WITH gone AS (DELETE FROM patients_fact WHERE resource_id = ANY(%s)"
                " RETURNING patient_id) SELECT DISTINCT patient_id FROM gone",
                [list(resource_pks)],
            )
            before = {row[0] for row in cursor.fetchall()}
    columns = [f.attname for f in Fact._meta.concrete_fields if f.attname != "id"]
    copy(Fact, columns, ([_column(fact, c) for c in columns] for fact in facts))
    return before


def _column(fact: Fact, name: str) -> Any:
    value = getattr(fact, name)
    # as array_text says
    return f"{{{','.join(map(str, value))}}}" if name == "mappings" else value


def replace_care_team(resource_pks: Sequence[int], rows: Iterable[CareTeamMember]) -> None:
    """The memberships that these resources state, anew."""
    if resource_pks:
        CareTeamMember.objects.filter(resource_id__in=resource_pks).delete()
    columns = [f.attname for f in CareTeamMember._meta.concrete_fields if f.attname != "id"]
    copy(CareTeamMember, columns, ([getattr(row, c) for c in columns] for row in rows))


def mark_stale(patient_ids: Iterable[int], now: datetime) -> list[int]:
    """Mark these twins in the caller's transaction; returns the ids, sorted."""
    ids = sorted(set(patient_ids))
    if ids:
        with connection.cursor() as cursor:
            cursor.execute(MARK_STALE, [now, ids])
    return ids


def _is_pipelined() -> bool:
    return bool(connection.connection.pgconn.pipeline_status)


def copy(table: type, columns: Sequence[str], rows: Iterable[Sequence[Any]]) -> None:
    """Insert rows by COPY, a few of them by INSERT; no statement when there are none."""
    listed = list(rows)
    if not listed:
        return
    names = ", ".join(f'"{column}"' for column in columns)
    if len(listed) <= FEW or _is_pipelined():
        one = f"({', '.join(['%s'] * len(columns))})"
        values = ", ".join([one] * len(listed))
        with connection.cursor() as cursor:
            cursor.execute(
                f"INSERT INTO {table._meta.db_table} ({names}) VALUES {values}",  # type: ignore[attr-defined]  # noqa: S608
                [value for row in listed for value in row],
            )
        return
    with connection.cursor() as cursor:
        statement = f"COPY {table._meta.db_table} ({names}) FROM STDIN"  # type: ignore[attr-defined]
        # COPY bypasses Django's cursor, and with it the translation of database errors
        with connection.wrap_database_errors, cursor.copy(statement) as stream:
            for row in listed:
                stream.write_row(row)
