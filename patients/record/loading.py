"""Reads facts and demographics from the tables, and makes states of them."""

from collections import defaultdict
from collections.abc import Collection, Iterable
from datetime import datetime
from typing import NamedTuple

from patients.models import Fact, Patient
from patients.record.state import Demographics, State
from patients.record.state_as_of import state_as_of


class FactRow(NamedTuple):
    """The columns of `patients.Fact` that a state or a timeline is made of."""

    id: int
    resource_type: str
    resource_fhir_id: str
    resource_version: int
    path: str
    concept: str
    kind: str
    value: float | None
    unit: str
    value_code: str
    system: str
    code: str
    raw_value: str
    raw_unit: str
    display: str
    effective_at: datetime | None
    effective_precision: str
    end_at: datetime | None
    recorded_at: datetime
    quality: str
    reason: str
    mappings: list[int]


def demographics_of(patient: Patient) -> Demographics:
    """What the twin's row says; no query."""
    return Demographics(
        sex=patient.sex,
        birth_date=patient.birth_date,
        birth_date_precision=patient.birth_date_precision,
        deceased=patient.deceased,
        deceased_at=patient.deceased_at,
    )


def facts_of(patient_id: int) -> list[FactRow]:
    """All facts of one patient, in no order. One query; load once, then replay at many dates."""
    return _facts([patient_id])[patient_id]


def facts_of_many(patient_ids: Collection[int]) -> dict[int, list[FactRow]]:
    """All facts of these patients by primary key. One query, at once in memory."""
    found: dict[int, list[FactRow]] = {patient_id: [] for patient_id in patient_ids}
    rows = Fact.objects.filter(patient_id__in=found).values_list("patient_id", *FactRow._fields)
    for patient_id, *columns in rows:
        found[patient_id].append(FactRow._make(columns))
    return found


def state_of(patient_id: int, as_of: datetime) -> State:
    """One patient's state. Two queries.

    Raises:
        Patient.DoesNotExist: there is no such patient.
    """
    patient = Patient.objects.get(pk=patient_id)
    return state_as_of(demographics_of(patient), facts_of(patient_id), as_of)


def states_of(patient_ids: Collection[int], as_of: datetime) -> dict[int, State]:
    """States of many patients by primary key, unknown ones left out. Two queries for any number."""
    facts = _facts(patient_ids)
    return {
        patient.pk: state_as_of(demographics_of(patient), facts[patient.pk], as_of)
        for patient in Patient.objects.filter(pk__in=patient_ids)
    }


def _facts(patient_ids: Iterable[int]) -> defaultdict[int, list[FactRow]]:
    found: defaultdict[int, list[FactRow]] = defaultdict(list)
    rows = Fact.objects.filter(patient_id__in=list(patient_ids))
    for patient_id, *columns in rows.values_list("patient_id", *FactRow._fields).iterator():
        found[patient_id].append(FactRow._make(columns))
    return found
