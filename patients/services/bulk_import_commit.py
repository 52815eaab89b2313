"""What is written with the resources of a step, in the same transaction."""

from collections import Counter
from collections.abc import Collection, Iterable, Sequence
from dataclasses import replace
from typing import Any

from django.db.models import F
from django.utils import timezone

from patients import audit
from patients.fhir.known_elements import element_of
from patients.fhir.outcome import Issue
from patients.models import BulkFile, BulkJob, ClientProfile, ImportFault, QuarantinedResource
from patients.services import activity, quarantine, superseding
from patients.services.bulk_import_lines import Candidate, Refusal, as_row, refusal
from patients.services.bulk_import_store import Stored
from patients.services.correcting import corrected
from patients.services.interactions import Interaction, Sender, patients_of
from patients.services.plan import BUSY, Outdated
from patients.services.whom import patients_here


class Overtaken(Exception):
    """Somebody else did this step, or the job was cancelled: this try leaves nothing behind."""


def commit(job: BulkJob, done: Stored, *, detail: str) -> None:
    """Faults, counts and the audit event. Overtaken when the job is over."""
    rejected = Counter(one.file_id for one in done.refused if not one.is_waiting)
    _write_faults(_kept(job, done.refused) if is_tolerant(job) else done.refused)
    rejected += _supersede(job, done)
    _count_stored(done)
    for file_id, count in rejected.items():
        BulkFile.objects.filter(pk=file_id).update(rejected=F("rejected") + count)
    _count(job, done.refused)
    if is_tolerant(job):
        _supersede_kept(job, done)
    if done.stored:
        audit.record(
            actor_kind="client",
            actor=str(job.application_id),
            action="import",
            what=", ".join(sorted({r.type for r in done.results}))[:200],
            patient_ids=patients_of(done.results),
            detail=f"{job.public_id} {detail}",
            request_id=job.request_id,
        )
    # last, so that who cancels waits no longer than a commit takes
    running = BulkJob.objects.filter(pk=job.pk, state=BulkJob.State.RUNNING)
    if not running.select_for_update(of=("self",)).values_list("pk"):
        raise Overtaken


def _count_stored(done: Stored) -> None:
    """By file and type. Locked first: who adds to a JSON column must be alone."""
    by_file: dict[int, Counter[str]] = {}
    for one in done.stored:
        by_file.setdefault(one.file_id, Counter())[one.interaction.type] += 1
    for file in BulkFile.objects.select_for_update().filter(pk__in=by_file).order_by("pk"):
        new = by_file[file.pk]
        file.count += new.total()
        file.counts = dict(Counter(file.counts) + new)
        file.save(update_fields=["count", "counts"])


def _count(job: BulkJob, refused: Sequence[Refusal]) -> None:
    """For the steward's statistics, by element."""
    for one in refused:
        if not one.is_waiting:
            kind = one.interaction.type if one.interaction else "Bundle"
            faults = [(element_of(i.expression, kind, {}), i.code) for i in one.issues]
            activity.refuse(f"client {job.application_id}", one.status, faults, job.request_id)


def give_up(inputs: Sequence[int]) -> None:
    """What still waits for a resource that did not come is rejected."""
    waiting = ImportFault.objects.filter(file__in=inputs, waiting=True)
    for file_id, count in Counter(waiting.values_list("file", flat=True)).items():
        BulkFile.objects.filter(pk=file_id).update(rejected=F("rejected") + count)
    waiting.update(waiting=False)


def sender_of(job: BulkJob) -> Sender:
    """The client that asked, as if it had sent each line itself."""
    profile = _profile(job)
    return Sender(
        source=f"client {job.application_id}",
        request_id=job.request_id,
        default_care_team=tuple(profile.default_care_team) if profile else (),
        default_team_always=bool(profile and profile.default_team_always),
        base_url=job.base_url,
        match_directory=bool(profile and profile.match_directory),
        import_began=job.created_at,
    )


def is_tolerant(job: BulkJob) -> bool:
    """Whether what the client sends amiss is kept in quarantine."""
    profile = _profile(job)
    return bool(profile and profile.tolerant)


def hold(interactions: Iterable[Interaction]) -> None:
    """All that a step may keep, at once: two imports do not wait for each other."""
    quarantine.hold([t for one in interactions for t in quarantine.one(one).targets])


