"""Gives ids to conditional creates, and literal targets to every other kind of reference."""

import re
import uuid
from collections import defaultdict
from collections.abc import Mapping, Sequence
from urllib.parse import urlencode

import orjson

from patients.errors import FhirError
from patients.fhir.json_codec import rewrite_references, with_member
from patients.fhir.outcome import Issue
from patients.fhir.references import iter_references, logical_owner, parse_reference
from patients.fhir.search_index import escape
from patients.selectors.identity import survivors
from patients.services import conditionals, directory
from patients.services.conditionals import Condition
from patients.services.interactions import Interaction

REST_URL = re.compile(r"(?P<base>https?://.+/)[A-Z][A-Za-z]+/[A-Za-z0-9.-]{1,64}")
REFERENCE = re.compile(rb'"reference"\s*:\s*"([^"\\]*)"')


def match_conditions(
    interactions: Sequence[Interaction], *, match_directory: bool = False
) -> set[int]:
    """Give conditional writes the id of what matches; returns id() of the creates that matched.

    Waits for whoever creates the same thing at this moment. FhirError 400 or 412.
    """
    asked = {
        id(i): condition for i in interactions if (condition := _condition_of(i, match_directory))
    }
    found = conditionals.find_or_lock(list(asked.values()))
    matched: set[int] = set()
    first: dict[tuple[str, str], list[tuple[Condition, Interaction]]] = defaultdict(list)
    leaving = {i.reference for i in interactions if i.method == "DELETE" and i.fhir_id}
    for interaction in interactions:
        condition = asked.get(id(interaction))
        if condition is None:
            continue
        ids = found[condition]
        if condition.any_match:
            ids = [i for i in ids if f"{condition.type}/{i}" not in leaving]
        ids = ids or _made_before(condition, first)
        if len(ids) > 1 and not condition.any_match:
            words = f"'{condition.text}' matches {len(ids)} resources; it must match at most one"
            raise FhirError(412, [Issue("error", "multiple-matches", words, condition.expression)])
        if ids:
            _take_id(interaction, ids[0], condition)
            if interaction.method == "POST":
                matched.add(id(interaction))
            elif interaction.method == "DELETE":
                leaving.add(interaction.reference)
        else:
            _make_id(interaction)
            for text in condition.locks:
                first[condition.type, text].append((condition, interaction))
    return matched


def _made_before(
    condition: Condition,
    first: Mapping[tuple[str, str], Sequence[tuple[Condition, Interaction]]],
) -> list[str]:
    """The id of what an earlier entry of this request creates. FhirError 412 where this entry
    asked for a condition of its own: only a directory's entry may come twice.
    """
    named = (one for text in condition.locks for one in first.get((condition.type, text), ()))
    for other, interaction in named:
        if condition.any_match:
            is_made = interaction.method != "DELETE"
            if is_made and not conditionals.contradict(condition.tokens, other.tokens):
                return [interaction.fhir_id]
        elif other.locks == condition.locks:
            words = f"'{condition.text}' is asked for twice in one request"
            raise FhirError(412, [Issue("error", "duplicate", words, condition.expression)])
    return []


def _condition_of(interaction: Interaction, match_directory: bool) -> Condition | None:
    if not (interaction.if_none_exist or interaction.condition):
        return directory.identity_of(interaction) if match_directory else None
    if interaction.method == "POST":
        where = interaction.request("ifNoneExist")
        asked = interaction.if_none_exist.removeprefix("?")
        return conditionals.parse_condition(interaction.type, asked, where)
    where = interaction.request("url")
    return conditionals.parse_condition(interaction.type, interaction.condition, where)


def _take_id(interaction: Interaction, fhir_id: str, condition: Condition) -> None:
    given = (interaction.resource or {}).get("id", fhir_id)
    if interaction.method == "PUT" and given != fhir_id:
        words = f"'{condition.text}' matches {interaction.type}/{fhir_id}; the id says '{given}'"
        where = interaction.at(f"{interaction.type}.id")
        raise FhirError(400, [Issue("error", "invalid", words, where)])
    interaction.fhir_id, interaction.must_be_new = fhir_id, False


def _make_id(interaction: Interaction) -> None:
    """A conditional update that matches nothing creates, at the resource's own id if it has one."""
    if interaction.method == "PUT":
        given = (interaction.resource or {}).get("id")
        interaction.fhir_id, interaction.must_be_new = given or str(uuid.uuid4()), True


