"""Facts are a projection of what is stored: this makes them anew."""

from collections.abc import Callable, Iterable, Sequence
from datetime import datetime

import orjson
from django.db import transaction
from django.db.models import F

from patients.models import Fact, Resource, ResourceVersion
from patients.record.projection import project
from patients.services import facts, identity, local_meanings, lookups, writing

BATCH = 2000


def rebuild_facts(*, now: datetime, progress: Callable[[int], None] = lambda _: None) -> set[int]:
    """Project every current resource again; returns the patients whose facts changed.

    Only they are marked stale, so a rebuild that changes nothing starts no model.
    """
    changed = _forget_the_deleted(now)
    last = 0
    while True:
        keys = list(
            Resource.objects.filter(pk__gt=last, patient__isnull=False, deleted=False)
            .order_by("pk")
            .values_list("pk", flat=True)[:BATCH]
        )
        if not keys:
            return changed
        changed |= rebuild_batch(keys, now)
        last = keys[-1]
        progress(len(keys))


@transaction.atomic
def _forget_the_deleted(now: datetime) -> set[int]:
    """Facts of resources that are gone should not be there at all."""
    gone = Fact.objects.filter(resource__deleted=True) | Fact.objects.filter(
        resource__patient__isnull=True
    )
    concerned = set(gone.values_list("patient_id", flat=True))
    if concerned:
        gone.delete()
        writing.mark_stale(concerned, now)
    return concerned


@transaction.atomic
def rebuild_batch(keys: Sequence[int], now: datetime) -> set[int]:
    """The same for these resources, in one transaction (or in the caller's)."""
    meanings = local_meanings.hold()
    locked = Resource.objects.select_for_update().filter(pk__in=keys).order_by("type", "fhir_id")
    resources = {row.pk: row for row in locked}
    versions = ResourceVersion.objects.filter(
        resource__in=resources, version=F("resource__version")
    )
    known = lookups.current_contents(
        {ref.split("\x1f")[1] for r in resources.values() for ref in r.refs if _is_medication(ref)}
    )
    twins = identity.twins_of(row.patient_id for row in resources.values())
    fresh: list[Fact] = []
    for version in versions:
        resource = resources[version.resource_id]
        if resource.patient_id is None or not version.content:
            continue
        fresh += facts.rows_of(
            project(
                orjson.loads(version.content),
                resolve=lambda ref: known.get(lookups.unversioned(ref)),
                meanings=meanings.for_source(version.source),
            ),
            patient_id=twins[resource.patient_id],
            resource_pk=resource.pk,
            reference=(resource.type, resource.fhir_id, version.version),
            recorded_at=version.recorded_at,
        )
    before = list(Fact.objects.filter(resource__in=resources))
    differing = _differing(before, fresh)
    if differing:
        concerned = [f for f in fresh if f.patient_id in differing]
        keys = list({f.resource_id for f in (*before, *fresh) if f.patient_id in differing})
        writing.replace_facts(keys, concerned)
        writing.mark_stale(differing, now)
    return differing


def _is_medication(ref: str) -> bool:
    return ref.startswith("medication\x1f")


def _differing(before: Iterable[Fact], after: Iterable[Fact]) -> set[int]:
    """Patients for whom the two sets of facts are not the same."""
    old, new = {_content(f) for f in before}, {_content(f) for f in after}
    return {content[0] for content in old ^ new}


def _content(fact: Fact) -> tuple:
    apart = ("id", "patient_id", "mappings")
    names = [f.attname for f in Fact._meta.concrete_fields if f.attname not in apart]
    return (fact.patient_id, tuple(fact.mappings), *(getattr(fact, name) for name in names))
