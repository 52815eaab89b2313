"""What the twin made of a resource that was accepted: warnings for who sent it, never faults."""

from collections import defaultdict
from collections.abc import Iterable, Iterator, Sequence
from datetime import datetime

from patients.fhir.outcome import Issue, Severity
from patients.fhir.references import names_nobody
from patients.models import Fact, Patient
from patients.record.loading import demographics_of
from patients.record.projection import INTERPRETED
from patients.record.state import Demographics
from patients.record.state_as_of import BEFORE_BIRTH, is_before_birth
from patients.services.facts import CLOCK_DIFFERENCE
from patients.services.plan import Change

Q = Fact.Quality
CODES = {Q.UNCLASSIFIED: "code-invalid", Q.MODIFIED: "extension"}


def take_notes(
    changes: Iterable[Change], rows: Sequence[Fact], patients: Iterable[Patient], now: datetime
) -> None:
    """Write on every change what its sender would want to know, by element."""
    facts: defaultdict[int, list[Fact]] = defaultdict(list)
    for row in rows:
        facts[row.resource_id].append(row)
    people = {patient.pk: demographics_of(patient) for patient in patients}
    for change in changes:
        if change.is_deletion:
            continue
        if change.interaction.type == "Patient":
            change.notes = _on_birth(change, people.get(change.patient_id or 0), now)
        elif change.interaction.type in INTERPRETED:
            person = people.get(change.patient_id or 0, Demographics())
            change.notes = [*_on_patient(change), *_on_facts(change, facts[change.pk], person)]


def _on_birth(change: Change, person: Demographics | None, now: datetime) -> list[Issue]:
    born = person.birth_date if person else None
    if born is None or born <= (now + CLOCK_DIFFERENCE).date():
        return []
    where = change.interaction.at("Patient.birthDate")
    return [Issue("warning", "value", "lies in the future: no model can give a number", where)]


def _on_patient(change: Change) -> list[Issue]:
    resource = change.interaction.resource or {}
    element = names_nobody(resource) if change.patient_id is None else None
    if element is None:
        return []
    words = "names no patient: stored and readable, and part of no twin"
    where = change.interaction.at(f"{change.interaction.type}.{element}")
    return [Issue("warning", "incomplete", words, where)]


def _on_facts(change: Change, rows: Sequence[Fact], person: Demographics) -> list[Issue]:
    interaction = change.interaction
    if change.patient_id is not None and not rows:
        words = "no fact is made of it: stored and readable, and used by no model"
        return [Issue("information", "informational", words, interaction.at(interaction.type))]
    return [
        Issue(severity, code, f"{row.concept.replace('_', ' ')}: {words}", interaction.at(row.path))
        for row in rows
        for severity, code, words in _doubts(row, person)
    ]


def _doubts(row: Fact, person: Demographics) -> Iterator[tuple[Severity, str, str]]:
    reason = row.reason or row.get_quality_display()
    if row.quality == Q.INACTIVE:
        yield "information", "informational", f"{reason}; kept, and used by no model"
    elif row.quality in (Q.USABLE, Q.VERIFY) and is_before_birth(row, person):
        yield "warning", "value", f"{BEFORE_BIRTH}; kept, and used by no model"
    elif row.quality == Q.VERIFY:
        yield "warning", "value", f"{reason}; used, and marked"
    elif row.quality != Q.USABLE:
        code = CODES.get(Q(row.quality), "value")
        yield "warning", code, f"{reason}; kept, and used by no model"
