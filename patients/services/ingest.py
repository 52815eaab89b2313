"""The one path into the record: single interactions, bundles and file imports.

Resources, facts, care teams and the marks "this twin is stale" commit together or not at all.
The answer is built after the commit.
"""

import logging
from collections.abc import Sequence
from datetime import datetime
from functools import partial

from django.db import IntegrityError, OperationalError, transaction

from patients.errors import FhirError
from patients.fhir.outcome import Issue
from patients.models import CareTeamMember, Patient, Resource, ResourceVersion
from patients.record.projection import project
from patients.services import care_team, facts, medications, writing
from patients.services.interactions import Interaction, Result, Sender
from patients.services.patient_row import patient_columns
from patients.services.plan import Change, Plan, make_plan
from patients.signals import twins_changed

log = logging.getLogger(__name__)
ATTEMPTS = 3
SERIALISATION_FAILURES = {"40001", "40P01", "55P03"}


def process(interactions: Sequence[Interaction], *, sender: Sender, now: datetime) -> list[Result]:
    """Do every interaction in one transaction, in the given order; all or nothing.

    Resources are valid by now. Raises FhirError (409 with Retry-After after lost races).
    """
    raws = [interaction.raw for interaction in interactions]
    for _ in range(ATTEMPTS):
        for interaction, raw in zip(interactions, raws, strict=True):
            interaction.raw = raw
        try:
            with transaction.atomic():
                plan = make_plan(interactions, now=now)
                _apply(plan, sender=sender, now=now)
        except IntegrityError:
            continue
        except OperationalError as error:
            if getattr(error.__cause__, "sqlstate", "") not in SERIALISATION_FAILURES:
                raise
            continue
        return _results(plan, now)
    text = "another request is writing the same resources; send this one again"
    raise FhirError(409, [Issue("error", "conflict", text)], {"Retry-After": "1"})


def _apply(plan: Plan, *, sender: Sender, now: datetime) -> None:
    changes = plan.changes
    if not changes:
        return
    _number(changes)
    patient_ids = _write_patients(changes)
    writing.write_resources(changes, patient_ids, sender, now)
    resolve = medications.resolver(changes)
    rows = [
        fact
        for change in changes
        if change.patient_fhir_id and not change.is_deletion
        for fact in facts.rows_of(
            project(change.interaction.resource or {}, resolve=resolve),
            patient_id=patient_ids[change.patient_fhir_id],
            resource_pk=change.pk,
            reference=(change.interaction.type, change.interaction.fhir_id, change.version),
            recorded_at=now,
        )
    ]
    had_facts = writing.replace_facts([c.pk for c in changes if c.existing], rows)
    _write_care_team(changes, patient_ids, sender)
    touched = had_facts | {fact.patient_id for fact in rows}
    touched |= {p for c in changes if c.interaction.type == "Patient" for p in _own(c, patient_ids)}
    touched |= medications.reproject_dependants(changes, resolve, now)
    touched |= {p for c in changes for p in _moved_from(c, patient_ids)}
    stale = writing.mark_stale(touched, now)
    transaction.on_commit(partial(twins_changed.send_robust, sender=None, patient_ids=stale))


def _number(changes: Sequence[Change]) -> None:
    """Existing rows keep their key; new ones take the next of the sequence."""
    new = [change for change in changes if change.existing is None]
    for change, pk in zip(new, writing.next_ids(Resource, len(new)), strict=True):
        change.pk = pk
    for change in changes:
        if change.existing is not None:
            change.pk = change.existing.pk


def _own(change: Change, patient_ids: dict[str, int]) -> list[int]:
    pk = patient_ids.get(change.interaction.fhir_id)
    return [pk] if pk else []


def _moved_from(change: Change, patient_ids: dict[str, int]) -> list[int]:
    """The patient that a resource belonged to, when it now belongs to another or none."""
    old = change.existing.patient_id if change.existing else None
    return [old] if old and old != patient_ids.get(change.patient_fhir_id) else []


def _write_patients(changes: Sequence[Change]) -> dict[str, int]:
    """Twin rows of the Patient resources written; keys of all patients the changes speak of."""
    mine = {c.interaction.fhir_id: c for c in changes if c.interaction.type == "Patient"}
    wanted = {c.patient_fhir_id for c in changes if c.patient_fhir_id} | set(mine)
    known = {p.fhir_id: p for p in Patient.objects.filter(fhir_id__in=wanted)}
    new = [fhir_id for fhir_id in mine if fhir_id not in known and not mine[fhir_id].is_deletion]
    created, updated = [], []
    for fhir_id, pk in zip(new, writing.next_ids(Patient, len(new)), strict=True):
        change = mine[fhir_id]
        columns = patient_columns(change.interaction.resource or {})
        created.append(Patient(id=pk, resource_id=change.pk, **columns))
    for fhir_id, change in mine.items():
        if fhir_id not in known:
            continue
        patient = known[fhir_id]
        columns = (
            {"active": False}
            if change.is_deletion
            else patient_columns(change.interaction.resource or {})
        )
        for name, value in columns.items():
            setattr(patient, name, value)
        updated.append(patient)
    Patient.objects.bulk_create(created)
    if updated:
        names = [*patient_columns({"id": "x"})]
        Patient.objects.bulk_update(updated, names)
    keys = {p.fhir_id: p.pk for p in (*known.values(), *created)}
    for change in changes:
        if change.is_deletion and change.interaction.type == "Patient":
            change.patient_fhir_id = change.interaction.fhir_id
    return keys


def _write_care_team(
    changes: Sequence[Change], patient_ids: dict[str, int], sender: Sender
) -> None:
    relevant = [c for c in changes if c.interaction.type in care_team.SOURCES]
    resources = [c.interaction.resource for c in relevant if c.interaction.resource]
    roles = medications.practitioners_of_roles(care_team.role_ids(resources), changes)
    rows = [
        CareTeamMember(
            patient_id=patient_ids[change.patient_fhir_id],
            practitioner_id=member.practitioner_id,
            resource_id=change.pk,
            start_at=member.start_at,
            end_at=member.end_at,
        )
        for change in relevant
        if change.interaction.resource and change.patient_fhir_id in patient_ids
        if not change.is_deletion
        for member in care_team.memberships(change.interaction.resource, roles)
    ]
    rows += [
        CareTeamMember(patient_id=patient_ids[c.patient_fhir_id], practitioner_id=practitioner_id)
        for c in relevant
        if c.interaction.type == "Patient" and c.existing is None and not c.is_deletion
        for practitioner_id in sender.default_care_team
    ]
    writing.replace_care_team([c.pk for c in relevant if c.existing], rows)


def _results(plan: Plan, now: datetime) -> list[Result]:
    """Built after the commit; stored text of what did not change is read with one query."""
    unchanged = [row for _, row in plan.answers if isinstance(row, Resource)]
    texts = {
        (v.resource_id, v.version): v.content
        for v in ResourceVersion.objects.filter(resource__in=unchanged)
    }
    results = []
    for status, answer in plan.answers:
        if isinstance(answer, Resource):
            text = texts[answer.pk, answer.version]
            results.append(
                Result(
                    status, answer.type, answer.fhir_id, answer.version, answer.last_updated, text
                )
            )
        else:
            i = answer.interaction
            results.append(Result(status, i.type, i.fhir_id, answer.version, now, answer.text))
    return results
