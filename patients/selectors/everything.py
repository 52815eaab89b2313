"""The whole record of one patient, page by page."""

import re
from collections import defaultdict
from collections.abc import Collection
from dataclasses import dataclass, field
from datetime import datetime

from django.db.models import QuerySet

from patients.models import Patient, Resource, ResourceVersion
from patients.selectors.search import exact_versions

REFERENCE = re.compile(r'"reference"\s*:\s*"([A-Z][A-Za-z]+)/([A-Za-z0-9.-]{1,64})')


@dataclass(frozen=True)
class Record:
    """A page of the compartment, what it refers to outside, and the key to go on from."""

    rows: list[ResourceVersion] = field(default_factory=list)
    supporting: list[ResourceVersion] = field(default_factory=list)
    next_cursor: tuple[int, ...] = ()


def everything(
    among: "QuerySet[Resource]",
    patient: Patient,
    *,
    count: int,
    after: int = 0,
    since: datetime | None = None,
    types: Collection[str] = (),
) -> Record:
    """The Patient first, the rest in the order in which it came; with practitioners,
    organisations, places and medications that a page's resources name.
    """
    # asked for first: an OR across the join would read the whole table
    own = [patient.pk, *patient.merged.values_list("pk", flat=True)]
    rows = among.filter(patient__in=own, deleted=False)
    if since:
        rows = rows.filter(last_updated__gte=since)
    if types:
        rows = rows.filter(type__in=types)
    others = rows.exclude(pk=patient.resource_id).filter(pk__gt=after).order_by("pk")
    first = list(rows.filter(pk=patient.resource_id).values_list("pk", "version"))
    found = first if not after else []
    found += others.values_list("pk", "version")[: count + 1 - len(found)]
    page = exact_versions(found[:count])
    more = (found[count - 1][0],) if len(found) > count else ()
    return Record(page, _supporting(among, page, since, types), more)


def _supporting(
    among: "QuerySet[Resource]",
    rows: list[ResourceVersion],
    since: datetime | None,
    types: Collection[str],
) -> list[ResourceVersion]:
    """Of nobody's record: another patient's resources never come along."""
    wanted: dict[str, set[str]] = defaultdict(set)
    for row in rows:
        for name, fhir_id in REFERENCE.findall(row.content):
            wanted[name].add(fhir_id)
    found = among.none()
    for name, ids in wanted.items():
        if name != "Patient" and (not types or name in types):
            found |= among.filter(type=name, fhir_id__in=ids, patient=None, deleted=False)
    if since:
        found = found.filter(last_updated__gte=since)
    return exact_versions(list(found.order_by("pk").values_list("pk", "version")))
