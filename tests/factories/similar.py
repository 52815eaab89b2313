"""A site's past, straight into the tables: many people alike, and what became of them."""

from collections.abc import Collection
from datetime import datetime, timedelta

from django.utils import timezone

from models_engine.catalogue.similarity.embedding import AGE, FEATURES, VERSION, embed
from patients.models import Fact, Patient, Resource
from twinportal.similar.anchors import anchor
from twinportal.similar.models import PastTwin

# the pages look at their own clock, and anchors move with it
TODAY = timezone.now()
# what `tests.factories.fhir.complete_record` says
ALIKE: dict[str, float | None] = {feature.id: 0.0 for feature in FEATURES} | {
    "age": 61.0,
    "systolic_bp": 152.0,
    "bmi": 27.5,
    "total_cholesterol": 5.5,
    "hdl_cholesterol": 1.29,
    "hba1c": None,
    "egfr": 75.0,
    "urine_acr": None,
    "smoking": 0.0,
}


def past_people(
    count: int,
    *,
    years: int = 5,
    events: int = 0,
    concept: str = "stroke",
    died: int = 0,
    lost: int = 0,
    sex: str = "female",
    values: dict[str, float | None] | None = None,
    prefix: str = "past",
    now: datetime = TODAY,
) -> list[Patient]:
    """`count` people who were alike at the anchor: the first `events` had `concept` a year later,
    the last `died` died, and the `lost` before those were never seen again."""
    start = anchor(now, years)
    resources = Resource.objects.bulk_create(
        Resource(type="Patient", fhir_id=f"{prefix}{n}", content_hash="x", last_updated=now)
        for n in range(count)
    )
    people = Patient.objects.bulk_create(
        Patient(
            resource=resource,
            fhir_id=resource.fhir_id,
            sex=sex,
            family=f"Secretname{n}",
            name=f"Secretname{n}",
            deceased=n >= count - died,
            deceased_at=start + timedelta(days=300) if n >= count - died else None,
        )
        for n, resource in enumerate(resources)
    )
    unseen = range(count - died - lost, count - died)
    facts = [
        _fact(person, "systolic_bp", "measurement", now - timedelta(days=20))
        for n, person in enumerate(people)
        if n not in unseen
    ]
    facts += [
        _fact(person, concept, "condition", start + timedelta(days=200))
        for person in people[:events]
    ]
    Fact.objects.bulk_create(facts)
    chosen = ALIKE | (values or {})
    PastTwin.objects.bulk_create(
        PastTwin(
            patient=person,
            years=years,
            as_of=start,
            version=VERSION,
            sex=sex,
            age_band=AGE.band(chosen["age"] or 0.0),
            vector=list(embed(chosen)),
        )
        for person in people
    )
    return people


def _fact(person: Patient, concept: str, kind: str, at: datetime) -> Fact:
    return Fact(
        patient=person,
        resource_id=person.resource_id,
        resource_type="Observation" if kind == "measurement" else "Condition",
        resource_fhir_id=f"{person.fhir_id}-{concept}",
        resource_version=1,
        path="Observation",
        concept=concept,
        kind=kind,
        value=130.0 if kind == "measurement" else None,
        effective_at=at,
        effective_precision="time",
        recorded_at=TODAY,
        quality=Fact.Quality.USABLE,
    )


def keys(people: Collection[Patient]) -> set[int]:
    return {person.pk for person in people}