def resolve_references(
    interactions: Sequence[Interaction], matched: set[int], *, base_url: str
) -> None:
    """Replace references to other entries, conditions and our own URLs, in dict and text alike.

    A patient who is named by an identifier alone gets the reference beside it.

    FhirError 422 with every reference that leads nowhere.
    """
    own = {i.full_url: i.reference for i in interactions if i.full_url}
    asked: dict[str, Condition] = {}
    lost: list[tuple[Interaction, str]] = []
    uses: list[tuple[Interaction, dict[str, str]]] = []
    owners: list[tuple[Interaction, str, str]] = []
    claims: list[tuple[Interaction, str, Condition]] = []
    for interaction in interactions:
        if interaction.resource is None or id(interaction) in matched:
            continue
        match = REST_URL.fullmatch(interaction.full_url)
        sender_base = match["base"] if match else ""
        mapping: dict[str, str] = {}
        for text in _reference_texts(interaction):
            if text in own:
                mapping[text] = own[text]
            elif sender_base and own.get(sender_base + text, text) != text:
                mapping[text] = own[sender_base + text]
            elif text.startswith("urn:"):
                lost.append((interaction, text))
            elif base_url and text.startswith(base_url):
                mapping |= _ours(text, base_url)
            elif "?" in text and parse_reference(text).kind == "conditional":
                mapping[text] = text
                if text not in asked:
                    asked[text] = _condition(interaction, text)
        if mapping:
            uses.append((interaction, mapping))
        if owner := logical_owner(interaction.resource):
            text, condition = _owner_condition(interaction, *owner)
            if "reference" in interaction.resource[owner[0]]:
                claims.append((interaction, owner[0], condition))
            else:
                asked.setdefault(text, condition)
                owners.append((interaction, owner[0], text))
    issues = [
        Issue("error", "not-found", f"'{text[:80]}' is the fullUrl of no entry", where)
        for interaction, text in lost
        for where in _places(interaction, text)
    ]
    found = _match_conditions(asked, interactions, issues)
    if issues:
        raise FhirError(422, issues)
    for interaction, mapping in uses:
        _rewrite(interaction, {text: found.get(to, to) for text, to in mapping.items()})
    for interaction, element, text in owners:
        interaction.raw = with_member(interaction.raw, element, "reference", found[text])
        interaction.resource = orjson.loads(interaction.raw)
    _check_claims(claims, interactions)


def _check_claims(
    claims: Sequence[tuple[Interaction, str, Condition]], interactions: Sequence[Interaction]
) -> None:
    """A reference to one patient and the identifier of another: whose it is, only the sender
    knows. FhirError 422. An identifier that nobody here has says nothing.
    """
    if not claims:
        return
    conditions = [condition for _, _, condition in claims]
    stored, made = conditionals.find(conditions), conditionals.find_new(conditions, interactions)
    named = [_patient_named(interaction, element) for interaction, element, _ in claims]
    matches = [{*stored[c], *made.get(c, ())} for c in conditions]
    stands = survivors({i for ids in matches for i in ids} | {i for i in named if i})
    issues = [
        Issue(
            "error",
            "conflict",
            f"the reference is to Patient/{fhir_id}; the identifier is somebody else's",
            interaction.at(f"{interaction.type}.{element}"),
        )
        for (interaction, element, _), fhir_id, ids in zip(claims, named, matches, strict=True)
        if fhir_id and ids and stands[fhir_id] not in {stands[i] for i in ids}
    ]
    if issues:
        raise FhirError(422, issues)


def _patient_named(interaction: Interaction, element: str) -> str:
    """The id of one of our patients; "" for any other reference."""
    parsed = parse_reference((interaction.resource or {})[element]["reference"])
    return parsed.id if parsed.kind == "relative" and parsed.type == "Patient" else ""


def _reference_texts(interaction: Interaction) -> set[str]:
    """Every reference of a resource; found in the text where that is sure to give the same."""
    raw = interaction.raw
    plain = REFERENCE.findall(raw)
    if len(plain) == raw.count(b'"reference"') and b"\\u00" not in raw:
        return {text.decode() for text in plain}
    return {element["reference"] for _, element in iter_references(interaction.resource or {})}


def _places(interaction: Interaction, text: str) -> list[str]:
    """Expressions of the elements that refer to `text`."""
    return [
        interaction.at(path)
        for path, element in iter_references(interaction.resource or {})
        if element["reference"] == text
    ]


def _condition(interaction: Interaction, text: str) -> Condition:
    type_name, _, query = text.partition("?")
    where = next(iter(_places(interaction, text)), interaction.at(interaction.type))
    return conditionals.parse_condition(type_name, query, where)


def _owner_condition(
    interaction: Interaction, element: str, system: str, value: str
) -> tuple[str, Condition]:
    query = urlencode({"identifier": f"{_escaped(system)}|{_escaped(value)}"})
    where = interaction.at(f"{interaction.type}.{element}.identifier")
    return f"Patient?{query}", conditionals.parse_condition("Patient", query, where)


def _escaped(text: str) -> str:
    """As a search wants it."""
    return escape(text).replace(",", "\\,").replace("$", "\\$")


def _ours(text: str, base_url: str) -> dict[str, str]:
    """What an absolute URL of this very server means, if it is one of a resource."""
    if parse_reference(text, base_url=base_url).kind != "relative":
        return {}
    return {text: text.removeprefix(base_url).lstrip("/")}


def _match_conditions(
    asked: Mapping[str, Condition], interactions: Sequence[Interaction], issues: list[Issue]
) -> dict[str, str]:
    """Every condition must match exactly one resource, stored or made by this request."""
    if not asked:
        return {}
    conditions = list(asked.values())
    stored = conditionals.find(conditions)
    made = conditionals.find_new(conditions, interactions)
    mapping = {}
    for text, condition in asked.items():
        ids = {*stored[condition], *made.get(condition, ())}
        if len(ids) > 1 and condition.type == "Patient":
            # who was merged keeps the identifiers, and is one person with the other
            ids = set(survivors(ids).values())
        if len(ids) == 1:
            mapping[text] = f"{condition.type}/{ids.pop()}"
            continue
        code = "multiple-matches" if ids else "not-found"
        words = f"'{text}' matches {len(ids) or 'no'} resources; it must match exactly one"
        issues.append(Issue("error", code, words, condition.expression))
    return mapping


def _rewrite(interaction: Interaction, mapping: Mapping[str, str]) -> None:
    interaction.raw = rewrite_references(interaction.raw, mapping)
    interaction.resource = orjson.loads(interaction.raw)
