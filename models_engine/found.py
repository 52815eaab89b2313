"""What a state says of one input, and the parts that every reader of a state puts it together from."""

from dataclasses import dataclass, replace
from datetime import date, datetime
from typing import Literal

from models_engine.catalogue.calendar import first_day_too_old
from models_engine.catalogue.contract import Input, Refusal
from models_engine.catalogue.feature_set import InputStatus, InputUsed
from models_engine.catalogue.risk.inputs import FIVE_YEARS, ONE_YEAR, TWO_YEARS
from patients.record.state import Value

_SPOKEN_AGES = {ONE_YEAR: "1 year", TWO_YEARS: "2 years", FIVE_YEARS: "5 years"}


@dataclass(frozen=True)
class Found:
    """What the state says of one input, before the range check.

    `expires` is the first day, `expires_at` the moment, on which time alone may change it.
    """

    value: float | None = None
    source: InputUsed | None = None
    refusal: Refusal | None = None
    notes: tuple[str, ...] = ()
    expires: date | None = None
    expires_at: datetime | None = None


def missing(declared: Input, message: str) -> Found:
    return Found(refusal=Refusal("missing", declared.concept, message))


def too_old(declared: Input, last: date) -> Found:
    limit = _SPOKEN_AGES.get(declared.max_age_days or 0, f"{declared.max_age_days} days")
    text = f"{declared.label}: last on {last}, more than {limit} ago. {declared.order}".strip()
    return Found(refusal=Refusal("too_old", declared.concept, text))


def out_of_range(declared: Input, value: float, source: InputUsed) -> Refusal:
    text = (
        f"{declared.label} {declared.describe(value)}{source.computed_from()} is outside the range of this model: "
        f"{declared.describe_range()}."
    )
    is_low = declared.low is not None and value <= declared.low
    side: Literal["below", "above"] = "below" if is_low else "above"
    return Refusal("out_of_range", declared.concept, text, side, source.read_by())


def source_of(
    declared: Input, value: Value, used: float, status: InputStatus, display: str
) -> InputUsed:
    return InputUsed(
        concept=declared.concept,
        label=declared.label,
        value=used,
        unit=declared.unit,
        status=status,
        display=display,
        effective_at=value.effective_at,
        fact_id=value.fact_id,
        resource_type=value.resource_type,
        resource_id=value.resource_id,
        resource_version=value.resource_version,
        note=value.reason,
        derived_from=tuple(raw_of(source) for source in value.derived_from),
        mappings=value.mappings,
    )


def raw_of(value: Value) -> InputUsed:
    """The recorded value that a derived one was computed from."""
    status: InputStatus = "verify" if value.quality == "verify" else "used"
    shown = f"{value.value:.4g} {value.unit}" if value.value is not None else value.code
    plain = Input(
        concept=value.concept, role="coded", unit=value.unit, label=value.display or value.concept
    )
    return source_of(plain, value, float(value.value or 0.0), status, shown)


def measured(declared: Input, value: Value) -> Found:
    used = float(value.value or 0.0)
    status: InputStatus = "derived" if value.derived_from else "used"
    notes: tuple[str, ...] = ()
    why = ""
    if value.quality == "verify":
        status, why = "verify", value.reason or "outside the usual range"
        notes = (f"{declared.label} {declared.describe(used)}: {why}. Used; please verify.",)
    return Found(
        used,
        replace(source_of(declared, value, used, status, declared.describe(used)), note=why),
        notes=notes,
        expires=expiry(declared, value),
    )


def derived(
    declared: Input, used: float, newest: Value, sources: tuple[Value, ...], how: str
) -> Found:
    notes = tuple(
        f"{declared.label}: computed from an unusual value of {s.effective_date}"
        f"{f' ({s.reason})' if s.reason else ''}, please verify."
        for s in sources
        if s.quality == "verify"
    )
    source = InputUsed(
        concept=declared.concept,
        label=declared.label,
        value=used,
        unit=declared.unit,
        status="derived",
        display=declared.describe(used),
        effective_at=newest.effective_at,
        note=how,
        derived_from=tuple(raw_of(value) for value in sources),
    )
    return Found(used, source, notes=notes, expires=expiry(declared, newest))


def expiry(declared: Input, value: Value) -> date | None:
    if declared.max_age_days is None:
        return None
    return first_day_too_old(value.effective_date, declared.max_age_days)
