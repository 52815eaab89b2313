"""What a person takes, as the clinician reads it: one row a drug, and who says so."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from datetime import datetime

from patients.models import Patient
from patients.record.genotypes import Genotype, genotypes_of, unread_genotypes
from patients.record.medicines import MedicineTaken
from patients.record.state import State, Value
from patients.selectors.mappings import readings
from patients.selectors.medicines import medicines_of
from patients.selectors.rxnorm import release_in_force

# what a clinician may do about a drug that is not known here
TO_DO = (
    "Ask what it is, and have it sent with a code; a code of this place the data steward can map. "
    "Until then no interaction with it can be found."
)
TITLES: Mapping[str, str] = {
    "uncertain": "Uncertain: ask the patient",
    "taken": "Taken",
    "planned": "Planned",
    "on_hold": "On hold",
    "stopped": "Stopped",
}
EMPTY: Mapping[str, str] = {"taken": "No medicine is recorded as taken."}


@dataclass(frozen=True)
class MedicineRow:
    """One medicine in words."""

    medicine: MedicineTaken

    @property
    def dose(self) -> str:
        """The daily dose in milligrams; "" when it is not known."""
        mg = self.medicine.daily_mg
        return "" if mg is None else f"{mg:,.4g} mg a day".replace(",", " ")

    @property
    def covered(self) -> str:
        """How many days what was handed over covers; "" when dispenses do not tell."""
        told = self.medicine.adherence
        if told is None:
            return ""
        return f"{told.percent}% of {told.days} days ({told.fills} fills)"

    @property
    def sent_as(self) -> str:
        """What was sent, where it says more than the name of the ingredients."""
        shown, name = self.medicine.display, self.medicine.name
        return "" if shown.casefold() == name.casefold() else shown

    @property
    def further_sources(self) -> int:
        return self.medicine.resources - len(self.medicine.references)


@dataclass(frozen=True)
class Group:
    status: str
    rows: Sequence[MedicineRow]

    @property
    def title(self) -> str:
        return TITLES[self.status]

    @property
    def empty(self) -> str:
        return EMPTY.get(self.status, "")


class MedicinesPage:
    """The reconciled medicines of one patient at `now`, and the genes that bear on them."""

    def __init__(self, patient: Patient, state: State, now: datetime) -> None:
        self.medicines = medicines_of(patient.pk, now)
        self.genotypes: Sequence[Genotype] = genotypes_of(state)
        self.unread_genotypes: Sequence[Value] = unread_genotypes(state)
        self.release = release_in_force()
        numbers = {number for one in self.medicines for number in one.mappings}
        self.readings = readings(numbers) if numbers else {}

    @property
    def groups(self) -> list[Group]:
        """By status, what needs a question first; "taken" also when it is empty."""
        found = []
        for status in TITLES:
            rows = [MedicineRow(one) for one in self.medicines if one.status == status]
            if rows or status in EMPTY:
                found.append(Group(status, rows))
        return found

    @property
    def unresolved(self) -> list[MedicineTaken]:
        """Those that may be taken and that nobody knows here."""
        return [m for m in self.medicines if not m.is_resolved and m.status != "stopped"]

    @property
    def to_do(self) -> str:
        return TO_DO
