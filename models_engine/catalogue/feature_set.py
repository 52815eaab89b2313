"""What a model was given for one person, or why it gets nothing: values, sources, refusals."""

from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any, Literal

from models_engine.catalogue.contract import Refusal

InputStatus = Literal[
    "used",
    "verify",
    "derived",
    "demographic",
    "assumed_absent",
    "missing_term",
    # without it an item counts nothing, or the largest group of the paper is taken: the note says
    "not_assessable",
]


@dataclass(frozen=True)
class InputUsed:
    """One input as used, tied to the resource version it came from (E1, E6, E7, E14).

    `value` is in the model's canonical `unit`; `display` is for people. `derived_from` lists the
    sources of a computed value (creatinine of an eGFR, height and weight of a BMI). `mappings`
    are the data stewards' mappings by which its code, unit or answer was read.
    """

    concept: str
    label: str
    value: float | None
    unit: str
    status: InputStatus
    display: str = ""
    effective_at: datetime | None = None
    fact_id: int | None = None
    resource_type: str = ""
    resource_id: str = ""
    resource_version: int | None = None
    note: str = ""
    derived_from: tuple["InputUsed", ...] = ()
    mappings: tuple[int, ...] = ()

    @property
    def reference(self) -> str:
        """FHIR reference to the version used, e.g. "Observation/7/_history/2", or empty."""
        if not self.resource_id:
            return ""
        return f"{self.resource_type}/{self.resource_id}/_history/{self.resource_version}"

    def computed_from(self) -> str:
        """ " (from Weight 191 kg of 16 Nov 2026 and Height 189 cm of 3 Mar 2020)"; "" if measured."""
        parts = [
            f"{part.label} {part.display}"
            + (f" of {part.effective_at.astimezone(UTC):%-d %b %Y}" if part.effective_at else "")
            for part in self.derived_from
        ]
        return f" (from {' and '.join(parts)})" if parts else ""

    def read_by(self) -> tuple[int, ...]:
        """The mappings that it, or a value that it was computed from, was read by; each once."""
        return tuple(sorted({n for part in (self, *self.derived_from) for n in part.mappings}))

    def reading_notes(self) -> tuple[str, ...]:
        """Says so where a data steward's mapping has told what was sent, not our own tables."""
        used = self.read_by()
        numbers = ", ".join(map(str, used))
        return (f"{self.label}: read by mapping {numbers} of a data steward.",) if used else ()

    def to_dict(self) -> dict[str, Any]:
        """JSON of one row, as stored with a prediction."""
        # written out: dataclasses.asdict copies deeply, which was a tenth of a refresh
        return {
            "concept": self.concept,
            "label": self.label,
            "value": self.value,
            "unit": self.unit,
            "status": self.status,
            "display": self.display,
            "effective_at": self.effective_at.isoformat() if self.effective_at else None,
            "fact_id": self.fact_id,
            "resource_type": self.resource_type,
            "resource_id": self.resource_id,
            "resource_version": self.resource_version,
            "note": self.note,
            "derived_from": [source.to_dict() for source in self.derived_from],
            "mappings": list(self.mappings),
            "reference": self.reference,
        }


@dataclass(frozen=True, eq=False)
class FeatureSet:
    """The inputs of one model for one person as of one moment.

    `values` is complete when `is_usable`; a missing optional input is absent from it. Notes are
    sentences for people. `valid_until` is the first day on which time alone may change the
    answer: the next birthday, an input growing too old, or an exposure ending. `expires_at` is
    the moment of it where an hour matters (an observation at the bedside).
    """

    model_id: str
    as_of: datetime
    values: Mapping[str, float]
    sources: Mapping[str, InputUsed]
    refusals: tuple[Refusal, ...]
    notes: tuple[str, ...]
    valid_until: date | None
    expires_at: datetime | None = None

    @property
    def is_usable(self) -> bool:
        """True when the model may give a number."""
        return not self.refusals

    @property
    def assumed(self) -> tuple[InputUsed, ...]:
        """Conditions and medications counted as absent because none is recorded."""
        return self._with_status("assumed_absent")

    @property
    def missing_terms(self) -> tuple[InputUsed, ...]:
        """Optional inputs that are missing and stood in for by the published missing-term."""
        return self._with_status("missing_term")

    def _with_status(self, status: InputStatus) -> tuple[InputUsed, ...]:
        return tuple(source for source in self.sources.values() if source.status == status)

    def references(self) -> tuple[str, ...]:
        """Every resource version used, in input order, each once."""
        found: dict[str, None] = {}
        for source in self.sources.values():
            for used in (source, *source.derived_from):
                if used.reference:
                    found[used.reference] = None
        return tuple(found)
