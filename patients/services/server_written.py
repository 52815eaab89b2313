"""Resources that this server writes itself (RiskAssessment): stored like any other, no facts.

They make no twin stale: a prediction written back must not cause the next refresh.
"""

import uuid
from collections.abc import Collection, Sequence
from datetime import UTC, datetime
from typing import Any

import orjson
from django.db.models import F

from patients.fhir.json_codec import content_hash
from patients.fhir.search import extract_index
from patients.models import Resource, ResourceVersion
from patients.services import table_rows

SOURCE = "twinportal"
# clients may read what is marked so, and nobody but this server writes it
OWN_SYSTEM = "urn:twinportal:prediction"
OWN_MARKS = [f"identifier\x1f{OWN_SYSTEM}|", f"_tag\x1f{OWN_SYSTEM}|"]
# nobody else writes these at all
OWN_TYPES = frozenset({"AuditEvent"})
Json = dict[str, Any]


def claims_to_be_ours(content: Json) -> bool:
    """Whether a resource bears an identifier or a tag that only this server gives.

    In whatever case it is written: who reads it may not tell URN: from urn:.
    """
    meta = content.get("meta")
    found = [content.get("identifier"), meta.get("tag") if isinstance(meta, dict) else None]
    marks = [mark for marks in found for mark in (marks if isinstance(marks, list) else [marks])]
    return any(isinstance(mark, dict) and _is_our_system(mark.get("system")) for mark in marks)


def _is_our_system(system: object) -> bool:
    return isinstance(system, str) and system.strip().casefold() == OWN_SYSTEM


def create_resources(contents: Sequence[Json], *, patient_id: int, now: datetime) -> list[Resource]:
    """Store new resources of one patient's compartment; ids are made here."""
    return create_for([(patient_id, content) for content in contents], now=now)


def create_for(contents: Sequence[tuple[int, Json]], *, now: datetime) -> list[Resource]:
    """Store new resources, each with the key of the patient whose it is."""
    resources = []
    for patient_id, content in contents:
        resource = Resource(
            type=content["resourceType"],
            fhir_id=str(uuid.uuid4()),
            version=1,
            last_updated=now,
            patient_id=patient_id,
        )
        _index(resource, content)
        resources.append(resource)
    table_rows.insert(resources)
    _add_versions(resources, [c for _, c in contents], ResourceVersion.Method.POST, now)
    return resources


def update_resources(changed: Sequence[tuple[Resource, Json]], *, now: datetime) -> None:
    """Store new versions. The caller holds the refresh locks of the twins."""
    if not changed:
        return
    for resource, content in changed:
        resource.version += 1
        resource.last_updated = now
        _index(resource, content)
    resources = [resource for resource, _ in changed]
    table_rows.replace_resources(resources)
    _add_versions(resources, [c for _, c in changed], ResourceVersion.Method.PUT, now)


def current_contents(resource_ids: Collection[int]) -> dict[int, tuple[Resource, Json]]:
    """Resources and their current versions as dicts, by key. One query."""
    versions = ResourceVersion.objects.filter(
        resource__in=resource_ids, version=F("resource__version")
    ).select_related("resource")
    return {v.resource_id: (v.resource, orjson.loads(v.content)) for v in versions}


def _index(resource: Resource, content: Json) -> None:
    content["id"] = resource.fhir_id
    tags = {name: value for name, value in content.get("meta", {}).items() if name == "tag"}
    content["meta"] = {
        **tags,
        "versionId": str(resource.version),
        "lastUpdated": resource.last_updated.astimezone(UTC).isoformat(timespec="milliseconds"),
    }
    resource.content_hash = content_hash(content)
    for name, value in extract_index(content).columns.items():
        setattr(resource, name, value)


def _add_versions(
    resources: Sequence[Resource], contents: Sequence[Json], method: str, now: datetime
) -> None:
    versions = [
        ResourceVersion(
            resource=resource,
            version=resource.version,
            content=orjson.dumps(content).decode(),
            method=method,
            recorded_at=now,
            source=SOURCE,
        )
        for resource, content in zip(resources, contents, strict=True)
    ]
    table_rows.insert(versions)
