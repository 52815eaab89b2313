"""Looks up what a resource points at: Medications for projections, roles for care teams."""

from collections.abc import Callable, Collection, Sequence
from datetime import datetime
from typing import Any

import orjson
from django.db.models import F

from patients.models import Fact, ResourceVersion
from patients.record.projection import project
from patients.services import facts, writing
from patients.services.plan import Change

Json = dict[str, Any]
Resolve = Callable[[str], Json | None]
DEPENDANTS = (
    "MedicationRequest",
    "MedicationStatement",
    "MedicationAdministration",
    "MedicationDispense",
)


def current_contents(references: Collection[str]) -> dict[str, Json]:
    """Current content of "Type/id" references, with one query for any number of them."""
    wanted = {r.split("/_history")[0] for r in references if r.count("/") >= 1}
    if not wanted:
        return {}
    rows = ResourceVersion.objects.filter(
        resource__type__in={r.split("/")[0] for r in wanted},
        resource__fhir_id__in={r.split("/")[1] for r in wanted},
        version=F("resource__version"),
        resource__deleted=False,
    ).values_list("resource__type", "resource__fhir_id", "content")
    return {f"{t}/{i}": orjson.loads(c) for t, i, c in rows if f"{t}/{i}" in wanted}


def resolver(changes: Sequence[Change]) -> Resolve:
    """Resolves Medication references to what this request writes, else to what is stored."""
    written = {
        c.interaction.reference: c.interaction.resource
        for c in changes
        if c.interaction.type == "Medication" and not c.is_deletion
    }
    asked = {ref.split("\x1f")[1] for c in changes for ref in c.medication_refs}
    stored = current_contents(asked - set(written))
    return lambda reference: written.get(reference) or stored.get(reference.split("/_history")[0])


def practitioners_of_roles(role_ids: Collection[str], changes: Sequence[Change]) -> dict[str, str]:
    """PractitionerRole id to Practitioner id."""
    contents = current_contents({f"PractitionerRole/{role}" for role in role_ids})
    for change in changes:
        if change.interaction.type == "PractitionerRole" and change.interaction.resource:
            contents[change.interaction.reference] = change.interaction.resource
    return {
        reference.split("/")[1]: content.get("practitioner", {}).get("reference", "/").split("/")[1]
        for reference, content in contents.items()
    }


def reproject_dependants(changes: Sequence[Change], resolve: Resolve, now: datetime) -> set[int]:
    """A Medication that changed says something new of every request that points at it."""
    mine = {c.pk for c in changes}
    medications = [
        f"medication\x1f{c.interaction.reference}"
        for c in changes
        if c.interaction.type == "Medication"
    ]
    if not medications:
        return set()
    written = {
        c.interaction.reference: None if c.is_deletion else c.interaction.resource
        for c in changes
        if c.interaction.type == "Medication"
    }
    rows = (
        ResourceVersion.objects.filter(
            resource__type__in=DEPENDANTS,
            resource__refs__overlap=medications,
            resource__deleted=False,
            version=F("resource__version"),
        )
        .exclude(resource__in=mine)
        .select_related("resource")
    )
    found: list[Fact] = []
    for row in rows:
        if row.resource.patient_id is None:
            continue
        drafts = project(orjson.loads(row.content), resolve=lambda r: written.get(r) or resolve(r))
        found += facts.rows_of(
            drafts,
            patient_id=row.resource.patient_id,
            resource_pk=row.resource_id,
            reference=(row.resource.type, row.resource.fhir_id, row.version),
            recorded_at=row.recorded_at,
        )
    return writing.replace_facts([row.resource_id for row in rows], found)


class StoredResolver:
    """Resolves references to what is stored, each at most once."""

    def __init__(self) -> None:
        self._known: dict[str, Json | None] = {}

    def __call__(self, reference: str) -> Json | None:
        key = reference.split("/_history")[0]
        if key not in self._known:
            self._known[key] = current_contents({key}).get(key)
        return self._known[key]
