"""Whom a faulty resource speaks of, as far as it can be told. Nothing is decided by it."""

from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any

from patients.fhir.references import follow, owner_paths, parse_reference
from patients.fhir.search import read_pairs
from patients.fhir.search_index import token_strings
from patients.models import Patient, Resource

Json = dict[str, Any]


@dataclass(frozen=True)
class SpokenOf:
    """Patients that resources name: `ids`, here or not, and `tokens` of identifiers."""

    ids: list[str]
    tokens: list[str]


def patients_spoken_of(resources: Iterable[tuple[Json, str]], *, base_url: str = "") -> SpokenOf:
    """Who is named in resources and by the ids that their updates have.

    A literal reference says who; an identifier does if one live patient has it.
    """
    ids: set[str] = set()
    tokens: set[str] = set()
    for resource, fhir_id in resources:
        if resource.get("resourceType") == "Patient":
            if fhir_id:
                ids.add(fhir_id)
            else:
                tokens |= _tokens(resource.get("identifier"))
            continue
        for element in _owners(resource):
            _read(element, base_url, ids, tokens)
    return SpokenOf(sorted(ids | _bearers(tokens)), sorted(tokens))


def patients_here(fhir_ids: Iterable[str]) -> list[int]:
    """Keys of those that are here."""
    found = Patient.objects.filter(fhir_id__in=list(fhir_ids))
    return list(found.order_by("pk").values_list("pk", flat=True))


def _owners(resource: Json) -> Iterable[Json]:
    for path in owner_paths(str(resource.get("resourceType", ""))):
        yield from (one for one in follow(resource, path) if isinstance(one, dict))


def _read(element: Json, base_url: str, ids: set[str], tokens: set[str]) -> None:
    text = element.get("reference")
    if isinstance(text, str):
        parsed = parse_reference(text, base_url=base_url)
        if parsed.type == "Patient" and parsed.kind == "relative":
            ids.add(parsed.id)
        elif parsed.type == "Patient" and parsed.kind == "conditional":
            pairs = dict(read_pairs(parsed.query))
            system, bar, value = pairs.get("identifier", "").partition("|")
            if bar and value:
                tokens |= _tokens([{"system": system, "value": value}])
    tokens |= _tokens([element.get("identifier")])


def _tokens(identifiers: Any) -> set[str]:
    """Index tokens of identifiers with system and value."""
    found: set[str] = set()
    for one in identifiers if isinstance(identifiers, list) else ():
        system, value = (one.get("system"), one.get("value")) if isinstance(one, dict) else (0, 0)
        if isinstance(system, str) and isinstance(value, str) and system and value:
            found.update(token_strings("identifier", system, value)[:1])
    return {token for token in found if "\0" not in token}


def _bearers(tokens: set[str]) -> set[str]:
    """Ids of the live patients who alone have one of these identifiers."""
    if not tokens:
        return set()
    rows = Resource.objects.filter(type="Patient", deleted=False, tokens__overlap=sorted(tokens))
    by_token: dict[str, set[str]] = {}
    for fhir_id, has in rows.values_list("fhir_id", "tokens"):
        for token in tokens.intersection(has):
            by_token.setdefault(token, set()).add(fhir_id)
    return {min(ids) for ids in by_token.values() if len(ids) == 1}
