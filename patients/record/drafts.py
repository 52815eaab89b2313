"""What a projection says of one resource: drafts of `patients.Fact` rows, before storage."""

from collections.abc import Callable
from dataclasses import dataclass, fields
from datetime import datetime
from enum import StrEnum
from typing import Any

Json = dict[str, Any]
# A FHIR reference ("Medication/1", "urn:uuid:...") to the resource it names, None when unknown.
Resolve = Callable[[str], Json | None]


class Kind(StrEnum):
    MEASUREMENT = "measurement"
    CODED = "coded"
    CONDITION = "condition"
    COMORBIDITY = "comorbidity"
    MEDICATION = "medication"
    ALLERGY = "allergy"
    ENCOUNTER = "encounter"
    GENOTYPE = "genotype"


# what was observed at a moment, by the names that the table has
MEASURED = frozenset({Kind.MEASUREMENT.value, Kind.CODED.value})


class Quality(StrEnum):
    """Whether a fact may feed a model. Only `USABLE` and `VERIFY` (used, and marked) ever do."""

    USABLE = "usable"
    VERIFY = "verify"
    IMPOSSIBLE = "impossible"
    UNKNOWN_UNIT = "unknown_unit"
    MISSING_UNIT = "missing_unit"
    UNCLASSIFIED = "unclassified"
    UNDATED = "undated"
    IMPLAUSIBLE = "implausible"
    MODIFIED = "modified"
    INACTIVE = "inactive"

    @property
    def feeds_models(self) -> bool:
        return self in (Quality.USABLE, Quality.VERIFY)


@dataclass(frozen=True, slots=True, kw_only=True)
class FactDraft:
    """One statement of a resource, with the columns of `patients.Fact` the content decides.

    The patient, the resource row, its type, id and version, and `recorded_at` are known to the
    one who stores it: `Fact(patient=..., resource=..., ..., **draft.columns())`.

    `value` is in `unit`, the concept's canonical UCUM unit, and None when the raw value could not
    be converted. `effective_at` is the first moment a partial date may mean, `end_at` the first
    moment after; None means still going on. Condition, medication and allergy drafts that may be
    used and have no date at all count from `recorded_at` (see `state_as_of`).
    """

    path: str
    concept: str
    kind: Kind
    quality: Quality
    value: float | None = None
    unit: str = ""
    value_code: str = ""
    raw_value: str = ""
    raw_unit: str = ""
    system: str = ""
    code: str = ""
    display: str = ""
    effective_at: datetime | None = None
    effective_precision: str = ""
    end_at: datetime | None = None
    reason: str = ""
    # numbers of the mappings without which it would say something else
    mappings: tuple[int, ...] = ()

    def columns(self) -> dict[str, Any]:
        """The draft as keyword arguments of `patients.Fact`; enums as plain strings."""
        row = {field.name: getattr(self, field.name) for field in fields(self)}
        row["kind"] = self.kind.value
        row["quality"] = self.quality.value
        row["mappings"] = list(self.mappings)
        return row
