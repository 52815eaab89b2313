"""Whether a twin has changed since a page was made: a mark that tells nothing of the person."""

from hashlib import sha256

from django.db import connection

# each is an index's doing: what was sent, what was read of it, what was computed, what was released
ROWS = """
    SELECT
      (SELECT (generation, last_error)::text FROM patients_staletwin WHERE patient_id = %(pk)s),
      (SELECT (count(*), max(id), sum(resource_version))::text FROM patients_fact WHERE patient_id = %(pk)s),
      (SELECT (count(*), max(id), max(ended_at), count(released_at), max(released_at))::text
       FROM models_engine_prediction WHERE patient_id = %(pk)s),
      (SELECT (count(*), max(id), max(ended_at))::text
       FROM models_engine_forecast WHERE patient_id = %(pk)s),
      (SELECT (p.active, p.merged_into_id, r.version)::text FROM patients_patient p
       JOIN patients_resource r ON r.id = p.resource_id WHERE p.id = %(pk)s)
"""


def version_of(patient_id: int) -> str:
    """A short hash that changes with the record, its mark and what was computed. One query."""
    with connection.cursor() as cursor:
        cursor.execute(ROWS, {"pk": patient_id})
        row = cursor.fetchone()
    return sha256(repr((patient_id, row)).encode()).hexdigest()[:16]
