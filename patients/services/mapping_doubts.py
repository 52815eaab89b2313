"""What speaks against a mapping: what a data steward must answer before it is put in force."""

import re
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from math import log
from statistics import median, quantiles

from django.db import connection

from patients.terminology.mappable import concept_text, target_text
from patients.terminology.meanings import Key, MappingKind
from patients.terminology.measurements import MEASUREMENTS
from patients.terminology.units import CONVERSIONS, resembling, units_of

# all of these are judgements [J]
# of values outside the usual range, before a mapping is doubted
SUSPICIOUS_SHARE = 0.1
# of facts that could be used
FEW = 0.5
# values that two distributions must have before they are compared
ENOUGH = 20
# of what the middle eight tenths of two distributions cover together, that both do
LEAST_OVERLAP = 0.5
# a distribution this wide is compared by ratios
WIDE = 4.0
# people with values of before, and how much theirs may differ in the middle
ENOUGH_PEOPLE = 5
MOST_CHANGE = 1.25
TENTHS = "percentile_cont(ARRAY[0.1, 0.5, 0.9]) WITHIN GROUP (ORDER BY value)"
KNOWN = """
    FROM patients_fact
    WHERE concept = %s AND quality IN ('usable', 'verify') AND value IS NOT NULL
      AND mappings = '{}'
"""
KNOWN_VALUES = f"SELECT count(*), {TENTHS} {KNOWN}"
OF_THE_SAME = f"""
    SELECT patient_id, percentile_cont(0.5) WITHIN GROUP (ORDER BY value) {KNOWN}
      AND patient_id = ANY(%s) GROUP BY patient_id
"""
NO_WORDS = {"and", "for", "lab", "mit", "the", "und", "von", "der", "die", "das", "des"}


@dataclass
class Candidate:
    """What the same values would be if the unit were this one, in the canonical unit."""

    unit: str
    low: float
    middle: float
    high: float
    unusual: int
    is_chosen: bool


@dataclass
class Values:
    """Measurements that would be read, in the concept's canonical unit.

    `known...`: of the values that the record has without the mapping, their middle and the limits
    of their middle eight tenths; None where there are too few. `ratio`: the new values over the
    same people's own of before, in the middle of `people`.
    """

    concept: str
    display: str
    unit: str
    count: int
    low: float
    tenth: float
    middle: float
    ninetieth: float
    high: float
    usual_low: float
    usual_high: float
    unusual: int
    known: int = 0
    known_tenth: float | None = None
    known_middle: float | None = None
    known_ninetieth: float | None = None
    people: int = 0
    ratio: float | None = None
    candidates: list[Candidate] = field(default_factory=list)


def values_of(name: str, found: Mapping[int, Sequence[float]], key: Key, target: str) -> Values:
    """`found`: the values of each patient, by primary key; at least one."""
    concept = MEASUREMENTS[name]
    numbers = sorted(value for of_one in found.values() for value in of_one)
    tenths = quantiles(numbers, n=10, method="inclusive") if len(numbers) > 1 else numbers
    values = Values(
        concept=name,
        display=concept.display,
        unit=concept.unit,
        count=len(numbers),
        low=numbers[0],
        tenth=tenths[0],
        middle=median(numbers),
        ninetieth=tenths[-1],
        high=numbers[-1],
        usual_low=concept.usual_low,
        usual_high=concept.usual_high,
        unusual=sum(not concept.is_usual(value) for value in numbers),
    )
    with connection.cursor() as cursor:
        cursor.execute(KNOWN_VALUES, [name])
        known, percentiles = cursor.fetchone()
        cursor.execute(OF_THE_SAME, [name, list(found)])
        before = dict(cursor.fetchall())
    if known >= ENOUGH:
        values.known = known
        values.known_tenth, values.known_middle, values.known_ninetieth = percentiles
    ratios = [median(found[pk]) / own for pk, own in before.items() if own > 0]
    if len(ratios) >= ENOUGH_PEOPLE:
        values.people, values.ratio = len(ratios), median(ratios)
    if key.kind == MappingKind.UNIT and key.concept == name:
        values.candidates = [_candidate(name, numbers, unit, target) for unit in units_of(name)]
    return values


