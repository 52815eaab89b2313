"""The one path into the record: single interactions, bundles and file imports.

Resources, facts, care teams and the marks "this twin is stale" commit together or not at all.
What a witness writes (the audit log) commits with them.
"""

from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from functools import partial
from typing import cast

from django.db import IntegrityError, OperationalError, transaction

from patients.errors import FhirError
from patients.fhir.json_codec import loads
from patients.fhir.outcome import Issue
from patients.models import Fact, Resource, ResourceVersion
from patients.record.projection import INTERPRETED, project
from patients.services import (
    activity,
    care_team,
    facts,
    identity,
    local_meanings,
    medications,
    patient_row,
    provenance,
    superseding,
    table_rows,
    writing,
)
from patients.services.interactions import Interaction, Json, Result, Sender
from patients.services.lookups import Resolve
from patients.services.notes import take_notes
from patients.services.plan import Change, Plan, Stored, lost_race, make_plan
from patients.signals import twins_changed
from patients.terminology.meanings import NO_MEANINGS, LocalMeanings

ATTEMPTS = 3
# serialization failure, deadlock, lock timeout
LOST_RACES = {"40001", "40P01", "55P03"}


def process(
    interactions: Sequence[Interaction],
    *,
    sender: Sender,
    now: datetime,
    contents: bool = False,
    notes: bool = False,
    witness: Callable[[list[Result]], None] | None = None,
) -> list[Result]:
    """Do every interaction in one transaction, in the given order; all or nothing.

    With `contents` the results also carry the text of what was there already, with `notes` what
    the twin made of what is new. A `witness` is told
    the results inside the transaction: nothing is stored that its audit event does not name.

    Resources are valid by now. Raises FhirError: 403, 412, 422, or 409 with Retry-After after
    lost races; the interactions are then as they were given.
    """
    given = [(interaction.raw, interaction.fhir_id) for interaction in interactions]
    sent_at = sender.sent_at or now
    for attempt in range(ATTEMPTS):
        if attempt:
            _restore(interactions, given)
        try:
            with transaction.atomic():
                # before any row is locked: who makes a mapping waits for us, and we for them
                held = local_meanings.hold() if _projects(interactions) else NO_MEANINGS
                meanings = held.for_source(sender.source)
                superseding.before_deletions(interactions, sent_at=sent_at, now=now)
                plan = make_plan(interactions, sender=sender, now=now)
                superseding.say_again(_said_again(plan), sent_at=sent_at, now=now)
                # few rows go out together and their results come back together
                with writing.together(len(plan.changes)):
                    _apply(plan, meanings, sender=sender, sent_at=sent_at, notes=notes)
                    results = _results(plan, contents=contents)
                    if witness is not None:
                        witness(results)
        except FhirError:
            _restore(interactions, given)
            raise
        except IntegrityError:
            # two creates of one id: the second becomes an update
            continue
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", "") not in LOST_RACES:
                raise
            continue
        changed = {id(change) for change in plan.changes}
        kinds = ((status, id(answer) in changed) for status, answer in plan.answers)
        activity.count_stored(sender.source, kinds)
        return results
    raise lost_race()


def _restore(interactions: Sequence[Interaction], given: Sequence[tuple[bytes, str]]) -> None:
    """Undo what the attempt before has resolved: the next one may resolve it otherwise."""
    for interaction, (raw, fhir_id) in zip(interactions, given, strict=True):
        interaction.raw, interaction.fhir_id = raw, fhir_id
        if interaction.resource is not None:
            interaction.resource = cast(Json, loads(raw))


def _said_again(plan: Plan) -> dict[str, int]:
    """Keys, by reference, of what is updated or deleted to what it is: no new version tells a
    waiting update that it is outdated.
    """
    said: dict[str, int] = {}
    for interaction, (_, answer) in zip(plan.interactions, plan.answers, strict=True):
        row = answer if isinstance(answer, Stored) else answer.existing
        is_same = isinstance(answer, Stored) or not answer.version
        if interaction.method != "POST" and is_same and row is not None:
            said[interaction.reference] = row.pk
    return said


