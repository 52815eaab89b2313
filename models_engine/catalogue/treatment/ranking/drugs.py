"""Whom a row of knowledge is about: an option, or a medicine that is taken, as rows see it."""

import re
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, lru_cache
from math import log
from typing import Protocol, TypeVar

from models_engine.catalogue.treatment.knowledge.criteria import Answer, Criteria, Known
from models_engine.catalogue.treatment.knowledge.loading import Knowledge
from models_engine.catalogue.treatment.knowledge.schema import (
    DrugClass,
    Indication,
    Ingredient,
    Option,
    Subjects,
)
from models_engine.catalogue.treatment.person import Taken

RANGE = re.compile(r"([\d.,]*\d) to ([\d.,]*\d) mg(?: twice)?")
UP_TO = re.compile(r"([\d.,]*\d) mg a day \(to ([\d.,]*\d) mg\)")
# of a dose, as a share
ROUNDED = 0.01
# the best known first; of the rows of one effect the first is used [J]
BEST_EVIDENCE = "VSQMJD"


class About(Protocol):
    """A row with subjects and an evidence tag."""

    @property
    def id(self) -> str: ...
    @property
    def evidence(self) -> str: ...
    @property
    def applies_to(self) -> Subjects: ...


class For(Protocol):
    """A row that says for whom it is."""

    @property
    def requires(self) -> Criteria: ...


A = TypeVar("A", bound=About)
F = TypeVar("F", bound=For)


@dataclass(frozen=True)
class Part:
    """One ingredient (or none, where only the group is known) and its classes."""

    ingredient: str
    classes: frozenset[str]


@dataclass(frozen=True)
class Drug:
    """What rows may be about. `options` are the ids of the options that it is, with its dose.

    `main_class` goes before the other classes: a row on it is about the whole combination.
    """

    label: str
    parts: tuple[Part, ...]
    main_class: str = ""
    options: frozenset[str] = frozenset()

    @property
    def ingredients(self) -> tuple[str, ...]:
        """The names of all ingredients that are known."""
        return tuple(part.ingredient for part in self.parts if part.ingredient)

    @cached_property
    def classes(self) -> frozenset[str]:
        """The classes of all parts, and the main one."""
        own = {self.main_class} - {""}
        return frozenset(own.union(*(part.classes for part in self.parts)))

    def is_named(self, name: str) -> bool:
        """Whether a comparator of a trial names it: one of its classes, or its only ingredient."""
        return name in self.classes or self.ingredients == (name.replace("_", " "),)

    def closeness(self, subjects: Subjects) -> int:
        """How closely subjects name the whole: 4 this option, 3 the ingredient, 2 its main class."""
        found = 0
        for one in subjects:
            if one.kind == "option" and one.name in self.options:
                found = max(found, 4)
            elif one.kind == "ingredient" and self.ingredients == (one.name,):
                found = max(found, 3)
            elif one.kind == "class" and one.name == self.main_class:
                found = max(found, 2)
            elif one.kind == "any":
                found = max(found, 1)
        return found


def part_closeness(part: Part, subjects: Subjects) -> int:
    """How closely subjects name one part: 2 its ingredient, 1 a class of it."""
    found = 0
    for one in subjects:
        if one.kind == "ingredient" and one.name == part.ingredient:
            found = 2
        elif one.kind == "class" and one.name in part.classes:
            found = max(found, 1)
    return found


def is_about(drug: Drug, subjects: Subjects) -> bool:
    """Whether subjects name a drug, or any part of it."""
    return bool(drug.closeness(subjects)) or any(part_closeness(p, subjects) for p in drug.parts)


def nearest(drug: Drug, rows: Sequence[A]) -> tuple[A, ...]:
    """The rows that stand for a drug: the one nearest to the whole, else one for each part.

    A row stands once, though two ingredients are of its class. Of equally near rows the better
    known goes first, then the id.
    """
    whole = [(drug.closeness(row.applies_to), row) for row in rows]
    if best := _best(whole):
        return (best,)
    found = [
        _best([(part_closeness(part, row.applies_to), row) for row in rows]) for part in drug.parts
    ]
    return tuple({row.id: row for row in found if row}.values())


def _best(rows: Iterable[tuple[int, A]]) -> A | None:
    fitting = [pair for pair in rows if pair[0]]
    if not fitting:
        return None
    first = min(fitting, key=lambda p: (-p[0], BEST_EVIDENCE.index(p[1].evidence), p[1].id))
    return first[1]


def holding(
    rows: Iterable[F], person: Known, told: Callable[[F, Answer], None] | None = None
) -> list[F]:
    """The rows that surely hold of a person; `told` hears of those that cannot be judged."""
    found = []
    for row in rows:
        answer = row.requires.ask(person)
        if answer.holds:
            found.append(row)
        elif answer.holds is None and told:
            told(row, answer)
    return found


