"""Decides, under locks, what each interaction of one request changes. Writes nothing."""

from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime

from django.db import connection

from patients.errors import FhirError
from patients.fhir.json_codec import content_hash, instant, stamp
from patients.fhir.outcome import Issue
from patients.fhir.references import iter_references, parse_reference, patient_reference
from patients.fhir.search import IndexEntry, extract_index
from patients.models import Patient
from patients.services import conditionals, server_written
from patients.services.interactions import Interaction, Sender
from patients.services.resolution import match_conditions, resolve_references

BUSY = "another request is writing the same resources; send this one again"
# one look into the index for each row wanted, in one order: a join would rather read the table
ROWS = """
    SELECT r.id, r.type, r.fhir_id, r.version, r.content_hash, r.deleted, r.last_updated,
           COALESCE(r.sent_at, r.last_updated) AS sent_at, r.patient_id, r.tokens && %s::text[] AS is_ours
    FROM (SELECT * FROM unnest(%s::text[], %s::text[]) AS w(type, fhir_id) ORDER BY 1, 2) wanted,
    LATERAL (
        SELECT * FROM patients_resource
        WHERE type = wanted.type AND fhir_id = wanted.fhir_id
        LIMIT 1 {locking}
    ) r
"""
READ_ROWS, LOCK_ROWS = ROWS.format(locking=""), ROWS.format(locking="FOR UPDATE")
HOLD_ROWS = ROWS.format(locking="FOR SHARE")
HOLD = "SELECT * FROM patients_patient WHERE fhir_id = ANY(%s) ORDER BY id FOR SHARE"


@dataclass(frozen=True, slots=True)
class Stored:
    """What must be known of a stored resource. The row is locked."""

    pk: int
    type: str
    fhir_id: str
    version: int
    content_hash: str
    deleted: bool
    last_updated: datetime
    sent_at: datetime
    patient_id: int | None
    is_ours: bool


@dataclass
class Change:
    """One resource that gets a new version (or a first one, or a deletion).

    `pk` and `patient_id` are known once the rows are numbered.
    """

    interaction: Interaction
    existing: Stored | None
    version: int
    content_hash: str = ""
    text: str = ""
    index: IndexEntry | None = None
    patient_fhir_id: str = ""
    pk: int = 0
    patient_id: int | None = None
    notes: list[Issue] = field(default_factory=list)

    @property
    def is_deletion(self) -> bool:
        return self.interaction.method == "DELETE"


@dataclass
class Plan:
    """The changes, and for every interaction what to answer with (a change or a stored row).

    `now` is when the changes happen: nobody's version is older than the one before it.
    """

    now: datetime
    interactions: Sequence[Interaction] = ()
    changes: list[Change] = field(default_factory=list)
    answers: list[tuple[int, Change | Stored]] = field(default_factory=list)
    # those that the changes speak of and that were here before, by FHIR id
    patients: dict[str, Patient] = field(default_factory=dict)


def make_plan(
    interactions: Sequence[Interaction],
    *,
    sender: Sender,
    now: datetime,
) -> Plan:
    """Resolve conditions and references, lock rows, compare with what is stored.

    What was sent earlier (`sender.sent_at`) replaces nothing that was sent after it. Raises
    FhirError with every fault found at the stage that fails.
    """
    matched = match_conditions(interactions, match_directory=sender.match_directory)
    resolve_references(interactions, matched, base_url=sender.base_url)
    _check_targets(i for i in interactions if id(i) not in matched)
    rows = _rows_of(interactions, matched)
    if sender.sent_at is not None:
        _check_not_newer([i for i in interactions if id(i) not in matched], rows, sender)
    faults = [
        fault
        for i in interactions
        if (fault := _refusal(i, rows.get((i.type, i.fhir_id)))) and id(i) not in matched
    ]
    if faults:
        raise FhirError(max(status for status, _ in faults), [issue for _, issue in faults])
    # whoever waited for a lock began before the one that held it, and writes after it
    plan = Plan(max([now, *(row.last_updated for row in rows.values())]), interactions)
    for interaction in interactions:
        existing = rows.get((interaction.type, interaction.fhir_id))
        if id(interaction) not in matched:
            _plan_one(plan, interaction, existing)
        elif existing is not None and not existing.deleted:
            plan.answers.append((200, existing))
        else:
            plan.answers.append((200, _made_here(plan, interaction)))
    plan.patients = _hold_patients(plan.changes)
    _check_patients(plan.changes, plan.patients)
    return plan


