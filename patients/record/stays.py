"""Stays in a hospital, read from a state: in one now, how long, how it began, what came before.

Pure functions over `State`. The facts are those of `encounter_facts`; stays that overlap (a ward
inside a hospital stay, a stay sent twice) are one stay.
"""

from calendar import monthrange
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta

from patients.record.encounter_facts import DISPOSITION, SERVICE
from patients.record.moments import later
from patients.record.state import State
from patients.record.value import Value
from patients.terminology.encounters import EMERGENCY, IN_HOSPITAL, INPATIENT, OBSERVED

# an emergency visit that ended at most so long before an admission led to it: [J]
LEADS_TO = timedelta(hours=24)
# an encounter that is open for longer was never closed in the record: [J]
OPEN_FOR: Mapping[str, timedelta] = {
    EMERGENCY: timedelta(days=3),
    OBSERVED: timedelta(days=7),
    INPATIENT: timedelta(days=365),
}
_INSTANT = timedelta(microseconds=1)
_FOREVER = datetime.max.replace(tzinfo=UTC) - LEADS_TO


@dataclass(frozen=True, slots=True)
class Stay:
    """One stay, from admission to discharge. `end_at` None is going on.

    `days` are calendar days, None when the record does not say; `admission` is emergency,
    elective or empty; `values` are the facts that state it, the first to begin first.
    """

    start_at: datetime
    end_at: datetime | None
    days: int | None
    admission: str
    values: tuple[Value, ...]

    def holds(self, moment: datetime) -> bool:
        """Whether the moment lies in the stay, its end included."""
        return self.start_at <= moment and (self.end_at is None or moment <= self.end_at)


def in_hospital(state: State) -> Value | None:
    """The inpatient, emergency or observation encounter going on; the last begun if several.

    One that nobody closed for very long is not believed.
    """
    going_on = [
        value
        for concept in IN_HOSPITAL
        for value in state.series(concept)
        if value.is_active(state.as_of) and state.as_of < _end(value)
    ]
    return max(going_on, key=lambda value: value.effective_at, default=None)


def stays(state: State) -> tuple[Stay, ...]:
    """Inpatient stays, the last begun first."""
    return tuple(_stay(group) for group in reversed(_merged(state.series(INPATIENT))))


def emergency_before(state: State, stay: Stay) -> Value | None:
    """The emergency visit that led to the stay: the last that ended within 24 hours before it, or
    went on when it began."""
    led = [
        value
        for value in state.series(EMERGENCY)
        if value.effective_at <= stay.start_at and stay.start_at <= _end(value) + LEADS_TO
    ]
    return max(led, key=lambda value: value.effective_at, default=None)


def admission_of(state: State, stay: Stay) -> tuple[str, Value | None]:
    """emergency, elective or empty, and the fact that says so.

    What the stay itself says comes first; one that an emergency visit led to is an emergency.
    """
    if stay.admission:
        return stay.admission, next(v for v in stay.values if v.code == stay.admission)
    visit = emergency_before(state, stay)
    return ("emergency", visit) if visit else ("", None)


def emergency_visits_before(
    state: State, stay: Stay, months: int = 6
) -> tuple[tuple[Value, ...], ...]:
    """Emergency visits that began in the months before the stay, without the one that led to it.

    Each as the facts that state it.
    """
    since = months_before(stay.start_at, months)
    led = emergency_before(state, stay)
    groups = _merged(state.series(EMERGENCY))
    return tuple(
        tuple(group)
        for group in groups
        if since <= group[0].effective_at < stay.start_at and led not in group
    )


def admissions_before(state: State, stay: Stay, months: int = 12) -> tuple[Stay, ...]:
    """Inpatient stays that began in the months before this one, the last first."""
    since = months_before(stay.start_at, months)
    return tuple(s for s in stays(state) if since <= s.start_at < stay.start_at)


def disposition_of(state: State, stay: Stay) -> str:
    """Where the person went from there (home, died, transferred ...); empty when not recorded."""
    found = discharge_of(state, stay)
    return found.code if found else ""


def discharge_of(state: State, stay: Stay) -> Value | None:
    """The fact that says where the person went from there, as far as the table knows its code."""
    return _detail(state, DISPOSITION, stay)


def service_of(state: State, stay: Stay) -> Value | None:
    """The service that the person was discharged from, as far as the table knows it."""
    return _detail(state, SERVICE, stay)


def months_before(moment: datetime, months: int) -> datetime:
    """The same day of the month some months earlier, or that month's last day."""
    count = moment.year * 12 + moment.month - 1 - months
    year, month = count // 12, count % 12 + 1
    return moment.replace(year=year, month=month, day=min(moment.day, monthrange(year, month)[1]))


def _detail(state: State, concept: str, stay: Stay) -> Value | None:
    """What the encounter that ended last says."""
    of = {value.resource_id: value for value in state.series(concept)}
    last_first = sorted(stay.values, key=_end, reverse=True)
    return next((of[v.resource_id] for v in last_first if v.resource_id in of), None)


def _end(value: Value) -> datetime:
    """Its end, or the moment from which an open one is not believed to go on."""
    return value.end_at or later(value.effective_at, OPEN_FOR[value.concept]) or _FOREVER


def _merged(values: Iterable[Value]) -> list[list[Value]]:
    """Encounters that overlap, together; groups and their members by their beginning."""
    groups: list[list[Value]] = []
    until = datetime.min.replace(tzinfo=UTC)
    for value in sorted(values, key=lambda v: (v.effective_at, v.resource_id)):
        if groups and value.effective_at < until:
            groups[-1].append(value)
        else:
            groups.append([value])
            until = value.effective_at
        until = max(until, _end(value))
    return groups


def _stay(group: Sequence[Value]) -> Stay:
    end_at = None if any(v.end_at is None for v in group) else max(_end(v) for v in group)
    said = (value.code for value in group if value.code)
    return Stay(
        start_at=group[0].effective_at,
        end_at=end_at,
        days=_days(group, end_at),
        admission=next(said, ""),
        values=tuple(group),
    )


def _days(group: Sequence[Value], end_at: datetime | None) -> int | None:
    """As the one that spans them all says; else by the dates in UTC."""
    if end_at is None:
        return None
    start_at = group[0].effective_at
    whole = [v for v in group if v.effective_at == start_at and v.end_at == end_at]
    if whole or len(group) == 1:
        lengths = [int(v.value) for v in whole if v.value is not None]
        return lengths[0] if lengths else None
    last_day = (end_at - _INSTANT).astimezone(UTC).date()
    return (last_day - start_at.astimezone(UTC).date()).days
