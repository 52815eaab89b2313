"""The doses and levels of one course of treatment: which of them a simulation uses, and why not."""

from collections.abc import Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from models_engine.catalogue.mechanistic.drugs import Drug
from models_engine.catalogue.mechanistic.individual import Level
from models_engine.catalogue.mechanistic.kinetics import Dose
from patients.record.doses import ORAL
from patients.record.moments import TIME
from patients.record.state import State, Value
from patients.selectors.doses import RecordedDose
from twinportal.dashboards.clinician.drug_level_form import BOTH_GIVEN, FIRST_ONLY, TypedDose

# a typed dose so near to a recorded one is the same; two recorded ones may be [J]
SAME_DOSE = timedelta(hours=1)
BY_MOUTH = "given by mouth: it does not reach the blood"


@dataclass(frozen=True)
class DoseRow:
    """One dose as the page lists it. `why_not` is empty when it is used.

    `blocks`: it was given, but nobody can tell how much reached the blood, so that levels after it
    cannot be explained.
    """

    at: datetime | None
    amount: float | None
    hours: float | None
    source: RecordedDose | None = None
    why_not: str = ""
    blocks: bool = False
    reaching: float = 0.0

    @property
    def amount_text(self) -> str:
        if self.amount is None:
            return "not recorded"
        return f"{self.amount:g} mg" + (f" over {self.hours:.3g} h" if self.hours else "")


@dataclass(frozen=True)
class LevelRow:
    """One measured level. `value` is in the drug's unit."""

    value: Value
    why_not: str = ""

    @property
    def is_used(self) -> bool:
        return not self.why_not


def dose_rows(
    drug: Drug,
    recorded: Sequence[RecordedDose],
    typed: Sequence[TypedDose],
    *,
    only_typed: bool,
    recorded_hours: float | None,
) -> list[DoseRow]:
    """Recorded and typed doses, oldest first; those without a time at the end."""
    rows = [_recorded(drug, one, recorded_hours, only_typed=only_typed) for one in recorded]
    rows += [_typed(drug, one, rows) for one in typed]
    return sorted(rows, key=lambda row: (row.at is None, row.at.timestamp() if row.at else 0.0))


def _typed(drug: Drug, one: TypedDose, recorded: Sequence[DoseRow]) -> DoseRow:
    """A dose that is recorded too is one dose, not two."""
    is_recorded = any(
        row.at is not None and not row.why_not and abs(row.at - one.start) <= SAME_DOSE
        for row in recorded
    )
    why = "a dose of this time is recorded, and used" if is_recorded else ""
    reaching = one.amount * drug.bioavailability
    return DoseRow(one.start, one.amount, one.hours, why_not=why, reaching=reaching)


def told_twice(rows: Sequence[DoseRow]) -> list[list[DoseRow]]:
    """Doses that may be one told twice, in groups: each begins within `SAME_DOSE` of the one
    before and one of the two is recorded, or they begin at the same time.

    `rows` are in the order of time. A typed dose that is recorded too counts once already.
    """
    groups: list[list[DoseRow]] = []
    before: DoseRow | None = None
    for row in rows:
        if row.at is None or row.why_not:
            continue
        if before is not None and before.at is not None:
            apart = row.at - before.at
            is_near = apart <= SAME_DOSE and (before.source or row.source)
            if is_near or not apart:
                if groups and groups[-1][-1] is before:
                    groups[-1].append(row)
                else:
                    groups.append([before, row])
        before = row
    return groups


def decided(
    rows: Sequence[DoseRow], groups: Sequence[Sequence[DoseRow]], said: str
) -> list[DoseRow]:
    """The rows once the clinician has said what the groups are; "" is not said.

    Until it is said, none of a group is used, and no level after it can be explained.
    """
    if said == BOTH_GIVEN:
        return list(rows)
    why: dict[int, DoseRow] = {}
    for group in groups:
        if said == FIRST_ONLY:
            told = "told twice, as you said: the dose before it counts"
            why |= {id(row): replace(row, why_not=told) for row in _repeats(group)}
        else:
            told = "within an hour of another dose: say in the form whether both were given"
            why |= {id(row): replace(row, why_not=told, blocks=True) for row in group}
    return [why.get(id(row), row) for row in rows]


