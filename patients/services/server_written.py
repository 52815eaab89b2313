"""Resources that this server writes itself (RiskAssessment): stored like any other, no facts.

They make no twin stale: a prediction written back must not cause the next refresh.
"""

import uuid
from collections.abc import Sequence
from datetime import UTC, datetime
from typing import Any

import orjson

from patients.fhir.json_codec import content_hash
from patients.fhir.search import extract_index
from patients.models import Resource, ResourceVersion

SOURCE = "twinportal"
# clients may read what is marked so, and nobody but this server writes it
OWN_SYSTEM = "urn:twinportal:prediction"
OWN_MARKS = [f"identifier\x1f{OWN_SYSTEM}|", f"_tag\x1f{OWN_SYSTEM}|"]
# nobody else writes these at all
OWN_TYPES = frozenset({"AuditEvent"})
Json = dict[str, Any]


def claims_to_be_ours(content: Json) -> bool:
    """Whether a resource bears an identifier or a tag that only this server gives."""
    meta = content.get("meta")
    found = [content.get("identifier"), meta.get("tag") if isinstance(meta, dict) else None]
    marks = [mark for marks in found for mark in (marks if isinstance(marks, list) else [marks])]
    return any(isinstance(mark, dict) and mark.get("system") == OWN_SYSTEM for mark in marks)


def create_resources(contents: Sequence[Json], *, patient_id: int, now: datetime) -> list[Resource]:
    """Store new resources of one patient's compartment; ids are made here."""
    resources = []
    for content in contents:
        resource = Resource(
            type=content["resourceType"],
            fhir_id=str(uuid.uuid4()),
            version=1,
            last_updated=now,
            patient_id=patient_id,
        )
        _index(resource, content)
        resources.append(resource)
    Resource.objects.bulk_create(resources)
    _add_versions(resources, contents, ResourceVersion.Method.POST, now)
    return resources


def update_resource(resource: Resource, content: Json, *, now: datetime) -> None:
    """Store a new version. The caller holds the twin's refresh lock."""
    resource.version += 1
    resource.last_updated = now
    _index(resource, content)
    resource.save()
    _add_versions([resource], [content], ResourceVersion.Method.PUT, now)


def current_content(resource: Resource) -> Json:
    """The current version as a dict."""
    version = ResourceVersion.objects.get(resource=resource, version=resource.version)
    content: Json = orjson.loads(version.content)
    return content


def _index(resource: Resource, content: Json) -> None:
    content["id"] = resource.fhir_id
    content["meta"] = {
        "versionId": str(resource.version),
        "lastUpdated": resource.last_updated.astimezone(UTC).isoformat(timespec="milliseconds"),
    }
    resource.content_hash = content_hash(content)
    for name, value in extract_index(content).columns.items():
        setattr(resource, name, value)


def _add_versions(
    resources: Sequence[Resource], contents: Sequence[Json], method: str, now: datetime
) -> None:
    ResourceVersion.objects.bulk_create(
        ResourceVersion(
            resource=resource,
            version=resource.version,
            content=orjson.dumps(content).decode(),
            method=method,
            recorded_at=now,
            source=SOURCE,
        )
        for resource, content in zip(resources, contents, strict=True)
    )
