"""One person as the rules of treatment read them. Pure: the record is read elsewhere."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date, datetime
from typing import Literal

Reference = tuple[str, str, int]
# kinds whose medicines are counted together, by the name that criteria call the count [J]
LOADS: Mapping[str, frozenset[str]] = {
    "anticholinergics_taken": frozenset({"anticholinergic", "sedating_antihistamine", "tricyclic"}),
    "sedatives_taken": frozenset(
        {
            "opioid",
            "benzodiazepine",
            "z_drug",
            "gabapentinoid",
            "sedating_antihistamine",
            "antipsychotic",
            "tricyclic",
        }
    ),
}


@dataclass(frozen=True)
class Reading:
    """A usable value with where it came from; `reference` is type, id and version."""

    value: float
    unit: str
    at: date | None
    reference: Reference | None = None


@dataclass(frozen=True)
class Taken:
    """A medicine that is taken, as the rules read it.

    `ingredients` are names of the knowledge base; `classes` of all of them, with those above.
    Without ingredients but with classes only the group is known. `is_known` is false where
    neither could be told: it may be anything.
    """

    label: str
    ingredients: tuple[str, ...] = ()
    classes: frozenset[str] = frozenset()
    daily_mg: float | None = None
    dose_text: str = ""
    route: str = ""
    since: datetime | None = None
    references: tuple[Reference, ...] = ()
    is_known: bool = True
    is_certain: bool = True


@dataclass(frozen=True)
class Allergy:
    """A recorded allergy or intolerance. `is_known`: what it is to could be read.

    `classes` are those of the ingredients; without ingredients the allergy is to the classes
    themselves. `kind`: empty where the record does not tell; it then counts as an allergy.
    """

    label: str
    ingredients: tuple[str, ...] = ()
    classes: frozenset[str] = frozenset()
    reactions: tuple[str, ...] = ()
    severity: str = ""
    references: tuple[Reference, ...] = ()
    is_known: bool = True
    kind: Literal["allergy", "intolerance", ""] = ""


@dataclass(frozen=True)
class GeneResult:
    """A gene's phenotype by CPIC's words ("poor metabolizer"), from what was sent."""

    gene: str
    phenotype: str
    told_as: str
    reference: Reference | None = None


@dataclass(frozen=True, eq=False)
class TreatmentPerson:
    """Everything that decides what may be given.

    `conditions` by concept with the references that say so; `readings` by concept, only those
    recent enough for a rule of safety (`too_old` holds the others); eGFR and creatinine clearance
    are readings too. `treats` is the indication that is being treated. `notes` are sentences about
    the record as a whole (what could not be read). `barred` says why no treatment is ranked at all.
    """

    as_of: datetime
    age: int | None
    sex: str
    conditions: Mapping[str, tuple[Reference, ...]] = field(default_factory=dict)
    readings: Mapping[str, Reading] = field(default_factory=dict)
    too_old: Mapping[str, Reading] = field(default_factory=dict)
    medicines: tuple[Taken, ...] = ()
    allergies: tuple[Allergy, ...] = ()
    allergies_recorded: bool = False
    allergies_unread: bool = False
    genes: tuple[GeneResult, ...] = ()
    barred: str = ""
    has_died: bool = False
    treats: str = ""
    notes: tuple[str, ...] = ()

    def has(self, condition: str) -> bool:
        """Whether a condition counts as present."""
        return condition in self.conditions

    def takes(self, what: str) -> bool:
        """Whether a medicine with this ingredient or of this class is taken."""
        return any(what in one.ingredients or what in one.classes for one in self.medicines)

    @property
    def unresolved(self) -> tuple[Taken, ...]:
        """The medicines that nothing names: they may be anything."""
        return tuple(one for one in self.medicines if not one.is_known)

    def value(self, concept: str) -> float | None:
        """A value that rules may read."""
        if concept == "age":
            return None if self.age is None else float(self.age)
        if concept == "medicines_taken":
            return float(len(self.medicines))
        if concept in LOADS:
            return float(sum(bool(one.classes & LOADS[concept]) for one in self.medicines))
        found = self.readings.get(concept)
        return None if found is None else found.value
