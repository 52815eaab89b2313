"""Reads what became of everybody, and the predictions that are judged by it.

What is kept in memory is a few moments a twin: its facts of outcome concepts, death, last contact.
"""

from collections import defaultdict
from collections.abc import Collection, Iterator
from datetime import datetime
from typing import Any, NamedTuple

from django.db import connection
from django.db.models import Max, Min

from models_engine.monitoring.follow_up import Course, Recorded
from patients.models import Fact, Patient
from patients.record.condition_facts import NO_ONSET
from patients.record.encounter_facts import DISPOSITION

DIED = "died"
_USABLE = (Fact.Quality.USABLE, Fact.Quality.VERIFY)
CHUNK = 5000
# the first prediction of each person and year (UTC) that still stands as right, of every model
_FIRST = """
CREATE TEMPORARY TABLE monitored_first ON COMMIT DROP AS
SELECT DISTINCT ON (p.model_id, p.model_version, p.outcome, r.replayed, p.patient_id,
                    date_part('year', p.as_of AT TIME ZONE 'UTC'))
       p.model_id, p.model_version, p.outcome, r.replayed, p.patient_id, p.as_of, p.value
FROM models_engine_prediction p
JOIN models_engine_modelrun r ON r.id = p.run_id
JOIN patients_patient t ON t.id = p.patient_id
WHERE p.value IS NOT NULL AND p.is_probability AND p.status <> 'superseded' AND p.as_of <= %s
  AND t.active AND t.merged_into_id IS NULL
ORDER BY p.model_id, p.model_version, p.outcome, r.replayed, p.patient_id,
         date_part('year', p.as_of AT TIME ZONE 'UTC'), p.as_of, p.id
"""
_INDEX = "CREATE INDEX ON monitored_first (model_id, model_version, outcome, replayed)"
_READ = """
SELECT patient_id, as_of, value FROM monitored_first
WHERE model_id = %s AND model_version = %s AND outcome = %s AND replayed = %s
ORDER BY patient_id, as_of
"""


class Made(NamedTuple):
    """A prediction to be judged."""

    patient_id: int
    as_of: datetime
    probability: float


def hold_first_predictions(*, now: datetime) -> None:
    """Make the temporary table that `first_predictions` reads; it goes with the transaction."""
    with connection.cursor() as cursor:
        cursor.execute("DROP TABLE IF EXISTS monitored_first")
        cursor.execute(_FIRST, [now])
        cursor.execute(_INDEX)
        cursor.execute("ANALYZE monitored_first")


def first_predictions(
    model_id: str, version: str, outcome: str, *, replayed: bool
) -> Iterator[Made]:
    """By patient, then moment: the first of each calendar year."""
    with connection.chunked_cursor() as cursor:
        cursor.execute(_READ, [model_id, version, outcome, replayed])
        while rows := cursor.fetchmany(CHUNK):
            yield from map(Made._make, rows)


class Courses:
    """What the record holds today of every twin, or of those asked for. A bounded number of
    statements, whatever is asked of it.
    """

    def __init__(
        self, concepts: Collection[str], *, now: datetime, of: Collection[int] | None = None
    ) -> None:
        only: dict[str, Any] = {} if of is None else {"patient_id__in": of}
        self._facts: defaultdict[int, list[Recorded]] = defaultdict(list)
        rows = Fact.objects.filter(concept__in=concepts, quality__in=_USABLE, **only)
        columns = ("patient_id", "concept", "effective_at", "recorded_at", "reason")
        for patient, concept, at, recorded_at, reason in rows.values_list(*columns).iterator(CHUNK):
            one = Recorded(concept, at, recorded_at, NO_ONSET not in reason)
            self._facts[patient].append(one)
        dead = Patient.objects.filter(deceased=True, **({} if of is None else {"pk__in": of}))
        self._died: dict[int, datetime | None] = dict(dead.values_list("pk", "deceased_at"))
        for patient, at in _left_dead(only):
            self._died[patient] = min(filter(None, (self._died.get(patient), at)), default=None)
        seen = Fact.objects.filter(effective_at__lte=now, **only).values_list("patient_id")
        self._seen = dict(seen.annotate(last=Max("effective_at")))

    def of(self, patient_id: int) -> Course:
        died = self._died.get(patient_id)
        return Course(
            facts=self._facts.get(patient_id, ()),
            died_at=died,
            died_undated=patient_id in self._died and died is None,
            last_contact=self._seen.get(patient_id),
        )


def _left_dead(only: dict[str, Any]) -> list[tuple[int, datetime | None]]:
    """Stays that ended in death, by the end of the first."""
    stays = Fact.objects.filter(concept=DISPOSITION, value_code=DIED, quality__in=_USABLE, **only)
    return list(stays.values_list("patient_id").annotate(at=Min("end_at")))
