"""What the twin made of a resource that was accepted: warnings for who sent it, never faults."""

from collections import defaultdict
from collections.abc import Iterable, Sequence

from patients.fhir.outcome import Issue
from patients.fhir.references import names_nobody
from patients.models import Fact
from patients.record.projection import INTERPRETED
from patients.services.plan import Change

Q = Fact.Quality
CODES = {Q.UNCLASSIFIED: "code-invalid"}


def take_notes(changes: Iterable[Change], rows: Sequence[Fact]) -> None:
    """Write on every change what its sender would want to know, by element."""
    facts: defaultdict[int, list[Fact]] = defaultdict(list)
    for row in rows:
        facts[row.resource_id].append(row)
    for change in changes:
        if not change.is_deletion and change.interaction.type in INTERPRETED:
            change.notes = [*_on_patient(change), *_on_facts(change, facts[change.pk])]


def _on_patient(change: Change) -> list[Issue]:
    resource = change.interaction.resource or {}
    element = names_nobody(resource) if change.patient_id is None else None
    if element is None:
        return []
    words = "names no patient: stored and readable, and part of no twin"
    where = change.interaction.at(f"{change.interaction.type}.{element}")
    return [Issue("warning", "incomplete", words, where)]


def _on_facts(change: Change, rows: Sequence[Fact]) -> list[Issue]:
    if change.patient_id is not None and not rows:
        words = "no fact is made of it: stored and readable, and used by no model"
        return [
            Issue(
                "information",
                "informational",
                words,
                change.interaction.at(change.interaction.type),
            )
        ]
    return [
        Issue(
            "warning",
            CODES.get(Q(row.quality), "value"),
            f"{row.concept.replace('_', ' ')}: {row.reason or row.get_quality_display()}; "
            + ("used, and marked" if row.quality == Q.VERIFY else "kept, and used by no model"),
            change.interaction.at(row.path),
        )
        for row in rows
        if row.quality not in (Q.USABLE, Q.INACTIVE)
    ]
