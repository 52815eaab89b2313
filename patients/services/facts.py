"""Turns the drafts of a projection into rows."""

from collections.abc import Iterable, Iterator
from dataclasses import replace
from datetime import datetime, timedelta
from functools import cache

from patients.models import Fact
from patients.record.drafts import MEASURED, FactDraft, Quality

# a sender's clock, and a day without a time in the sender's time zone
CLOCK_DIFFERENCE = timedelta(days=1)
FROM_THE_FUTURE = "dated after it was received"


def rows_of(
    drafts: Iterable[FactDraft],
    *,
    patient_id: int,
    resource_pk: int,
    reference: tuple[str, str, int],
    recorded_at: datetime,
) -> Iterator[Fact]:
    """Unsaved facts of one resource version; `reference` is (type, id, version)."""
    resource_type, fhir_id, version = reference
    for draft in drafts:
        if _is_from_the_future(draft, recorded_at):
            draft = replace(draft, quality=Quality.IMPLAUSIBLE, reason=FROM_THE_FUTURE)
        yield Fact(
            patient_id=patient_id,
            resource_id=resource_pk,
            resource_type=resource_type,
            resource_fhir_id=fhir_id,
            resource_version=version,
            recorded_at=recorded_at,
            **fitted(draft.columns()),
        )


def _is_from_the_future(draft: FactDraft, recorded_at: datetime) -> bool:
    """A measurement that nobody can have made yet. Orders may well begin tomorrow."""
    return (
        draft.kind in MEASURED
        and draft.quality.feeds_models
        and draft.effective_at is not None
        and draft.effective_at > recorded_at + CLOCK_DIFFERENCE
    )


def fitted(columns: dict[str, object]) -> dict[str, object]:
    """Texts cut to their column: display text is not worth losing a resource."""
    for name, limit in limits().items():
        value = columns.get(name)
        if isinstance(value, str) and len(value) > limit:
            columns[name] = value[:limit]
    return columns


@cache
def limits() -> dict[str, int]:
    """Longest text of each column that has a limit."""
    return {f.name: f.max_length for f in Fact._meta.concrete_fields if f.max_length}