def _candidate(name: str, numbers: Sequence[float], unit: str, target: str) -> Candidate:
    sent, other = CONVERSIONS[name, target], CONVERSIONS[name, unit]
    read = [other.forward(sent.back(value)) for value in numbers]
    unusual = sum(not MEASUREMENTS[name].is_usual(value) for value in read)
    return Candidate(unit, min(read), median(read), max(read), unusual, unit == target)


def doubts_about_values(values: Values) -> list[str]:
    """By what is usual, by what the record has, by what the same people had."""
    doubts = []
    unit = values.unit
    usual = f"{values.usual_low:g} to {values.usual_high:g} {unit}"
    if values.unusual > SUSPICIOUS_SHARE * values.count:
        doubts.append(
            f"{values.unusual} of {values.count} values would lie outside the usual {usual}."
            " Is it the right concept, and is the unit what it seems to be?"
        )
    if not values.usual_low <= values.middle <= values.usual_high:
        doubts.append(
            f"The middle value, {values.middle:.4g} {unit}, is outside the usual {usual}."
        )
    if _is_unlike(values):
        doubts.append(
            f"The values are unlike those of the record: of these eight in ten lie between"
            f" {values.tenth:.4g} and {values.ninetieth:.4g} {unit}, of the {values.known} that the"
            f" record has without it between {values.known_tenth:.4g} and"
            f" {values.known_ninetieth:.4g}, with {values.known_middle:.4g} in the middle."
        )
    if values.ratio is not None and not 1 / MOST_CHANGE <= values.ratio <= MOST_CHANGE:
        doubts.append(
            f"{values.people} of these people have other values of {values.display} already. Theirs"
            f" would be {values.ratio:.2g} times what they were, in the middle."
        )
    return doubts


def _is_unlike(values: Values) -> bool:
    """Whether the middle eight tenths have too little in common; few values are only located."""
    low, high = values.known_tenth, values.known_ninetieth
    if low is None or high is None:
        return False
    if values.count < ENOUGH:
        return not low <= values.middle <= high
    ends = [values.tenth, values.ninetieth, low, high]
    if min(ends) > 0 and (high > WIDE * low or ends[1] > WIDE * ends[0]):
        ends = [log(end) for end in ends]
    shared = min(ends[1], ends[3]) - max(ends[0], ends[2])
    whole = max(ends) - min(ends)
    return whole > 0 and shared < LEAST_OVERLAP * whole


def doubts_about_words(key: Key, target: str, display: str) -> list[str]:
    """By what its senders call it."""
    if key.kind == MappingKind.UNIT:
        like = resembling(key.concept, key.code)
        if like is None or like == target:
            return []
        other = f"{like}, which is another unit of {concept_text(key.concept)} than {target}."
        return [f"“{display or key.code}” begins like {other}"]
    meant = target_text(key, target)
    if key.kind == MappingKind.ANSWER or _share_a_word(display, meant):
        return []
    return [f"Its senders call it “{display}”, which has no word in common with “{meant}”."]


def _share_a_word(one: str, other: str) -> bool:
    """Whether a word of one begins like something in the other, "CHOL" like "cholesterol".

    Also where one has no word to compare.
    """
    pairs = ((one.casefold(), other.casefold()), (other.casefold(), one.casefold()))
    words = [(_words(a), b) for a, b in pairs]
    if not all(found for found, _ in words):
        return True
    return any(word[:4] in text for found, text in words for word in found)


def _words(text: str) -> list[str]:
    return [w for w in re.findall(r"[^\W_]{3,}", text) if w not in NO_WORDS and not w.isdigit()]


def doubts_about_use(facts: int, used: int, people: Mapping[str, int], key: Key) -> list[str]:
    """By what could be used of what would be read, and by what would follow for whom."""
    doubts = []
    if facts and used < FEW * facts:
        doubts.append(
            f"Only {used} of {facts} facts could be used."
            " A code or a unit that is read rightly gives values that can be used."
        )
    if key.kind not in (MappingKind.OBSERVATION, MappingKind.UNIT):
        said = [
            f"{number} {'person' if number == 1 else 'people'} would count as:"
            f" {concept_text(concept)}."
            for concept, number in sorted(people.items(), key=lambda p: (-p[1], p[0]))
        ]
        if not said:
            said = ["Nobody whose record has it is known yet; whoever comes with it will count."]
        doubts.append(f"{' '.join(said)} No value can show that this is wrong: only its source.")
    return doubts