def _projects(interactions: Sequence[Interaction]) -> bool:
    """Whether facts are made of any of these, or of what names one of them."""
    return any(i.type in INTERPRETED or i.type == "Medication" for i in interactions)


def _apply(
    plan: Plan, meanings: LocalMeanings, *, sender: Sender, sent_at: datetime, notes: bool
) -> None:
    changes, now = plan.changes, plan.now
    if not changes:
        return
    sources = provenance.provenances(changes, sender, now)
    _number([*changes, *sources])
    patients = patient_row.write_patients(changes, plan.patients)
    for change in (*changes, *sources):
        if change.patient_fhir_id in patients:
            change.patient_id = patients[change.patient_fhir_id].pk
        if change.is_deletion and change.existing is not None:
            # the versions before the deletion still belong to this patient's record
            change.patient_id = change.existing.patient_id
    writing.write_resources([*changes, *sources], sender, now, sent_at=sent_at)
    resolve = medications.resolver(changes)
    twins = {p.pk: identity.twin_of(p) for p in patients.values()}
    rows = _facts(changes, twins, resolve, meanings, now)
    if notes:
        take_notes(changes, rows, patients.values(), now)
    touched = writing.replace_facts([c.pk for c in changes if c.existing], rows)
    touched |= {fact.patient_id for fact in rows}
    care_team.write_memberships(changes, sender)
    touched |= {c.patient_id for c in changes if c.patient_id and c.interaction.type == "Patient"}
    touched |= identity.follow_links(changes, patients)
    touched |= medications.reproject_dependants(changes, resolve, meanings)
    stale = writing.mark_stale(touched, now)
    if stale:
        transaction.on_commit(partial(twins_changed.send_robust, sender=None, patient_ids=stale))


def _number(changes: Sequence[Change]) -> None:
    """Existing rows keep their key; new ones take the next of the sequence."""
    new = [change for change in changes if change.existing is None]
    for change, pk in zip(new, table_rows.next_ids(Resource, len(new)), strict=True):
        change.pk = pk
    for change in changes:
        if change.existing is not None:
            change.pk = change.existing.pk


def _facts(
    changes: Sequence[Change],
    twins: Mapping[int, int],
    resolve: Resolve,
    meanings: LocalMeanings,
    now: datetime,
) -> list[Fact]:
    return [
        fact
        for change in changes
        if change.patient_id is not None and not change.is_deletion
        for fact in facts.rows_of(
            project(change.interaction.resource or {}, resolve=resolve, meanings=meanings),
            patient_id=twins.get(change.patient_id, change.patient_id),
            resource_pk=change.pk,
            reference=(change.interaction.type, change.interaction.fhir_id, change.version),
            recorded_at=now,
        )
    ]


def _results(plan: Plan, *, contents: bool) -> list[Result]:
    """The text of what did not change is read only if wanted."""
    texts: dict[tuple[int, int], str] = {}
    unchanged = [row.pk for _, row in plan.answers if isinstance(row, Stored)]
    if contents and unchanged:
        rows = ResourceVersion.objects.filter(resource__in=unchanged)
        texts = {(v.resource_id, v.version): v.content for v in rows}
    results = []
    for status, answer in plan.answers:
        if isinstance(answer, Stored):
            kind, fhir_id, moment = answer.type, answer.fhir_id, answer.last_updated
            text = texts.get((answer.pk, answer.version), "")
            notes: list[Issue] = []
        else:
            kind, fhir_id, moment = answer.interaction.type, answer.interaction.fhir_id, plan.now
            text, notes = answer.text, answer.notes
        results.append(
            Result(
                status, kind, fhir_id, answer.version, moment, text, answer.patient_id, tuple(notes)
            )
        )
    return results
