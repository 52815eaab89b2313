"""Observation -> measurements and coded values, its components included."""

from collections.abc import Iterator
from dataclasses import dataclass

from patients.record.drafts import FactDraft, Kind, Quality
from patients.record.elements import Coding, Json, child, children, codings, shown, text
from patients.record.judgement import (
    FINE,
    Judgement,
    inactive,
    settled,
    unclassified,
    verify,
)
from patients.record.moments import Moment, moment_in, period_or_instant
from patients.record.quantities import measured
from patients.terminology.answers import answer_of
from patients.terminology.measurements import (
    CodedConcept,
    MeasurementConcept,
    ObservationCode,
    observation_of,
)

_STATUS = {
    "final": FINE,
    "amended": FINE,
    "corrected": FINE,
    "preliminary": verify("preliminary: not verified by the sender"),
    "registered": inactive("registered: no result yet"),
    "cancelled": inactive("cancelled"),
    "entered-in-error": inactive("entered in error"),
}
_UNDATED = Judgement(Quality.UNDATED, "no effective date: when it was measured is not known")


@dataclass(frozen=True, slots=True)
class _Meaning:
    """What the codes of one element say, and whether they agree."""

    entry: ObservationCode
    coding: Coding
    display: str
    judgement: Judgement


def observation_facts(resource: Json) -> Iterator[FactDraft]:
    """One draft for each value with a code of the input catalogue; none for other observations.

    Blood pressure comes in components of a panel, whatever the panel's code. `issued` is when a
    result was published, not when it was true, so it never stands in for a missing effective date.
    """
    at, _ = period_or_instant(resource, "effective")
    if at is None:
        at = _first_event(child(resource, "effectiveTiming"))
    status = text(resource, "status")
    standing = [_STATUS.get(status, verify(f"status {status or 'not sent'}"))]
    if children(resource, "focus"):
        standing.append(unclassified("about something else than the patient (focus)"))
    if at is None:
        standing.append(_UNDATED)
    judgement = settled(*standing)
    yield from _draft(resource, "Observation", at, judgement)
    for index, component in enumerate(_positions(resource)):
        if component is not None:
            yield from _draft(component, f"Observation.component[{index}]", at, judgement)


def _positions(resource: Json) -> list[Json | None]:
    """Components by their place; an odd one keeps its place, so that paths stay true."""
    found = resource.get("component")
    if not isinstance(found, list):
        return []
    return [item if isinstance(item, dict) else None for item in found]


def _first_event(timing: Json) -> Moment | None:
    events = timing.get("event")
    if isinstance(events, list) and events:
        return moment_in({"event": events[0]}, "event")
    return moment_in(child(child(timing, "repeat"), "boundsPeriod"), "start")


def _meaning(code: Json) -> _Meaning | None:
    """The concept of an observation's code. A code that refines another's concept wins."""
    found = [
        (coding, entry)
        for coding in codings(code)
        if coding.known and (entry := observation_of(coding.known))
    ]
    refined = {getattr(entry.concept, "refines", "") for _, entry in found}
    kept = [pair for pair in found if pair[1].concept.id not in refined]
    if not kept:
        return None
    coding, entry = kept[0]
    names = dict.fromkeys(pair[1].concept.id for pair in kept)
    doubt = FINE if len(names) == 1 else unclassified(f"codes disagree: {', '.join(names)}")
    return _Meaning(entry, coding, shown(code, coding, entry.display), doubt)


def _draft(holder: Json, path: str, at: Moment | None, standing: Judgement) -> Iterator[FactDraft]:
    meaning = _meaning(child(holder, "code"))
    if meaning is None:
        return
    if isinstance(meaning.entry.concept, MeasurementConcept):
        yield from _measurement(meaning, meaning.entry.concept, holder, path, at, standing)
    else:
        yield from _coded(meaning, meaning.entry.concept, holder, path, at, standing)


def _measurement(
    meaning: _Meaning,
    concept: MeasurementConcept,
    holder: Json,
    path: str,
    at: Moment | None,
    standing: Judgement,
) -> Iterator[FactDraft]:
    found = measured(meaning.entry, holder)
    if found is None:
        return
    judgement = settled(standing, meaning.judgement, found.judgement)
    yield FactDraft(
        path=path,
        concept=concept.id,
        kind=Kind.MEASUREMENT,
        quality=judgement.quality,
        value=found.value,
        unit=concept.unit,
        raw_value=found.raw_value,
        raw_unit=found.raw_unit,
        system=meaning.coding.system,
        code=meaning.coding.code,
        display=meaning.display,
        effective_at=at.at if at else None,
        effective_precision=at.precision if at else "",
        reason=judgement.reason,
    )


def _coded(
    meaning: _Meaning,
    concept: CodedConcept,
    holder: Json,
    path: str,
    at: Moment | None,
    standing: Judgement,
) -> Iterator[FactDraft]:
    answer = child(holder, "valueCodeableConcept")
    sent = text(holder, "valueString")
    if not answer and not sent:
        return
    value_code, raw, doubt = _answer(concept, answer)
    judgement = settled(standing, meaning.judgement, doubt)
    yield FactDraft(
        path=path,
        concept=concept.id,
        kind=Kind.CODED,
        quality=judgement.quality,
        value_code=value_code,
        raw_value=raw or sent,
        system=meaning.coding.system,
        code=meaning.coding.code,
        display=meaning.display,
        effective_at=at.at if at else None,
        effective_precision=at.precision if at else "",
        reason=judgement.reason,
    )


def _answer(concept: CodedConcept, answer: Json) -> tuple[str, str, Judgement]:
    """The coded value, the answer as sent, and what is wrong with it."""
    sent = list(codings(answer))
    raw = shown(answer, sent[0]) if sent else text(answer, "text")
    known = [
        found for coding in sent if coding.known and (found := answer_of(concept.id, coding.known))
    ]
    values = dict.fromkeys(found.value_code for found in known)
    if not values:
        return "", raw, unclassified("the answer has no code that we know")
    if len(values) > 1:
        return "", raw, unclassified(f"answers disagree: {', '.join(values)}")
    value = next(iter(values))
    if value in concept.not_informative:
        return value, raw, unclassified(f"recorded as {value}, which says nothing")
    return value, raw, FINE