def lost_race() -> FhirError:
    """Somebody else was faster; nothing of this request is stored, and it may simply come again."""
    return FhirError(409, [Issue("error", "conflict", BUSY)], {"Retry-After": "1"})


class Outdated(FhirError):
    """What is to be stored was sent before what is stored already."""


def _check_not_newer(
    interactions: Sequence[Interaction],
    rows: Mapping[tuple[str, str], Stored],
    sender: Sender,
) -> None:
    """Late arrivals replace nothing that was sent after them. A replay does not by itself create
    what may have been created since: laboratories use their numbers again, so a person decides.
    """
    sent_at, origin = sender.sent_at, sender.origin
    if sent_at is None:
        return
    since = "this was sent" if origin is not None else "this import began; the newer is kept"
    newer = [
        Issue("error", "conflict", f"{i.reference} was written after {since}", i.at(i.type))
        for i in interactions
        if (row := rows.get((i.type, i.fhir_id))) and row.sent_at > sent_at
    ]
    if newer:
        raise Outdated(409, newer)
    if origin is None or origin.is_wanted:
        return
    created = conditionals.created_since(interactions, sent_at)
    if created:
        raise FhirError(409, [_may_be_the_same(i, reference) for i, reference in created])


def _may_be_the_same(interaction: Interaction, reference: str) -> Issue:
    words = (
        f"{reference} has an identifier of this and was sent later: store this all the same if it"
        " is another, or discard it"
    )
    return Issue("error", "duplicate", words, interaction.at(f"{interaction.type}.identifier"))


def _made_here(plan: Plan, interaction: Interaction) -> Change:
    """What an earlier entry creates and this one names again; else somebody has deleted it."""
    for change in plan.changes:
        if change.interaction.reference == interaction.reference:
            return change
    raise lost_race()


def _rows_of(
    interactions: Sequence[Interaction], matched: set[int]
) -> dict[tuple[str, str], Stored]:
    """Stored rows of the targets. Those that may change are locked, in one order for everybody;
    what a create has matched stays as it is, and others may name it at the same time.
    """
    changing = {(i.type, i.fhir_id) for i in interactions if id(i) not in matched}
    named = {(i.type, i.fhir_id) for i in interactions} - changing
    rows = [*fetched(LOCK_ROWS, changing), *fetched(READ_ROWS, named)]
    return {(row.type, row.fhir_id): row for row in rows}


def fetched(statement: str, targets: Iterable[tuple[str, str]]) -> list[Stored]:
    """Stored rows of these types and ids, by one of the statements above."""
    wanted = sorted(targets)
    if not wanted:
        return []
    types, ids = [t for t, _ in wanted], [i for _, i in wanted]
    with connection.cursor() as cursor:
        cursor.execute(statement, [server_written.OWN_MARKS, types, ids])
        return [Stored(*row) for row in cursor.fetchall()]


def _refusal(interaction: Interaction, existing: Stored | None) -> tuple[int, Issue] | None:
    """Why this row must not be written by this sender at this moment, with the status."""
    if existing is not None and existing.is_ours:
        words = f"{interaction.reference} was written by this server; nobody else changes it"
        return 403, Issue("error", "forbidden", words, interaction.at(interaction.type))
    if interaction.if_none_match and existing is not None and not existing.deleted:
        words = f"{interaction.reference} is here already, as version {existing.version}"
        return 412, Issue("error", "conflict", words, interaction.request("ifNoneMatch"))
    if interaction.must_be_new and existing is not None and not existing.deleted:
        words = (
            f"'{interaction.condition[:200]}' matches nothing, and {interaction.reference} is here"
            " already: say which is meant"
        )
        where = interaction.at(f"{interaction.type}.id")
        return 409, Issue("error", "conflict", words, where)
    where = interaction.request("ifMatch")
    if not interaction.if_match:
        return None
    wanted = [v.strip().removeprefix("W/").strip('"') for v in interaction.if_match.split(",")]
    current = str(existing.version) if existing is not None else "none"
    if existing is not None and (current in wanted or (wanted == ["*"] and not existing.deleted)):
        return None
    asked = ", ".join(wanted)[:40]
    words = f"If-Match asks for version {asked}; the current version is {current}"
    return 412, Issue("error", "conflict", words, where)


