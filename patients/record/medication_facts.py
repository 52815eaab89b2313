"""Medication resources -> exposures by class: which kinds of drug a person took, and when."""

from collections.abc import Iterable, Iterator
from dataclasses import dataclass
from typing import NamedTuple

from patients.record.drafts import FactDraft, Kind, Resolve
from patients.record.elements import (
    NO_CODING,
    Coding,
    Json,
    child,
    children,
    codings,
    first_coding,
    shown,
    text,
)
from patients.record.exposure import exposure
from patients.record.judgement import FINE, Judgement, settled, unclassified, verify
from patients.record.medication_reference import medication_referred_to
from patients.terminology.meanings import NO_MEANINGS, LocalMeanings
from patients.terminology.medications import OTHER, Medication

UNCLASSIFIED = "medication_unclassified"
KNOWN_OTHER = "medication_other"


@dataclass(frozen=True, slots=True)
class _Named:
    """What the drug is: its classes (empty: not classified), its ingredients, as shown."""

    classes: tuple[str, ...]
    name: str
    coding: Coding
    display: str
    judgement: Judgement = FINE
    mappings: tuple[int, ...] = ()


class _Known(NamedTuple):
    """A coding of a drug that we know, and the mapping that tells how; 0 for our own tables."""

    coding: Coding
    drug: Medication
    mapping: int


def medication_facts(
    resource: Json, resolve: Resolve | None, meanings: LocalMeanings = NO_MEANINGS
) -> Iterator[FactDraft]:
    """One draft for each class of the drug; `medication_other` for a known drug of none of them.

    A drug that no code of ours names is one `medication_unclassified` draft of quality
    `unclassified`: shown, counted, and never used.
    """
    taken = exposure(resource)
    named = _named(resource, resolve, meanings)
    concepts = tuple(KNOWN_OTHER if kind == OTHER else kind for kind in named.classes)
    judgement = settled(taken.judgement, named.judgement)
    for concept in concepts or (UNCLASSIFIED,):
        yield FactDraft(
            path=text(resource, "resourceType"),
            concept=concept,
            kind=Kind.MEDICATION,
            quality=judgement.quality,
            value_code=named.name,
            system=named.coding.system,
            code=named.coding.code,
            display=named.display,
            effective_at=taken.start.at if taken.start else None,
            effective_precision=taken.start.precision if taken.start else "",
            end_at=taken.end,
            reason=judgement.reason,
            mappings=named.mappings,
        )


def _named(resource: Json, resolve: Resolve | None, meanings: LocalMeanings) -> _Named:
    concept = child(resource, "medicationCodeableConcept")
    if concept:
        return _by_codes(concept, meanings)
    found, shown_as = medication_referred_to(resource, resolve)
    if not found:
        return _Named((), "", NO_CODING, shown_as, unclassified("the Medication is not here"))
    by_code = _by_codes(child(found, "code"), meanings)
    return by_code if by_code.classes else _by_ingredients(found, by_code, meanings)


def _by_codes(concept: Json, meanings: LocalMeanings) -> _Named:
    known = _known(concept, meanings)
    if not known:
        coding = first_coding(concept)
        why = f"{coding.code} is not in our table" if coding.code else "it has no code"
        return _Named((), "", coding, shown(concept, coding), unclassified(why))
    coding, medication, mapping = known[0]
    classes = _union(one.drug for one in known)
    agree = all(set(one.drug.classes) == set(classes) for one in known)
    doubt = FINE if agree else verify("its codes name different classes")
    display = shown(concept, coding, medication.name)
    used = (mapping,) if agree else tuple(sorted({one.mapping for one in known}))
    said = tuple(number for number in used if number)
    return _Named(classes, medication.name, coding, display, doubt, said)


def _by_ingredients(medication: Json, by_code: _Named, meanings: LocalMeanings) -> _Named:
    """A Medication without a code that we know: by its ingredients, if every one is known."""
    concepts = [child(item, "itemCodeableConcept") for item in children(medication, "ingredient")]
    known = [_known(concept, meanings) for concept in concepts]
    if not known or not all(known):
        return by_code
    drugs = [found[0] for found in known]
    name = "/".join(one.drug.name for one in drugs)
    classes = _union(one.drug for one in drugs)
    said = tuple(sorted({one.mapping for one in drugs if one.mapping}))
    return _Named(classes, name, drugs[0].coding, by_code.display or name, mappings=said)


def _known(concept: Json, meanings: LocalMeanings) -> list[_Known]:
    """Those that our own tables know come first."""
    found = [
        _Known(coding, meant.value, meant.mapping)
        for coding in codings(concept)
        if (meant := meanings.medication(coding.system, coding.code))
    ]
    return sorted(found, key=lambda one: one.mapping > 0)


def _union(medications: Iterable[Medication]) -> tuple[str, ...]:
    """All classes; 'other' only when there is nothing else."""
    classes = dict.fromkeys(kind for medication in medications for kind in medication.classes)
    return tuple(kind for kind in classes if kind != OTHER) or (OTHER,)
