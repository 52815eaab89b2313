"""Counts the codes that neither our tables nor a mapping reads: what a data steward may map.

Grouped in the database by combination of codes and patient, decided here once a combination.
"""

import time
from collections import Counter, defaultdict
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, field
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection, transaction

from patients.fhir.search_index import SEPARATOR
from patients.models import CodeSurvey, Fact, UnmappedCode
from patients.record.elements import Json, child, children, codings
from patients.record.medication_facts import UNCLASSIFIED
from patients.services import local_meanings, lookups
from patients.services.mapping_touch import contents_of
from patients.terminology.codings import code_of
from patients.terminology.genes import genotype_code
from patients.terminology.meanings import LocalMeanings, MappingKind

COMPONENT = "Observation.component"
# a panel's own code has no value: what it stands for is in its components or members
COMBINATIONS = """
    SELECT r.type, c.own, c.parts, COALESCE(p.merged_into_id, p.id),
           (c.parts IS NOT NULL OR c.has_members) AND NOT r.search_values ? 'value-quantity',
           count(*), min(r.date_low), max(r.date_low), min(r.id)
    FROM patients_resource r
    JOIN patients_patient p ON p.id = r.patient_id
    CROSS JOIN LATERAL (
        SELECT array_agg(t ORDER BY t) FILTER (WHERE starts_with(t, %(own)s)) AS own,
               array_agg(t ORDER BY t) FILTER (WHERE starts_with(t, %(part)s)) AS parts,
               EXISTS (SELECT FROM unnest(r.refs) f WHERE starts_with(f, %(member)s)) AS has_members
        FROM unnest(r.tokens) t WHERE strpos(t, '|') > 0
    ) c
    WHERE r.type = ANY(%(types)s) AND NOT r.deleted
    GROUP BY 1, 2, 3, 4, 5
"""
TYPES = {
    "Observation": MappingKind.OBSERVATION,
    "Condition": MappingKind.CONDITION,
    "Procedure": MappingKind.CONDITION,
}
Coded = tuple[str, str]


class Place(NamedTuple):
    """A code, and where it came."""

    kind: MappingKind
    type: str
    concept: str
    system: str
    code: str


@dataclass
class Tally:
    """How often a code came."""

    resources: int = 0
    patients: set[int] = field(default_factory=set)
    first: datetime | None = None
    last: datetime | None = None
    example: int = 0

    def add(self, resources: int, patient: int, times: Iterable[datetime | None], pk: int) -> None:
        self.resources += resources
        self.patients.add(patient)
        known = [t for t in (self.first, self.last, *times) if t is not None]
        self.first, self.last = (min(known), max(known)) if known else (None, None)
        self.example = self.example or pk


class Count:
    """All codes that are not read, while they are counted."""

    def __init__(self, meanings: LocalMeanings) -> None:
        self.meanings = meanings
        self.codes: defaultdict[Place, Tally] = defaultdict(Tally)
        self.without_code: Counter[str] = Counter()

    def is_known(self, kind: MappingKind, concept: str, found: Iterable[Coded]) -> bool:
        match kind:
            case MappingKind.OBSERVATION:
                return any(
                    self.meanings.observation(*one)
                    or ((standard := code_of(*one)) and genotype_code(standard))
                    for one in found
                )
            case MappingKind.CONDITION:
                return any(self.meanings.condition(*one) for one in found)
            case MappingKind.MEDICATION:
                return any(self.meanings.medication(*one) for one in found)
            case _:
                return any(self.meanings.answer(concept, *one) for one in found)


def survey(*, now: datetime) -> CodeSurvey:
    """Count anew, and put the result in the place of the last one."""
    started = time.monotonic()
    with transaction.atomic():
        count = Count(local_meanings.hold())
    _count_tokens(count)
    _count_facts(count)
    _count_answers(count)
    displays = _displays(count)
    with transaction.atomic():
        made = CodeSurvey.objects.create(
            counted_at=now,
            milliseconds=int((time.monotonic() - started) * 1000),
            without_code=dict(count.without_code),
        )
        UnmappedCode.objects.bulk_create(
            (_row(made, place, tally, displays) for place, tally in count.codes.items()),
            batch_size=2000,
        )
        CodeSurvey.objects.filter(pk__lt=made.pk).delete()
    return made


def _row(made: CodeSurvey, place: Place, tally: Tally, displays: dict[Coded, str]) -> UnmappedCode:
    return UnmappedCode(
        survey=made,
        kind=place.kind.value,
        type=place.type,
        concept=place.concept,
        system=place.system,
        code=place.code,
        display=displays.get((place.system, place.code), "")[:400],
        resources=tally.resources,
        patients=len(tally.patients),
        first=tally.first,
        last=tally.last,
    )


