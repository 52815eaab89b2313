"""Stores lines of an import together, and leaves out those that are refused."""

import re
from collections import defaultdict
from collections.abc import Sequence
from dataclasses import dataclass, field, replace

from django.db import DatabaseError, InterfaceError, OperationalError, transaction
from django.utils import timezone

from patients.errors import FhirError
from patients.fhir.outcome import Issue
from patients.services import ingest
from patients.services.bulk_import_lines import Candidate, Refusal, refusal, runs
from patients.services.file_import import as_fault
from patients.services.interactions import Result, Sender
from patients.services.plan import Outdated

ENTRY = re.compile(r"Bundle\.entry\[(\d+)\]\.resource\b")
WHERE = "Bundle.entry[{}].resource"
# as many as there are stages at which lines can be refused
ATTEMPTS = 4
# SQLSTATE classes that are about the server and not about what is stored: connection, resources,
# operator's intervention, system
OUTAGES = {"08", "53", "57", "58"}


@dataclass
class Stored:
    """What became of some lines; everything of it commits together."""

    stored: list[Candidate] = field(default_factory=list)
    results: list[Result] = field(default_factory=list)
    refused: list[Refusal] = field(default_factory=list)


def store(candidates: Sequence[Candidate], sender: Sender) -> Stored:
    """In the caller's transaction, in the order of the lines.

    One unknown patient would otherwise cost five hundred lines a statement each. What cannot be
    blamed on a line is found out line by line.
    """
    done = Stored()
    for run in runs(candidates):
        _store_run(run, sender, done)
    return done


def _store_run(together: list[Candidate], sender: Sender, done: Stored) -> None:
    for _ in range(ATTEMPTS):
        if not together:
            return
        for number, candidate in enumerate(together):
            candidate.interaction.where = WHERE.format(number)
        try:
            done.results += _process(together, sender)
        except FhirError as error:
            blamed = _blamed(error, together)
            if not blamed:
                break
            done.refused += [refusal(together[n], fault) for n, fault in blamed.items()]
            together = [c for number, c in enumerate(together) if number not in blamed]
            continue
        done.stored += together
        return
    _store_each(together, sender, done)


def _store_each(candidates: Sequence[Candidate], sender: Sender, done: Stored) -> None:
    for candidate in candidates:
        candidate.interaction.where = ""
        try:
            done.results += _process([candidate], sender)
            done.stored.append(candidate)
        except FhirError as error:
            done.refused.append(refusal(candidate, error))


def _process(candidates: Sequence[Candidate], sender: Sender) -> list[Result]:
    interactions = [candidate.interaction for candidate in candidates]
    try:
        # an error nobody foresaw must not end the caller's transaction
        with as_fault(), transaction.atomic():
            return ingest.process(interactions, sender=sender, now=timezone.now())
    except FhirError as error:
        if error.status == 500:
            if isinstance(error.__cause__, DatabaseError | InterfaceError) and _is_outage(
                error.__cause__
            ):
                raise error.__cause__ from error
            for candidate in candidates:
                candidate.renew()
        raise


def _is_outage(error: Exception) -> bool:
    """No line's fault: the same lines go in when the database is well again."""
    state = getattr(error.__cause__, "sqlstate", None) or ""
    return isinstance(error, InterfaceError | OperationalError) and state[:2] in ("", *OUTAGES)


def _blamed(error: FhirError, together: Sequence[Candidate]) -> dict[int, FhirError]:
    """The faults by the number of the line they name; none if one of them names no line."""
    found: dict[int, list[Issue]] = defaultdict(list)
    for issue in error.issues:
        place = ENTRY.match(issue.expression)
        if place is None:
            return {}
        number = int(place[1])
        inner = issue.expression.partition(".resource")[2]
        own = f"{together[number].interaction.type}{inner}"
        found[number].append(replace(issue, expression=own))
    return {number: _fault(error, issues) for number, issues in found.items()}


def _fault(error: FhirError, issues: list[Issue]) -> FhirError:
    if isinstance(error, Outdated):
        return Outdated(error.status, issues)
    return FhirError(403 if any(i.code == "forbidden" for i in issues) else 422, issues)
