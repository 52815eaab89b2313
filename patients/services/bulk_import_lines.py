"""What a line of an import is: a checked interaction, or why it is none."""

import re
from collections.abc import Iterator, Sequence
from dataclasses import dataclass, replace
from functools import lru_cache
from typing import Any

from patients.access.scopes import may_feed
from patients.errors import FhirError
from patients.fhir.definitions import resource_types
from patients.fhir.outcome import Issue
from patients.models import ImportFault
from patients.services import reception
from patients.services.fhir_files import single, too_large
from patients.services.file_import import as_fault, may_go_in_later
from patients.services.interactions import Interaction
from patients.services.ndjson import Line
from patients.services.plan import Outdated

ID = re.compile(r"[A-Za-z0-9.-]{1,64}")


@dataclass
class Candidate:
    """A line whose resource is valid and may be stored. `fault` is its row, if it waited."""

    file_id: int
    line: Line
    interaction: Interaction
    fault: ImportFault | None = None

    @property
    def reference(self) -> str:
        """Type/id as the line has it; "" for a resource without an id."""
        return self.interaction.reference if self.interaction.method == "PUT" else ""

    @property
    def place(self) -> tuple[int, int]:
        return self.file_id, self.line.number

    def renew(self) -> None:
        """Undo what a try has resolved."""
        made = self.interaction
        raw = self.line.raw or b""
        fresh = single(reception.parsed(raw), raw)
        self.interaction = replace(fresh, fhir_id=made.fhir_id)


@dataclass(frozen=True)
class Refusal:
    """A line that is not stored now. `interaction` is None where no resource could be read."""

    file_id: int
    line: Line
    reference: str
    status: int
    issues: tuple[Issue, ...]
    is_waiting: bool
    fault: ImportFault | None = None
    interaction: Interaction | None = None

    @property
    def place(self) -> tuple[int, int]:
        return self.file_id, self.line.number

    def row(self) -> ImportFault:
        line = self.line
        return ImportFault(
            file_id=self.file_id,
            line=line.number,
            offset=line.offset,
            length=line.length,
            reference=self.reference,
            issues=[as_row(issue) for issue in self.issues],
            waiting=self.is_waiting,
        )


def as_row(issue: Issue) -> dict[str, Any]:
    return {
        "severity": issue.severity,
        "code": issue.code,
        # PostgreSQL's text has no NUL
        "diagnostics": issue.diagnostics.replace("\0", "\N{REPLACEMENT CHARACTER}"),
        "expression": issue.expression.replace("\0", "\N{REPLACEMENT CHARACTER}"),
    }


def refusal(candidate: Candidate, error: FhirError) -> Refusal:
    """Why storing it failed; it waits if that may change."""
    return Refusal(
        candidate.file_id,
        candidate.line,
        candidate.reference,
        error.status,
        tuple(error.issues),
        may_go_in_later(error) and not isinstance(error, Outdated),
        candidate.fault,
        candidate.interaction,
    )


def read_lines(
    lines: Sequence[Line], *, file_id: int, declared: str, scopes: Sequence[str]
) -> tuple[list[Candidate], list[Refusal]]:
    """What may be stored, and what never will be. Blank lines are neither."""
    candidates: list[Candidate] = []
    refusals: list[Refusal] = []
    for line in lines:
        if line.is_blank:
            continue
        interaction: Interaction | None = None
        try:
            with as_fault():
                interaction = _interaction(line, declared, scopes)
                reception.check([interaction])
        except FhirError as error:
            named = _named(interaction)
            issues = tuple(error.issues)
            refusals.append(
                Refusal(file_id, line, named, error.status, issues, False, None, interaction)
            )
        else:
            candidates.append(Candidate(file_id, line, interaction))
    return candidates, refusals


def _named(interaction: Interaction | None) -> str:
    """Type/id, where the line has an id that may be one."""
    if interaction is None or interaction.method != "PUT" or not ID.fullmatch(interaction.fhir_id):
        return ""
    return interaction.reference


def runs(candidates: Sequence[Candidate]) -> Iterator[list[Candidate]]:
    """The same in pieces that have no id twice: the second is stored after the first."""
    run: list[Candidate] = []
    seen: set[str] = set()
    for candidate in candidates:
        if candidate.reference in seen:
            yield run
            run, seen = [], set()
        run.append(candidate)
        if candidate.reference:
            seen.add(candidate.reference)
    yield run


@lru_cache
def _may_feed(scopes: tuple[str, ...], type_name: str) -> bool:
    return may_feed(scopes, type_name)


def _interaction(line: Line, declared: str, scopes: Sequence[str]) -> Interaction:
    """FhirError for what is no resource that this import takes."""
    if line.raw is None:
        raise FhirError(413, [too_large()])
    content = reception.parsed(line.raw)
    kind = str(content.get("resourceType"))
    if kind == "Bundle":
        words = "A Bundle: an import takes one resource a line. POST it to the base address"
        raise FhirError(400, [Issue("error", "not-supported", words, "resourceType")])
    if declared and kind != declared:
        words = f"resourceType is {kind[:60]!r}; the manifest says {declared} of this file"
        raise FhirError(400, [Issue("error", "invalid", words, "resourceType")])
    # what is no type at all is said by the validation
    if kind in resource_types() and not _may_feed(tuple(scopes), kind):
        words = f"The token's scopes do not allow to create and update {kind}"
        raise FhirError(403, [Issue("error", "forbidden", words, "resourceType")])
    return single(content, line.raw)