class Pharmacy:
    """The drugs of one knowledge base."""

    def __init__(self, knowledge: Knowledge) -> None:
        self.knowledge = knowledge
        self.ingredients = knowledge.by_id(Ingredient)
        self.classes = knowledge.by_id(DrugClass)
        self.options = knowledge.rows(Option)

    def _part(self, ingredient: str) -> Part:
        known = self.ingredients.get(ingredient)
        return Part(ingredient, frozenset(known.classes if known else ()))

    def of_option(self, option: Option) -> Drug:
        """An option as rows see it."""
        parts = tuple(map(self._part, option.ingredients))
        if len(parts) == 1:
            own = parts[0].classes | ({option.main_class} - {""})
            parts = (Part(parts[0].ingredient, frozenset(own)),)
        return Drug(option.label, parts, option.main_class, frozenset({option.id}))

    def of_taken(self, taken: Taken) -> Drug:
        """A medicine as rows see it; a single ingredient has the classes that were read for it."""
        options = self.options_of(taken)
        main = {o.main_class for o in self.options if same_ingredients(o, taken)}
        main_class = next(iter(main)) if len(main) == 1 else ""
        parts = tuple(map(self._part, taken.ingredients)) or (Part("", frozenset()),)
        if len(parts) == 1:
            parts = (Part(parts[0].ingredient, parts[0].classes | taken.classes),)
        return Drug(taken.label, parts, main_class, frozenset(o.id for o in options))

    def of_comparator(self, name: str) -> Drug:
        """What a trial compared with: an ingredient, else a class."""
        plain = name.replace("_", " ")
        if plain in self.ingredients:
            return Drug(plain, (self._part(plain),))
        known = self.classes.get(name)
        return Drug(known.label if known else plain, (Part("", frozenset({name})),), name)

    def options_of(
        self, taken: Taken, indication: Indication | None = None, *, exact: bool = False
    ) -> tuple[Option, ...]:
        """The options that a medicine is, with its dose; of a combination whatever its dose.

        An option of a range of doses is every dose of it; `exact`: only the one it is worked out of.
        """
        return tuple(
            option
            for option in self.options
            if same_ingredients(option, taken)
            and (indication is None or option.indication == indication)
            and (len(option.ingredients) > 1 or _same_dose(option, taken, exact=exact))
        )

    def standing_for(self, taken: Taken, indication: Indication) -> frozenset[str]:
        """The options whose recommendations a medicine shares: its own; else of its next dose [J]."""
        if own := self.options_of(taken, indication):
            return frozenset(one.id for one in own)
        alike = [o for o in self.options if o.indication == indication]
        alike = [o for o in alike if same_ingredients(o, taken)]
        mg = taken.daily_mg
        dosed = [(o.daily_mg, o.id) for o in alike if o.daily_mg]
        if mg and dosed:
            return frozenset({min((abs(log(dose / mg)), name) for dose, name in dosed)[1]})
        return frozenset(one.id for one in alike)

    def mates_of(self, taken: Taken, indication: Indication) -> tuple[frozenset[str], ...]:
        """By class of a medicine that is no option: all options of this class alone."""
        found: dict[str, set[str]] = {}
        for one in self.options:
            is_mate = one.indication == indication and one.main_class in taken.classes
            if is_mate and len(one.ingredients) == 1:
                found.setdefault(one.main_class, set()).add(one.id)
        return tuple(map(frozenset, found.values()))

    def share_a_class(self, one: Drug, other: Drug) -> tuple[DrugClass, ...]:
        """The classes of which both are, and of which two together are a duplication."""
        common = sorted(one.classes & other.classes)
        return tuple(k for c in common if (k := self.classes.get(c)) and k.duplicates)


def _same_dose(option: Option, taken: Taken, *, exact: bool) -> bool:
    given = taken.daily_mg
    if option.daily_mg is None or given is None:
        return option.daily_mg is None
    low, high = _range_of(option.label) or (option.daily_mg, option.daily_mg)
    if exact or not low <= option.daily_mg <= high:
        low = high = option.daily_mg
    return low * (1 - ROUNDED) <= given <= high * (1 + ROUNDED)


@lru_cache(maxsize=512)
def _range_of(label: str) -> tuple[float, float] | None:
    """Of "5 to 7.5 mg twice a day" or "10 mg a day (to 25 mg)" the mg a day; None without a range."""
    match = RANGE.search(label) or UP_TO.search(label)
    if match is None:
        return None
    times = 2.0 if match[0].endswith("twice") else 1.0
    low, high = (times * float(match[n].replace(",", "")) for n in (1, 2))
    return low, high


def same_ingredients(option: Option, taken: Taken) -> bool:
    """Whether a medicine is of exactly the ingredients of an option."""
    return bool(taken.ingredients) and set(option.ingredients) == set(taken.ingredients)
