"""What the AllergyIntolerances of a twin say beyond its facts."""

import orjson
from django.db.models import F

from patients.models import ResourceVersion
from patients.record.allergy_details import AllergyDetails, allergy_details


def allergy_details_of(patient_id: int) -> dict[str, AllergyDetails]:
    """By the id of the resource. One query.

    `patient_id` is the twin's primary key; who asks has checked that they may read it.
    """
    rows = ResourceVersion.objects.filter(
        resource__type="AllergyIntolerance",
        resource__patient=patient_id,
        resource__deleted=False,
        version=F("resource__version"),
    ).values_list("resource__fhir_id", "content")
    return {fhir_id: allergy_details(orjson.loads(content)) for fhir_id, content in rows}
