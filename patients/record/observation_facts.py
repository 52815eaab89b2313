"""Observation -> measurements and coded values, its components included."""

from collections.abc import Iterator
from dataclasses import dataclass
from typing import NamedTuple

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
from patients.terminology.meanings import NO_MEANINGS, LocalMeanings
from patients.terminology.measurements import CodedConcept, MeasurementConcept, ObservationCode

STATUS = {
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
    mappings: tuple[int, ...]


class _Read(NamedTuple):
    """A coding that we can read, and the mapping that tells how; 0 for our own tables."""

    coding: Coding
    entry: ObservationCode
    mapping: int

    @property
    def concept(self) -> str:
        return self.entry.concept.id

    @property
    def refines(self) -> str:
        return getattr(self.entry.concept, "refines", "")


def observation_facts(resource: Json, meanings: LocalMeanings = NO_MEANINGS) -> Iterator[FactDraft]:
    """One draft for each value with a code of the input catalogue; none for other observations.

    Blood pressure comes in components of a panel, whatever the panel's code. `issued` is when a
    result was published, not when it was true, so it never stands in for a missing effective date.
    """
    at, _ = period_or_instant(resource, "effective")
    if at is None:
        at = _first_event(child(resource, "effectiveTiming"))
    status = text(resource, "status")
    standing = [STATUS.get(status, verify(f"status {status or 'not sent'}"))]
    if children(resource, "focus"):
        standing.append(unclassified("about something else than the patient (focus)"))
    if at is None:
        standing.append(_UNDATED)
    judgement = settled(*standing)
    yield from _draft(resource, "Observation", at, judgement, meanings)
    for index, component in enumerate(_positions(resource)):
        if component is not None:
            path = f"Observation.component[{index}]"
            yield from _draft(component, path, at, judgement, meanings)


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


def _meaning(code: Json, meanings: LocalMeanings) -> _Meaning | None:
    """The concept of an observation's code. A code that refines another's concept wins.

    Where a code of our own tables is there too, it is the one that is read; a mapped code may only
    disagree with it.
    """
    found = [
        _Read(coding, meant.value, meant.mapping)
        for coding in codings(code)
        if (meant := meanings.observation(coding.system, coding.code))
    ]
    standard = _refined([one for one in found if not one.mapping])
    mapped = _refined([one for one in found if one.mapping])
    kept = [*standard, *(one for one in mapped if not _agrees(one, standard))]
    if not kept:
        return None
    coding, entry, _ = kept[0]
    names = dict.fromkeys(one.concept for one in kept)
    doubt = FINE if len(names) == 1 else unclassified(f"codes disagree: {', '.join(names)}")
    said = tuple(dict.fromkeys(one.mapping for one in kept if one.mapping))
    return _Meaning(entry, coding, shown(code, coding, entry.display), doubt, said)


def _refined(found: list[_Read]) -> list[_Read]:
    """Without those that others of them refine."""
    refined = {one.refines for one in found}
    return [one for one in found if one.concept not in refined]


def _agrees(mapped: _Read, standard: list[_Read]) -> bool:
    """Whether a mapped code says what a standard one says, more or less closely."""
    said = {one.concept for one in standard}
    less = {one.refines for one in standard} - {""}
    return mapped.concept in said | less or mapped.refines in said


def _draft(
    holder: Json,
    path: str,
    at: Moment | None,
    standing: Judgement,
    meanings: LocalMeanings,
) -> Iterator[FactDraft]:
    meaning = _meaning(child(holder, "code"), meanings)
    if meaning is None:
        return
    concept = meaning.entry.concept
    if isinstance(concept, MeasurementConcept):
        yield from _measurement(meaning, concept, holder, path, at, standing, meanings)
    else:
        yield from _coded(meaning, concept, holder, path, at, standing, meanings)


def _measurement(
    meaning: _Meaning,
    concept: MeasurementConcept,
    holder: Json,
    path: str,
    at: Moment | None,
    standing: Judgement,
    meanings: LocalMeanings,
) -> Iterator[FactDraft]:
    found = measured(meaning.entry, holder, meanings)
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
        mappings=_together(meaning.mappings, found.mappings),
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
    meanings: LocalMeanings,
) -> Iterator[FactDraft]:
    answer = child(holder, "valueCodeableConcept")
    sent = text(holder, "valueString")
    if not answer and not sent:
        answer = _code_only(meaning, concept, holder)
        if not answer:
            return
    given = _answer(concept, answer, meanings)
    judgement = settled(standing, meaning.judgement, given.judgement)
    yield FactDraft(
        path=path,
        concept=concept.id,
        kind=Kind.CODED,
        quality=judgement.quality,
        value_code=given.value_code,
        raw_value=given.raw or sent,
        mappings=_together(meaning.mappings, given.mappings),
        system=meaning.coding.system,
        code=meaning.coding.code,
        display=meaning.display,
        effective_at=at.at if at else None,
        effective_precision=at.precision if at else "",
        reason=judgement.reason,
    )


def _code_only(meaning: _Meaning, concept: CodedConcept, holder: Json) -> Json:
    """The code itself where it is the answer and there is no value: "Breathing room air"."""
    known = meaning.coding.known
    has_value = any(name.startswith("value") or name == "dataAbsentReason" for name in holder)
    if has_value or known is None or answer_of(concept.id, known) is None:
        return {}
    return child(holder, "code")


class _Answer(NamedTuple):
    """The coded value, the answer as sent, what is wrong with it, and the mappings it rests on."""

    value_code: str
    raw: str
    judgement: Judgement = FINE
    mappings: tuple[int, ...] = ()


def _answer(concept: CodedConcept, answer: Json, meanings: LocalMeanings) -> _Answer:
    sent = list(codings(answer))
    raw = shown(answer, sent[0]) if sent else text(answer, "text")
    known = [meant for one in sent if (meant := meanings.answer(concept.id, one.system, one.code))]
    standard = {meant.value for meant in known if not meant.mapping}
    # a mapped code beside one of our tables may only disagree with it
    needed = [meant for meant in known if not meant.mapping or meant.value not in standard]
    said = tuple(dict.fromkeys(meant.mapping for meant in needed if meant.mapping))
    values = dict.fromkeys(meant.value for meant in needed)
    if not values:
        return _Answer("", raw, unclassified("the answer has no code that we know"))
    if len(values) > 1:
        return _Answer("", raw, unclassified(f"answers disagree: {', '.join(values)}"), said)
    value = next(iter(values))
    if value in concept.not_informative:
        doubt = unclassified(f"recorded as {value}, which says nothing")
        return _Answer(value, raw, doubt, said)
    return _Answer(value, raw, FINE, said)


def _together(*numbers: tuple[int, ...]) -> tuple[int, ...]:
    return tuple(sorted({number for some in numbers for number in some}))