def _count_tokens(count: Count) -> None:
    """Observations, conditions and procedures, by the codes that search knows of them."""
    groupings: dict[tuple[str, ...], list[list[Coded]]] = {}
    values: dict[str, Any] = {
        "own": f"code{SEPARATOR}",
        "part": f"component-code{SEPARATOR}",
        "member": f"has-member{SEPARATOR}",
        "types": list(TYPES),
    }
    with connection.cursor() as cursor:
        cursor.execute(COMBINATIONS, values)
        rows = cursor.fetchall()
    waiting: dict[tuple[str, ...], int] = {}
    for type_name, own, parts, patient, is_panel, number, first, last, pk in rows:
        kind, codes = TYPES[type_name], [_parsed(token) for token in own or ()]
        found = [one for one in codes if one is not None]
        if not is_panel and not found:
            count.without_code[type_name] += number
        elif not is_panel and not count.is_known(kind, "", found):
            for system, code in found:
                place = Place(kind, type_name, "", system, code)
                count.codes[place].add(number, patient, (first, last), pk)
        if parts:
            waiting.setdefault(tuple(parts), pk)
    groupings = dict(_groupings(waiting, count))
    for _, _, parts, patient, _, number, first, last, pk in rows:
        for system, code in _unread_parts(groupings.get(tuple(parts or ()), []), count):
            place = Place(MappingKind.OBSERVATION, COMPONENT, "", system, code)
            count.codes[place].add(number, patient, (first, last), pk)


def _parsed(token: str) -> Coded | None:
    """ "code\\x1fsystem|code" -> (system, code); None for what is no such pair."""
    text = token.partition(SEPARATOR)[2]
    parts: list[str] = [""]
    letters = iter(text)
    for letter in letters:
        if letter == "\\":
            parts[-1] += next(letters, "")
        elif letter == "|":
            parts.append("")
        else:
            parts[-1] += letter
    return (parts[0], parts[1]) if len(parts) == 2 and parts[1] else None


def _groupings(
    waiting: dict[tuple[str, ...], int], count: Count
) -> Iterator[tuple[tuple[str, ...], list[list[Coded]]]]:
    """Which codes stand together in one component; an example of each combination tells."""
    unread = {
        parts: pk
        for parts, pk in waiting.items()
        if not all(
            count.is_known(MappingKind.OBSERVATION, "", [one]) for p in parts if (one := _parsed(p))
        )
    }
    contents = dict(contents_of(set(unread.values())))
    for parts, pk in unread.items():
        components = children(contents.get(pk, {}), "component")
        yield parts, [_coded(child(component, "code")) for component in components]


def _unread_parts(components: Iterable[list[Coded]], count: Count) -> set[Coded]:
    kind = MappingKind.OBSERVATION
    return {one for found in components if not count.is_known(kind, "", found) for one in found}


def _coded(concept: Json) -> list[Coded]:
    return [(coding.system, coding.code) for coding in codings(concept)]


def _count_facts(count: Count) -> None:
    """Medications: what is not classified is a fact of its own, by the first code of the drug,
    wherever that is.
    """
    kind = MappingKind.MEDICATION
    rows = Fact.objects.filter(concept=UNCLASSIFIED).values_list(
        "resource_type", "system", "code", "resource_id", "patient_id", "effective_at"
    )
    for type_name, system, code, resource, patient, at in rows.iterator(5000):
        if not code:
            count.without_code[type_name] += 1
        elif not count.is_known(kind, "", [(system, code)]):
            place = Place(kind, type_name, "", system, code)
            count.codes[place].add(1, patient, (at,), resource)


def _count_answers(count: Count) -> None:
    """Coded observations whose answer says nothing to us."""
    facts: defaultdict[int, list[tuple[Any, ...]]] = defaultdict(list)
    rows = Fact.objects.filter(kind=Fact.Kind.CODED, value_code="")
    for pk, *fact in rows.values_list(
        "resource_id", "concept", "path", "patient_id", "effective_at"
    ).iterator(5000):
        facts[pk].append(tuple(fact))
    for pk, content in contents_of(facts):
        for concept, path, patient, at in facts[pk]:
            found = _coded(child(_holder(content, path), "valueCodeableConcept"))
            if not found:
                count.without_code[f"{path.partition('[')[0]} answers"] += 1
            elif not count.is_known(MappingKind.ANSWER, concept, found):
                for system, code in found:
                    place = Place(MappingKind.ANSWER, "Observation", concept, system, code)
                    count.codes[place].add(1, patient, (at,), pk)


def _holder(content: Json, path: str) -> Json:
    """The element of a fact's path: the Observation, or one of its components."""
    _, _, index = path.partition("[")
    components = content.get("component")
    if not index or not isinstance(components, list):
        return content
    found = components[int(index.rstrip("]"))]
    return found if isinstance(found, dict) else {}


def _displays(count: Count) -> dict[Coded, str]:
    """What one sender shows for each code: the coding's own words, never a text beside it."""
    wanted = {(p.system, p.code): tally.example for p, tally in count.codes.items()}
    by_resource: defaultdict[int, set[Coded]] = defaultdict(set)
    for coded, pk in wanted.items():
        by_resource[pk].add(coded)
    found: dict[Coded, str] = {}
    for pk, content in contents_of(by_resource):
        found |= _shown(content, by_resource[pk])
        if not by_resource[pk] <= set(found):
            reference = child(content, "medicationReference").get("reference", "")
            for medication in lookups.current_contents({str(reference)}).values():
                found |= _shown(medication, by_resource[pk])
    return found


def _shown(node: object, wanted: set[Coded]) -> dict[Coded, str]:
    if isinstance(node, list):
        return {key: text for item in node for key, text in _shown(item, wanted).items()}
    if not isinstance(node, dict):
        return {}
    found = {key: text for value in node.values() for key, text in _shown(value, wanted).items()}
    for coding in codings({"coding": [node]}):
        if (coding.system, coding.code) in wanted and coding.display:
            found[coding.system, coding.code] = coding.display
    return found
