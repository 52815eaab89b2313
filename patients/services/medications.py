"""A Medication speaks for every request, statement, administration and dispense that names it."""

from collections.abc import Sequence
from typing import Any

import orjson
from django.db.models import F

from patients.models import Fact, Resource, ResourceVersion
from patients.record.projection import project
from patients.services import facts, identity, lookups, writing
from patients.services.lookups import Resolve
from patients.services.plan import Change
from patients.terminology.meanings import LocalMeanings

Json = dict[str, Any]
MEDICATION = "medication\x1f"
DEPENDANTS = (
    "MedicationRequest",
    "MedicationStatement",
    "MedicationAdministration",
    "MedicationDispense",
)


def resolver(changes: Sequence[Change]) -> Resolve:
    """Resolves Medication references to what this request writes, else to what is stored.

    The stored ones are held: who changes one must wait, and then sees what is written now.
    """
    written = _written(changes)
    asked = {
        ref.removeprefix(MEDICATION)
        for change in changes
        if change.index and change.interaction.type in DEPENDANTS
        for ref in change.index.refs
        if ref.startswith(MEDICATION)
    } - set(written)
    lookups.hold(asked)
    known = lookups.current_contents(asked) | written
    return lambda reference: known.get(lookups.unversioned(reference))


def reproject_dependants(
    changes: Sequence[Change], resolve: Resolve, meanings: LocalMeanings
) -> set[int]:
    """Project again what points at the Medications written; returns the patients concerned."""
    medications = _written(changes)
    if not medications:
        return set()
    # locked first and read then: somebody may be writing a new version of them
    rows = list(
        Resource.objects.select_for_update()
        .filter(
            type__in=DEPENDANTS,
            refs__overlap=[f"{MEDICATION}{reference}" for reference in medications],
            deleted=False,
            patient__isnull=False,
        )
        .exclude(pk__in={c.pk for c in changes})
        .order_by("type", "fhir_id")
    )
    versions = ResourceVersion.objects.filter(
        resource__in=rows, version=F("resource__version")
    ).select_related("resource")
    twins = identity.twins_of(row.patient_id for row in rows) if rows else {}
    found: list[Fact] = []
    for version in versions if rows else ():
        resource = version.resource
        found += facts.rows_of(
            project(
                orjson.loads(version.content),
                resolve=resolve,
                meanings=meanings.for_source(version.source),
            ),
            patient_id=twins[resource.patient_id or 0],
            resource_pk=resource.pk,
            reference=(resource.type, resource.fhir_id, version.version),
            recorded_at=version.recorded_at,
        )
    concerned = writing.replace_facts([row.pk for row in rows], found)
    return concerned | {fact.patient_id for fact in found}


def _written(changes: Sequence[Change]) -> dict[str, Json | None]:
    """Medications of this request by reference; None for those deleted."""
    return {
        c.interaction.reference: None if c.is_deletion else c.interaction.resource
        for c in changes
        if c.interaction.type == "Medication"
    }
