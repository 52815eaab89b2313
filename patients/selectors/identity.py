"""Patients that may be one person, because they bear the same identifier."""

from collections.abc import Collection

from django.db import connection

from patients.fhir.search_index import SEPARATOR
from patients.models import Patient, Resource

PREFIX = f"identifier{SEPARATOR}"
# system and value: a value without its system says nothing, nor does a system alone
SHARED = """
    SELECT token, array_agg(fhir_id ORDER BY fhir_id)
    FROM (SELECT p.fhir_id, COALESCE(p.merged_into_id, p.id) AS twin, unnest(r.tokens) AS token
          FROM patients_resource r JOIN patients_patient p ON p.resource_id = r.id
          WHERE r.type = 'Patient' AND NOT r.deleted) t
    WHERE token LIKE %s
    GROUP BY token HAVING count(DISTINCT twin) > 1 ORDER BY token
"""


def shared_identifiers() -> list[tuple[str, list[str]]]:
    """system|value and the FHIR ids of the patients that bear it, without those merged."""
    with connection.cursor() as cursor:
        cursor.execute(SHARED, [f"{PREFIX}_%|_%"])
        rows = cursor.fetchall()
    return [(token.removeprefix(PREFIX), ids) for token, ids in rows]


def has_double(patient: Patient) -> bool:
    """Whether another patient, not merged with this one, bears one of the same identifiers."""
    tokens = [
        token
        for token in Resource.objects.values_list("tokens", flat=True).get(pk=patient.resource_id)
        if token.startswith(PREFIX) and "|" in token.removeprefix(PREFIX)[1:-1]
    ]
    own = [patient.resource_id, *patient.merged.values_list("resource_id", flat=True)]
    others = Resource.objects.filter(type="Patient", deleted=False, tokens__overlap=tokens)
    return bool(tokens) and others.exclude(pk__in=own).exists()


def survivors(fhir_ids: Collection[str]) -> dict[str, str]:
    """For each of these Patients the one whose twin has the facts: another one after a merge."""
    merged = Patient.objects.filter(fhir_id__in=fhir_ids, merged_into__isnull=False)
    rows = dict(merged.values_list("fhir_id", "merged_into__fhir_id")) if fhir_ids else {}
    return {fhir_id: rows.get(fhir_id, fhir_id) for fhir_id in fhir_ids}
