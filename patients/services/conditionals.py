"""Resolves `If-None-Exist` and `Type?identifier=system|value` inside the caller's transaction.

Every condition takes an advisory lock on its identifier first, so that two senders who race to
create the same thing find each other's.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from urllib.parse import parse_qsl

from django.db import connection

from patients.errors import FhirError
from patients.fhir.outcome import Issue
from patients.fhir.search import extract_index, parse_query
from patients.models import Resource
from patients.services.interactions import Interaction

IDENTIFIER_LOCK = 7002


@dataclass(frozen=True)
class Condition:
    """`type` and the index tokens of which one must match, with where it was asked."""

    type: str
    query: str
    tokens: tuple[str, ...]
    expression: str


def parse_condition(type_name: str, query: str, expression: str) -> Condition:
    """A condition on identifiers. Raises FhirError 412 for what cannot be decided safely.

    Its issues name `expression`: the name of a search parameter tells nobody which entry asked.
    """
    try:
        parsed = parse_query(type_name, parse_qsl(query, keep_blank_values=True))
    except FhirError as error:
        issues = [Issue("error", i.code, i.diagnostics, expression) for i in error.issues]
        raise FhirError(error.status, issues) from error
    named = {name for name, _ in parse_qsl(query, keep_blank_values=True)}
    if named != {"identifier"} or len(parsed.token_groups) != 1:
        text = f"'{query}': a condition names exactly one identifier, as identifier=system|value"
        raise FhirError(412, [Issue("error", "not-supported", text, expression)])
    return Condition(type_name, query, tuple(parsed.token_groups[0]), expression)


def lock_identifiers(tokens: Iterable[str]) -> None:
    """Take the advisory locks of `tokens` in one order for everybody."""
    wanted = sorted(set(tokens))
    if not wanted:
        return
    with connection.cursor() as cursor:
        cursor.execute(
            "SELECT pg_advisory_xact_lock(%s, key) FROM"
            " (SELECT DISTINCT hashtext(t) AS key FROM unnest(%s::text[]) t ORDER BY 1) k",
            [IDENTIFIER_LOCK, wanted],
        )


def find(conditions: Sequence[Condition]) -> dict[Condition, list[str]]:
    """Ids that match each condition, with one statement."""
    if not conditions:
        return {}
    wanted = sorted({token for condition in conditions for token in condition.tokens})
    rows = Resource.objects.filter(
        tokens__overlap=wanted, type__in={c.type for c in conditions}, deleted=False
    ).values_list("type", "fhir_id", "tokens")
    found: dict[tuple[str, str], list[str]] = defaultdict(list)
    for type_name, fhir_id, tokens in rows:
        for token in tokens:
            found[type_name, token].append(fhir_id)
    return {
        c: sorted({i for token in c.tokens for i in found.get((c.type, token), ())})
        for c in conditions
    }


def tokens_of_new(interactions: Iterable[Interaction]) -> Mapping[tuple[str, str], list[str]]:
    """(type, token) to ids that this very request creates: a bundle may refer to its own."""
    made: dict[tuple[str, str], list[str]] = defaultdict(list)
    for interaction in interactions:
        if interaction.resource is not None and "identifier" in interaction.resource:
            for token in extract_index(interaction.resource).tokens:
                if token.startswith("identifier\x1f"):
                    made[interaction.type, token].append(interaction.fhir_id)
    return made
