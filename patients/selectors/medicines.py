"""What a person takes, reconciled from every medication resource of the twin."""

from collections.abc import Iterable, Iterator
from datetime import datetime, timedelta

import orjson
from django.db.models import F

from patients.models import Fact, ResourceVersion
from patients.record.elements import Json, child, text
from patients.record.medicines import ADMINISTRATION, MedicineTaken, Recorded, reconciled
from patients.record.modifiers import unknown_modifier
from patients.selectors.contents import current_contents, unversioned
from patients.selectors.meanings import meanings_in_force

MEDICATION = "Medication/"
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
        resolve=lambda reference: drugs.get(unversioned(reference)),
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
        stored, content = row.resource, orjson.loads(row.content)
        yield Recorded(content, stored.type, stored.fhir_id, row.version, row.recorded_at)


def _medications(contents: Iterable[Json]) -> dict[str, Json]:
    """The Medications that they refer to. One that something unknown changes tells nothing."""
    found = (text(child(one, "medicationReference"), "reference") for one in contents)
    named = {reference for reference in found if reference.startswith(MEDICATION)}
    return {
        name: content
        for name, content in current_contents(named).items()
        if not unknown_modifier(content)
    }
