"""What happened to a person, in order: conditions, periods of medication, key measurements.

Pure over facts, so that the page, a test and a replay draw the same line. It shows what the
record says, doubtful facts included and marked; only what was entered in error is left out.
"""

from collections import defaultdict
from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from datetime import datetime
from typing import Literal

from patients.record.drafts import Kind, Quality
from patients.record.medication_facts import UNCLASSIFIED as UNCLASSIFIED_MEDICATION
from patients.record.state_as_of import StoredFact

KEY_MEASUREMENTS = (
    "systolic_bp",
    "diastolic_bp",
    "ldl_cholesterol",
    "hba1c",
    "creatinine",
    "egfr_reported",
    "urine_acr",
    "bmi",
    "weight",
)


@dataclass(frozen=True, slots=True)
class TimelineEvent:
    """One line or point. `end_at` None is going on, or a point for a measurement.

    `concepts` are all that the entry stands for; `facts` the facts behind it, first to last, for
    provenance. `value` is in the concept's canonical `unit`.
    """

    kind: Literal["condition", "medication", "measurement"]
    label: str
    concepts: tuple[str, ...]
    start_at: datetime
    precision: str
    end_at: datetime | None
    quality: str
    reason: str
    facts: tuple[StoredFact, ...]
    value: float | None = None
    unit: str = ""


def timeline(
    facts: Iterable[StoredFact],
    *,
    until: datetime,
    measurements: Sequence[str] = KEY_MEASUREMENTS,
) -> list[TimelineEvent]:
    """Events that started at or before `until`, oldest first; ties by kind, then label.

    One entry per condition resource, though it may state several concepts. Orders of one drug that
    touch or overlap are one period. Measurements are those of `measurements` that may be used.
    """
    known = [fact for fact in facts if fact.quality != Quality.INACTIVE and _start(fact) <= until]
    events = [*_conditions(known), *_medications(known), *_measurements(known, measurements)]
    return sorted(events, key=lambda event: (event.start_at, event.kind, event.label))


def _start(fact: StoredFact) -> datetime:
    return fact.effective_at or fact.recorded_at


def _by_resource(facts: Iterable[StoredFact], kind: Kind) -> list[list[StoredFact]]:
    """Facts of a kind, those of one resource together."""
    found: defaultdict[tuple[str, str], list[StoredFact]] = defaultdict(list)
    for fact in facts:
        if fact.kind == kind.value:
            found[fact.resource_type, fact.resource_fhir_id].append(fact)
    return [sorted(group, key=lambda fact: fact.id) for group in found.values()]


def _event(
    kind: Literal["condition", "medication", "measurement"], group: list[StoredFact], label: str
) -> TimelineEvent:
    first = group[0]
    return TimelineEvent(
        kind=kind,
        label=label,
        concepts=tuple(dict.fromkeys(fact.concept for fact in group)),
        start_at=_start(first),
        precision=first.effective_precision,
        end_at=first.end_at,
        quality=first.quality,
        reason=first.reason,
        facts=tuple(group),
    )


def _conditions(facts: Iterable[StoredFact]) -> list[TimelineEvent]:
    groups = _by_resource(facts, Kind.CONDITION)
    return [_event("condition", group, group[0].display) for group in groups]


def _medications(facts: Iterable[StoredFact]) -> list[TimelineEvent]:
    periods: defaultdict[str, list[TimelineEvent]] = defaultdict(list)
    for group in _by_resource(facts, Kind.MEDICATION):
        first = group[0]
        named = first.value_code if first.concept != UNCLASSIFIED_MEDICATION else ""
        label = named or first.display
        periods[label].append(_event("medication", group, label))
    return [event for found in periods.values() for event in _merged(found)]


def _merged(periods: list[TimelineEvent]) -> list[TimelineEvent]:
    """Periods of one drug, touching ones joined. An open period takes in all that follow."""
    merged: list[TimelineEvent] = []
    for period in sorted(periods, key=lambda event: event.start_at):
        before = merged[-1] if merged else None
        if before and (before.end_at is None or period.start_at <= before.end_at):
            end = _later_end(before.end_at, period.end_at)
            merged[-1] = replace(before, end_at=end, facts=(*before.facts, *period.facts))
        else:
            merged.append(period)
    return merged


def _later_end(one: datetime | None, other: datetime | None) -> datetime | None:
    return None if one is None or other is None else max(one, other)


def _measurements(facts: Iterable[StoredFact], concepts: Sequence[str]) -> list[TimelineEvent]:
    return [
        replace(_event("measurement", [fact], fact.concept), value=fact.value, unit=fact.unit)
        for fact in facts
        if fact.concept in concepts and Quality(fact.quality).feeds_models
    ]
