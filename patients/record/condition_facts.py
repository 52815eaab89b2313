"""Condition and Procedure -> conditions: what a person has or had, from when to when."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from patients.record.drafts import FactDraft, Kind
from patients.record.elements import (
    Coding,
    Json,
    child,
    codings,
    first_coding,
    shown,
    status_of,
    text,
)
from patients.record.judgement import FINE, Judgement, inactive, settled, unclassified, verify
from patients.record.moments import Moment, later, moment_in, period_or_instant, start_of
from patients.terminology.codings import Icd10
from patients.terminology.comorbidities import NO_COMORBIDITY, comorbidity_of
from patients.terminology.conditions import ConditionConcept
from patients.terminology.meanings import NO_MEANINGS, LocalMeanings

UNCLASSIFIED = "condition_unclassified"
# reasons of a condition whose date is not that of its onset
NO_ONSET = "no onset: counted from the day it was recorded"
NO_DATE = "no date: counted from the day it reached us"
_VERIFICATION = {
    "refuted": inactive("refuted"),
    "entered-in-error": inactive("entered in error"),
    # one of several diagnoses considered: not one that the person is said to have [J]
    "differential": inactive("a differential diagnosis"),
    "provisional": verify("provisional diagnosis"),
    "unconfirmed": verify("unconfirmed diagnosis"),
}
_GOING_ON = {"active", "recurrence", "relapse"}
_ENDED = {"inactive", "remission", "resolved"}
_PROCEDURE_STATUS = {
    "completed": FINE,
    "in-progress": FINE,
    "unknown": verify("status unknown"),
}


@dataclass(frozen=True, slots=True)
class _Stated:
    """A concept that the codes state, by which coding, with the detail of the most telling one."""

    concept: ConditionConcept
    coding: Coding
    display: str
    detail: str
    mapping: int


@dataclass(frozen=True, slots=True)
class _Span:
    """From when to when, and what is doubtful about it."""

    at: Moment | None
    end: datetime | None
    judgement: Judgement
    is_over: bool = False


def condition_facts(resource: Json, meanings: LocalMeanings = NO_MEANINGS) -> Iterator[FactDraft]:
    """One draft for each concept that the codes state; one `condition_unclassified` otherwise.

    An ICD-10 coded condition has a draft more: its Charlson comorbidity, or that it is none.

    A condition without onset counts from the day it was recorded, and without any date from the
    day it reached us (marked): a problem list often says no more [J]. One that is over without a
    day of abatement keeps no duration, so that it is never going on; if the concept persists, it
    still counts as history.
    """
    verification = _VERIFICATION.get(status_of(child(resource, "verificationStatus")), FINE)
    span = _span(resource)
    span = replace(span, judgement=settled(verification, span.judgement))
    yield from _drafts(resource, span, meanings)
    yield from _comorbidities(child(resource, "code"), span)


def procedure_facts(resource: Json, meanings: LocalMeanings = NO_MEANINGS) -> Iterator[FactDraft]:
    """A procedure that states a condition: bypass grafting, dialysis, a kidney transplant."""
    found = _stated(child(resource, "code"), meanings)
    stated = [s for s in found if s.concept.procedure_days is not None]
    if not stated:
        return
    at, end = period_or_instant(resource, "performed")
    status = text(resource, "status")
    judgement = _PROCEDURE_STATUS.get(status, inactive(f"procedure {status or 'without status'}"))
    for one in stated:
        days = timedelta(days=one.concept.procedure_days or 0)
        over = later(end or at.at, days) if at else None
        yield _draft(one, "Procedure", _Span(at, over, judgement, is_over=True))


def _drafts(resource: Json, span: _Span, meanings: LocalMeanings) -> Iterator[FactDraft]:
    code = child(resource, "code")
    stated = _stated(code, meanings)
    for one in stated:
        yield _draft(one, "Condition", span)
    if stated:
        return
    coding = first_coding(code)
    judgement = settled(span.judgement, unclassified("the code is not in our table"))
    yield FactDraft(
        path="Condition",
        concept=UNCLASSIFIED,
        kind=Kind.CONDITION,
        quality=judgement.quality,
        system=coding.system,
        code=coding.code,
        display=shown(code, coding),
        effective_at=span.at.at if span.at else None,
        effective_precision=span.at.precision if span.at else "",
        end_at=span.end,
        reason=judgement.reason,
    )


def _comorbidities(code: Json, span: _Span) -> Iterator[FactDraft]:
    """The Charlson groups of its ICD-10 codings, each once; without an ICD-10 coding, nothing."""
    found: dict[str, Coding] = {}
    for coding in codings(code):
        if isinstance(coding.known, Icd10):
            found.setdefault(comorbidity_of(coding.known) or NO_COMORBIDITY, coding)
    if len(found) > 1:
        found.pop(NO_COMORBIDITY, None)
    for comorbidity, coding in found.items():
        yield FactDraft(
            path="Condition",
            concept=comorbidity,
            kind=Kind.COMORBIDITY,
            quality=span.judgement.quality,
            system=coding.system,
            code=coding.code,
            display=shown(code, coding),
            effective_at=span.at.at if span.at else None,
            effective_precision=span.at.precision if span.at else "",
            end_at=span.end,
            reason=span.judgement.reason,
        )


def _draft(one: _Stated, path: str, span: _Span) -> FactDraft:
    judgement = settled(span.judgement, _undated(one.concept, span))
    return FactDraft(
        path=path,
        concept=one.concept.id,
        kind=Kind.CONDITION,
        quality=judgement.quality,
        value_code=one.detail,
        system=one.coding.system,
        code=one.coding.code,
        display=one.display,
        effective_at=span.at.at if span.at else None,
        effective_precision=span.at.precision if span.at else "",
        end_at=span.end,
        reason=judgement.reason,
        mappings=(one.mapping,) if one.mapping else (),
    )


def _undated(concept: ConditionConcept, span: _Span) -> Judgement:
    """No date at all: what goes on or persists counts from its receipt, what is over does not."""
    if span.at is not None:
        return FINE
    if span.is_over and not concept.persists:
        return inactive("over, without any date")
    return verify(NO_DATE)


def _stated(code: Json, meanings: LocalMeanings) -> list[_Stated]:
    found: dict[str, _Stated] = {}
    meant = [
        (coding, said)
        for coding in codings(code)
        if (said := meanings.condition(coding.system, coding.code))
    ]
    # our own tables first: a mapping is named only for what they do not say
    for coding, (meaning, mapping) in sorted(meant, key=lambda pair: pair[1].mapping > 0):
        display = shown(code, coding, meaning.display)
        for place, concept in enumerate(meaning.concepts):
            detail = meaning.detail if place == 0 else ""
            before = found.get(concept.id)
            if before is None or len(detail) > len(before.detail):
                found[concept.id] = _Stated(concept, coding, display, detail, mapping)
    return list(found.values())


def _span(resource: Json) -> _Span:
    at = moment_in(resource, "onsetDateTime") or start_of(child(resource, "onsetPeriod"))
    doubt = FINE
    if at is None:
        at = moment_in(resource, "recordedDate")
        if at is not None:
            doubt = Judgement(FINE.quality, NO_ONSET)
    abated = _abated(resource)
    status = status_of(child(resource, "clinicalStatus"))
    if status in _GOING_ON:
        contradiction = verify(f"{status}, and yet with an end") if abated else FINE
        return _Span(at, abated, settled(doubt, contradiction))
    if status in _ENDED or (not status and _says_abated(resource)):
        unknown_end = Judgement(FINE.quality, "over; the day of its end is not recorded")
        end = abated or (at.at if at else None)
        return _Span(at, end, settled(doubt, FINE if abated else unknown_end), is_over=True)
    return _Span(at, abated, settled(doubt, FINE if abated else verify("no clinical status")))


def _says_abated(resource: Json) -> bool:
    """Whether there is an abatement of any kind: a date, an age, a text."""
    return any(name.startswith("abatement") for name in resource)


def _abated(resource: Json) -> datetime | None:
    period = child(resource, "abatementPeriod")
    found = moment_in(resource, "abatementDateTime") or moment_in(period, "start", "end")
    return found.at if found else None
