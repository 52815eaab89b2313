"""What a rule of safety says about an option for a person."""

from collections.abc import Iterable
from dataclasses import dataclass, replace
from typing import Literal

from models_engine.catalogue.treatment.person import Reference

Kind = Literal[
    "contraindication",
    "pregnancy",
    "age",
    "laboratory",
    "hepatic",
    "allergy",
    "kidney_dose",
    "interaction",
    "duplicate",
    "gene",
    "missing",
    "unresolved",
    "review",
    "no_indication",
]
# "ask": an input that decides safety is missing; it stands between X and D
Level = Literal["X", "ask", "D", "C", "told"]
LEVELS: tuple[Level, ...] = ("X", "ask", "D", "C", "told")


@dataclass(frozen=True)
class Finding:
    """`table` and `row` lead to the row of knowledge behind it, `references` to the record.

    `missing` are the concepts to measure or record. `daily_mg` and `dose` what is proposed instead.
    """

    kind: Kind
    level: Level
    message: str
    plain: str
    table: str = ""
    row: str = ""
    references: tuple[Reference, ...] = ()
    missing: tuple[str, ...] = ()
    daily_mg: float | None = None
    dose: str = ""
    other: str = ""


@dataclass(frozen=True)
class Safety:
    """All findings about one option, the gravest first."""

    findings: tuple[Finding, ...] = ()

    @property
    def level(self) -> Level | Literal[""]:
        """The gravest level; empty where nothing is said."""
        return next((one for one in LEVELS if any(f.level == one for f in self.findings)), "")

    @property
    def is_excluded(self) -> bool:
        """Something says that it must not be given."""
        return self.level == "X"


def sorted_findings(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The gravest first; of one level as they came."""
    return tuple(sorted(findings, key=lambda one: LEVELS.index(one.level)))


def settled(findings: Iterable[Finding]) -> tuple[Finding, ...]:
    """The gravest first. Of what is excluded anyway no value is asked for: it is told only."""
    found = list(findings)
    if any(one.level == "X" for one in found):
        found = [
            replace(one, level="told") if (one.kind, one.level) == ("missing", "ask") else one
            for one in found
        ]
    return sorted_findings(found)
