"""A twin's state as of one moment: value objects that models, pages and figures read."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import UTC, date, datetime

from patients.record.age import completed_years
from patients.record.derived import derived_bmi
from patients.record.value import Value

__all__ = ["Demographics", "State", "Value"]


@dataclass(frozen=True, slots=True)
class Demographics:
    """What the Patient resource says. `birth_date` is the first day that it may mean."""

    sex: str = ""
    birth_date: date | None = None
    birth_date_precision: str = ""
    deceased: bool = False
    deceased_at: datetime | None = None


@dataclass(frozen=True)
class State:
    """Everything usable that was in effect at or before `as_of`.

    `values` holds, per concept, the values newest first; `not_used` the same for facts that are
    kept and marked but never feed a model (unknown unit, impossible, not classified ...), so that
    a page can say why a number is missing. `deceased` is true when the person had died by
    `as_of`, or died on an unknown day. `dated_ahead` names the first day of measurements that are
    dated after `as_of` and after their arrival here. `persisting` are the conditions that
    `history` keeps.
    """

    as_of: datetime
    sex: str
    birth_date: date | None
    values: Mapping[str, tuple[Value, ...]]
    birth_date_precision: str = "day"
    deceased: bool = False
    deceased_at: datetime | None = None
    not_used: Mapping[str, tuple[Value, ...]] = field(default_factory=dict)
    dated_ahead: Mapping[str, date] = field(default_factory=dict)
    persisting: frozenset[str] = frozenset()

    @property
    def age(self) -> int | None:
        """Completed years at `as_of`; None when the birth date is unknown or too vague to tell."""
        if self.birth_date is None:
            return None
        return completed_years(
            self.birth_date, self.birth_date_precision, self.as_of.astimezone(UTC).date()
        )

    def series(self, concept: str) -> tuple[Value, ...]:
        """Every usable value of the concept as it was recorded, newest first."""
        return self.values.get(concept, ())

    def latest(self, concept: str, max_age_days: int | None = None) -> Value | None:
        """The newest usable value, if it is at most `max_age_days` calendar days old (UTC).

        For 'bmi' a value from height and weight counts when it is of a later day than any
        reported one.
        """
        newest = next(iter(self.series(concept)), None)
        if concept == "bmi":
            newest = self._newest_bmi(newest)
        if newest is None or max_age_days is None:
            return newest
        age_days = (self.as_of.astimezone(UTC).date() - newest.effective_date).days
        return newest if age_days <= max_age_days else None

    def _newest_bmi(self, reported: Value | None) -> Value | None:
        derived = derived_bmi(
            self.series("weight"),
            self.series("height"),
            self.birth_date,
            self.birth_date_precision,
        )
        if derived is None or (reported and reported.effective_date >= derived.effective_date):
            return reported
        return derived

    def active(self, concept: str) -> Value | None:
        """The newest condition or medication exposure that was going on at `as_of`."""
        return next((v for v in self.series(concept) if v.is_active(self.as_of)), None)

    def history(self, concept: str) -> Value | None:
        """What counts as having the condition: going on at `as_of`, or ever for one that persists.

        A myocardial infarction, diabetes or CKD stays in the history after it is "resolved"; a
        pregnancy does not. The concept table's `persists` column decides.
        """
        going_on = self.active(concept)
        if going_on is not None or concept not in self.persisting:
            return going_on
        return next(iter(self.series(concept)), None)
