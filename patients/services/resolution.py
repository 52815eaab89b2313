"""Gives ids to conditional creates, and literal targets to every other kind of reference."""

import re
from collections.abc import Mapping, Sequence

from patients.errors import FhirError
from patients.fhir.json_codec import rewrite_references
from patients.fhir.outcome import Issue
from patients.fhir.references import iter_references, parse_reference
from patients.services import conditionals
from patients.services.conditionals import Condition
from patients.services.interactions import Interaction, Json

REST_URL = re.compile(r"(?P<base>https?://.+/)[A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64}")
Use = tuple[Interaction, Json, str]


def match_conditional_creates(interactions: Sequence[Interaction]) -> set[int]:
    """Take the ids of what is there already; returns id() of the interactions that matched.

    Waits for whoever creates the same thing at this moment. FhirError 412.
    """
    asked = {
        id(i): conditionals.parse_condition(i.type, i.if_none_exist, i.at(i.type))
        for i in interactions
        if i.if_none_exist
    }
    conditionals.lock_identifiers(t for c in asked.values() for t in c.tokens)
    found = conditionals.find(list(asked.values()))
    matched: set[int] = set()
    first: set[tuple[str, tuple[str, ...]]] = set()
    for interaction in interactions:
        condition = asked.get(id(interaction))
        if condition is None:
            continue
        ids = found[condition]
        if len(ids) > 1:
            words = f"'{condition.query}' matches {len(ids)} resources; it must match at most one"
            raise FhirError(412, [Issue("error", "multiple-matches", words, condition.expression)])
        if ids:
            interaction.fhir_id = ids[0]
            matched.add(id(interaction))
        elif (condition.type, condition.tokens) in first:
            words = f"'{condition.query}' is created twice in one request"
            raise FhirError(412, [Issue("error", "duplicate", words, condition.expression)])
        else:
            first.add((condition.type, condition.tokens))
    return matched


def resolve_references(
    interactions: Sequence[Interaction], matched: set[int], *, base_url: str
) -> None:
    """Replace references to other entries, conditions and our own URLs, in dict and text alike.

    FhirError 422 with every reference that leads nowhere.
    """
    own = {i.full_url: i.reference for i in interactions if i.full_url}
    mapping = dict(own)
    asked: dict[str, Condition] = {}
    issues: list[Issue] = []
    uses: list[Use] = []
    for interaction in interactions:
        if interaction.resource is None or id(interaction) in matched:
            continue
        match = REST_URL.fullmatch(interaction.full_url)
        sender_base = match["base"] if match else ""
        for path, element in iter_references(interaction.resource):
            text = element["reference"]
            if text in own or _is_ours(text, base_url, mapping):
                uses.append((interaction, element, text))
            elif sender_base and sender_base + text in own:
                mapping[text] = own[sender_base + text]
                uses.append((interaction, element, text))
            elif text.startswith("urn:"):
                words = f"'{text[:80]}' is the fullUrl of no entry"
                issues.append(Issue("error", "not-found", words, interaction.at(path)))
            elif "?" in text and parse_reference(text).kind == "conditional":
                uses.append((interaction, element, text))
                if text not in asked:
                    type_name, _, query = text.partition("?")
                    asked[text] = conditionals.parse_condition(
                        type_name, query, interaction.at(path)
                    )
    mapping |= _match_conditions(asked, interactions, issues)
    if issues:
        raise FhirError(422, issues)
    _rewrite(uses, mapping)


def _is_ours(text: str, base_url: str, mapping: dict[str, str]) -> bool:
    """Whether it is an absolute URL of this very server; notes what it means if so."""
    if not base_url or not text.startswith(base_url):
        return False
    parsed = parse_reference(text, base_url=base_url)
    if parsed.kind != "relative":
        return False
    mapping[text] = text.removeprefix(base_url).lstrip("/")
    return True


def _match_conditions(
    asked: Mapping[str, Condition], interactions: Sequence[Interaction], issues: list[Issue]
) -> dict[str, str]:
    """Every condition must match exactly one resource, stored or made by this request."""
    if not asked:
        return {}
    stored = conditionals.find(list(asked.values()))
    made = conditionals.tokens_of_new(interactions)
    mapping = {}
    for text, condition in asked.items():
        ids = set(stored[condition])
        for token in condition.tokens:
            ids.update(made.get((condition.type, token), ()))
        if len(ids) == 1:
            mapping[text] = f"{condition.type}/{ids.pop()}"
            continue
        code = "multiple-matches" if ids else "not-found"
        words = f"'{text}' matches {len(ids) or 'no'} resources; it must match exactly one"
        issues.append(Issue("error", code, words, condition.expression))
    return mapping


def _rewrite(uses: Sequence[Use], mapping: Mapping[str, str]) -> None:
    changed: dict[int, tuple[Interaction, dict[str, str]]] = {}
    for interaction, element, text in uses:
        element["reference"] = mapping[text]
        changed.setdefault(id(interaction), (interaction, {}))[1][text] = mapping[text]
    for interaction, used in changed.values():
        interaction.raw = rewrite_references(interaction.raw, used)
