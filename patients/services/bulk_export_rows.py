"""What an export reads: of each resource the version of its moment, a page at a time."""

from collections.abc import Generator
from contextlib import closing
from dataclasses import dataclass, replace
from datetime import datetime
from functools import cached_property
from typing import Any

from django.db import connection
from django.db.models import Q, QuerySet

from patients.access.policy import visible_resources
from patients.models import BulkJob, Resource
from patients.services.bulk_export_members import owner_then
from patients.services.bulk_export_moment import LATE

# of every key of the page its version then, if it had one; the order is the page's
VERSIONS = """
    SELECT r.id, r.fhir_id, r.patient_id, r.version, v.version, v.content, v.recorded_at, v.id
    FROM ({page}) AS r(id, fhir_id, patient_id, version)
    LEFT JOIN LATERAL (
        SELECT version, content, recorded_at, id FROM patients_resourceversion
        WHERE resource_id = r.id AND recorded_at <= %s AND id <= %s
        ORDER BY version DESC LIMIT 1
    ) v ON true
    ORDER BY r.id
"""


@dataclass(frozen=True)
class Bearer:
    """The token that asked, as far as its job knows it: a system's own."""

    scope: str
    user_id: None = None


@dataclass(frozen=True)
class Row:
    """A resource as it was. `owner` is the key of its patient; a deletion has no content.

    `is_past`: it has changed since, and the owner is that of today.
    """

    key: int
    fhir_id: str
    owner: int | None
    content: str
    recorded_at: datetime
    number: int
    is_past: bool

    def as_it_was(self) -> "Row":
        """With the owner of then."""
        return replace(self, owner=owner_then(self.content)) if self.is_past else self


Pages = Generator[tuple[int, Row | None], None, None]


@dataclass(frozen=True)
class Wanted:
    """What a job asks for, from its parameters."""

    job: BulkJob

    @property
    def is_of_records(self) -> bool:
        """Not of the whole system."""
        return bool(self.job.parameters["level"] != "system")

    @cached_property
    def since(self) -> datetime | None:
        text = self.job.parameters.get("since")
        return datetime.fromisoformat(text) if text else None

    @property
    def moment(self) -> datetime:
        if self.job.transaction_time is None:
            raise ValueError("an export has its moment from the beginning")
        return self.job.transaction_time

    @property
    def last(self) -> int:
        return int(self.job.parameters["moment"]["last"])

    @cached_property
    def members(self) -> frozenset[int] | None:
        """Keys of the patients; None: all but those that are gone."""
        found = self.job.parameters["members"]
        return None if found is None else frozenset(found)

    @cached_property
    def newcomers(self) -> frozenset[int]:
        """Of these everything, whenever it was recorded: they were not among the members then."""
        return frozenset(self.job.parameters["newcomers"])

    @cached_property
    def gone(self) -> frozenset[int]:
        return frozenset(self.job.parameters["gone"])

    def candidates(self, types: list[str]) -> "QuerySet[Resource]":
        """Rows among which those wanted are. What changed lately is looked at one by one: it may
        have been about somebody else.
        """
        rows = visible_resources(Bearer(self.job.scopes)).filter(type__in=types)
        lately = Q(last_updated__gt=self.moment - LATE)
        if self.is_of_records and self.members is not None:
            rows = rows.filter(Q(patient__in=self.members) | lately)
        elif self.is_of_records:
            rows = rows.filter(Q(patient__isnull=False) | lately)
        if self.since is not None:
            changed = Q(last_updated__gt=self.since - LATE)
            rows = rows.filter(
                changed | Q(patient__in=self.newcomers) if self.newcomers else changed
            )
        return rows

    def has(self, row: Row) -> bool:
        """The exact answer for a row as it was."""
        if self.is_of_records:
            if row.owner is None or (self.members is not None and row.owner not in self.members):
                return False
            if row.content and row.owner in self.gone:
                return False
        if self.since is None:
            return bool(row.content)
        known = self.job.parameters["since_last"]
        is_late = known is not None and row.number > known
        is_new = row.owner in self.newcomers and bool(row.content)
        return row.recorded_at > self.since or is_late or is_new

    def page(self, type_name: str, after: int, count: int) -> Pages:
        """The next keys of the type, each with its row if it was there then. Close it when done."""
        page = self.candidates([type_name]).filter(pk__gt=after).order_by("pk")
        wanted = page.values_list("pk", "fhir_id", "patient_id", "version")[:count]
        statement, parameters = wanted.query.sql_with_params()
        given: list[Any] = [*parameters, self.moment, self.last]
        with connection.cursor() as cursor:
            # row by row: some resources are documents of megabytes
            rows = cursor.stream(VERSIONS.format(page=statement), given)
            with closing(rows):
                for (
                    key,
                    fhir_id,
                    patient_id,
                    current,
                    version,
                    content,
                    recorded_at,
                    number,
                ) in rows:
                    if version is None:
                        yield key, None
                        continue
                    is_past = version != current and bool(content)
                    yield key, Row(key, fhir_id, patient_id, content, recorded_at, number, is_past)
