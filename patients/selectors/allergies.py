"""What a twin's AllergyIntolerance resources say beyond their facts."""

from collections.abc import Mapping

import orjson
from django.db.models import F

from patients.models import Fact, ResourceVersion
from patients.record.allergy_details import AllergyDetails, allergy_details


def allergy_details_of(patient_id: int) -> Mapping[str, AllergyDetails]:
    """Details by the id of the AllergyIntolerance, of its current version. One query.

    `patient_id` is the twin's primary key; who asks has checked that they may read it.
    """
    facts = Fact.objects.filter(patient=patient_id, kind=Fact.Kind.ALLERGY)
    rows = ResourceVersion.objects.filter(
        resource__in=facts.values("resource_id"),
        resource__deleted=False,
        version=F("resource__version"),
    ).values_list("resource__fhir_id", "content")
    return {fhir_id: allergy_details(orjson.loads(content)) for fhir_id, content in rows}
