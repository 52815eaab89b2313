"""Keeps what a tolerant client sent and nobody may use: verbatim, with its faults.

Whoever keeps something here has checked that the sender may write it.
"""

import hashlib
import uuid
from collections.abc import Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any

import orjson
from django.conf import settings
from django.db import connection, transaction

from patients.fhir.json_codec import content_hash
from patients.fhir.outcome import Issue
from patients.models import QuarantinedResource
from patients.services import superseding
from patients.services.fault_places import causes_of, is_fault, listed
from patients.services.interactions import Interaction, Json, Origin, Result, Sender
from patients.services.whom import patients_here, patients_spoken_of

State = QuarantinedResource.State
FIRST_RETRY = timedelta(minutes=1)
LONGEST_WAIT = timedelta(days=1)
LONGEST_TARGET = 500
CONDITIONS = ("if_none_exist", "condition", "if_match", "if_none_match", "full_url")
TABLE = QuarantinedResource._meta.db_table
COLUMNS = [f.attname for f in QuarantinedResource._meta.concrete_fields if f.attname != "id"]
VALUES = ", ".join("%s::jsonb" if c == "faults" else "%s" for c in COLUMNS)
INSERT = f"INSERT INTO {TABLE} ({', '.join(COLUMNS)}) "
# the same again is one more time, not one more row
KEEP = f"""{INSERT} VALUES ({VALUES})
    ON CONFLICT (source, digest) WHERE state = 'waiting' DO UPDATE
    SET times = {TABLE}.times + 1,
        last_received_at = GREATEST({TABLE}.last_received_at, EXCLUDED.last_received_at),
        faults = EXCLUDED.faults, causes = EXCLUDED.causes, about = EXCLUDED.about,
        about_identifiers = EXCLUDED.about_identifiers, patient_id = EXCLUDED.patient_id,
        retry_at = EXCLUDED.retry_at
    RETURNING id
"""  # noqa: S608 our own names
RECORD = f"""
    WITH again AS (
        UPDATE {TABLE} SET times = times + 1, last_received_at = %s
        WHERE source = %s AND digest = %s AND state = 'stored' AND stored_type = %s
          AND stored_id = %s AND stored_version = %s
        RETURNING 1)
    {INSERT} SELECT {VALUES} WHERE NOT EXISTS (SELECT 1 FROM again)
"""  # noqa: S608 our own names
IS_WAITING = f"SELECT 1 FROM {TABLE} WHERE source = %s AND digest = %s AND state = 'waiting'"  # noqa: S608
# in one order, so that nobody waits for one who waits for them
HOLD = """
    SELECT pg_advisory_xact_lock(%s, key)
    FROM (SELECT DISTINCT hashtext(t) AS key FROM unnest(%s::text[]) t ORDER BY 1) keys
"""
TARGET_LOCK = 7006
WAITING = f"""
    SELECT count(*) FROM (
        SELECT 1 FROM {TABLE} WHERE source = %s AND state = 'waiting' LIMIT %s) waiting
"""  # noqa: S608
# how many more may come of a source before its lane is counted again
_room: dict[tuple[str, int], int] = {}


class LaneFull(RuntimeError):
    """As much as may wait of this sender is waiting."""


@dataclass(frozen=True)
class Item:
    """What is kept: one interaction, or a transaction as it was sent, with those in it."""

    method: str
    type: str
    content: bytes
    digest: str
    interactions: Sequence[Interaction]
    fhir_id: str = ""
    conditions: Json = field(default_factory=dict)

    @property
    def targets(self) -> list[str]:
        """ "Type/id" or "Type?condition" of what it would update or delete."""
        named = {
            f"{i.type}?{i.condition}" if i.condition else i.reference
            for i in self.interactions
            if i.method != "POST"
        }
        # what an index cannot hold is in no other request either, in all likelihood
        return sorted(n for n in named if len(n) <= LONGEST_TARGET and "\0" not in n)


def one(interaction: Interaction) -> Item:
    """A create or update. The id of a create means nothing; that of an update is the address's."""
    fhir_id = interaction.fhir_id if interaction.method == "PUT" else ""
    if interaction.condition:
        fhir_id = ""
    conditions = {name: v for name in CONDITIONS if (v := getattr(interaction, name))}
    asked = [interaction.method, interaction.type, fhir_id, conditions]
    return Item(
        interaction.method,
        interaction.type,
        interaction.raw,
        _digest(asked, interaction.resource or {}),
        [interaction],
        fhir_id,
        conditions,
    )


def whole(body: bytes, content: Json, interactions: Sequence[Interaction]) -> Item:
    """A transaction, which is stored whole or not at all."""
    digest = _digest(["TRANSACTION"], content)
    return Item("TRANSACTION", "Bundle", body, digest, interactions)