def _check_targets(interactions: Iterable[Interaction]) -> None:
    """Conditions may lead to a resource that another entry changes too."""
    seen: set[tuple[str, str]] = set()
    for interaction in interactions:
        target = (interaction.type, interaction.fhir_id)
        if target in seen and interaction.fhir_id:
            words = f"{interaction.reference} is changed by two entries"
            where = interaction.request("url")
            raise FhirError(400, [Issue("error", "duplicate", words, where)])
        seen.add(target)


def _plan_one(plan: Plan, interaction: Interaction, existing: Stored | None) -> None:
    if interaction.method == "DELETE":
        if existing is None or existing.deleted:
            plan.answers.append((204, Change(interaction, existing, 0)))
            return
        change = Change(interaction, existing, existing.version + 1)
        if interaction.type == "Patient":
            change.patient_fhir_id = interaction.fhir_id
    else:
        digest = content_hash(interaction.resource or {})
        if existing is not None and not existing.deleted and existing.content_hash == digest:
            plan.answers.append((200, existing))
            return
        change = _new_version(interaction, existing, digest, plan.now)
    created = existing is None or existing.deleted
    status = 204 if change.is_deletion else 201 if created else 200
    plan.changes.append(change)
    plan.answers.append((status, change))


def _new_version(
    interaction: Interaction, existing: Stored | None, digest: str, now: datetime
) -> Change:
    version = existing.version + 1 if existing is not None else 1
    updated = instant(now)
    text = stamp(
        interaction.raw, fhir_id=interaction.fhir_id, version_id=version, last_updated=updated
    )
    resource = interaction.resource or {}
    # the dict says what the text says: nobody parses it a second time
    resource["id"] = interaction.fhir_id
    stamped = {"versionId": str(version), "lastUpdated": updated}
    resource["meta"] = {**resource.get("meta", {}), **stamped}
    change = Change(interaction, existing, version, digest, text.decode())
    change.index = extract_index(resource)
    if interaction.type == "Patient":
        change.patient_fhir_id = interaction.fhir_id
    else:
        reference = patient_reference(resource) or ""
        if reference:
            parsed = parse_reference(reference)
            # another server's patient is nobody here, whatever their id
            change.patient_fhir_id = parsed.id if parsed.kind == "relative" else reference
    return change


def _hold_patients(changes: Sequence[Change]) -> dict[str, Patient]:
    """Those whom the changes speak of; nobody merges them before this transaction ends."""
    wanted = sorted({c.patient_fhir_id for c in changes if c.patient_fhir_id})
    return {p.fhir_id: p for p in Patient.objects.raw(HOLD, [wanted])} if wanted else {}


def _check_patients(changes: Sequence[Change], here: Mapping[str, Patient]) -> None:
    """A clinical resource must belong to a patient that is here: an unknown one is a fault."""
    written = [c for c in changes if c.patient_fhir_id and not c.is_deletion]
    making = {c.interaction.fhir_id for c in written if c.interaction.type == "Patient"}
    leaving = {c.patient_fhir_id for c in changes if c.is_deletion} - making
    wanted = {c.patient_fhir_id for c in written} - making
    known = making | {i for i in wanted - leaving if i in here and here[i].active}
    issues = [
        Issue(
            "error",
            "not-found",
            f"{_named(c.patient_fhir_id)} is not known here; send the patient first",
            c.interaction.at(_path_of_patient(c)),
        )
        for c in written
        if c.patient_fhir_id not in known
    ]
    if issues:
        raise FhirError(422, issues)


def _named(patient: str) -> str:
    return patient[:80] if "/" in patient or ":" in patient else f"Patient/{patient}"


def _path_of_patient(change: Change) -> str:
    literal = patient_reference(change.interaction.resource or {})
    paths = [
        path
        for path, element in iter_references(change.interaction.resource or {})
        if element.get("reference") == literal
    ]
    # the same patient may be a receiver or a source too; the sender looks at whose record it is
    owners = (f"{change.interaction.type}.{name}" for name in ("subject", "patient", "beneficiary"))
    return next((p for p in owners if p in paths), next(iter(paths), change.interaction.type))
