"""What a mapping would do, before it is made: projected with it and without it, nothing stored."""

from collections import Counter, defaultdict
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from typing import Any

import orjson
from django.db import transaction
from django.db.models import F
from django.db.models.functions import Coalesce

from patients.models import Resource, ResourceVersion
from patients.record.drafts import FactDraft, Quality
from patients.record.projection import project
from patients.services import local_meanings, lookups
from patients.services.mapping import Wish
from patients.services.mapping_doubts import (
    Values,
    doubts_about_use,
    doubts_about_values,
    doubts_about_words,
    values_of,
)
from patients.services.mapping_touch import touched_by
from patients.services.medications import MEDICATION
from patients.terminology.meanings import LocalMeanings, Statement
from patients.terminology.measurements import MEASUREMENTS

# more are looked at only in part: a steward waits for the answer
MOST = 5000
# the number of a mapping that has none yet
NUMBER = 2**62


@dataclass
class Preview:
    """`resources` and `patients` have the code or unit; `looked_at` of them were projected.

    `qualities` counts the facts that would be read by the mapping, `lost` those that are used now
    and would not be any more. `people`: how many would have a fact of each concept that is used.
    `doubts` are what a steward must answer before going on.
    """

    resources: int
    patients: int
    looked_at: int
    facts: int = 0
    qualities: dict[str, int] = field(default_factory=dict)
    lost: int = 0
    values: list[Values] = field(default_factory=list)
    people: dict[str, int] = field(default_factory=dict)
    doubts: list[str] = field(default_factory=list)
    # what models would do, for the one who asks to fill in: models are not known here
    consequences: list[str] = field(default_factory=list)

    def summary(self) -> dict[str, Any]:
        """To be stored with the mapping: what its maker saw."""
        return asdict(self)


Read = Sequence[tuple[int, FactDraft]]


def preview_of(wish: Wish) -> Preview:
    """The wish must have no refusal."""
    touched = sorted(touched_by(wish.key))
    step = max(1, -(-len(touched) // MOST))
    chosen = touched[::step]
    patients = (
        Resource.objects.filter(pk__in=touched, patient__isnull=False)
        .values_list(Coalesce("patient__merged_into_id", "patient_id"), flat=True)
        .distinct()
        .count()
    )
    with transaction.atomic():
        # what the version before it reads is said otherwise, and not lost
        before = local_meanings.hold().without(wish.key)
    after = before.with_statement(Statement(NUMBER, wish.key, wish.target))
    preview = Preview(len(touched), patients, len(chosen))
    read = list(_read_by_it(chosen, before, after, preview))
    preview.facts = len(read)
    preview.qualities = dict(Counter(draft.quality.value for _, draft in read))
    _weigh(preview, read, wish)
    return preview


def _read_by_it(
    keys: Sequence[int], before: LocalMeanings, after: LocalMeanings, preview: Preview
) -> Iterator[tuple[int, FactDraft]]:
    """The drafts that rest on the mapping, each with its patient; counts what is lost by it."""
    for start in range(0, len(keys), 500):
        contents, resolve = _contents(keys[start : start + 500])
        for patient, content, source in contents:
            old = project(content, resolve=resolve, meanings=before.for_source(source))
            new = project(content, resolve=resolve, meanings=after.for_source(source))
            if old == new:
                continue
            still = {(d.path, d.concept) for d in new if d.quality.feeds_models}
            used = {(d.path, d.concept) for d in old if d.quality.feeds_models}
            preview.lost += len(used - still)
            yield from ((patient, draft) for draft in new if NUMBER in draft.mappings)


def _contents(keys: Collection[int]) -> tuple[list[tuple[int, Any, str]], Callable[[str], Any]]:
    rows = ResourceVersion.objects.filter(
        resource__in=keys, version=F("resource__version"), resource__deleted=False
    ).values_list(
        Coalesce("resource__patient__merged_into_id", "resource__patient_id"),
        "content",
        "source",
        "resource__refs",
    )
    found = list(rows)
    asked = {
        ref.removeprefix(MEDICATION) for *_, refs in found for ref in refs if MEDICATION in ref
    }
    known = lookups.current_contents(asked)
    contents = [(patient, orjson.loads(content), source) for patient, content, source, _ in found]
    return contents, lambda reference: known.get(lookups.unversioned(reference))


def _weigh(preview: Preview, read: Read, wish: Wish) -> None:
    """Fill in the values that would be read, whom it concerns, and what speaks against it."""
    by_concept: defaultdict[str, defaultdict[int, list[float]]] = defaultdict(
        lambda: defaultdict(list)
    )
    people: defaultdict[str, set[int]] = defaultdict(set)
    for patient, draft in read:
        if draft.quality.feeds_models:
            people[draft.concept].add(patient)
        if draft.value is not None and draft.concept in MEASUREMENTS:
            by_concept[draft.concept][patient].append(draft.value)
    preview.people = {concept: len(found) for concept, found in people.items()}
    preview.values = [
        values_of(concept, found, wish.key, wish.target) for concept, found in by_concept.items()
    ]
    used = sum(draft.quality.feeds_models for _, draft in read)
    doubts = doubts_about_use(preview.facts, used, preview.people, wish.key)
    doubts += doubts_about_words(wish.key, wish.target, wish.display)
    for values in preview.values:
        doubts += doubts_about_values(values)
    if impossible := preview.qualities.get(Quality.IMPOSSIBLE.value, 0):
        doubts.append(f"{impossible} values would be impossible, and kept out of every model.")
    if preview.lost:
        doubts.append(
            f"{preview.lost} facts that are used now would not be used any more: other codes of"
            " the same resources say something else."
        )
    preview.doubts = doubts
