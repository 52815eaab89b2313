"""Makes and ends mappings: what a data steward says that a code or a unit means.

Both are versioned, audited, and followed by a replay of the facts that they touch.
"""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import datetime
from functools import partial
from typing import Any

from django.db import OperationalError, transaction

from patients import audit
from patients.models import Mapping
from patients.services import local_meanings
from patients.signals import mappings_changed
from patients.terminology.mappable import why_not_mappable, why_not_target
from patients.terminology.meanings import Key

LOCK_TIMEOUT = "55P03"
BUSY = "Much is being stored just now. Nothing was changed; please try again in a moment."


class MappingRefusedError(Exception):
    """Words for the steward: why this is not mapped, or its end not recorded."""


@dataclass(frozen=True, slots=True)
class Wish:
    """A mapping that somebody wants to make; `replaces` is the one in force that they saw."""

    key: Key
    target: str
    reason: str
    display: str = ""
    replaces: int | None = None
    preview: dict[str, Any] = field(default_factory=dict)

    def refusal(self) -> str:
        """Why it cannot be made, as far as its own words tell; "" if it can."""
        why = why_not_mappable(self.key) or why_not_target(self.key, self.target)
        return why or ("" if self.reason.strip() else "Say why: others must be able to judge it.")


def in_force(key: Key) -> Mapping | None:
    return versions_of(key).filter(ended_at=None).first()


def versions_of(key: Key) -> Any:
    """All mappings of a key, the newest first."""
    return Mapping.objects.filter(
        kind=key.kind, concept=key.concept, system=key.system, code=key.code, source=key.source
    ).order_by("-version")


def make_mapping(wish: Wish, *, by: Any, now: datetime, request_id: str = "") -> Mapping:
    """Put a mapping in force, and end the version before it.

    Raises MappingRefusedError; nothing is stored then.
    """
    if why := wish.refusal():
        raise MappingRefusedError(why)
    with _alone():
        newest = versions_of(wish.key).first()
        current = newest if newest is not None and newest.ended_at is None else None
        if (current.pk if current else None) != wish.replaces:
            raise MappingRefusedError("Somebody else has mapped it meanwhile. Please look again.")
        if current is not None:
            _end(current, by=by, now=now, reason=wish.reason)
        made = Mapping.objects.create(
            kind=wish.key.kind.value,
            concept=wish.key.concept,
            system=wish.key.system,
            code=wish.key.code,
            source=wish.key.source,
            target=wish.target,
            display=wish.display.strip()[:400],
            reason=wish.reason.strip()[:400],
            preview=wish.preview,
            version=newest.version + 1 if newest else 1,
            made_by=by,
            made_at=now,
        )
        _record("create", made, by, request_id)
    return made


def end_mapping(pk: int, *, by: Any, now: datetime, reason: str, request_id: str = "") -> Mapping:
    """Take a mapping back: what it read is no longer read. Raises MappingRefusedError."""
    if not reason.strip():
        raise MappingRefusedError("Say why it is withdrawn.")
    with _alone():
        mapping = Mapping.objects.filter(pk=pk, ended_at=None).first()
        if mapping is None:
            raise MappingRefusedError("It is not in force any more.")
        _end(mapping, by=by, now=now, reason=reason)
        _record("end", mapping, by, request_id)
    return mapping


@contextmanager
def _alone() -> Iterator[None]:
    """A transaction in which nobody projects anything."""
    with transaction.atomic():
        try:
            # a savepoint, so that a refusal leaves a caller's transaction as it was
            with transaction.atomic():
                local_meanings.take()
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", "") == LOCK_TIMEOUT:
                raise MappingRefusedError(BUSY) from error
            raise
        yield


def _end(mapping: Mapping, *, by: Any, now: datetime, reason: str) -> None:
    mapping.ended_at, mapping.ended_by, mapping.ended_reason = now, by, reason.strip()[:400]
    # what its making has touched is in the audit log; its end is replayed like its making
    mapping.replayed_at, mapping.retry_at = None, None
    mapping.resources = mapping.twins = mapping.attempts = 0
    mapping.last_error = ""
    mapping.save()


def _record(action: str, mapping: Mapping, by: Any, request_id: str) -> None:
    whose = f", of {mapping.source}" if mapping.source else ""
    audit.record(
        actor_kind="user",
        actor=str(by.pk),
        action=action,
        what="mapping",
        detail=f"mapping {mapping.pk}, {mapping.kind}, version {mapping.version}{whose}",
        request_id=request_id,
    )
    transaction.on_commit(
        partial(mappings_changed.send_robust, sender=None, mapping_ids=[mapping.pk])
    )
