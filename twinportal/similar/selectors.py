"""Finds past twins like a patient of today. What it returns names people: it is for counting."""

import json
from dataclasses import dataclass
from datetime import datetime

from django.conf import settings
from django.db.models import Q, QuerySet
from django.utils.crypto import salted_hmac
from pgvector.django import L2Distance

from models_engine.catalogue.similarity.embedding import (
    AGE,
    MOST_AGE_BANDS,
    MOST_POINTS,
    VERSION,
    embed,
)
from patients.access.consent import Purpose, permitting
from patients.fhir.search_index import SEPARATOR
from patients.models import Patient, Resource, ResourceVersion
from twinportal.similar.anchors import anchor, previous
from twinportal.similar.models import PastTwin

# at most so many are compared
PEOPLE = 200
# of the nearest, one in five is left out: who they are depends on who asks, and on a secret
KEPT_OF_FIVE = 4
IDENTIFIER = f"identifier{SEPARATOR}"


@dataclass(frozen=True)
class Asking:
    """A patient of today as others are compared with them."""

    patient: Patient
    sex: str
    values: dict[str, float | None]
    # events that the patient has had already, and that only a first one counts of
    had: frozenset[str] = frozenset()

    @property
    def age_band(self) -> int:
        return AGE.band(self.values["age"] or 0.0)


def people_alike(asking: Asking, years: int, *, now: datetime) -> list[PastTwin]:
    """Those who were, `years` ago, most like the patient is now; nearest first.

    Of the nearest, a fifth is left out by a secret draw that stays the same for this patient: that
    somebody is near does not tell that they are counted. A bounded number of queries.
    """
    pool = nearest(asking, years, now=now)
    most = len(pool) * KEPT_OF_FIVE // 5
    drawn = {row.pk for row in sorted(pool, key=lambda row: _draw(asking.patient, row))[:most]}
    return [row for row in pool if row.pk in drawn]


def nearest(asking: Asking, years: int, *, now: datetime) -> list[PastTwin]:
    """Every past twin near enough, as far as a pool is filled; exact, not by an approximate index.

    Who refused to be counted is left out as of now, and so are deleted and merged records, the
    patient, and records that may be of the patient or of kin.
    """
    rows = candidates(asking, years, now=now)
    return list(rows[: PEOPLE * 5 // KEPT_OF_FIVE])


def candidates(asking: Asking, years: int, *, now: datetime) -> "QuerySet[PastTwin]":
    """The query of `nearest` without its limit."""
    band = asking.age_band
    distance = L2Distance("vector", list(embed(asking.values)))
    return (
        PastTwin.objects.filter(
            years=years,
            version=VERSION,
            sex=asking.sex,
            age_band__range=(band - MOST_AGE_BANDS, band + MOST_AGE_BANDS),
            as_of__range=(previous(now, years), anchor(now, years)),
            patient__in=permitting(Purpose.COUNTED_AMONG_SIMILAR).filter(
                active=True, merged_into=None
            ),
        )
        .exclude(patient__in=_self_and_kin(asking.patient))
        .annotate(distance=distance)
        # single precision: a pair just at the limit stays inside
        .filter(distance__lte=MOST_POINTS**0.5 + 1e-6)
        .order_by("distance", "patient_id")
    )


def _self_and_kin(patient: Patient) -> "QuerySet[Patient]":
    """The patient, records that bear one of their identifiers, and those that one of the Patient
    resources links to, whatever the link says."""
    own = Patient.objects.filter(Q(pk=patient.pk) | Q(merged_into=patient.pk))
    resources = list(own.values_list("resource_id", flat=True))
    tokens = {
        token
        for found in Resource.objects.filter(pk__in=resources).values_list("tokens", flat=True)
        for token in found
        if token.startswith(IDENTIFIER) and "|" in token.removeprefix(IDENTIFIER)[1:-1]
    }
    linked = {fhir_id for key in resources for fhir_id in _links(key)}
    sharing = Resource.objects.filter(type="Patient", tokens__overlap=sorted(tokens))
    alike = Q(pk=patient.pk) | Q(fhir_id__in=linked)
    return Patient.objects.filter(alike | Q(resource__in=sharing) if tokens else alike)


def _links(resource_id: int) -> set[str]:
    """The ids that `Patient.link` of the current version names."""
    row = ResourceVersion.objects.filter(resource=resource_id).order_by("-version").first()
    if row is None or not row.content:
        return set()
    links = json.loads(row.content).get("link", [])
    references = [str(link.get("other", {}).get("reference", "")) for link in links]
    return {one.rpartition("Patient/")[2] for one in references if "Patient/" in one}


def _draw(patient: Patient, row: PastTwin) -> bytes:
    key = f"{patient.public_id}:{row.patient_id}"
    return salted_hmac("twinportal.similar", key, secret=settings.SECRET_KEY).digest()
