"""Every fault of a resource at once."""

from typing import Any

from patients.fhir.definitions import resource_types
from patients.fhir.outcome import Issue, error

Json = dict[str, Any]


def validate(resource: Json, *, path: str | None = None) -> list[Issue]:
    """Faults of one resource; expressions start with its type, or with `path` instead."""
    name = resource.get("resourceType")
    if name not in resource_types():
        text = f"resourceType {name!r} is not a resource type of R4"
        return [error("structure", text, "resourceType")]
    return []
