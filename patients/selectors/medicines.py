"""What a person takes, reconciled from every medication resource of the twin."""

from collections.abc import Collection, Iterable, Iterator
from datetime import datetime, timedelta

from django.db.models import F

from patients.fhir.json_codec import loads
from patients.models import Fact, ResourceVersion
from patients.record.elements import Json, child, text
from patients.record.medicines import ADMINISTRATION, MedicineTaken, Recorded, reconciled
from patients.record.modifiers import unknown_modifier
from patients.selectors.meanings import meanings_in_force

# what was given longer ago tells nothing of today, and a ward records thousands
GIVEN_WITHIN = timedelta(days=365)


def medicines_of(patient_id: int, as_of: datetime) -> tuple[MedicineTaken, ...]:
    """One row a drug as of `as_of` (aware), what is taken first. At most six queries.

    `patient_id` is the twin's primary key; who asks has checked that they may read it.
    """
    recorded = list(_recorded(patient_id, as_of))
    drugs = _medications(one.content for one in recorded)
    return reconciled(
        recorded,
        as_of,
        resolve=lambda reference: drugs.get(_unversioned(reference)),
        meanings=meanings_in_force(),
    )


def _recorded(patient_id: int, as_of: datetime) -> Iterator[Recorded]:
    """The current versions of the twin's medication resources, as its facts name them."""
    facts = Fact.objects.filter(patient=patient_id, kind=Fact.Kind.MEDICATION)
    old = facts.filter(resource_type=ADMINISTRATION, effective_at__lt=as_of - GIVEN_WITHIN)
    keys = facts.exclude(pk__in=old.values("pk")).values("resource_id")
    rows = ResourceVersion.objects.filter(
        resource__in=keys, version=F("resource__version"), resource__deleted=False
    )
    for row in rows.select_related("resource").order_by("resource__type", "resource__fhir_id"):
        content = loads(row.content.encode())
        if isinstance(content, dict):
            stored = row.resource
            yield Recorded(content, stored.type, stored.fhir_id, row.version, row.recorded_at)


def _medications(contents: Iterable[Json]) -> dict[str, Json]:
    """The Medications that they refer to. One that something unknown changes tells nothing."""
    found = (text(child(one, "medicationReference"), "reference") for one in contents)
    return {
        name: content
        for name, content in _current({_unversioned(r) for r in found if r}).items()
        if not unknown_modifier(content)
    }


def _current(references: Collection[str]) -> dict[str, Json]:
    ids = {r.removeprefix("Medication/") for r in references if r.startswith("Medication/")}
    if not ids:
        return {}
    rows = ResourceVersion.objects.filter(
        resource__type="Medication",
        resource__fhir_id__in=ids,
        resource__deleted=False,
        version=F("resource__version"),
    ).values_list("resource__fhir_id", "content")
    found = {f"Medication/{fhir_id}": loads(content.encode()) for fhir_id, content in rows}
    return {name: content for name, content in found.items() if isinstance(content, dict)}


def _unversioned(reference: str) -> str:
    return reference.split("/_history")[0]
