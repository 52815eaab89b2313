"""What a mechanistic twin must state about itself, and the same as one document of plain values.

`ModelFacts` asks for what such a twin has not (a predicted outcome, a published performance, a
development cohort), and not for what it has: parameters with unit, source and evidence. The page
shows the document, and `facts.json` is it. Keys are stable; docs/model-facts.md explains each.
"""

import hashlib
from collections import Counter
from collections.abc import Callable, Iterator
from dataclasses import asdict, dataclass, fields
from datetime import date
from typing import Any

from models_engine.catalogue.contract import Input
from models_engine.catalogue.facts import (
    EVIDENCE_TEXT,
    EvidenceTag,
    Reference,
    require_tag,
    require_text,
)
from models_engine.catalogue.facts_document import range_text
from models_engine.catalogue.mechanistic.parameters import Parameter, ParameterSet

FORMAT = "twinportal-mechanistic-facts/1"


@dataclass(frozen=True)
class Check:
    """A known value, and how this twin computes it; `compute` runs whenever the facts are read."""

    what: str
    unit: str
    expected: float
    tolerance: float
    compute: Callable[[], float]
    provenance: str
    evidence: EvidenceTag

    def __post_init__(self) -> None:
        require_text(f"Check {self.what}", unit=self.unit, provenance=self.provenance)
        require_tag(f"Check {self.what}", self.evidence)

    def document(self) -> dict[str, Any]:
        computed = float(self.compute())
        return {
            "what": self.what,
            "unit": self.unit,
            "expected": self.expected,
            "tolerance": self.tolerance,
            "computed": computed,
            "agrees": abs(computed - self.expected) <= self.tolerance,
            "provenance": self.provenance,
            "evidence": _evidence(self.evidence),
        }


@dataclass(frozen=True)
class TwinFacts:
    """The facts of one mechanistic twin.

    A change of a number or of a formula raises `version`. Raises ValueError on an empty text, and
    without parameters, inputs, checks or references.
    """

    id: str
    version: str
    updated: date
    title: str
    purpose: str
    population: str
    not_for: str
    output: str
    used_on: str
    how_checked: str
    uncertainty: str
    limits: str
    inputs: tuple[Input, ...]
    parameter_sets: tuple[ParameterSet, ...]
    checks: tuple[Check, ...]
    references: tuple[Reference, ...]

    def __post_init__(self) -> None:
        owner = f"TwinFacts {self.id}"
        require_text(
            owner, **{f.name: getattr(self, f.name) for f in fields(self) if f.type is str}
        )
        for name in ("inputs", "parameter_sets", "checks", "references"):
            if not getattr(self, name):
                raise ValueError(f"{owner}: {name} must not be empty")

    def parameters(self) -> Iterator[Parameter]:
        """Every number of the twin."""
        for one in self.parameter_sets:
            yield from one

    @property
    def parameters_hash(self) -> str:
        """SHA-256 over the version and every number with its set, name and unit."""
        lines = [self.version]
        lines += [
            f"{group.title}|{p.name}|{p.value!r}|{p.unit}"
            for group in self.parameter_sets
            for p in group
        ]
        return hashlib.sha256("\n".join(lines).encode()).hexdigest()

    @property
    def evidence_counts(self) -> dict[str, int]:
        """How many numbers carry each evidence tag, in the order V, S, M, J."""
        found = Counter(p.evidence for p in self.parameters())
        return {tag: found[tag] for tag in EVIDENCE_TEXT if found[tag]}  # type: ignore[index]


def twin_document(facts: TwinFacts) -> dict[str, Any]:
    """Everything that is known of one twin, as JSON values; its checks are computed now."""
    counts = facts.evidence_counts
    texts = {f.name: getattr(facts, f.name) for f in fields(facts) if f.type is str}
    return {
        "format": FORMAT,
        **texts,
        "updated": facts.updated.isoformat(),
        "parameters_hash": facts.parameters_hash,
        "evidence": [{**_evidence(tag), "parameters": n} for tag, n in counts.items()],
        "inputs": [
            {
                "concept": i.concept,
                "label": i.label,
                "unit": i.unit,
                "range": range_text(i),
                "required": i.required,
                "max_age_days": i.max_age_days,
            }
            for i in facts.inputs
        ],
        "parameter_sets": [
            {
                "title": group.title,
                "parameters": [
                    {
                        "name": p.name,
                        "label": p.label,
                        "value": p.value,
                        "unit": p.unit,
                        "source": p.source,
                        "evidence": _evidence(p.evidence),
                    }
                    for p in group
                ],
            }
            for group in facts.parameter_sets
        ],
        "checks": [check.document() for check in facts.checks],
        "references": [{**asdict(r), "evidence": _evidence(r.evidence)} for r in facts.references],
    }


def _evidence(tag: str) -> dict[str, str]:
    return {"tag": tag, "text": EVIDENCE_TEXT[tag]}
