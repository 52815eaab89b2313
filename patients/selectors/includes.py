"""Resources that come along with those a search has found."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from django.db.models import QuerySet

from patients.fhir.search import Include
from patients.fhir.search_index import SEPARATOR
from patients.models import Resource, ResourceVersion
from patients.selectors.search import exact_versions


def included(
    among: "QuerySet[Resource]",
    rows: Sequence[ResourceVersion],
    includes: Iterable[Include],
    revincludes: Iterable[Include],
    *,
    most: int,
) -> tuple[list[ResourceVersion], bool]:
    """What `rows` refer to and what refers to them, each once; and whether there was more.

    One statement for each direction and one for the contents.
    """
    if not rows:
        return [], False
    here = {row.resource_id for row in rows}
    versions: dict[int, int] = {}
    for wanted in (_referred(among, rows, includes), _referring(among, rows, revincludes)):
        if wanted.query.is_empty():
            continue
        found = wanted.exclude(pk__in=here).order_by("pk").values_list("pk", "version")
        versions |= dict(found[: most + 1])
    chosen = list(versions.items())
    return exact_versions(chosen[:most]), len(chosen) > most


def _referred(
    among: "QuerySet[Resource]", rows: Sequence[ResourceVersion], includes: Iterable[Include]
) -> "QuerySet[Resource]":
    wanted: dict[str, set[str]] = defaultdict(set)
    listed = list(includes)
    keys = [row.resource_id for row in rows] if listed else []
    refs = (
        {
            ref
            for found in Resource.objects.filter(pk__in=keys).values_list("refs", flat=True)
            for ref in found
        }
        if keys
        else set()
    )
    for include in listed:
        for key in include.parameter.keys:
            prefix = f"{key}{SEPARATOR}"
            for ref in refs:
                name, _, fhir_id = ref.removeprefix(prefix).partition("/")
                if not ref.startswith(prefix) or "/" in fhir_id:
                    continue
                if include.target in ("", name) and include.parameter.may_point_at(name):
                    wanted[name].add(fhir_id)
    found = among.none()
    for name, ids in wanted.items():
        found |= among.filter(type=name, fhir_id__in=ids, deleted=False)
    return found


def _referring(
    among: "QuerySet[Resource]", rows: Sequence[ResourceVersion], revincludes: Iterable[Include]
) -> "QuerySet[Resource]":
    found = among.none()
    for include in revincludes:
        refs = [
            f"{key}{SEPARATOR}{row.resource.type}/{row.resource.fhir_id}"
            for key in include.parameter.keys
            for row in rows
        ]
        if refs:
            found |= among.filter(type=include.source, refs__overlap=refs, deleted=False)
    return found
