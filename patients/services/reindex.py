"""The search index is a projection of what is stored: this makes it anew, beside a running server.

Run it after an upgrade that searches by more than before.
"""

from collections.abc import Callable

import orjson
from django.db import transaction
from django.db.models import F

from patients.fhir.search import extract_index
from patients.fhir.search_index import IndexEntry
from patients.models import Resource, ResourceVersion

BATCH = 1000
COLUMNS = tuple(IndexEntry().columns)


def reindex(*, progress: Callable[[int], None] = lambda _: None) -> int:
    """Index every current resource again; returns how many were found otherwise before."""
    changed, last = 0, 0
    while True:
        waiting = Resource.objects.filter(pk__gt=last, deleted=False).order_by("pk")
        keys = list(waiting.values_list("pk", flat=True)[:BATCH])
        if not keys:
            return changed
        changed += _batch(keys)
        last = keys[-1]
        progress(len(keys))


@transaction.atomic
def _batch(keys: list[int]) -> int:
    # in the order in which every ingest locks
    locked = Resource.objects.select_for_update().filter(pk__in=keys).order_by("type", "fhir_id")
    rows = {row.pk: row for row in locked if not row.deleted}
    versions = ResourceVersion.objects.filter(resource__in=rows, version=F("resource__version"))
    differing = []
    for resource_id, content in versions.values_list("resource_id", "content"):
        row, found = rows[resource_id], extract_index(orjson.loads(content)).columns
        if any(getattr(row, name) != value for name, value in found.items()):
            for name, value in found.items():
                setattr(row, name, value)
            differing.append(row)
    Resource.objects.bulk_update(differing, COLUMNS, batch_size=200)
    return len(differing)
