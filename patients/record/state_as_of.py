"""Facts -> the state as of a moment. The one definition of what was known to be true when."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from dataclasses import replace
from datetime import datetime, timedelta
from typing import Protocol

from patients.record.drafts import MEASURED, Quality
from patients.record.state import Demographics, State
from patients.record.value import Value
from patients.terminology.conditions import PERSISTING

_USABLE = frozenset(quality.value for quality in Quality if quality.feeds_models)
BEFORE_BIRTH = "dated before the patient's birth"
_DIGITS = {"year": 4, "month": 7}


class StoredFact(Protocol):
    """The columns of `patients.Fact` that a state is made of."""

    @property
    def id(self) -> int: ...
    @property
    def resource_type(self) -> str: ...
    @property
    def resource_fhir_id(self) -> str: ...
    @property
    def resource_version(self) -> int: ...
    @property
    def path(self) -> str: ...
    @property
    def concept(self) -> str: ...
    @property
    def kind(self) -> str: ...
    @property
    def value(self) -> float | None: ...
    @property
    def unit(self) -> str: ...
    @property
    def value_code(self) -> str: ...
    @property
    def system(self) -> str: ...
    @property
    def code(self) -> str: ...
    @property
    def display(self) -> str: ...
    @property
    def effective_at(self) -> datetime | None: ...
    @property
    def effective_precision(self) -> str: ...
    @property
    def end_at(self) -> datetime | None: ...
    @property
    def recorded_at(self) -> datetime: ...
    @property
    def quality(self) -> str: ...
    @property
    def reason(self) -> str: ...
    @property
    def mappings(self) -> Sequence[int]: ...


def state_as_of(demographics: Demographics, facts: Iterable[StoredFact], as_of: datetime) -> State:
    """The state at `as_of` (aware), from one patient's facts in any order.

    A fact counts if it took effect at or before `as_of`; one without any date counts from the
    moment it was recorded here. Of measurements of one concept at one instant the last recorded
    stands, and of those recorded together the one with the greatest resource id and path, so that
    the result never depends on the order of the rows.

    What a source learned later and dated earlier is part of the past state: this is the time the
    facts speak of, not the time we heard of them.

    A measurement from before the patient's birth is somebody else's, or its date is wrong: it is
    kept among what is not used.

    Raises:
        ValueError: `as_of` has no time zone.
    """
    if as_of.tzinfo is None:
        raise ValueError("as_of needs a time zone")
    usable: defaultdict[str, list[StoredFact]] = defaultdict(list)
    unusable: defaultdict[str, list[StoredFact]] = defaultdict(list)
    for fact in facts:
        if _since(fact) <= as_of:
            is_usable = fact.quality in _USABLE and not is_before_birth(fact, demographics)
            (usable if is_usable else unusable)[fact.concept].append(fact)
    died = demographics.deceased_at
    known_dead = died is not None and died <= as_of
    return State(
        as_of=as_of,
        sex=demographics.sex,
        birth_date=demographics.birth_date,
        birth_date_precision=demographics.birth_date_precision or "day",
        values={concept: tuple(_newest_first(found)) for concept, found in usable.items()},
        not_used={
            concept: tuple(_marked(value) for value in _newest_first(found))
            for concept, found in unusable.items()
        },
        deceased=known_dead or (demographics.deceased and died is None),
        deceased_at=died if known_dead else None,
        persisting=PERSISTING,
    )


def _since(fact: StoredFact) -> datetime:
    return fact.effective_at or fact.recorded_at


def is_before_birth(fact: StoredFact, demographics: Demographics) -> bool:
    """Surely so: partial dates are compared as far as both go."""
    born = demographics.birth_date
    if born is None or fact.effective_at is None or fact.kind not in MEASURED:
        return False
    precisions = fact.effective_precision, demographics.birth_date_precision
    digits = min(_DIGITS.get(precision, 10) for precision in precisions)
    # the birth date has no time zone: half the world has a newborn's first day a day earlier
    latest = (fact.effective_at + timedelta(days=1)).date()
    return latest.isoformat()[:digits] < born.isoformat()[:digits]


def _marked(value: Value) -> Value:
    """What is not used though nothing was wrong with it by itself is from before birth."""
    if value.quality not in _USABLE:
        return value
    return replace(value, quality=Quality.IMPLAUSIBLE.value, reason=BEFORE_BIRTH)


def _order(fact: StoredFact) -> tuple[datetime, datetime, str, str, str]:
    return (
        _since(fact),
        fact.recorded_at,
        fact.resource_type,
        fact.resource_fhir_id,
        fact.path,
    )


def _newest_first(facts: list[StoredFact]) -> Iterator[Value]:
    previous: datetime | None = None
    for fact in sorted(facts, key=_order, reverse=True):
        since = _since(fact)
        # what two resources say of the same moment is the same measurement
        if fact.kind in MEASURED and fact.quality in _USABLE and since == previous:
            continue
        previous = since
        yield Value(
            concept=fact.concept,
            kind=fact.kind,
            value=fact.value,
            unit=fact.unit,
            code=fact.value_code,
            effective_at=since,
            precision=fact.effective_precision,
            end_at=fact.end_at,
            quality=fact.quality,
            fact_id=fact.id,
            resource_type=fact.resource_type,
            resource_id=fact.resource_fhir_id,
            resource_version=fact.resource_version,
            display=fact.display,
            reason=fact.reason,
            mappings=tuple(fact.mappings),
            system=fact.system,
            source_code=fact.code,
        )