def keep(
    what: Item | Interaction,
    issues: Sequence[Issue],
    *,
    sender: Sender,
    application_id: int | None,
    now: datetime,
    sent_at: datetime | None = None,
) -> QuarantinedResource:
    """Keep what was refused with these issues; the same again is counted, not kept twice.

    `sent_at`: when it was sent, if that was not now.
    An older update of the same resource that still waits is superseded, and so is this one by an
    update that was sent later and got here first. Raises LaneFull.
    """
    item = one(what) if isinstance(what, Interaction) else what
    with transaction.atomic(), connection.cursor() as cursor:
        hold(item.targets)
        cursor.execute(IS_WAITING, [sender.source, item.digest])
        if cursor.fetchone() is None and is_full(sender.source):
            raise LaneFull
        given: Any = {"sender": sender, "application_id": application_id, "now": sent_at or now}
        values = _values(item, issues, **given)
        cursor.execute(KEEP, [values[column] for column in COLUMNS])
        (pk,) = cursor.fetchone()
        superseding.supersede_updates(
            item.targets, but=item.digest, sent_at=sent_at or now, now=now
        )
        superseding.give_way(pk, now=now)
        return QuarantinedResource.objects.get(pk=pk)


def hold(targets: Sequence[str]) -> None:
    """Until the transaction ends nobody else keeps what has one of these targets."""
    if targets:
        with connection.cursor() as cursor:
            cursor.execute(HOLD, [TARGET_LOCK, list(targets)])


def is_full(source: str) -> bool:
    """Counted again when a tenth of the room there was may be gone: each process has its own
    count, and a few of them go a little beyond the limit.
    """
    most = settings.FHIR_MAX_QUARANTINED
    if _room.get((source, most), 0) > 0:
        _room[source, most] -= 1
        return False
    with connection.cursor() as cursor:
        cursor.execute(WAITING, [source, most])
        (waiting,) = cursor.fetchone()
    _room[source, most] = (most - waiting) // 10
    return bool(waiting >= most)


def record_corrected(
    item: Item,
    issues: Sequence[Issue],
    results: Sequence[Result],
    *,
    origin: Origin,
    sender: Sender,
    application_id: int | None,
    now: datetime,
) -> None:
    """What was stored at once after a correction: the text as it was sent, and what became of it.

    In the transaction that stores it. A later push of the same that changes nothing is counted.
    """
    values = _values(item, issues, sender=sender, application_id=application_id, now=now)
    values |= {
        "public_id": origin.public_id,
        "rules": list(origin.rules),
        "ended_at": now,
        "ended_by": "system",
        "retry_at": None,
        **ending(item.method, results),
    }
    again: list[Any] = [now, sender.source, item.digest]
    again += [values[c] for c in ("stored_type", "stored_id", "stored_version")]
    with connection.cursor() as cursor:
        cursor.execute(RECORD, [*again, *(values[column] for column in COLUMNS)])


def ending(method: str, results: Sequence[Result]) -> Json:
    """Columns that say what became of an item that was done."""
    if method == "TRANSACTION":
        return {"state": State.STORED, "note": f"{len(results)} entries"}
    (result,) = results
    stored = {
        "stored_type": result.type,
        "stored_id": result.fhir_id,
        "stored_version": result.version,
    }
    if method == "POST" and result.status == 200:
        words = f"{result.type}/{result.fhir_id} is here already: nothing of this was stored"
        return {"state": State.SUPERSEDED, "note": words}
    return {"state": State.STORED, "note": "", **stored}


def retry_time(issues: Sequence[Issue], tries: int, now: datetime) -> datetime | None:
    """When to try again by itself: only what is missing may come."""
    faults = [issue for issue in issues if is_fault(issue)]
    if not faults or any(issue.code != "not-found" for issue in faults):
        return None
    return now + min(LONGEST_WAIT, FIRST_RETRY * 2 ** min(tries, 20))


def _values(
    item: Item,
    issues: Sequence[Issue],
    *,
    sender: Sender,
    application_id: int | None,
    now: datetime,
) -> dict[str, Any]:
    """Columns of a new row that waits."""
    resources = [
        (i.resource, i.fhir_id if i.method == "PUT" else "")
        for i in item.interactions
        if i.resource
    ]
    about = patients_spoken_of(resources, base_url=sender.base_url)
    here = patients_here(about.ids)
    row = QuarantinedResource(
        public_id=uuid.uuid4(),
        received_at=now,
        last_received_at=now,
        application_id=application_id,
        source=sender.source,
        request_id=sender.request_id,
        base_url=sender.base_url[:400],
        method=item.method,
        type=item.type,
        fhir_id=item.fhir_id,
        targets=item.targets,
        conditions=orjson.dumps(item.conditions).decode(),
        content=item.content.decode(),
        digest=item.digest,
        causes=causes_of(issues, item.interactions),
        about=about.ids,
        about_identifiers=about.tokens,
        entries=len(item.interactions),
        patient_id=here[0] if len(about.ids) == len(here) == 1 else None,
        retry_at=retry_time(issues, 0, now),
    )
    values = {column: getattr(row, column) for column in COLUMNS}
    return values | {"faults": orjson.dumps(listed(issues, item.interactions)).decode()}


def _digest(asked: Sequence[Any], content: Json) -> str:
    text = orjson.dumps([*asked, content_hash(content)], option=orjson.OPT_SORT_KEYS)
    return hashlib.sha256(text).hexdigest()
