"""A medicine as the rules compare it: its parts, each an ingredient with its classes."""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TypeVar

from models_engine.catalogue.treatment.knowledge.loading import Knowledge
from models_engine.catalogue.treatment.knowledge.medicines import MedicineIndex, index_of
from models_engine.catalogue.treatment.knowledge.schema import Option, Subject, Subjects
from models_engine.catalogue.treatment.person import Taken

# columns of subjects of which a medicine may be one; an allergen is not given
COLUMNS = ("applies_to", "other", "third")
R = TypeVar("R")


@dataclass(frozen=True)
class Part:
    """One ingredient; without a name only its classes are known."""

    ingredient: str
    classes: frozenset[str]

    def is_subject(self, subject: Subject) -> bool:
        """Whether a row about the subject speaks of it."""
        match subject.kind:
            case "any":
                return True
            case "class":
                return subject.name in self.classes
            case "ingredient":
                return bool(self.ingredient) and subject.name == self.ingredient
            case _:
                return False


@dataclass(frozen=True)
class Compared:
    """A medicine that is proposed or taken. `options` are the rows of options that it is.

    `could_be` are the ingredients that a medicine of which only the group is known may be.
    """

    label: str
    parts: tuple[Part, ...]
    daily_mg: float | None = None
    taken: Taken | None = None
    options: frozenset[str] = frozenset()
    could_be: tuple[Part, ...] = ()

    @property
    def ingredients(self) -> frozenset[str]:
        """Names of its ingredients."""
        return frozenset(part.ingredient for part in self.parts if part.ingredient)

    @property
    def classes(self) -> frozenset[str]:
        """All classes of all parts."""
        return frozenset[str]().union(*(part.classes for part in self.parts))

    def parts_of(self, subjects: Subjects) -> tuple[Part, ...]:
        """The parts that a row about the subjects speaks of."""
        if self.options and any(s.kind == "option" and s.name in self.options for s in subjects):
            return self.parts
        return tuple(part for part in self.parts if any(map(part.is_subject, subjects)))

    def is_any(self, subjects: Subjects) -> bool:
        """Whether a row about the subjects speaks of it."""
        return bool(self.parts_of(subjects))


@lru_cache(maxsize=32)
def _by_subject(knowledge: Knowledge, row: type) -> Mapping[Subject, tuple[int, ...]]:
    """Where the rows of a table stand that speak of a subject, in any of their columns."""
    found: defaultdict[Subject, list[int]] = defaultdict(list)
    rows: tuple[object, ...] = knowledge.rows(row)
    for at, one in enumerate(rows):
        columns: list[Subjects] = [getattr(one, name, ()) for name in COLUMNS]
        subjects: dict[Subject, None] = {}
        for column in columns:
            subjects |= dict.fromkeys(column)
        for subject in subjects:
            found[subject].append(at)
    return {subject: tuple(places) for subject, places in found.items()}


def rows_about(row: type[R], medicine: Compared, knowledge: Knowledge) -> tuple[R, ...]:
    """The rows of a table that speak of the medicine, in their order."""
    by_subject = _by_subject(knowledge, row)  # type: ignore[arg-type]
    subjects = [Subject("any"), *(Subject("class", name) for name in medicine.classes)]
    subjects += [Subject("ingredient", name) for name in medicine.ingredients]
    subjects += [Subject("option", name) for name in medicine.options]
    places = sorted({at for subject in subjects for at in by_subject.get(subject, ())})
    rows = knowledge.rows(row)
    return tuple(rows[at] for at in places)


def proposed(
    ingredients: Iterable[str],
    daily_mg: float | None,
    route: str,
    indication: str,
    knowledge: Knowledge,
) -> Compared:
    """An option. Its rows are those of the indication with its ingredients, dose and route."""
    index = index_of(knowledge)
    names = tuple(index.ingredient(name) or name.lower() for name in ingredients)
    options = frozenset(
        row.id
        for row in knowledge.rows(Option)
        if (row.indication, row.route, row.daily_mg) == (indication, route, daily_mg)
        and set(row.ingredients) == set(names)
    )
    parts = tuple(Part(name, index.classes_of(name)) for name in names)
    return Compared("/".join(names), parts, daily_mg, options=options)


def of_taken(taken: Taken, index: MedicineIndex) -> Compared:
    """A medicine of the record. Classes that no ingredient of it explains are a part of their own."""
    parts = [Part(name, index.classes_of(name)) for name in taken.ingredients]
    rest = taken.classes - frozenset[str]().union(*(part.classes for part in parts))
    could_be: tuple[Part, ...] = ()
    if rest:
        parts.append(Part("", rest))
    if rest and not taken.ingredients:
        could_be = tuple(Part(name, index.classes_of(name)) for name in index.members(rest))
    return Compared(taken.label, tuple(parts), taken.daily_mg, taken, could_be=could_be)


def all_taken(medicines: Iterable[Taken], knowledge: Knowledge) -> tuple[Compared, ...]:
    """The medicines of the record, in its order."""
    index = index_of(knowledge)
    return tuple(of_taken(one, index) for one in medicines)


def ingredients_unknown(medicine: Compared, index: MedicineIndex) -> tuple[str, ...]:
    """Ingredients of which the tables say nothing at all."""
    return tuple(sorted(medicine.ingredients - index.classes.keys()))
