"""Two values of one concept whose order is not known: both are kept, and far ones are marked."""

from collections import defaultdict
from collections.abc import Iterator, Sequence
from dataclasses import replace
from itertools import takewhile

from patients.record.drafts import MEASURED, Quality
from patients.record.value import Value

TIME, DAY = "time", "day"
# how many times as large a value may be before the other is pointed out: [J]
FAR = 1.3
FAR_OF = dict.fromkeys(("hba1c", "weight", "height", "bmi", "sodium"), 1.1)


def kept_and_marked(values: Sequence[Value]) -> tuple[Value, ...]:
    """Values of one concept, newest first, as the record states them, without repetitions.

    Of one exact moment the first stands alone. Of one date without a time all that differ stay,
    in their order: nobody knows which came last. A value that may be used and has another of
    unknown order beside it, further away than `FAR`, is marked "verify" and names the other.
    """
    kept: list[Value] = []
    beside: defaultdict[int, list[Value]] = defaultdict(list)
    for value in values:
        if kept and _is_measured(value) and _is_same_moment(kept[-1], value):
            if not all(_differ(other, value) for other in _of_moment(kept)):
                continue
            if value.precision == kept[-1].precision == TIME:
                beside[len(kept) - 1].append(value)
                continue
        kept.append(value)
    return tuple(_marked(kept, place, beside[place]) for place in range(len(kept)))


def _is_measured(value: Value) -> bool:
    return value.kind in MEASURED and value.quality in (Quality.USABLE, Quality.VERIFY)


def _is_same_moment(one: Value, other: Value) -> bool:
    return _is_measured(one) and one.effective_at == other.effective_at


def _of_moment(kept: Sequence[Value]) -> Iterator[Value]:
    """Those at the end of `kept` that are of its last moment."""
    return takewhile(lambda value: _is_same_moment(value, kept[-1]), reversed(kept))


def _differ(one: Value, other: Value) -> bool:
    return (one.value, one.code) != (other.value, other.code)


def _marked(kept: Sequence[Value], place: int, beside: Sequence[Value]) -> Value:
    value = kept[place]
    if not _is_measured(value):
        return value
    others = [*_of_unknown_order(kept, place), *beside]
    far = list(dict.fromkeys(_spoken(other) for other in others if _is_far(value, other)))
    if not far:
        return value
    when = "moment" if value.precision == TIME and beside else "day"
    said = f"another value of the same {when} is recorded: {', '.join(far)}"
    reason = f"{value.reason}; {said}" if value.reason else said
    return replace(value, quality=Quality.VERIFY.value, reason=reason)


def _of_unknown_order(kept: Sequence[Value], place: int) -> list[Value]:
    """Neighbours of the same date of which one has no time of day."""
    value, found = kept[place], []
    for step in (-1, 1):
        at = place + step
        while 0 <= at < len(kept) and kept[at].effective_date == value.effective_date:
            other = kept[at]
            if _is_measured(other) and not value.precision == other.precision == TIME:
                found.append(other)
            at += step
    return found


def _is_far(one: Value, other: Value) -> bool:
    if one.value is None or other.value is None:
        return one.code != other.code
    low, high = sorted((one.value, other.value))
    return high > low * FAR_OF.get(one.concept, FAR) if low > 0 else high != low


def _spoken(value: Value) -> str:
    return f"{value.value:.4g} {value.unit}".strip() if value.value is not None else value.code
