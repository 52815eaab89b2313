"""The export of bulk data, step by step: the moment, what there is to do, then page after page.

Every page is on the disk before its files and the place to go on from are committed together.
"""

from contextlib import closing
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from django.db import connection, transaction

from patients import audit
from patients.fhir.subset import subset
from patients.models import BulkFile, BulkJob
from patients.services import bulk_export_files as files
from patients.services import bulk_export_members as whose
from patients.services import bulk_export_moment as moments
from patients.services.bulk_export_rows import Row, Wanted

PAGE = 2_000
PAGE_BYTES = 32 * 1024**2
PRESENT = """
    SELECT t FROM unnest(%s::text[]) AS t
    WHERE EXISTS (SELECT 1 FROM patients_resource WHERE type = t) ORDER BY t
"""
Role = BulkFile.Role
Json = dict[str, Any]


@dataclass
class Page:
    """What a step has read. `last` is the key to go on behind; `is_last`: the type has no more."""

    last: int
    is_last: bool
    lines: list[bytes] = field(default_factory=list)
    deleted: list[str] = field(default_factory=list)
    patients: set[int] = field(default_factory=set)

    def add(self, row: Row, type_name: str, elements: frozenset[str]) -> None:
        if not row.content:
            self.deleted.append(row.fhir_id)
        elif elements:
            part = subset(row.content, type_name, elements)
            self.lines.append(files.line(part.decode()))
        else:
            self.lines.append(files.line(row.content))
        if row.owner is not None:
            self.patients.add(row.owner)


def step(job: BulkJob, folder: Path) -> bool:
    """Do some of the work and commit it; whether all of it is done."""
    if "todo" not in job.parameters:
        if moments.fix(job):
            _prepare(job)
        return False
    todo = job.parameters["todo"]
    if not todo:
        return True
    output = files.current(job, Role.OUTPUT, todo[0])
    page = _read(Wanted(job), todo[0], files.MOST_LINES - output.lines)
    _write(job, folder, output, page)
    return not job.parameters["todo"]


def _prepare(job: BulkJob) -> None:
    """Everything that must be the same for every page, whoever writes it."""
    with connection.cursor() as cursor:
        cursor.execute(PRESENT, [job.parameters["types"]])
        present = [row[0] for row in cursor.fetchall()]
    found: Json = {"after": 0, "members": None, "newcomers": [], "gone": [], "since_last": None}
    job.parameters = {**job.parameters, **found}
    wanted = Wanted(job)
    if wanted.since:
        job.parameters["since_last"] = moments.last_of(wanted.since)
    if wanted.is_of_records:
        job.parameters["gone"] = sorted(whose.gone(wanted.moment, wanted.last))
        job.parameters |= _members(wanted)
    job.parameters["total"] = Wanted(job).candidates(present).filter(deleted=False).count()
    job.parameters["todo"] = present
    job.save(update_fields=["parameters"])


def _members(wanted: Wanted) -> dict[str, list[int]]:
    """Keys of the patients that were asked for, and of those whose records come whole although
    not everything is asked for: they were not among them before.
    """
    asked = wanted.job.parameters
    named = set(asked["patients"])
    if asked["level"] != "Group":
        return _of_patients(wanted, named)
    key = whose.group_key(asked["group"])
    group = whose.content_at(key, wanted.moment, wanted.last) if key else {}
    members = whose.group_members(group)
    members = members & named if named else members
    found = {"members": sorted(whose.keys_of(members))}
    if wanted.since and key:
        before = whose.content_at(key, wanted.since, asked["since_last"])
        then = whose.group_members(before)
        new = whose.newcomers(set(found["members"]), then, wanted.since, asked["since_last"])
        found["newcomers"] = sorted(new)
    return found


def _of_patients(wanted: Wanted, named: set[str]) -> dict[str, list[int]]:
    """The same where no Group is asked for; `named` is empty for everybody."""
    members = whose.keys_of(named) if named else None
    found = {} if members is None else {"members": sorted(members)}
    if wanted.since:
        known = wanted.job.parameters["since_last"]
        found["newcomers"] = sorted(whose.newcomers(members, named, wanted.since, known))
    return found


def _read(wanted: Wanted, type_name: str, room: int) -> Page:
    """The next page; a shorter one where the resources are large."""
    after = wanted.job.parameters["after"]
    page, count, read = Page(last=after, is_last=True), min(room, PAGE), 0
    found: list[Row] = []
    with closing(wanted.page(type_name, after, count)) as rows:
        for number, (key, row) in enumerate(rows, 1):
            page.last = key
            if row is not None:
                found.append(row)
                read += len(row.content)
            if number == count or read > PAGE_BYTES:
                page.is_last = False
                break
    elements = elements_of(type_name, wanted.job.parameters["elements"])
    for row in (row.as_it_was() for row in found):
        if wanted.has(row):
            page.add(row, type_name, elements)
    return page


def elements_of(type_name: str, asked: list[str]) -> frozenset[str]:
    """Of "status" and "Patient.name" those that are about this type; none: all of it."""
    parts = (name.rpartition(".") for name in asked)
    return frozenset(name for kind, _, name in parts if kind in ("", type_name))


def _write(job: BulkJob, folder: Path, output: BulkFile, page: Page) -> None:
    """To the disk, and then everything that tells of it in one transaction."""
    kind = output.type
    changed = []
    if page.lines:
        files.append(folder, output, page.lines)
        changed.append(output)
    if page.deleted:
        deleted = files.current(job, Role.DELETED, kind)
        references = [f"{kind}/{fhir_id}" for fhir_id in page.deleted]
        files.append(folder, deleted, list(files.deletions(references)))
        changed.append(deleted)
    todo = job.parameters["todo"][1:] if page.is_last else job.parameters["todo"]
    parameters = {**job.parameters, "todo": todo, "after": 0 if page.is_last else page.last}
    with transaction.atomic():
        for file in changed:
            file.cursor, file.position = page.last, file.size
            file.save()
        BulkJob.objects.filter(pk=job.pk).update(parameters=parameters)
        if changed:
            audit.record(
                actor_kind="client",
                actor=str(job.application_id),
                action="export",
                what=kind,
                patient_ids=page.patients,
                detail=" ".join(f"{job.public_id}/{file.name}" for file in changed),
                request_id=job.request_id,
            )
    job.parameters = parameters
