"""Whether everything in the store agrees with the newest version of each resource.

What an ingest writes for one resource (its row, versions, index, facts, twin, Provenance, the
mark that its twin is stale) is compared with what the stored text says. For a store to which only
ingests have written: no refresh has taken a mark away.
"""

from collections import Counter
from collections.abc import Iterator
from typing import Any

import orjson
from django.db.models import Max
from django.utils import timezone

from patients.fhir.json_codec import content_hash
from patients.fhir.search import extract_index
from patients.models import Fact, Patient, Resource, ResourceVersion, StaleTwin
from patients.services.patient_row import patient_columns
from patients.services.rebuild import rebuild_facts
from tests.integration.fhir.calls import sent

Json = dict[str, Any]


def disagreements() -> list[str]:
    """In words; empty when all agree. Writes nothing unless facts disagree."""
    resources = Resource.objects.prefetch_related("versions", "facts")
    return [
        *(f"{r}: {words}" for r in resources for words in _of_resource(r)),
        *(f"{p}: {words}" for p in Patient.objects.all() for words in _of_patient(p)),
        *_of_provenance(),
        *(f"Patient row {pk}: facts are not its resources'" for pk in _with_other_facts()),
    ]


def _of_resource(row: Resource) -> Iterator[str]:
    versions = sorted(row.versions.all(), key=lambda v: v.version)
    if [v.version for v in versions] != list(range(1, row.version + 1)):
        yield f"versions {[v.version for v in versions]}, the row says {row.version}"
        return
    newest = versions[-1]
    if newest.recorded_at != row.last_updated:
        yield "the newest version is of another moment"
    if (not newest.content) != row.deleted:
        yield "deleted, or not?"
    for version in versions:
        if version.content:
            meta = orjson.loads(version.content)["meta"]
            if meta["versionId"] != str(version.version):
                yield f"version {version.version} says that it is {meta['versionId']}"
    yield from _of_index(row, orjson.loads(newest.content) if newest.content else None)


def _of_index(row: Resource, content: Json | None) -> Iterator[str]:
    found = [row.tokens, row.refs, row.date_low, row.date_high, row.search_values]
    if content is None:
        if any(found) or row.facts.all():
            yield "deleted and still found"
        return
    index = extract_index(content)
    if found != [index.tokens, index.refs, index.date_low, index.date_high, index.values]:
        yield "the index is not of this text"
    if row.content_hash != content_hash(content):
        yield "the hash is not of this text"
    if {fact.resource_version for fact in row.facts.all()} - {row.version}:
        yield "facts of another version"


def _of_patient(row: Patient) -> Iterator[str]:
    resource = row.resource
    if row.active == resource.deleted:
        yield "active, or deleted?"
    newest = resource.versions.get(version=resource.version)
    if newest.content:
        columns = patient_columns(orjson.loads(newest.content))
        if {name: getattr(row, name) for name in columns} != columns:
            yield "the twin's row is not of this text"
    changed = Fact.objects.filter(patient=row).aggregate(at=Max("recorded_at"))["at"]
    mark = StaleTwin.objects.filter(pk=row.pk).first()
    if mark is None or mark.marked_at < max(filter(None, [changed, resource.last_updated])):
        yield "not marked stale since its last change"


def _of_provenance() -> Iterator[str]:
    """Every version that was sent is the target of exactly one Provenance, and nothing else is."""
    targets: Counter[str] = Counter()
    sources = Resource.objects.filter(type="Provenance").exclude(pk__in=sent())
    for text in ResourceVersion.objects.filter(resource__in=sources).values_list(
        "content", flat=True
    ):
        targets.update(target["reference"] for target in orjson.loads(text)["target"])
    versions = ResourceVersion.objects.filter(resource__in=sent()).select_related("resource")
    stored = Counter(f"{v.resource}/_history/{v.version}" for v in versions)
    for reference in (targets - stored) + (stored - targets):
        yield f"{reference}: {stored[reference]} stored, {targets[reference]} with a Provenance"


def _with_other_facts() -> set[int]:
    return rebuild_facts(now=timezone.now())
