"""What is stored about a patient and says nothing to this server: no fact was made of it."""

from dataclasses import dataclass
from datetime import datetime
from typing import Any

import orjson
from django.db import connection

from patients.fhir.search_index import SEPARATOR
from patients.models import Patient
from patients.record.elements import child, codings

TYPES = ("Observation", "Condition", "Procedure")
MOST = 100
# a panel says what its members say
ROWS = """
    SELECT count(*) OVER (), r.type, r.fhir_id, r.version, r.date_low, v.content
    FROM patients_resource r
    JOIN patients_resourceversion v ON v.resource_id = r.id AND v.version = r.version
    WHERE r.patient_id IN (SELECT id FROM patients_patient WHERE id = %(pk)s
                           UNION ALL
                           SELECT id FROM patients_patient WHERE merged_into_id = %(pk)s)
      AND r.type = ANY(%(types)s) AND NOT r.deleted
      AND NOT EXISTS (SELECT FROM patients_fact f WHERE f.resource_id = r.id)
      AND NOT EXISTS (SELECT FROM unnest(r.refs) f WHERE starts_with(f, %(member)s))
    ORDER BY r.date_low DESC NULLS LAST, r.id DESC
    LIMIT %(most)s
"""


@dataclass(frozen=True)
class UnreadResource:
    """`words`: what its sender calls it, or its code."""

    type: str
    fhir_id: str
    version: int
    at: datetime | None
    words: str


@dataclass(frozen=True)
class Unread:
    """How many there are, and the newest of them."""

    count: int
    rows: list[UnreadResource]


def unread_of(patient: Patient) -> Unread:
    """Those of a patient and of whom was merged into them. One query."""
    given: dict[str, Any] = {"pk": patient.pk, "types": list(TYPES), "most": MOST}
    given["member"] = f"has-member{SEPARATOR}"
    with connection.cursor() as cursor:
        cursor.execute(ROWS, given)
        found = cursor.fetchall()
    rows = [
        UnreadResource(kind, fhir_id, version, at, _words(orjson.loads(content)))
        for _, kind, fhir_id, version, at, content in found
    ]
    return Unread(found[0][0] if found else 0, rows)


def _words(resource: dict[str, Any]) -> str:
    code = child(resource, "code")
    text = code.get("text")
    if isinstance(text, str) and text.strip():
        return text.strip()
    for coding in codings(code):
        if words := coding.display or coding.code:
            return words
    return ""
