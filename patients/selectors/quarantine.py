"""Reads of the quarantine: how much waits and why, without a word of what was sent."""

from dataclasses import dataclass
from datetime import datetime

from django.db import connection
from django.db.models import Count, Q, QuerySet

from patients.models import Patient, QuarantinedResource

MOST_CAUSES = 200
# in place of a state: superseded, and no data steward has looked at it since
UNSEEN = "unseen"
UNSEEN_ROWS = Q(state=QuarantinedResource.State.SUPERSEDED, looked_at=None)
COUNTS = """
    SELECT q.type, cause, q.source, q.application_id, count(*), sum(q.times),
           min(q.received_at), max(q.last_received_at)
    FROM patients_quarantinedresource q, unnest(q.causes) AS cause
    WHERE q.state = 'waiting'
      AND (%(type)s = '' OR q.type = %(type)s) AND (%(source)s = '' OR q.source = %(source)s)
      AND (%(cause)s = '' OR cause = %(cause)s)
    GROUP BY q.type, cause, q.source, q.application_id
    ORDER BY count(*) DESC, max(q.last_received_at) DESC, q.type, cause, q.source
    LIMIT %(most)s
"""
# what has been written since would not be stored, and is ended by the next turn of the worker
ABOUT = """
    SELECT q.type, count(*), min(q.last_received_at), max(q.last_received_at)
    FROM patients_quarantinedresource q
    WHERE q.state = 'waiting'
      AND q.about && (SELECT array_agg(p.fhir_id) FROM patients_patient p
                      WHERE p.id = %s OR p.merged_into_id = %s)
      AND NOT EXISTS (SELECT 1 FROM patients_resource r
                      WHERE q.method = 'PUT' AND r.type = q.type AND r.fhir_id = q.fhir_id
                        AND COALESCE(r.sent_at, r.last_updated) > q.last_received_at)
    GROUP BY q.type ORDER BY q.type
"""


@dataclass(frozen=True)
class Cause:
    """Waiting resources of one type and client that share a fault.

    `times`: how often they were sent. `element` has no indexes.
    """

    type: str
    cause: str
    source: str
    application_id: int | None
    count: int
    times: int
    first: datetime
    last: datetime

    @property
    def code(self) -> str:
        return self.cause.partition(" ")[0]

    @property
    def element(self) -> str:
        return self.cause.partition(" ")[2]


@dataclass(frozen=True)
class KeptApart:
    """How many resources about a patient wait, their types and when they were sent."""

    count: int
    types: list[str]
    first: datetime
    last: datetime


@dataclass(frozen=True)
class Unseen:
    """Superseded items that nobody has looked at, and how many of them are transactions."""

    count: int
    transactions: int


@dataclass(frozen=True)
class Chosen:
    """What somebody looks for; "" is anything."""

    type: str = ""
    source: str = ""
    cause: str = ""
    state: str = ""

    def rows(self) -> "QuerySet[QuarantinedResource]":
        rows = QuarantinedResource.objects.all()
        if self.state == UNSEEN:
            rows = rows.filter(UNSEEN_ROWS)
        elif self.state:
            rows = rows.filter(state=self.state)
        if self.type:
            rows = rows.filter(type=self.type)
        if self.source:
            rows = rows.filter(source=self.source)
        if self.cause:
            rows = rows.filter(causes__contains=[self.cause])
        return rows


def causes(chosen: Chosen) -> list[Cause]:
    """Of what waits, the most frequent first; the state that was chosen does not count."""
    given = {"type": chosen.type, "source": chosen.source, "cause": chosen.cause}
    with connection.cursor() as cursor:
        cursor.execute(COUNTS, {**given, "most": MOST_CAUSES})
        return [Cause(*row) for row in cursor.fetchall()]


def unseen() -> Unseen:
    """What was superseded and never looked at, of all clients."""
    whole = Count("pk", filter=Q(method=QuarantinedResource.Method.TRANSACTION))
    rows = QuarantinedResource.objects.filter(UNSEEN_ROWS)
    return Unseen(**rows.aggregate(count=Count("pk"), transactions=whole))


def waiting_about(patient: Patient) -> KeptApart | None:
    """What waits about a patient or those merged into them; None when nothing does."""
    with connection.cursor() as cursor:
        cursor.execute(ABOUT, [patient.pk, patient.pk])
        rows = cursor.fetchall()
    if not rows:
        return None
    return KeptApart(
        sum(row[1] for row in rows),
        [row[0] for row in rows],
        min(row[2] for row in rows),
        max(row[3] for row in rows),
    )