def _repeats(group: Sequence[DoseRow]) -> list[DoseRow]:
    """All but the first, and but those more than `SAME_DOSE` after the last that counts."""
    found: list[DoseRow] = []
    counts = group[0]
    for row in group[1:]:
        if row.at and counts.at and row.at - counts.at <= SAME_DOSE:
            found.append(row)
        else:
            counts = row
    return found


def _recorded(
    drug: Drug, one: RecordedDose, recorded_hours: float | None, *, only_typed: bool
) -> DoseRow:
    dose, why, blocks = one.dose, one.dose.why_not, bool(one.dose.why_not)
    hours, reaching = dose.hours, dose.amount or 0.0
    if only_typed:
        return DoseRow(dose.start, dose.amount, hours, one, "only the typed doses are used")
    if dose.route == ORAL and not drug.by_mouth:
        return DoseRow(dose.start, dose.amount, hours, one, BY_MOUTH)
    if dose.route == ORAL:
        hours, reaching = 0.0, reaching * drug.bioavailability
    elif not why and hours is None:
        hours = recorded_hours
        if hours is None:
            why, blocks = "only its start is recorded: type the infusion time", True
    if not why and dose.amount is not None and not drug.amount.accepts(dose.amount):
        why, blocks = f"outside {drug.amount.describe_range()}", True
    return DoseRow(dose.start, dose.amount, hours, one, why, blocks, reaching)


def level_rows(
    drug: Drug, state: State, doses: Sequence[DoseRow], since: datetime
) -> list[LevelRow]:
    """The measured levels of the course, oldest first, with why one is not used."""
    used = [row for row in doses if not row.why_not and row.at]
    blocking = [row for row in doses if row.blocks]
    found = [
        LevelRow(value, _why_not(drug, value, used, blocking))
        for value in state.series(drug.concept)
        if value.effective_at >= since
    ]
    found += [
        LevelRow(value, value.reason or value.quality.replace("_", " "))
        for value in state.not_used.get(drug.concept, ())
        if value.effective_at >= since
    ]
    return sorted(found, key=lambda row: row.value.effective_at)


def _why_not(
    drug: Drug, value: Value, doses: Sequence[DoseRow], blocking: Sequence[DoseRow]
) -> str:
    at = value.effective_at
    if value.precision != TIME:
        return "the time of day is not recorded"
    if not value.value:
        return "no amount could be measured"
    before = [row for row in doses if row.at and row.at <= at]
    if not before:
        return "no dose before it is known"
    if any(row.at is None or row.at <= at for row in blocking):
        return "a dose before it could not be counted"
    waiting = timedelta(hours=drug.distribution_hours)
    if any(row.at and at < row.at + timedelta(hours=row.hours or 0.0) + waiting for row in before):
        return f"drawn during a dose, or less than {drug.distribution_hours:g} h after one"
    return ""


def hours_since(start: datetime, at: datetime) -> float:
    return (at - start).total_seconds() / 3600.0


def simulated_doses(rows: Sequence[DoseRow], start: datetime) -> list[Dose]:
    """The doses that are used, in hours since `start`."""
    return [
        Dose(hours_since(start, row.at), row.reaching, row.hours or 0.0)
        for row in rows
        if row.at and not row.why_not
    ]


def simulated_levels(rows: Sequence[LevelRow], drug: Drug, start: datetime) -> list[Level]:
    """The levels that are used, in hours since `start` and mg/L."""
    return [
        Level(
            hours_since(start, row.value.effective_at),
            float(row.value.value or 0.0) / drug.shown_per_mg_l,
        )
        for row in rows
        if row.is_used
    ]
