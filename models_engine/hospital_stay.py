"""Inputs about the index stay: the inpatient stay that ended today or in the last 30 days."""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass
from datetime import UTC, date, timedelta

from models_engine.catalogue.calendar import first_day_too_old
from models_engine.catalogue.contract import Input, Refusal
from models_engine.catalogue.discharge.lace import COMORBIDITIES
from models_engine.catalogue.feature_set import InputUsed
from models_engine.found import Found, measured, missing, raw_of, source_of
from patients.record.condition_facts import UNCLASSIFIED as CONDITION_UNCLASSIFIED
from patients.record.state import State, Value
from patients.record.stays import (
    Stay,
    admission_of,
    admissions_before,
    discharge_of,
    disposition_of,
    emergency_visits_before,
    service_of,
    stays,
)
from patients.terminology.conditions import FOR_PRESCRIBING

# readmission scores speak of the 30 days after discharge
DAYS_AFTER = 30
# the CKD stages that count as moderate or severe renal disease: [J]
SEVERE_STAGES = frozenset({"G4", "G5"})
# where somebody lives on with care; rehabilitation is a stay in a hospital that goes on
CARE_FACILITIES = frozenset({"facility", "long_term_care"})
_INSTANT = timedelta(microseconds=1)


@dataclass(frozen=True)
class _Index:
    """The index stay, or why there is none and when time alone may change that."""

    stay: Stay | None = None
    why_not: Refusal | None = None
    expires: date | None = None


def last_disposition(state: State) -> str:
    """Where the last inpatient stay ended; empty when that is not recorded."""
    last = next(iter(stays(state)), None)
    return disposition_of(state, last) if last else ""


def opens_on(state: State) -> date | None:
    """The day on which a stay that is going on becomes the index stay by itself: a planned end."""
    return _index(state).expires


def _index(state: State) -> _Index:
    last = next(iter(stays(state)), None)
    if last is None:
        return _no_index("no inpatient stay is recorded.")
    today = state.as_of.astimezone(UTC).date()
    if last.end_at is None or _last_day(last) > today:
        since = last.start_at.astimezone(UTC).date()
        text = (
            f"the stay in hospital since {since} is going on; the score is taken on the day of "
            "discharge. Record the end of the Encounter."
        )
        return _no_index(text, _last_day(last) if last.end_at else None)
    if (today - _last_day(last)).days > DAYS_AFTER:
        return _no_index(
            f"the last stay in hospital ended on {_last_day(last)}, more than {DAYS_AFTER} days "
            "ago; the score speaks of the time after a discharge."
        )
    return _Index(stay=last)


def _no_index(text: str, expires: date | None = None) -> _Index:
    return _Index(None, Refusal("not_applicable", "index_stay", f"Not applicable: {text}"), expires)


def _last_day(stay: Stay) -> date:
    """The day of discharge; the end of a day-precise period is the midnight after it."""
    end_at = stay.end_at or stay.start_at
    return max(end_at - _INSTANT, stay.start_at).astimezone(UTC).date()


_OfStay = Callable[[State, Stay, Input], Found]


def _about_stay(read: _OfStay) -> Callable[[State, Input], Found]:
    """A reader that refuses, for one and the same reason, when there is no index stay."""

    def reader(state: State, declared: Input) -> Found:
        index = _index(state)
        if index.stay is None:
            return Found(refusal=index.why_not, expires=index.expires)
        return read(state, index.stay, declared)

    return reader


def _length(state: State, stay: Stay, declared: Input) -> Found:
    expires = first_day_too_old(_last_day(stay), DAYS_AFTER)
    if stay.days is None:
        text = f"{declared.label}: the days of admission and discharge are not both recorded."
        return missing(declared, f"{text} {declared.order}")
    shown = "1 day" if stay.days == 1 else f"{stay.days} days"
    source = _counted(declared, stay.days, shown, stay.values)
    notes = tuple(
        f"{declared.label}: {value.reason}. Used; please verify."
        for value in stay.values
        if value.quality == "verify" and value.reason
    )
    return Found(float(stay.days), source, notes=notes, expires=expires)


def _emergency_admission(state: State, stay: Stay, declared: Input) -> Found:
    admission, value = admission_of(state, stay)
    if value is None:
        return missing(declared, f"{declared.label}: not recorded. {declared.order}")
    used = float(admission == "emergency")
    shown = "an emergency visit led to it" if value not in stay.values else admission
    return Found(used, source_of(declared, value, used, "used", shown))


def _emergency_visits(months: int) -> _OfStay:
    def read(state: State, stay: Stay, declared: Input) -> Found:
        visits = emergency_visits_before(state, stay, months)
        return _count(declared, len(visits), [value for visit in visits for value in visit])

    return read


def _previous_admissions(state: State, stay: Stay, declared: Input) -> Found:
    before = admissions_before(state, stay)
    return _count(declared, len(before), [value for one in before for value in one.values])


def _count(declared: Input, number: int, values: Iterable[Value]) -> Found:
    if number:
        return Found(float(number), _counted(declared, number, str(number), values))
    note = "counted as none: none recorded"
    source = InputUsed(
        declared.concept, declared.label, 0.0, declared.unit, "assumed_absent", "0", note=note
    )
    return Found(0.0, source, notes=(f"{declared.label}: {note}.",))


def _counted(declared: Input, number: int, shown: str, values: Iterable[Value]) -> InputUsed:
    return InputUsed(
        declared.concept,
        declared.label,
        float(number),
        declared.unit,
        "derived",
        shown,
        derived_from=tuple(raw_of(value) for value in values),
    )