def keep_apart(
    job: BulkJob, interaction: Interaction, issues: Sequence[Issue]
) -> tuple[Issue, ...]:
    """A tolerant client's faulty resource goes into quarantine, in the transaction that rejects
    its line; returns the line's issues, and where it is kept. Where a correction rule is about it,
    or others were faster, it is tried within a minute.

    A full lane keeps no more; the faults are in the report all the same.
    """
    if any(issue.code == "forbidden" for issue in issues):
        return tuple(issues)
    now = timezone.now()
    given: Any = {"sender": sender_of(job), "application_id": job.application_id, "now": now}
    try:
        item = quarantine.keep(interaction, issues, sent_at=job.created_at, **given)
    except quarantine.LaneFull:
        return tuple(issues)
    activity.count(given["sender"].source, quarantined=1)
    audit.record(
        actor_kind="client",
        actor=str(job.application_id),
        action="quarantine",
        what=interaction.type,
        patient_ids=patients_here(item.about),
        detail=f"quarantine {item.public_id}",
        request_id=job.request_id,
    )
    others_were_faster = any(i.code == "conflict" and i.diagnostics == BUSY for i in issues)
    if others_were_faster or corrected([interaction], issues, application_id=job.application_id):
        waiting = QuarantinedResource.objects.filter(pk=item.pk, state=item.State.WAITING)
        waiting.update(retry_at=now)
    words = f"kept in quarantine as {item.public_id}"
    return (*issues, Issue("information", "informational", words))


def _kept(job: BulkJob, refused: Sequence[Refusal]) -> list[Refusal]:
    """The same, with where each faulty resource is kept."""
    faulty = [r for r in refused if r.status == 422 and not r.is_waiting and r.interaction]
    # of two lines of one resource the later is kept last
    faulty.sort(key=lambda one: one.place)
    hold(one.interaction for one in faulty if one.interaction)
    noted = {
        id(one): replace(one, issues=keep_apart(job, one.interaction, one.issues))
        for one in faulty
        if one.interaction
    }
    return [noted.get(id(one), one) for one in refused]


def _profile(job: BulkJob) -> ClientProfile | None:
    found: ClientProfile | None = getattr(job.application, "profile", None)
    return found


def _write_faults(refused: Sequence[Refusal]) -> None:
    ImportFault.objects.bulk_create([one.row() for one in refused if one.fault is None])
    for one in refused:
        if one.fault is not None:
            row = one.row()
            ImportFault.objects.filter(pk=one.fault.pk).update(
                issues=row.issues, waiting=row.waiting
            )


def _supersede(job: BulkJob, done: Stored) -> Counter[int]:
    """A line that waits must not later undo a newer one that is stored; how many, by file."""
    stored = {c.reference: c for c in done.stored if c.reference}
    waiting = ImportFault.objects.filter(file__job=job, waiting=True, reference__in=stored)
    over: Counter[int] = Counter()
    for fault in waiting:
        by = stored[fault.reference]
        if by.place < (fault.file_id, fault.line):
            continue
        words = f"line {by.line.number} of a file of this import has the same id, came later and is stored"
        fault.issues = [
            as_row(Issue("error", "duplicate", words, f"{fault.reference.partition('/')[0]}.id"))
        ]
        fault.waiting = False
        fault.save(update_fields=["issues", "waiting"])
        over[fault.file_id] += 1
    return over


def _supersede_kept(job: BulkJob, done: Stored) -> None:
    """What is kept of a line must not later replace a line behind it, which was sent with it."""
    stored = {c.reference: c.place for c in done.stored if c.reference}
    last = _last_places(job, stored)
    over = sorted(reference for reference, place in last.items() if place < stored[reference])
    given: Any = {"sent_at": job.created_at, "now": timezone.now()}
    superseding.supersede(over, note=superseding.LATER_LINE, **given)


def outdone(job: BulkJob, candidates: Sequence[Candidate]) -> list[Refusal]:
    """Lines that waited while a line behind them, corrected meanwhile, was stored."""
    named = {c.reference for c in candidates if c.reference}
    last = _last_places(job, named)
    behind = [c for c in candidates if c.reference in last and last[c.reference] > c.place]
    if not behind:
        return []
    rows = QuarantinedResource.objects.filter(
        source=sender_of(job).source,
        state=QuarantinedResource.State.STORED,
        received_at=job.created_at,
        fhir_id__in={c.interaction.fhir_id for c in behind},
    )
    there = {f"{kind}/{fhir_id}" for kind, fhir_id in rows.values_list("type", "fhir_id")}
    return [_outdone(c) for c in behind if c.reference in there]


def _outdone(candidate: Candidate) -> Refusal:
    words = "a later line of this import has the same id and is stored, after a correction"
    where = f"{candidate.interaction.type}.id"
    return refusal(candidate, Outdated(409, [Issue("error", "duplicate", words, where)]))


def _last_places(job: BulkJob, references: Collection[str]) -> dict[str, tuple[int, int]]:
    """File and line of the last one refused for good, of each of these."""
    refused = ImportFault.objects.filter(file__job=job, waiting=False, reference__in=references)
    ordered = refused.exclude(reference="").order_by("file", "line")
    return {fault.reference: (fault.file_id, fault.line) for fault in ordered}
