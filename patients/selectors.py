"""Reads of the FHIR store: one resource, its history, a page of a search.

Each takes `among`, the resources that may be seen (`access.policy.visible_resources`).
"""

from collections.abc import Sequence
from dataclasses import dataclass
from functools import reduce
from operator import and_, or_

from django.db.models import F, Q, QuerySet

from patients.fhir.json_codec import loads
from patients.fhir.references import parse_reference, patient_reference
from patients.fhir.search import DateRange, Query
from patients.models import Patient, Resource, ResourceVersion


@dataclass(frozen=True)
class Page:
    """Rows of a search with their current content, and the cursor of the next page."""

    rows: list[ResourceVersion]
    total: int
    next_cursor: int | None


def stored_resource(among: "QuerySet[Resource]", type_name: str, fhir_id: str) -> Resource | None:
    return among.filter(type=type_name, fhir_id=fhir_id).first()


def stored_version(resource: Resource, version: int | None = None) -> ResourceVersion | None:
    """The given version, or the current one."""
    wanted = resource.version if version is None else version
    return ResourceVersion.objects.filter(resource=resource, version=wanted).first()


def history(resource: Resource) -> list[ResourceVersion]:
    """Every version, newest first."""
    return list(resource.versions.select_related("resource").order_by("-version"))


def concerns(row: ResourceVersion, patient: Patient) -> bool:
    """Whether this very version is of the patient's record.

    The resource belongs to whom its current version names. Earlier versions may name somebody
    else, and their content is nobody's business who may see this patient only.
    """
    if not row.content:
        return bool(row.resource.patient_id == patient.pk)
    content = loads(row.content.encode())
    reference = patient_reference(content) if isinstance(content, dict) else None
    parsed = parse_reference(reference or "")
    return parsed.kind == "relative" and parsed.id == patient.fhir_id


def search(among: "QuerySet[Resource]", type_name: str, query: Query) -> Page:
    """One page, in the order in which resources first came; three statements."""
    matching = among.filter(search_condition(type_name, query))
    total = matching.count()
    if query.count == 0:  # only the number is asked for
        return Page([], total, None)
    after = matching.filter(pk__gt=query.cursor) if query.cursor else matching
    keys = list(after.order_by("pk").values_list("pk", flat=True)[: query.count + 1])
    more = len(keys) > query.count
    keys = keys[: query.count]
    versions = ResourceVersion.objects.filter(
        resource__in=keys, version=F("resource__version")
    ).select_related("resource")
    rows = sorted(versions, key=lambda row: row.resource_id)
    return Page(rows, total, keys[-1] if more else None)


def search_condition(type_name: str, query: Query) -> Q:
    """The predicate of a search; every group must match, any entry of a group will do."""
    parts = [Q(type=type_name, deleted=False)]
    if query.ids is not None:
        parts.append(Q(fhir_id__in=query.ids))
    parts += [Q(tokens__overlap=list(group)) for group in query.token_groups]
    parts += [Q(refs__overlap=list(group)) for group in query.ref_groups]
    parts += [reduce(or_, [_date(one) for one in group]) for group in query.date_filters]
    return reduce(and_, parts)


def _date(asked: DateRange) -> Q:
    """DateRange.matches, in the database."""
    conditions = {
        "eq": Q(date_low__gte=asked.low, date_high__lte=asked.high),
        "ge": Q(date_high__gt=asked.low),
        "gt": Q(date_high__gt=asked.high),
        "le": Q(date_low__lt=asked.high),
        "lt": Q(date_low__lt=asked.low),
    }
    return Q(date_low__isnull=False) & conditions[asked.prefix]


def compartments(rows: Sequence[ResourceVersion]) -> set[int]:
    """Keys of the patients whose resources these are, for the audit log."""
    return {r.resource.patient_id for r in rows if r.resource.patient_id is not None}
