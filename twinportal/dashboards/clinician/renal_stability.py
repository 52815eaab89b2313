"""Whether creatinine was stable: kinetics that follow the kidneys assume that it was."""

from collections.abc import Sequence
from datetime import datetime, timedelta

from patients.record.state import Value
from twinportal.dashboards.clinician.moments import time_of

# values that differ by more than this share are not one stable kidney function; within so few days
# any two are compared, and the newest with all of the longer span [J]
STABLE_SHARE, STABLE_DAYS, LOOK_BACK_DAYS = 1.3, 7, 90
UNSTABLE = (
    "the kidneys' clearance is not stable, and these kinetics, from the newest creatinine, assume "
    "that it is."
)
CHANGED = (
    "if that is not the patient's own level by now, the kidneys' clearance is not stable, and these "
    "kinetics assume that it is."
)


def recent_creatinine(series: Sequence[Value], now: datetime) -> list[Value]:
    """The values of the last 90 days, oldest first; two of one day are two."""
    begun = now - timedelta(days=LOOK_BACK_DAYS)
    found = [v for v in series if v.value and begun <= v.effective_at <= now]
    return sorted(found, key=lambda value: value.effective_at)


def unstable_creatinine(series: Sequence[Value], now: datetime) -> list[str]:
    """Up to two warnings: a change within 7 days, and of the newest from one further back."""
    values = recent_creatinine(series, now)
    if not values:
        return []
    begun, newest, found = now - timedelta(days=STABLE_DAYS), values[-1], []
    within = [v for v in values if v.effective_at >= begun]
    if (
        within
        and _ratio(lowest := min(within, key=_of), highest := max(within, key=_of)) > STABLE_SHARE
    ):
        first, second = sorted((lowest, highest), key=lambda value: value.effective_at)
        found.append(f"{_went(first, second)}, within {STABLE_DAYS} days: {UNSTABLE}")
    before = [v for v in values if v.effective_at < begun and _ratio(v, newest) > STABLE_SHARE]
    if before:
        # the nearest in time says most of how fast it changed
        days = (newest.effective_date - before[-1].effective_date).days
        found.append(
            f"{_went(before[-1], newest)}, {days} day{'' if days == 1 else 's'} later: {CHANGED}"
        )
    return found


def _of(value: Value) -> float:
    return float(value.value or 0.0)


def _ratio(one: Value, other: Value) -> float:
    low, high = sorted((_of(one), _of(other)))
    return high / low


def _went(first: Value, second: Value) -> str:
    return (
        f"Creatinine went from {_of(first):g} mg/dL ({time_of(first)}) to {_of(second):g} mg/dL "
        f"({time_of(second)})"
    )