def _at_discharge(state: State, stay: Stay, declared: Input) -> Found:
    """The last value measured during the stay."""
    (concept,) = declared.recorded_concepts
    last = next((v for v in state.series(concept) if v.value is not None and _is_in(stay, v)), None)
    if last is None:
        return missing(declared, f"{declared.label}: none during the stay. {declared.order}")
    return measured(declared, last)


def _is_in(stay: Stay, value: Value) -> bool:
    """During the stay; a value without a time may be from any hour of its day."""
    first = stay.start_at.astimezone(UTC).date()
    return stay.holds(value.effective_at) or (
        value.precision == "day" and first <= value.effective_date <= _last_day(stay)
    )


def _oncology(state: State, stay: Stay, declared: Input) -> Found:
    service = service_of(state, stay)
    if service is None:
        text = f"{declared.label}: the service is not recorded, or its code is not known here."
        return missing(declared, f"{text} {declared.order}")
    used = float(service.code == "oncology")
    return Found(used, source_of(declared, service, used, "used", service.display))


def _procedure(state: State, stay: Stay, declared: Input) -> Found:
    """Yes when one is recorded. Nothing recorded is not a no: it may not have been sent."""
    done = [
        value
        for values in state.values.values()
        for value in values
        if value.resource_type == "Procedure" and _is_in(stay, value)
    ]
    if not done:
        text = f"{declared.label}: none recorded, which does not say that there was none."
        return missing(declared, f"{text} {declared.order}")
    last = max(done, key=lambda value: (value.effective_at, value.resource_id, value.concept))
    return Found(1.0, source_of(declared, last, 1.0, "used", last.display or "yes"))


def _care_facility(state: State, stay: Stay, declared: Input) -> Found:
    """Yes for nursing and long-term care; no for any other place that is recorded."""
    went = discharge_of(state, stay)
    if went is None:
        text = f"{declared.label}: not recorded, or its code is not known here."
        return missing(declared, f"{text} {declared.order}")
    used = float(went.code in CARE_FACILITIES)
    return Found(used, source_of(declared, went, used, "used", went.display))


def _medicine(state: State, stay: Stay, declared: Input) -> Found:
    """Ordered, given or taken at any time of the stay; the last begun is the source."""
    taken = [
        value
        for concept in declared.recorded_concepts
        for value in state.series(concept)
        if _overlaps(stay, value)
    ]
    if taken:
        last = max(taken, key=lambda value: (value.effective_at, value.resource_id))
        return Found(1.0, source_of(declared, last, 1.0, "used", last.display or "yes"))
    note = "assumed absent: none recorded during the stay"
    source = InputUsed(declared.concept, declared.label, 0.0, "", "assumed_absent", "no", note=note)
    return Found(0.0, source, notes=(f"{declared.label}: {note}.",))


def _overlaps(stay: Stay, value: Value) -> bool:
    """Whether a medicine began in the stay, or before it and went on into it."""
    if _is_in(stay, value):
        return True
    return value.effective_at < stay.start_at and (
        value.end_at is None or value.end_at > stay.start_at
    )


def _comorbidity(state: State, declared: Input) -> Found:
    """Ever recorded, as the Charlson index counts; the stage of a kidney disease decides which."""
    severe_kidney = declared.concept == "lace_liver_renal_severe"
    for concept in declared.recorded_concepts:
        for value in state.series(concept):
            if concept == "ckd" and (value.code in SEVERE_STAGES) != severe_kidney:
                continue
            return Found(1.0, source_of(declared, value, 1.0, "used", value.display or "yes"))
    note = "assumed absent: none recorded"
    source = InputUsed(declared.concept, declared.label, 0.0, "", "assumed_absent", "no", note=note)
    return Found(0.0, source, notes=(f"{declared.label}: {note}.",))


def unread_diagnoses(state: State) -> int:
    """How many diagnoses are in codes of no table, so that no comorbidity is read from them.

    A concept of the prescribing rules alone (dementia, asthma) is not read as one either.
    """
    stated = [value for values in state.values.values() for value in values]
    counted = {
        value.resource_id
        for value in stated
        if value.kind == "comorbidity"
        or (value.kind == "condition" and value.concept not in FOR_PRESCRIBING)
    }
    unread = {
        value.resource_id
        for value in state.not_used.get(CONDITION_UNCLASSIFIED, ())
        if value.quality == "unclassified"
    }
    named = {
        v.resource_id for v in stated if v.resource_type == "Condition" and v.kind == "condition"
    }
    return len((unread | named) - counted)


STAY: Mapping[str, Callable[[State, Input], Found]] = {
    "length_of_stay": _about_stay(_length),
    "emergency_admission": _about_stay(_emergency_admission),
    "emergency_visits": _about_stay(_emergency_visits(6)),
    "emergency_visits_12_months": _about_stay(_emergency_visits(12)),
    "previous_admissions": _about_stay(_previous_admissions),
    "haemoglobin_at_discharge": _about_stay(_at_discharge),
    "sodium_at_discharge": _about_stay(_at_discharge),
    "oncology_discharge": _about_stay(_oncology),
    "procedure_in_stay": _about_stay(_procedure),
    "to_care_facility": _about_stay(_care_facility),
    "insulin_in_stay": _about_stay(_medicine),
    "glucose_lowering_in_stay": _about_stay(_medicine),
    **{f"lace_{name}": _comorbidity for name in COMORBIDITIES},
}
