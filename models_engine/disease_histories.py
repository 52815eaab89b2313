"""Histories of diagnoses as the record has them: dated conditions, days of contact, deaths.

A condition's day is that of its onset, else of its recording (`patients.record.condition_facts`);
one without any date is not counted. A day known to the month or the year counts from its last day
and is never taken for a first diagnosis.
"""

from calendar import monthrange
from collections import Counter
from collections.abc import Collection, Iterable, Iterator
from dataclasses import dataclass, field
from datetime import UTC, date, datetime
from itertools import groupby
from typing import Any

from django.db import connection

from models_engine.catalogue.disease.landmarks import Rules
from models_engine.catalogue.disease.people import Person, draws, periods_of
from models_engine.catalogue.disease.vocabulary import tokens_of
from patients.models import Fact, Patient
from patients.record.condition_facts import UNCLASSIFIED

# what shows that somebody was seen here; a Condition does not: its date is that of the onset
CONTACTS = (
    *("Encounter", "Observation", "Procedure", "DiagnosticReport", "Immunization"),
    *("MedicationRequest", "MedicationAdministration"),
)
COUNTED = (Fact.Quality.USABLE, Fact.Quality.VERIFY, Fact.Quality.UNCLASSIFIED)
_COLUMNS = (
    *("patient_id", "resource_id", "kind", "concept", "system", "code", "display"),
    *("effective_at", "effective_precision"),
)
_CONTACT_DAYS = """
    SELECT DISTINCT coalesce(p.merged_into_id, p.id) AS person, (r.date_low AT TIME ZONE 'UTC')::date
    FROM patients_resource r JOIN patients_patient p ON p.id = r.patient_id
    WHERE r.type = ANY(%(types)s) AND NOT r.deleted AND r.date_low >= '1900-01-01'
      AND r.date_low < %(until)s
      AND (%(one)s::bigint IS NULL OR p.id = %(one)s OR p.merged_into_id = %(one)s)
    ORDER BY 1, 2
"""


@dataclass
class Histories:
    """People to train on, and why others were left out. `displays`: by token and by what senders
    call it, how many people.
    """

    people: list[Person] = field(default_factory=list)
    left_out: Counter[str] = field(default_factory=Counter)
    displays: dict[str, Counter[str]] = field(default_factory=dict)

    def display(self, token: str, least: int) -> str:
        """The commonest name of a token, if at least `least` people have it under that name."""
        names = self.displays.get(token, Counter())
        best = min(names.items(), key=lambda row: (-row[1], row[0]), default=("", 0))
        return best[0] if best[1] >= least else ""


Diagnoses = list[tuple[str, int, bool]]


def histories(as_of: datetime, rules: Rules, *, most: int, seed: int) -> Histories:
    """Everybody whose history can be counted, at most `most` people, whom their keys choose."""
    found = Histories()
    chosen = _patients(found, most, seed)
    contacts = _contacts(as_of, None)
    diagnoses = _diagnoses(found.displays, None)
    at_contact, at_diagnosis = _walk(contacts), _walk(diagnoses)
    for patient in chosen:
        days = at_contact.get(patient.pk, [])
        if not days:
            found.left_out["no dated contact"] += 1
            continue
        found.people.append(_person(patient, at_diagnosis.get(patient.pk, []), days, rules, as_of))
    return found


def history_of(patient: Patient, as_of: datetime, rules: Rules) -> Person | None:
    """One person's; None without a birth date. Two queries."""
    if patient.birth_date is None:
        return None
    days = _walk(_contacts(as_of, patient.pk)).get(patient.pk, [])
    diagnoses = _walk(_diagnoses({}, patient.pk)).get(patient.pk, [])
    return _person(patient, diagnoses, days, rules, as_of)


