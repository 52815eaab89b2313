"""The units in which patients know their own tests: as the laboratory sent them.

For display and for what a patient types; models keep their canonical units.
"""

from collections.abc import Collection
from dataclasses import dataclass

from explain.wording.measurements import Written, can_be_written, written
from patients.models import Fact, Patient
from patients.terminology.units import CONVERSIONS, ucum_of, units_of


@dataclass(frozen=True)
class KnownUnit:
    """A unit of one concept that patients are told values in. `ucum` is one of its conversions."""

    concept: str
    ucum: str

    @property
    def is_canonical(self) -> bool:
        return units_of(self.concept)[0] == self.ucum

    @property
    def name(self) -> str:
        """As it is written after a number, in the reader's language."""
        return written(self.concept, 0.0, self.ucum).unit

    @property
    def step(self) -> float:
        """What the last digit that is shown stands for."""
        _, _, decimals = written(self.concept, 0.0, self.ucum).number.partition(".")
        return float(10 ** -len(decimals))

    def number(self, value: float) -> float:
        """Of a value in the canonical unit."""
        return CONVERSIONS[self.concept, self.ucum].back(value)

    def canonical(self, number: float) -> float:
        """The value in the canonical unit."""
        return CONVERSIONS[self.concept, self.ucum].forward(number)

    def written(self, value: float) -> Written:
        """A value in the canonical unit as people read it."""
        return self.text(self.number(value))

    def text(self, number: float) -> Written:
        """A number of this unit as people read it."""
        return written(self.concept, number, self.ucum)


def known_units(patient: Patient, concepts: Collection[str]) -> dict[str, KnownUnit]:
    """By concept the unit of the newest usable value, where it can be written and converted, else
    the canonical one; none for a concept that cannot be written at all. One query."""
    rows = (
        Fact.objects.filter(patient=patient, concept__in=concepts, value__isnull=False)
        .filter(quality__in=(Fact.Quality.USABLE, Fact.Quality.VERIFY))
        .order_by("effective_at", "pk")
        .values_list("concept", "raw_unit")
    )
    sent = {concept: unit for concept, raw in rows if (unit := ucum_of(raw)) is not None}
    found = {}
    for concept in concepts:
        units = units_of(concept)
        unit = sent.get(concept, "")
        chosen = unit if unit in units and can_be_written(unit) else next(iter(units), "")
        if can_be_written(chosen):
            found[concept] = KnownUnit(concept, chosen)
    return found
