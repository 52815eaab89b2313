"""Which stored resources a mapping touches. Rather one too many than one too few: what a mapping
does not change is projected again to the same facts.
"""

from collections.abc import Collection, Iterator
from typing import Any

import orjson
from django.db.models import F, Q, QuerySet

from patients.fhir.search_index import token_strings
from patients.models import Fact, Resource, ResourceVersion
from patients.selectors.senders import sender_at
from patients.services.mapping import versions_of
from patients.services.medications import DEPENDANTS, MEDICATION
from patients.terminology.meanings import Key, MappingKind
from patients.terminology.units import folded

CHUNK = 2000


def touched_by(key: Key) -> set[int]:
    """Keys of the current resources whose reading may change with the mapping of this key."""
    found = {
        MappingKind.OBSERVATION: _observations,
        MappingKind.CONDITION: _conditions,
        MappingKind.MEDICATION: _medications,
        MappingKind.ANSWER: _answers,
        MappingKind.UNIT: _units,
    }[key.kind](key)
    return found | _read_by(key)


def _read_by(key: Key) -> set[int]:
    """What is read by a mapping of this key, of whatever version."""
    versions = versions_of(key)
    numbers = list(versions.values_list("pk", flat=True))
    if not numbers:
        return set()
    rows = Fact.objects.filter(~Q(mappings=[]), mappings__overlap=numbers)
    return set(rows.values_list("resource_id", flat=True))


def _current() -> "QuerySet[Resource]":
    return Resource.objects.filter(deleted=False, patient__isnull=False)


def _with_code(rows: "QuerySet[Resource]", parameter: str, key: Key) -> set[int]:
    token = token_strings(parameter, key.system, key.code)[0]
    return set(rows.filter(tokens__contains=[token]).values_list("pk", flat=True))


def _observations(key: Key) -> set[int]:
    rows = _current().filter(type="Observation")
    return _with_code(rows, "code", key) | _with_code(rows, "component-code", key)


def _conditions(key: Key) -> set[int]:
    return _with_code(_current().filter(type__in=("Condition", "Procedure")), "code", key)


def _medications(key: Key) -> set[int]:
    """Inline, in a Medication that is named or contained, or as an ingredient of one."""
    orders = _current().filter(type__in=DEPENDANTS)
    drugs = Resource.objects.filter(type="Medication", deleted=False)
    found = _with_code(orders, "code", key) | _holding("contained", orders, key)
    named = _with_code(drugs, "code", key) | _holding("ingredient", drugs, key)
    ids = drugs.filter(pk__in=named).values_list("fhir_id", flat=True)
    refs = [f"{MEDICATION}Medication/{fhir_id}" for fhir_id in ids]
    for start in range(0, len(refs), CHUNK):
        rows = orders.filter(refs__overlap=refs[start : start + CHUNK])
        found |= set(rows.values_list("pk", flat=True))
    return found


def _holding(member: str, rows: "QuerySet[Resource]", key: Key) -> set[int]:
    """What has the code in a part that no search looks into."""
    versions = ResourceVersion.objects.filter(
        resource__in=rows, version=F("resource__version"), content__contains=f'"{member}"'
    )
    found = versions.values_list("resource_id", "content").iterator(CHUNK)
    return {pk for pk, content in found if mentions(orjson.loads(content).get(member), key)}


def _answers(key: Key) -> set[int]:
    """No search looks into the answers either: the contents are read."""
    facts = Fact.objects.filter(concept=key.concept, kind=Fact.Kind.CODED)
    asked = set(facts.values_list("resource_id", flat=True))
    return {pk for pk, content in contents_of(asked) if mentions(content, key)}


def _units(key: Key) -> set[int]:
    facts = Fact.objects.filter(concept=key.concept, kind=Fact.Kind.MEASUREMENT)
    sent = facts.exclude(raw_unit="").values_list("raw_unit", flat=True).distinct()
    spellings = [spelling for spelling in sent if folded(spelling) == key.code]
    having = facts.filter(raw_unit__in=spellings).values_list("resource_id", flat=True)
    sent_by = ResourceVersion.objects.filter(
        resource__in=having, version=F("resource__version")
    ).annotate(sender=sender_at("source"))
    return set(sent_by.filter(sender=key.source).values_list("resource_id", flat=True))


def contents_of(keys: Collection[int]) -> Iterator[tuple[int, dict[str, Any]]]:
    """Current contents of these resources, some at a time."""
    ordered = sorted(keys)
    for start in range(0, len(ordered), CHUNK):
        versions = ResourceVersion.objects.filter(
            resource__in=ordered[start : start + CHUNK],
            version=F("resource__version"),
            resource__deleted=False,
        ).order_by("resource_id")
        for pk, content in versions.values_list("resource_id", "content"):
            yield pk, orjson.loads(content)


def mentions(node: object, key: Key) -> bool:
    """Whether a Coding anywhere below has the system and the code."""
    if isinstance(node, list):
        return any(mentions(item, key) for item in node)
    if not isinstance(node, dict):
        return False
    if _text(node, "system") == key.system and _text(node, "code") == key.code:
        return True
    return any(mentions(value, key) for value in node.values() if isinstance(value, dict | list))


def _text(node: dict[str, Any], name: str) -> str:
    found = node.get(name)
    return found.strip() if isinstance(found, str) else ""
