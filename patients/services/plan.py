"""Decides, under locks, what each interaction of one request changes. Writes nothing."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime
from typing import cast
from urllib.parse import unquote

from django.db import connection

from patients.errors import FhirError
from patients.fhir.json_codec import content_hash, loads, rewrite_references, stamp
from patients.fhir.outcome import Issue
from patients.fhir.references import iter_references, parse_reference, patient_reference
from patients.fhir.search import IndexEntry, extract_index
from patients.models import Patient, Resource
from patients.services import conditionals
from patients.services.interactions import Interaction, Json

LOCK_ROWS = """
    SELECT r.id FROM patients_resource r
    JOIN unnest(%s::text[], %s::text[]) AS wanted(type, fhir_id)
      ON r.type = wanted.type AND r.fhir_id = wanted.fhir_id
    ORDER BY r.type, r.fhir_id FOR UPDATE OF r
"""


@dataclass
class Change:
    """One resource that gets a new version (or a first one, or a deletion)."""

    interaction: Interaction
    existing: Resource | None
    version: int
    content_hash: str = ""
    text: str = ""
    index: IndexEntry | None = None
    medication_refs: list[str] = field(default_factory=list)
    patient_fhir_id: str = ""
    pk: int = 0

    @property
    def is_deletion(self) -> bool:
        return self.interaction.method == "DELETE"


@dataclass
class Plan:
    """The changes, and for every interaction what to answer with (a change or a stored row)."""

    changes: list[Change] = field(default_factory=list)
    answers: list[tuple[int, Change | Resource]] = field(default_factory=list)


def make_plan(interactions: Sequence[Interaction], *, now: datetime) -> Plan:
    """Resolve conditions and references, lock rows, compare with what is stored.

    Raises FhirError with every fault found at the stage that fails.
    """
    matched = _conditional_creates(interactions)
    _resolve_references(interactions, matched)
    rows = _lock_rows(interactions, matched)
    plan, issues = Plan(), []
    for interaction in interactions:
        if id(interaction) in matched:
            plan.answers.append((200, rows[interaction.type, interaction.fhir_id]))
            continue
        existing = rows.get((interaction.type, interaction.fhir_id))
        fault = _precondition(interaction, existing)
        if fault:
            issues.append(fault)
            continue
        _plan_one(plan, interaction, existing, now)
    if issues:
        raise FhirError(412, issues)
    _check_patients(plan.changes)
    return plan


def _conditional_creates(interactions: Sequence[Interaction]) -> dict[object, str]:
    """Give ids to conditional creates that match; keyed by object identity of the interaction."""
    asked = {
        id(i): conditionals.parse_condition(i.type, i.if_none_exist, i.at(f"{i.type}"))
        for i in interactions
        if i.if_none_exist
    }
    conditionals.lock_identifiers(t for c in asked.values() for t in c.tokens)
    found = conditionals.find(list(asked.values()))
    matched: dict[object, str] = {}
    first: dict[tuple[str, tuple[str, ...]], str] = {}
    for interaction in interactions:
        condition = asked.get(id(interaction))
        if condition is None:
            continue
        ids = found[condition]
        if len(ids) > 1:
            text = f"'{condition.query}' matches {len(ids)} resources; it must match at most one"
            raise FhirError(412, [Issue("error", "multiple-matches", text, condition.expression)])
        if ids:
            interaction.fhir_id = ids[0]
            matched[id(interaction)] = ids[0]
        elif (condition.type, condition.tokens) in first:
            text = f"'{condition.query}' is created twice in one request"
            raise FhirError(412, [Issue("error", "duplicate", text, condition.expression)])
        else:
            first[condition.type, condition.tokens] = interaction.fhir_id
    return matched


def _resolve_references(interactions: Sequence[Interaction], matched: Mapping[object, str]) -> None:
    """Replace urn: and conditional references by literal ones, in dict and text alike."""
    own = {i.full_url: i.reference for i in interactions if i.full_url}
    asked: dict[str, conditionals.Condition] = {}
    issues: list[Issue] = []
    uses: list[tuple[Interaction, Json, str]] = []
    for interaction in interactions:
        if interaction.resource is None or id(interaction) in matched:
            continue
        for path, element in iter_references(interaction.resource):
            text = element.get("reference", "")
            if text in own:
                uses.append((interaction, element, text))
            elif text.startswith("urn:"):
                words = f"'{text}' is the fullUrl of no entry"
                issues.append(Issue("error", "not-found", words, interaction.at(path)))
            elif parse_reference(text).kind == "conditional":
                uses.append((interaction, element, text))
                if text not in asked:
                    type_name, _, query = text.partition("?")
                    asked[text] = conditionals.parse_condition(
                        type_name, unquote(query), interaction.at(path)
                    )
    mapping = own | _match_conditions(asked, interactions, issues)
    if issues:
        raise FhirError(422, issues)
    changed: dict[int, tuple[Interaction, dict[str, str]]] = {}
    for interaction, element, text in uses:
        element["reference"] = mapping[text]
        changed.setdefault(id(interaction), (interaction, {}))[1][text] = mapping[text]
    for interaction, used in changed.values():
        interaction.raw = rewrite_references(interaction.raw, used)


def _match_conditions(
    asked: Mapping[str, conditionals.Condition],
    interactions: Sequence[Interaction],
    issues: list[Issue],
) -> dict[str, str]:
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


def _lock_rows(
    interactions: Sequence[Interaction], matched: Mapping[object, str]
) -> dict[tuple[str, str], Resource]:
    """Stored rows of the targets, locked in one order for everybody."""
    targets = sorted({(i.type, i.fhir_id) for i in interactions})
    if not targets:
        return {}
    types, ids = [t for t, _ in targets], [i for _, i in targets]
    with connection.cursor() as cursor:
        cursor.execute(LOCK_ROWS, [types, ids])
        keys = [row[0] for row in cursor.fetchall()]
    if not keys:
        return {}
    rows = Resource.objects.filter(pk__in=keys)
    return {(row.type, row.fhir_id): row for row in rows}


def _precondition(interaction: Interaction, existing: Resource | None) -> Issue | None:
    if not interaction.if_match:
        return None
    wanted = interaction.if_match.removeprefix("W/").strip('"')
    current = str(existing.version) if existing is not None else "none"
    if wanted == current:
        return None
    text = f"If-Match asks for version {wanted}; the current version is {current}"
    return Issue("error", "conflict", text, interaction.at(interaction.type))


def _plan_one(
    plan: Plan, interaction: Interaction, existing: Resource | None, now: datetime
) -> None:
    if interaction.method == "DELETE":
        if existing is None or existing.deleted:
            plan.answers.append((204, Change(interaction, existing, 0)))
            return
        change = Change(interaction, existing, existing.version + 1)
    else:
        resource = interaction.resource or {}
        resource["id"] = interaction.fhir_id
        digest = content_hash(resource)
        if existing is not None and not existing.deleted and existing.content_hash == digest:
            plan.answers.append((200, existing))
            return
        change = _new_version(interaction, existing, digest, now)
    created = existing is None or existing.deleted
    status = 204 if change.is_deletion else 201 if created else 200
    plan.changes.append(change)
    plan.answers.append((status, change))


def _new_version(
    interaction: Interaction, existing: Resource | None, digest: str, now: datetime
) -> Change:
    version = existing.version + 1 if existing is not None else 1
    raw = stamp(
        interaction.raw, fhir_id=interaction.fhir_id, version_id=str(version), last_updated=now
    )
    resource = cast(Json, loads(raw))
    interaction.resource = resource
    change = Change(interaction, existing, version, digest, raw.decode())
    change.index = extract_index(resource)
    reference = resource.get("medicationReference", {}).get("reference", "")
    if reference and not reference.startswith("#"):
        change.medication_refs = [f"medication\x1f{reference.split('/_history')[0]}"]
    if interaction.type == "Patient":
        change.patient_fhir_id = interaction.fhir_id
    else:
        parsed = parse_reference(patient_reference(resource) or "")
        change.patient_fhir_id = parsed.id if parsed.type == "Patient" else ""
    return change


def _check_patients(changes: Sequence[Change]) -> None:
    """A clinical resource must belong to a patient that is here: an unknown one is a fault."""
    making = {c.interaction.fhir_id for c in changes if c.interaction.type == "Patient"}
    wanted = {c.patient_fhir_id for c in changes if c.patient_fhir_id} - making
    known = set(
        Patient.objects.filter(fhir_id__in=wanted, active=True).values_list("fhir_id", flat=True)
    )
    issues = [
        Issue(
            "error",
            "not-found",
            f"Patient/{c.patient_fhir_id} is not known here; send the patient first",
            c.interaction.at(_path_of_patient(c)),
        )
        for c in changes
        if c.patient_fhir_id and c.patient_fhir_id in wanted - known and not c.is_deletion
    ]
    if issues:
        raise FhirError(422, issues)


def _path_of_patient(change: Change) -> str:
    literal = patient_reference(change.interaction.resource or {})
    for path, element in iter_references(change.interaction.resource or {}):
        if element.get("reference") == literal:
            return path
    return change.interaction.type
