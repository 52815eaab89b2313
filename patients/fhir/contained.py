"""Rules between a resource and the resources inside it (dom-2 to dom-5, ref-1)."""

import re
from collections.abc import Iterator, Sequence
from typing import Any

import orjson

from patients.fhir.outcome import Issue, error

Json = dict[str, Any]
# in compact JSON; inside a string its quotes would be escaped
_LOCAL = re.compile(rb'"reference":"#([^"\\]*)"')
_SERVER_META = (("versionId", "dom-4"), ("lastUpdated", "dom-4"), ("security", "dom-5"))


def is_contained_cleanly(resource: Json) -> bool:
    """Whether a resource with sound members certainly keeps these rules; quick, without words."""
    contained = resource["contained"]
    ids = {inner.get("id") for inner in contained}
    targets = {text.decode() for text in _LOCAL.findall(orjson.dumps(resource))}
    return (
        len(ids) == len(contained)
        and targets == ids
        and not any("contained" in inner or "meta" in inner for inner in contained)
    )


def local_types(resource: Json) -> dict[str, str]:
    """The type behind each "#id"; behind "" that of the resource itself."""
    contained = [c for c in _listed(resource.get("contained")) if isinstance(c, dict)]
    found = [(c.get("id"), c.get("resourceType")) for c in contained]
    found.append(("", resource.get("resourceType")))
    return {i: kind for i, kind in found if isinstance(i, str) and isinstance(kind, str)}


def containment_issues(resource: Json, path: str) -> Iterator[Issue]:
    """Faults of `contained` as a whole and of "#id" references; malformed parts are passed over."""
    contained = [c for c in _listed(resource.get("contained")) if isinstance(c, dict)]
    ids = [c["id"] for c in contained if isinstance(c.get("id"), str)]
    texts = list(_local_texts(resource, path))
    for where, target in texts:
        # elsewhere a text may begin with "#" and mean nothing by it
        if where.endswith(".reference") and target and target not in ids:
            text = f"'#{target[:64]}' is no contained resource (ref-1)"
            yield error("not-found", f"{where}: {text}", where)
    targets = {target for _, target in texts}
    for i, inner in enumerate(_listed(resource.get("contained"))):
        if isinstance(inner, dict):
            yield from _contained_issues(inner, f"{path}.contained[{i}]", ids, targets)


def _contained_issues(
    inner: Json, path: str, ids: Sequence[str], targets: set[str]
) -> Iterator[Issue]:
    own = inner.get("id")
    if own is None:
        yield error("required", f"{path}.id: a contained resource needs an id", f"{path}.id")
    elif not isinstance(own, str):
        pass  # the walk has said so
    elif ids.count(own) > 1:
        yield error("duplicate", f"{path}.id: used by {ids.count(own)} of them", f"{path}.id")
    elif own not in targets and "" not in {target for _, target in _local_texts(inner, path)}:
        yield error("invariant", f"{path}: nothing refers to it (dom-3)", path)
    if "contained" in inner:
        where = f"{path}.contained"
        yield error("invariant", f"{where}: not allowed inside a contained one (dom-2)", where)
    meta = inner.get("meta")
    for name, key in _SERVER_META:
        if isinstance(meta, dict) and name in meta:
            where = f"{path}.meta.{name}"
            yield error("invariant", f"{where}: not allowed in a contained resource ({key})", where)


def _local_texts(node: Any, path: str) -> Iterator[tuple[str, str]]:
    """Where a text "#..." stands, be it a reference or a canonical, and what follows the "#"."""
    stack: list[tuple[str, Any]] = [(path, node)]
    while stack:
        where, value = stack.pop()
        if isinstance(value, dict):
            stack += [
                (f"{where}.{name}", v) for name, v in value.items() if not _is_standalone(name, v)
            ]
        elif isinstance(value, list):
            stack += [(f"{where}[{i}]", v) for i, v in enumerate(value)]
        elif isinstance(value, str) and value.startswith("#"):
            yield where, value[1:]


def _is_standalone(name: str, value: Any) -> bool:
    """Whether this is a resource of an entry or a parameter: it keeps these rules by itself."""
    return name == "resource" and isinstance(value, dict) and "resourceType" in value


def _listed(value: Any) -> list[Any]:
    return value if isinstance(value, list) else []
