"""Resolves `If-None-Exist`, conditional updates and deletes, and `Type?query` references, inside
the caller's transaction.

A condition that nothing matches takes an advisory lock, on its identifiers where it names them,
else on its own text, and looks again: two senders who race to create the same thing find each
other's. What is there already is found without a lock, so that bundles which name the same
practitioner do not wait for each other.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models.functions import Coalesce

from patients.errors import FhirError
from patients.fhir.outcome import Issue
from patients.fhir.search import Query, extract_index, parse_criteria, read_pairs
from patients.fhir.search_index import SEPARATOR
from patients.models import Resource
from patients.selectors.search import search_condition
from patients.services.interactions import Interaction

IDENTIFIER_LOCK = 7002
# more than one match is a fault, whatever the number
MOST_NAMED = 3


@dataclass(frozen=True)
class Condition:
    """What one resource must match, with the text and the element in which it was asked.

    `tokens`: the index tokens of which one must match, if identifiers are all that is asked. With
    `any_match` several matches are none too many, but one that has other identifiers of the same
    system is no match.
    """

    type: str
    text: str
    expression: str
    query: Query
    tokens: tuple[str, ...] = ()
    any_match: bool = False

    @property
    def locks(self) -> tuple[str, ...]:
        return self.tokens or (f"{self.type}?{sorted(self.query.echo)}",)


def parse_condition(type_name: str, text: str, expression: str) -> Condition:
    """Raises FhirError 400 or 412 for what cannot be decided safely.

    Its issues name `expression`: the name of a search parameter tells nobody which entry asked.
    """
    try:
        query = parse_criteria(type_name, read_pairs(text))
    except FhirError as error:
        issues = [Issue("error", i.code, i.diagnostics, expression) for i in error.issues]
        raise FhirError(error.status, issues) from error
    if not query.echo:
        words = f"'{text[:80]}': a condition needs a search parameter, as identifier=system|value"
        raise FhirError(412, [Issue("error", "required", words, expression)])
    if type_name == "Patient" and not {"identifier", "_id"} & {name for name, _ in query.echo}:
        # nobody becomes somebody else for having the same name
        words = f"'{text[:80]}': a condition on a Patient names an identifier"
        raise FhirError(412, [Issue("error", "business-rule", words, expression)])
    alone = {name for name, _ in query.echo} == {"identifier"} and len(query.token_groups) == 1
    tokens = query.token_groups[0] if alone else ()
    return Condition(type_name, text, expression, query, tokens)


def lock(conditions: Iterable[Condition]) -> None:
    """Take the advisory locks of these conditions in one order for everybody."""
    wanted = sorted({text for condition in conditions for text in condition.locks})
    if not wanted:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s, key) FROM"
            " (SELECT DISTINCT hashtext(t) AS key FROM unnest(%s::text[]) t ORDER BY 1) k",
            [IDENTIFIER_LOCK, wanted],
        )


def find_or_lock(conditions: Sequence[Condition]) -> dict[Condition, list[str]]:
    """`find`; nobody else creates what nothing matches before this transaction ends."""
    found = find(conditions)
    missing = [condition for condition, ids in found.items() if not ids]
    if missing:
        lock(missing)
        found |= find(missing)
    return found


def find(conditions: Sequence[Condition]) -> dict[Condition, list[str]]:
    """Ids that match each condition: one statement for all that ask for identifiers, one for
    each other.
    """
    found = _with_identifiers([c for c in conditions if c.tokens])
    everything = Resource.objects.all()
    for condition in conditions:
        if not condition.tokens:
            rows = everything.filter(search_condition(everything, condition.query))
            found[condition] = sorted(rows.values_list("fhir_id", flat=True)[:MOST_NAMED])
    return found


def _with_identifiers(conditions: Sequence[Condition]) -> dict[Condition, list[str]]:
    if not conditions:
        return {}
    wanted = sorted({token for condition in conditions for token in condition.tokens})
    rows = Resource.objects.filter(
        tokens__overlap=wanted, type__in={c.type for c in conditions}, deleted=False
    ).values_list("type", "fhir_id", "tokens")
    found: dict[tuple[str, str], list[tuple[str, list[str]]]] = defaultdict(list)
    for type_name, fhir_id, tokens in rows:
        for token in tokens:
            found[type_name, token].append((fhir_id, tokens))
    return {
        c: sorted(
            {
                fhir_id
                for token in c.tokens
                for fhir_id, tokens in found.get((c.type, token), ())
                if not (c.any_match and contradict(c.tokens, tokens))
            }
        )
        for c in conditions
    }


def created_since(
    interactions: Sequence[Interaction], moment: datetime
) -> list[tuple[Interaction, str]]:
    """Those that are to be created though a live resource with an identifier of theirs was sent
    after `moment`, with its reference.
    """
    found: list[tuple[Interaction, str]] = []
    for interaction in interactions:
        if interaction.method != "POST":
            continue
        index = extract_index(interaction.resource or {})
        own = (t for t in index.tokens if t.startswith(f"identifier{SEPARATOR}"))
        tokens = sorted(t for t in own if all(_halves(t)))
        if tokens:
            rows = Resource.objects.filter(
                type=interaction.type, deleted=False, tokens__overlap=tokens
            ).annotate(sent=Coalesce("sent_at", "last_updated"))
            ids = rows.filter(sent__gt=moment).values_list("fhir_id", flat=True)
            found += [(interaction, f"{interaction.type}/{i}") for i in ids[:1]]
    return found


def _halves(token: str) -> tuple[str, str]:
    """System and value of an identifier's index token; empty where there is none."""
    system, _, value = token.partition(SEPARATOR)[2].partition("|")
    return system, value


def contradict(some: Iterable[str], others: Iterable[str]) -> bool:
    """Whether identifiers (as index tokens) name two things.

    Two hospitals may share a tax number; with a number of its own each in one system, they are two.
    """
    mine, theirs = _by_system(some), _by_system(others)
    return any(not mine[system] & theirs[system] for system in mine.keys() & theirs.keys())


def _by_system(tokens: Iterable[str]) -> dict[str, set[str]]:
    found: dict[str, set[str]] = defaultdict(set)
    for token in tokens:
        name, _, rest = token.partition(SEPARATOR)
        system, _, value = rest.partition("|")
        if name == "identifier" and value:
            found[system].add(value)
    return found


def find_new(
    conditions: Sequence[Condition], interactions: Iterable[Interaction]
) -> Mapping[Condition, set[str]]:
    """Ids that this very request gives to what matches: a bundle may refer to its own."""
    found: dict[Condition, set[str]] = defaultdict(set)
    by_type: dict[str, list[Condition]] = defaultdict(list)
    for condition in conditions:
        if not condition.query.chains:
            by_type[condition.type].append(condition)
    for interaction in interactions:
        asked = by_type.get(interaction.type)
        if asked and interaction.resource is not None:
            index = extract_index(interaction.resource)
            for condition in asked:
                if condition.query.matches(interaction.fhir_id, index):
                    found[condition].add(interaction.fhir_id)
    return found
