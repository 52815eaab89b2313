"""Every fault of a resource at once, each with the element it is about.

Two readings of the same tables: a compiled schema that says "certainly valid" in microseconds,
and, for whatever it does not pass, a walk in Python that decides and explains.
"""

from collections.abc import Mapping
from difflib import get_close_matches
from typing import Any

from patients.fhir.contained import containment_issues, is_contained_cleanly, local_types
from patients.fhir.definitions import resource_types
from patients.fhir.element_walk import Walk
from patients.fhir.fast_keywords import local_types_told
from patients.fhir.fast_schema import certainly_valid
from patients.fhir.invariants_bundle import WHOLE_BUNDLE
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


def explain(
    resource: Any, path: str, *, local: Mapping[str, str] | None = None, is_contained: bool = False
) -> list[Issue]:
    """The exact reading alone; what the fast one must never contradict."""
    fault = _type_fault(resource, path)
    if fault is not None:
        return [fault]
    walk = Walk(local=local or local_types(resource))
    walk.resource(resource, path, WHOLE_BUNDLE if resource["resourceType"] == "Bundle" else "")
    issues = walk.issues
    for where, inner in walk.inner:
        if where.startswith(f"{path}.contained["):
            issues += explain(inner, where, local=walk.local, is_contained=True)
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
    if "contained" not in resource:
        return _passes(resource, has_contained=False)
    inner = resource["contained"]
    if not isinstance(inner, list) or not all(isinstance(c, dict) for c in inner):
        return False
    with local_types_told(local_types(resource)):
        if not all(_passes(each, has_contained=True) for each in (resource, *inner)):
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
