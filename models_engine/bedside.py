"""Observations at the bedside: one set, taken within an hour, each with its time of day.

Every value must be at most `max_age_hours` old, so all of them lie within that span. A value that
is dated to the day only may be from another hour, and does not count. Nothing is read for a person
who is not in hospital: the one reason is the same for every value, and stays the same.
"""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from typing import NamedTuple

from models_engine.catalogue.bedside.inputs import NOT_IN_HOSPITAL
from models_engine.catalogue.contract import Input, Refusal
from models_engine.found import Found, measured, missing, source_of
from patients.record.moments import TIME
from patients.record.state import State, Value
from patients.record.stays import in_hospital

# a Glasgow Coma Scale of 15 is alert; the scale ends there
GCS_ALERT = 15
# room air holds 21 % of oxygen
PERCENT_IN_AIR = 21
ACVPU = {
    "A": "alert",
    "C": "new confusion",
    "V": "responds to voice",
    "P": "responds to pain",
    "U": "unresponsive",
}


class _Said(NamedTuple):
    """One observation that answers a question with yes (1) or no (0)."""

    value: Value
    answer: float
    display: str


def observed(state: State, declared: Input) -> Found:
    """The newest measurement with its time, if it is recent enough."""
    if in_hospital(state) is None:
        return Found(refusal=NOT_IN_HOSPITAL)
    newest = next((v for v in _timed(state, declared.concept) if v.value is not None), None)
    if newest is None or _is_too_old(newest, declared, state.as_of):
        return _none(declared, newest, _undated(state, (declared.concept,)))
    return replace(measured(declared, newest), expires_at=_end(newest, declared))


def not_alert(state: State, declared: Input) -> Found:
    """1.0 for C, V, P or U, or a Glasgow Coma Scale below 15; the newest observation counts."""
    said = [
        _Said(v, float(v.code != "A"), f"{v.code} ({ACVPU[v.code]})")
        for v in _timed(state, "acvpu")
        if v.code in ACVPU
    ]
    said += [
        _Said(v, float(v.value < GCS_ALERT), f"Glasgow Coma Scale {v.value:g}")
        for v in _timed(state, "gcs")
        if v.value is not None
    ]
    return _answered(state, declared, said, ("acvpu", "gcs"))


def supplemental_oxygen(state: State, declared: Input) -> Found:
    """1.0 on oxygen, 0.0 on air that somebody recorded; nothing recorded is missing, not air."""
    said = [
        _Said(v, float(v.code == "oxygen"), f"{v.display or v.code}")
        for v in _timed(state, "inhaled_oxygen")
    ]
    said += [
        _Said(v, float(v.value > 0), f"oxygen flow {v.value:g} L/min")
        for v in _timed(state, "oxygen_flow")
        if v.value is not None
    ]
    said += [
        _Said(v, float(round(v.value) > PERCENT_IN_AIR), f"inhaled oxygen {v.value:g} %")
        for v in _timed(state, "fio2")
        if v.value is not None
    ]
    return _answered(state, declared, said, ("inhaled_oxygen", "oxygen_flow", "fio2"))


BEDSIDE: Mapping[str, Callable[[State, Input], Found]] = {
    "not_alert": not_alert,
    "supplemental_oxygen": supplemental_oxygen,
}


def _answered(
    state: State, declared: Input, said: Sequence[_Said], concepts: tuple[str, ...]
) -> Found:
    """The newest answer; of two at one moment the one that is worse for the person."""
    if in_hospital(state) is None:
        return Found(refusal=NOT_IN_HOSPITAL)
    newest = max(said, key=lambda one: (one.value.effective_at, one.answer), default=None)
    if newest is None or _is_too_old(newest.value, declared, state.as_of):
        return _none(declared, newest.value if newest else None, _undated(state, concepts))
    doubtful = newest.value.quality == "verify"
    source = source_of(
        declared, newest.value, newest.answer, "verify" if doubtful else "used", newest.display
    )
    why = f"{declared.label} ({newest.display}): {newest.value.reason}. Used; please verify."
    return Found(
        newest.answer,
        source,
        notes=(why,) if doubtful else (),
        expires_at=_end(newest.value, declared),
    )


def _timed(state: State, concept: str) -> list[Value]:
    return [value for value in state.series(concept) if value.precision == TIME]


def _undated(state: State, concepts: tuple[str, ...]) -> Value | None:
    """The newest value that has a day and no time."""
    found = [v for concept in concepts for v in state.series(concept) if v.precision != TIME]
    return max(found, key=lambda value: value.effective_at, default=None)


def _limit(declared: Input) -> timedelta:
    return timedelta(hours=declared.max_age_hours or 0)


def _end(value: Value, declared: Input) -> datetime:
    return value.effective_at + _limit(declared)


def _is_too_old(value: Value, declared: Input, as_of: datetime) -> bool:
    return as_of > _end(value, declared)


def _none(declared: Input, old: Value | None, undated: Value | None) -> Found:
    if old is not None and (undated is None or undated.effective_date <= old.effective_date):
        at = old.effective_at.astimezone(UTC)
        text = (
            f"{declared.label}: last at {at:%H:%M} UTC on {at.date()}, more than "
            f"{_spoken(declared)} ago. {declared.order}"
        )
        return Found(refusal=Refusal("too_old", declared.concept, text))
    if undated is not None:
        text = f"{declared.label}: recorded on {undated.effective_date} without the time of day."
        return missing(declared, f"{text} {declared.order}")
    return missing(declared, f"{declared.label}: none recorded. {declared.order}")


def _spoken(declared: Input) -> str:
    hours = declared.max_age_hours or 0
    return "1 hour" if hours == 1 else f"{hours:g} hours"
