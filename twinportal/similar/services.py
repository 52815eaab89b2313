"""Keeps the vectors of past twins, inside the refresh's transaction."""

from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from django.conf import settings

from models_engine.catalogue.similarity.embedding import (
    AGE,
    MOST_UNKNOWN,
    VERSION,
    embed,
    unknown_of,
)
from patients.models import Patient
from patients.record.loading import demographics_of, facts_of_many
from patients.record.state_as_of import StoredFact, state_as_of
from twinportal.similar.anchors import HORIZONS, anchor
from twinportal.similar.models import PastTwin
from twinportal.similar.reading import CONCEPTS, values_of, why_not_compared

BATCH = 200
Record = tuple[Patient, Sequence[StoredFact]]
UPDATED = [f.name for f in PastTwin._meta.concrete_fields if f.name not in ("id", "patient")]


def is_on() -> bool:
    return bool(settings.SIMILAR == "on")


def refresh(records: Iterable[Record], now: datetime) -> None:
    """What these twins were like at the days that count now. Two statements for any number.

    A twin of whom too little was known then, or who is not to be compared, has no row.
    """
    if not is_on():
        return
    rows, kept = [], set()
    asked = []
    for patient, facts in records:
        asked.append(patient.pk)
        for row in _rows(patient, facts, now):
            rows.append(row)
            kept.add((patient.pk, row.years))
    known = PastTwin.objects.filter(patient_id__in=asked)
    stored = {(row.patient_id, row.years): row for row in known}
    gone = [row.pk for key, row in stored.items() if key not in kept]
    changed = [row for row in rows if _differs(row, stored.get((row.patient_id, row.years)))]
    if gone:
        PastTwin.objects.filter(pk__in=gone).delete()
    if changed:
        PastTwin.objects.bulk_create(
            changed,
            update_conflicts=True,
            unique_fields=["patient", "years"],
            update_fields=UPDATED,
        )


def rebuild(now: datetime) -> Iterator[int]:
    """Every twin anew, a batch at a time; yields how many were done. Off: every row goes."""
    if not is_on():
        PastTwin.objects.all().delete()
        return
    after = 0
    while ids := list(
        Patient.objects.filter(pk__gt=after).order_by("pk").values_list("pk", flat=True)[:BATCH]
    ):
        facts = facts_of_many(ids)
        patients = Patient.objects.filter(pk__in=ids)
        refresh([(patient, facts[patient.pk]) for patient in patients], now)
        after = ids[-1]
        yield len(ids)


def _rows(patient: Patient, facts: Sequence[StoredFact], now: datetime) -> Iterator[PastTwin]:
    if not patient.active or patient.merged_into_id is not None:
        return
    demographics = demographics_of(patient)
    read = [fact for fact in facts if fact.concept in CONCEPTS]
    for years in HORIZONS:
        state = state_as_of(demographics, read, anchor(now, years))
        if why_not_compared(state):
            continue
        values = values_of(state)
        if unknown_of(values) > MOST_UNKNOWN:
            continue
        yield PastTwin(
            patient_id=patient.pk,
            years=years,
            as_of=state.as_of,
            version=VERSION,
            sex=state.sex,
            age_band=AGE.band(values["age"] or 0.0),
            vector=list(embed(values)),
        )


def _differs(row: PastTwin, stored: PastTwin | None) -> bool:
    """Whether it is to be written; PostgreSQL holds the vector in single precision."""
    if stored is None:
        return True
    plain = ("as_of", "version", "sex", "age_band")
    if any(getattr(row, name) != getattr(stored, name) for name in plain):
        return True
    return any(abs(new - old) > 1e-6 for new, old in zip(row.vector, stored.vector, strict=True))