def _patients(found: Histories, most: int, seed: int) -> list[Patient]:
    kept = []
    for patient in Patient.objects.filter(merged_into=None, active=True).order_by("pk").iterator():
        if patient.birth_date is None:
            found.left_out["no birth date"] += 1
        elif patient.deceased and patient.deceased_at is None:
            found.left_out["dead, without a date"] += 1
        else:
            kept.append(patient)
    if len(kept) > most:
        found.left_out["more people than asked for"] += len(kept) - most
        kept.sort(key=lambda p: draws(p.fhir_id, -seed))
    return sorted(kept[:most], key=lambda p: p.pk)


def _person(
    patient: Patient, diagnoses: Diagnoses, contacts: list[int], rules: Rules, as_of: datetime
) -> Person:
    birth = patient.birth_date.toordinal() if patient.birth_date else 0
    today = _day(as_of)
    death = _day(patient.deceased_at) if patient.deceased_at else None
    if patient.deceased and death is None:
        death = max(contacts, default=today)
    death = death if death is not None and death <= today else None
    return Person(
        key=patient.fhir_id,
        birth=birth,
        sex=patient.sex,
        periods=periods_of([d for d in contacts if d >= birth], rules.gap, today, death),
        diagnoses=tuple(row for row in diagnoses if birth <= row[1] <= today),
        death=death,
    )


def _contacts(as_of: datetime, one: int | None) -> Iterator[tuple[int, int]]:
    """(person, day) of every day of contact before `as_of`, in order of persons."""
    given: dict[str, Any] = {"types": list(CONTACTS), "until": as_of, "one": one}
    with connection.cursor() as cursor:
        cursor.execute(_CONTACT_DAYS, given)
        while rows := cursor.fetchmany(10_000):
            for person, day in rows:
                yield person, day.toordinal()


def _diagnoses(
    displays: dict[str, Counter[str]], one: int | None
) -> Iterator[tuple[int, tuple[str, int, bool]]]:
    """(person, diagnosis) of every counted and dated condition, in order of persons."""
    rows = Fact.objects.filter(
        kind__in=(Fact.Kind.CONDITION, Fact.Kind.COMORBIDITY),
        path="Condition",
        quality__in=COUNTED,
        effective_at__isnull=False,
    )
    if one is not None:
        rows = rows.filter(patient_id=one)
    ordered = rows.order_by("patient_id", "resource_id", "pk").values_list(*_COLUMNS)
    for person, mine in groupby(ordered.iterator(), key=lambda row: row[0]):
        named: set[tuple[str, str]] = set()
        for _, facts in groupby(mine, key=lambda row: row[1]):
            for token, display, day, exact in _tokens(list(facts)):
                named.add((token, display))
                yield person, (token, day, exact)
        for token, display in named:
            displays.setdefault(token, Counter())[display] += 1


def _tokens(facts: Collection[tuple[Any, ...]]) -> Iterator[tuple[str, str, int, bool]]:
    """The tokens of one resource's facts: token, what it is called, day, whether it is exact."""
    stated = [f for f in facts if f[2] == Fact.Kind.CONDITION and f[3] != UNCLASSIFIED]
    first = next(iter(facts))
    day, exact = _day_meant(first[7], first[8])
    tokens = tokens_of([f[3] for f in stated], [(f[4], f[5], f[6]) for f in facts])
    for token in tokens:
        yield token, first[6], day, exact


def _walk(rows: Iterable[tuple[int, Any]]) -> dict[int, list[Any]]:
    found: dict[int, list[Any]] = {}
    for person, row in rows:
        found.setdefault(person, []).append(row)
    return found


def _day(moment: datetime) -> int:
    return moment.astimezone(UTC).date().toordinal()


def _day_meant(at: datetime, precision: str) -> tuple[int, bool]:
    day = at.astimezone(UTC).date()
    if precision == "year":
        return date(day.year, 12, 31).toordinal(), False
    if precision == "month":
        last = monthrange(day.year, day.month)[1]
        return day.replace(day=last).toordinal(), False
    return day.toordinal(), True
