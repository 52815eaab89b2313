"""One usable statement about a person, as models and pages read it."""

from dataclasses import dataclass
from datetime import UTC, date, datetime


@dataclass(frozen=True, slots=True)
class Value:
    """One fact in its concept's canonical unit, with where it came from.

    `code` is the coded value ('current' for smoking, 'G4' for a CKD stage, 'atorvastatin' for a
    medication, 'listed' or 'none_known' for an allergy). `effective_at` and `end_at` are aware;
    `precision` is year, month, day or time, and empty when the record has no date. `fact_id` is
    None for a derived value, whose `derived_from` then names its sources.
    `system` and `source_code` are the coding that it was read from, as it was sent.
    `mappings` are the numbers of the data stewards' mappings that the reading rests on.
    """

    concept: str
    kind: str
    value: float | None
    unit: str
    code: str
    effective_at: datetime
    precision: str
    end_at: datetime | None
    quality: str
    fact_id: int | None
    resource_type: str
    resource_id: str
    resource_version: int
    display: str
    reason: str = ""
    derived_from: tuple["Value", ...] = ()
    mappings: tuple[int, ...] = ()
    system: str = ""
    source_code: str = ""

    @property
    def effective_date(self) -> date:
        """The calendar day (UTC) that age windows count from."""
        return self.effective_at.astimezone(UTC).date()

    def is_active(self, as_of: datetime) -> bool:
        """Whether `as_of` lies in the half-open interval [effective_at, end_at)."""
        return self.effective_at <= as_of and (self.end_at is None or as_of < self.end_at)
