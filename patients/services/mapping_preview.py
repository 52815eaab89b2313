"""What a mapping would do, before it is made: projected with it and without it, nothing stored."""

from collections import Counter
from collections.abc import Callable, Collection, Iterator, Sequence
from dataclasses import asdict, dataclass, field
from statistics import median
from typing import Any

import orjson
from django.db import connection, transaction
from django.db.models import F
from django.db.models.functions import Coalesce

from patients.models import Resource, ResourceVersion
from patients.record.drafts import FactDraft, Quality
from patients.record.projection import project
from patients.services import local_meanings, lookups
from patients.services.mapping import Wish
from patients.services.mapping_touch import touched_by
from patients.services.medications import MEDICATION
from patients.terminology.meanings import LocalMeanings, Statement
from patients.terminology.measurements import MEASUREMENTS

# more are looked at only in part: a steward waits for the answer
MOST = 5000
# of values outside the usual range, before a mapping is doubted [J]
SUSPICIOUS_SHARE = 0.1
# values of the concept that the record must have before others are compared with them [J]
ENOUGH = 20
# the number of a mapping that has none yet
NUMBER = 2**62
KNOWN_VALUES = """
    SELECT count(*), percentile_cont(ARRAY[0.1, 0.5, 0.9]) WITHIN GROUP (ORDER BY value)
    FROM patients_fact
    WHERE concept = %s AND quality IN ('usable', 'verify') AND value IS NOT NULL
      AND mappings = '{}'
"""


@dataclass
class Values:
    """Measurements that would be read, in the concept's canonical unit."""

    concept: str
    display: str
    unit: str
    count: int
    low: float
    middle: float
    high: float
    usual_low: float
    usual_high: float
    unusual: int
    known: int = 0
    known_middle: float | None = None


@dataclass
class Preview:
    """`resources` and `patients` have the code or unit; `looked_at` of them were projected.

    `qualities` counts the facts that would be read by the mapping, `lost` those that are used now
    and would not be any more. `doubts` are what a steward must answer before going on.
    """

    resources: int
    patients: int
    looked_at: int
    facts: int = 0
    qualities: dict[str, int] = field(default_factory=dict)
    lost: int = 0
    values: list[Values] = field(default_factory=list)
    doubts: list[str] = field(default_factory=list)

    def summary(self) -> dict[str, Any]:
        """To be stored with the mapping: what its maker saw."""
        return asdict(self)


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
    preview.qualities = dict(Counter(draft.quality.value for draft in read))
    preview.values = _values(read)
    preview.doubts = _doubts(preview)
    return preview


def _read_by_it(
    keys: Sequence[int], before: LocalMeanings, after: LocalMeanings, preview: Preview
) -> Iterator[FactDraft]:
    """The drafts that rest on the mapping; counts what is lost by it on the way."""
    for start in range(0, len(keys), 500):
        contents, resolve = _contents(keys[start : start + 500])
        for content, source in contents:
            old = project(content, resolve=resolve, meanings=before.for_source(source))
            new = project(content, resolve=resolve, meanings=after.for_source(source))
            if old == new:
                continue
            still = {(d.path, d.concept) for d in new if d.quality.feeds_models}
            used = {(d.path, d.concept) for d in old if d.quality.feeds_models}
            preview.lost += len(used - still)
            yield from (draft for draft in new if NUMBER in draft.mappings)


def _contents(keys: Collection[int]) -> tuple[list[tuple[Any, str]], Callable[[str], Any]]:
    rows = ResourceVersion.objects.filter(
        resource__in=keys, version=F("resource__version"), resource__deleted=False
    ).values_list("content", "source", "resource__refs")
    found = list(rows)
    asked = {
        ref.removeprefix(MEDICATION) for *_, refs in found for ref in refs if MEDICATION in ref
    }
    known = lookups.current_contents(asked)
    contents = [(orjson.loads(content), source) for content, source, _ in found]
    return contents, lambda reference: known.get(lookups.unversioned(reference))


def _values(read: Sequence[FactDraft]) -> list[Values]:
    by_concept: dict[str, list[float]] = {}
    for draft in read:
        if draft.value is not None and draft.concept in MEASUREMENTS:
            by_concept.setdefault(draft.concept, []).append(draft.value)
    return [_compared(concept, found) for concept, found in by_concept.items()]


def _compared(name: str, found: Sequence[float]) -> Values:
    concept = MEASUREMENTS[name]
    with connection.cursor() as cursor:
        cursor.execute(KNOWN_VALUES, [name])
        known, percentiles = cursor.fetchone()
    values = Values(
        concept=name,
        display=concept.display,
        unit=concept.unit,
        count=len(found),
        low=min(found),
        middle=median(found),
        high=max(found),
        usual_low=concept.usual_low,
        usual_high=concept.usual_high,
        unusual=sum(not concept.is_usual(value) for value in found),
    )
    if known >= ENOUGH:
        values.known, values.known_middle = known, percentiles[1]
    return values


def _doubts(preview: Preview) -> list[str]:
    doubts = []
    for values in preview.values:
        usual = f"{values.usual_low:g} to {values.usual_high:g} {values.unit}"
        if values.unusual > SUSPICIOUS_SHARE * values.count:
            doubts.append(
                f"{values.unusual} of {values.count} values would lie outside the usual {usual}."
                " Is it the right concept, and is the unit what it seems to be?"
            )
        if not values.usual_low <= values.middle <= values.usual_high:
            doubts.append(
                f"The middle value, {values.middle:.4g} {values.unit}, is outside the usual {usual}."
            )
        elif values.known_middle is not None and _is_far(values):
            doubts.append(
                f"The middle value, {values.middle:.4g} {values.unit}, is far from"
                f" {values.known_middle:.4g}, the middle of the {values.known} values that the"
                " record has without it."
            )
    if impossible := preview.qualities.get(Quality.IMPOSSIBLE.value, 0):
        doubts.append(f"{impossible} values would be impossible, and kept out of every model.")
    if preview.lost:
        doubts.append(
            f"{preview.lost} facts that are used now would not be used any more: other codes of"
            " the same resources say something else."
        )
    return doubts


def _is_far(values: Values) -> bool:
    """Half, or half as much again: people differ less, units more [J]."""
    known = values.known_middle or 0.0
    return known > 0 and not known / 1.5 <= values.middle <= known * 1.5
