"""Inserts many rows of one table with two statements, whatever their number.

Django's `bulk_create` quotes every element of every array by itself: most of the time of storing
a prediction went there. Here all rows are one JSON parameter.
"""

from collections.abc import Sequence

import orjson
from django.db import connection, models

from patients.models import Resource

UPDATE_RESOURCES = """
    UPDATE patients_resource r
    SET version = n.version, content_hash = n.content_hash, deleted = n.deleted,
        last_updated = n.last_updated, sent_at = n.sent_at, patient_id = n.patient_id,
        tokens = n.tokens, refs = n.refs, date_low = n.date_low, date_high = n.date_high,
        search_values = n.search_values
    FROM jsonb_to_recordset(%s::jsonb) AS n(
        id bigint, version int, content_hash text, deleted boolean, last_updated timestamptz,
        sent_at timestamptz, patient_id bigint, tokens text[], refs text[], date_low timestamptz,
        date_high timestamptz, search_values jsonb)
    WHERE r.id = n.id
"""


def next_ids(table: type[models.Model], count: int) -> list[int]:
    """Primary keys taken from the table's sequence: pages of a search go by them."""
    if not count:
        return []
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT nextval(pg_get_serial_sequence(%s, 'id')) FROM generate_series(1, %s)",
            [table._meta.db_table, count],
        )
        return [row[0] for row in cursor.fetchall()]


def insert(objects: Sequence[models.Model]) -> None:
    """Store new rows of one table; each object gets its primary key."""
    if not objects:
        return
    table = type(objects[0])
    for one, key in zip(objects, next_ids(table, len(objects)), strict=True):
        one.pk = key
        one._state.adding, one._state.db = False, connection.alias
    fields = table._meta.concrete_fields
    names = ", ".join(f'"{field.column}"' for field in fields)
    typed = ", ".join(f'"{field.column}" {field.db_type(connection)}' for field in fields)
    rows = [{field.column: getattr(one, field.attname) for field in fields} for one in objects]
    with connection.cursor() as cursor:
        cursor.execute(
            f'INSERT INTO "{table._meta.db_table}" ({names})'  # noqa: S608 names of our own tables
            f" SELECT {names} FROM json_to_recordset(%s::json) AS n({typed})",
            [orjson.dumps(rows, option=orjson.OPT_SERIALIZE_NUMPY).decode()],
        )


def replace_resources(resources: Sequence[Resource]) -> None:
    """Store the columns of rows that are there, by one statement."""
    fields = Resource._meta.concrete_fields
    changed = [{field.column: getattr(row, field.attname) for field in fields} for row in resources]
    with connection.cursor() as cursor:
        cursor.execute(UPDATE_RESOURCES, [orjson.dumps(changed).decode()])
