"""Every fault of a resource at once, each with the element it is about.

Two readings of the same tables: a compiled schema that says "certainly valid" in microseconds,
and, for whatever it does not pass, a walk in Python that decides and explains.
"""

from difflib import get_close_matches
from typing import Any

from patients.fhir.contained import containment_issues, is_contained_cleanly
from patients.fhir.definitions import resource_types
from patients.fhir.element_walk import Walk
from patients.fhir.fast_schema import certainly_valid
from patients.fhir.outcome import Issue, error
from patients.fhir.primitives import kind_of, quoted
from patients.fhir.rules import RULES

Json = dict[str, Any]
# their entries are resources, which the walk takes one by one
_WITH_RESOURCES = ("Bundle", "Parameters")


def validate(resource: Json, *, path: str | None = None) -> list[Issue]:
    """Faults of one R4 resource, [] when it is valid.

    Expressions start with the resource's type, or with `path` in its stead
    ("Bundle.entry[3].resource"). Nothing outside the resource is looked at: references may lead
    anywhere.
    """
    if _is_certainly_valid(resource):
        return []
    start = path or _name_of(resource)
    return explain(resource, start)


def explain(resource: Any, path: str, *, is_contained: bool = False) -> list[Issue]:
    """The exact reading alone; what the fast one must never contradict."""
    fault = _type_fault(resource, path)
    if fault is not None:
        return [fault]
    walk = Walk()
    walk.resource(resource, path)
    issues = walk.issues
    for where, inner in walk.inner:
        if where.startswith(f"{path}.contained["):
            issues += explain(inner, where, is_contained=True)
        else:
            issues += validate(inner, path=where)
    return issues if is_contained else [*issues, *containment_issues(resource, path)]


def validate_frame(bundle: Json) -> list[Issue]:
    """Faults of a Bundle or Parameters apart from those of the resources in its entries."""
    if _passes(bundle, has_contained=False):
        return []
    walk = Walk()
    walk.resource(bundle, bundle["resourceType"])
    return walk.issues


def _is_certainly_valid(resource: Any) -> bool:
    if not isinstance(resource, dict) or resource.get("resourceType") in _WITH_RESOURCES:
        return False
    if not _passes(resource, has_contained="contained" in resource):
        return False
    inner = resource.get("contained")
    if inner is None:
        return True
    if not all(isinstance(c, dict) and _passes(c, has_contained=True) for c in inner):
        return False
    return is_contained_cleanly(resource)


def _passes(resource: Json, *, has_contained: bool) -> bool:
    name = resource.get("resourceType")
    if not isinstance(name, str) or name not in resource_types():
        return False
    if not certainly_valid(name, has_contained=has_contained)(resource):
        return False
    return not any(True for rule in RULES.get(name, ()) for _ in rule.offenders(resource))


def _name_of(resource: Any) -> str:
    name = resource.get("resourceType") if isinstance(resource, dict) else None
    return name if isinstance(name, str) and name in resource_types() else "Resource"


def _type_fault(resource: Any, path: str) -> Issue | None:
    if not isinstance(resource, dict):
        return error("structure", f"{path}: a resource is expected, not {kind_of(resource)}", path)
    where = f"{path}.resourceType"
    name = resource.get("resourceType")
    if name is None:
        return error("required", f"{where}: required element is missing", where)
    if not isinstance(name, str) or name not in resource_types():
        near = get_close_matches(str(name), resource_types(), n=1)
        hint = f"; did you mean '{near[0]}'?" if near else ""
        text = f"{where}: {quoted(name)} is not a resource type of FHIR R4{hint}"
        return error("structure", text, where)
    return None
