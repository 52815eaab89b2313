"""When a medication counts as taken: the interval that each medication resource stands for.

The record says what was ordered, stated, given or handed over, not what was swallowed. The rules
are our judgement [J], on the careful side: an exposure is counted only as far as the record
carries it, because an assumed treatment changes a risk as much as a missed one.

* MedicationRequest, active: from the start of the dosage (else `authoredOn`, else the validity
  period) until the dosage's own end; refills and supply do not end it, the prescriber still says
  "active". On hold: not counted. Completed: until the dosage's end, else start plus supply
  (expected duration times one plus repeats), else the end of validity. Stopped: until the dosage's
  end. With no end known, an order that is over counts for no time at all.
  Proposals, options, drafts, cancelled orders and "do not perform" never count; a plan counts and
  is marked: US Core sends what a patient reports as a plan.
* MedicationStatement: its effective period; active without an end is going on.
* MedicationAdministration: its period, else 24 hours.
* MedicationDispense: handed over plus days' supply; without days' supply it counts for no time.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

from patients.record.drafts import Quality
from patients.record.elements import Json, child, children, text
from patients.record.judgement import FINE, Judgement, inactive, settled, verify
from patients.record.moments import (
    Moment,
    end_of,
    later,
    moment_in,
    period_or_instant,
    start_of,
)

ADMINISTRATION = timedelta(days=1)
_UNIT_DAYS = {
    "s": 1 / 86400,
    "min": 1 / 1440,
    "h": 1 / 24,
    "d": 1.0,
    "wk": 7.0,
    "mo": 365.25 / 12,
    "a": 365.25,
    "day": 1.0,
    "days": 1.0,
    "week": 7.0,
    "weeks": 7.0,
    "month": 365.25 / 12,
    "months": 365.25 / 12,
    "year": 365.25,
    "years": 365.25,
}
_NO_END = "over; the day of its end is not recorded"


@dataclass(frozen=True, slots=True)
class Exposure:
    """Half-open: [start.at, end). `end` None is going on; `end` = start counts for no time."""

    start: Moment | None
    end: datetime | None
    judgement: Judgement


def exposure(resource: Json) -> Exposure:
    """The exposure that a medication resource of any of the four types stands for."""
    rules = {
        "MedicationRequest": _request,
        "MedicationStatement": _statement,
        "MedicationAdministration": _administration,
        "MedicationDispense": _dispense,
    }
    return rules[text(resource, "resourceType")](resource)


def _request(resource: Json) -> Exposure:
    status = text(resource, "status")
    bounds = _bounds(resource)
    dispense = child(resource, "dispenseRequest")
    validity = child(dispense, "validityPeriod")
    start = bounds.start or moment_in(resource, "authoredOn") or start_of(validity)
    standing = [_intent(resource)]
    if bounds.start is None and start and bounds.length:
        bounds = _Bounds(None, later(start.at, bounds.length), None)
    if status == "active":
        return _going_on(start, bounds.end, standing)
    if status == "on-hold":
        return _over(start, None, [*standing, Judgement(FINE.quality, "on hold: not counted")])
    if status == "completed":
        end = bounds.end or _supplied(start, dispense) or end_of(validity)
        return _over(start, end, standing)
    if status == "stopped":
        return _over(start, bounds.end, standing)
    standing.append(inactive(f"order {status or 'without status'}"))
    return _over(start, bounds.end, standing)


def _intent(resource: Json) -> Judgement:
    if resource.get("doNotPerform") is True:
        return inactive("an order not to give it")
    intent = text(resource, "intent")
    if intent in ("proposal", "option"):
        return inactive(f"{intent}, not an order")
    return verify("a plan or a report, not an order") if intent == "plan" else FINE


def _statement(resource: Json) -> Exposure:
    status = text(resource, "status")
    start, end = period_or_instant(resource, "effective")
    start = start or moment_in(resource, "dateAsserted")
    if status == "active":
        return _going_on(start, end, [])
    if status in ("completed", "stopped"):
        return _over(start, end, [])
    if status == "on-hold":
        return _over(start, None, [Judgement(FINE.quality, "on hold: not counted")])
    return _over(start, end, [inactive(f"statement {status or 'without status'}")])


def _administration(resource: Json) -> Exposure:
    status = text(resource, "status")
    start, end = period_or_instant(resource, "effective")
    if status == "in-progress":
        return _going_on(start, end, [])
    given = end or (later(start.at, ADMINISTRATION) if start else None)
    if status in ("completed", "stopped"):
        return _over(start, given, [])
    return _over(start, given, [inactive(f"administration {status or 'without status'}")])


def _dispense(resource: Json) -> Exposure:
    status = text(resource, "status")
    handed = moment_in(resource, "whenHandedOver")
    start = handed or moment_in(resource, "whenPrepared")
    supply = _duration(child(resource, "daysSupply"))
    end = later(start.at, supply) if start and supply else None
    if status == "completed" or (status == "in-progress" and handed):
        return _over(start, end, [])
    if status == "stopped":
        return _over(start, None, [])
    return _over(start, end, [inactive(f"dispense {status or 'without status'}")])


def days_supplied(dispense: Json) -> float | None:
    """Days that a MedicationDispense lasts; None when it does not say."""
    supply = _duration(child(dispense, "daysSupply"))
    return supply / timedelta(days=1) if supply else None


def _going_on(start: Moment | None, end: datetime | None, standing: list[Judgement]) -> Exposure:
    undated = verify("no date: counted from the day it reached us")
    return Exposure(start, end, settled(FINE, *standing, *([] if start else [undated])))


def _over(start: Moment | None, end: datetime | None, standing: list[Judgement]) -> Exposure:
    """An exposure that has ended; unknown ends and ends before the start leave no time."""
    if start is None:
        undated = Judgement(Quality.UNDATED, "no date: when it was taken is not known")
        return Exposure(None, end, settled(FINE, *standing, undated))
    known = [] if end else [Judgement(FINE.quality, _NO_END)]
    return Exposure(start, max(end or start.at, start.at), settled(FINE, *standing, *known))


@dataclass(frozen=True, slots=True)
class _Bounds:
    """What the dosage instructions say together: first start, last end, longest length."""

    start: Moment | None
    end: datetime | None
    length: timedelta | None


def _bounds(resource: Json) -> _Bounds:
    """Bounds of all dosages. One that has none leaves the end open."""
    repeats = [
        child(child(dosage, "timing"), "repeat")
        for dosage in children(resource, "dosageInstruction")
    ]
    starts, ends, lengths = [], [], []
    for repeat in repeats:
        period = child(repeat, "boundsPeriod")
        length = _duration(child(repeat, "boundsDuration")) or _duration(
            child(child(repeat, "boundsRange"), "high")
        )
        starts.append(start_of(period))
        ends.append(end_of(period))
        lengths.append(length)
    first = min((start for start in starts if start), key=lambda start: start.at, default=None)
    last = None if None in ends else max((end for end in ends if end), default=None)
    longest = None if None in lengths else max((one for one in lengths if one), default=None)
    return _Bounds(first, last, longest)


def _supplied(start: Moment | None, dispense: Json) -> datetime | None:
    duration = _duration(child(dispense, "expectedSupplyDuration"))
    if start is None or duration is None:
        return None
    repeats = dispense.get("numberOfRepeatsAllowed")
    fills = 1 + repeats if isinstance(repeats, int) and 0 <= repeats < 1000 else 1
    return later(start.at, duration * fills)


def _duration(quantity: Json) -> timedelta | None:
    """A FHIR Duration, or a Quantity of days; None without a positive number or a unit of time."""
    value = quantity.get("value")
    days = _UNIT_DAYS.get(text(quantity, "code")) or _UNIT_DAYS.get(
        text(quantity, "unit").casefold()
    )
    if isinstance(value, bool) or not isinstance(value, int | float) or not days or value <= 0:
        return None
    try:
        return timedelta(days=value * days)
    except OverflowError:
        return None
