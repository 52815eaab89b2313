"""Which ingredients and classes of the tables a medicine of the record is: by code, then by name.

Nothing is guessed: a name counts when it is exactly one of the tables or an alias of it. A group of
the ATC gives its classes; a group of combinations hides an ingredient and is not known.
"""

import re
from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from functools import lru_cache

from models_engine.catalogue.treatment.knowledge.loading import Knowledge
from models_engine.catalogue.treatment.knowledge.schema import DrugClass, Ingredient

ATC_SUBSTANCE = 7
# ATC groups whose names tell one ingredient of several; written from memory [M]
COMBINATIONS = (
    *("A10BD", "B01AC30", "B01AC56", "C02L", "C03E", "C07B", "C07C", "C07D", "C07E", "C07F"),
    *("C08G", "C09B", "C09D", "C10B", "J01CR", "J01EE", "M01B", "M05BB", "N02AJ", "R03AK", "R03AL"),
)
_AROUND = re.compile(
    r"^(?:(?:allergy|allergic|allergic reaction|hypersensitivity|intolerance|adverse reaction) to "
    r"(?:the )?)|(?: allergy| hypersensitivity| intolerance)?(?: \((?:disorder|substance|finding)\))?$"
)
_WORD = re.compile(r"[a-z][a-z-]{3,}")


@dataclass(frozen=True)
class Recognised:
    """What the tables know of a medicine. `classes` with those above them."""

    ingredients: tuple[str, ...] = ()
    classes: frozenset[str] = frozenset()
    is_known: bool = False


@dataclass(frozen=True, eq=False)
class MedicineIndex:
    """Looks medicines up. `above`: classes in which a class lies wholly, by their ATC groups."""

    above: Mapping[str, frozenset[str]]
    classes: Mapping[str, frozenset[str]]
    by_name: Mapping[str, str]
    by_atc: Mapping[str, tuple[str, ...]]
    by_rxnorm: Mapping[str, tuple[str, ...]]
    groups: Mapping[str, tuple[str, ...]]
    by_class_name: Mapping[str, str]

    def ingredient(self, name: str) -> str | None:
        """The ingredient of the tables that a name is, as it stands there or as an alias."""
        return self.by_name.get(name.strip().lower())

    def classes_of(self, ingredient: str) -> frozenset[str]:
        """All classes of an ingredient of the tables; none of another."""
        return self.classes.get(ingredient, frozenset())

    def classes_of_group(self, atc: str) -> frozenset[str]:
        """Classes in which an ATC code or group lies wholly."""
        found = {name for name, groups in self.groups.items() if atc.startswith(groups)}
        return frozenset(found).union(*(self.above[name] for name in found))

    def lowest(self, classes: Iterable[str]) -> frozenset[str]:
        """Those that are not above another of them: what was said, without what follows."""
        given = frozenset(classes)
        higher = frozenset().union(*(self.above.get(name, frozenset()) for name in given))
        return given - higher

    def members(self, classes: Iterable[str]) -> tuple[str, ...]:
        """Ingredients that are of all these classes."""
        wanted = frozenset(classes)
        return tuple(name for name, own in self.classes.items() if wanted <= own)

    def recognise(
        self, names: Iterable[str] = (), atc: Iterable[str] = (), rxnorm: Iterable[str] = ()
    ) -> Recognised:
        """What a medicine is, by RxNorm ingredient, ATC code and exact names.

        Sources that contradict each other all count. A medicine of several names is known when
        every name is.
        """
        given, codes = tuple(names), tuple(atc)
        found: dict[str, None] = {}
        for code in rxnorm:
            found |= dict.fromkeys(self.by_rxnorm.get(code, ()))
        hidden, groups = False, frozenset[str]()
        for code in codes:
            substances = self.by_atc.get(code, ())
            found |= dict.fromkeys(substances)
            groups |= self.classes_of_group(code)
            hidden |= not substances and (
                len(code) >= ATC_SUBSTANCE or code.startswith(COMBINATIONS)
            )
        read = [self.ingredient(name) for name in given]
        found |= dict.fromkeys(name for name in read if name)
        all_read = bool(read) and None not in read
        if len(given) > 1:
            is_known = all_read
        else:
            is_known = all_read or (not hidden and bool(found or groups))
        own = (self.classes_of(name) for name in found)
        return Recognised(tuple(found), groups.union(*own), is_known)

    def allergen(self, text: str) -> Recognised:
        """What an allergy's words are about. "Allergy to penicillins" is exact.

        On the careful side [J]: a name inside other words counts too, and the allergy is then
        still not known.
        """
        words = _AROUND.sub("", text.strip().lower()).strip()
        for name in (words, words.removesuffix("s")):
            if ingredient := self.by_name.get(name):
                return Recognised((ingredient,), self.classes_of(ingredient), True)
            if kind := self.by_class_name.get(name):
                return Recognised((), frozenset({kind}) | self.above[kind], True)
        inside = dict.fromkeys(
            self.by_name[word] for word in _WORD.findall(words) if word in self.by_name
        )
        own = (self.classes_of(name) for name in inside)
        return Recognised(tuple(inside), frozenset[str]().union(*own), False)


@lru_cache(maxsize=4)
def index_of(knowledge: Knowledge) -> MedicineIndex:
    """The index of some tables, made once."""
    groups = {row.id: row.atc for row in knowledge.rows(DrugClass)}
    above = {
        name: frozenset(
            other
            for other, wide in groups.items()
            if other != name and own and wide and all(atc.startswith(wide) for atc in own)
        )
        for name, own in groups.items()
    }
    by_class_name: dict[str, str] = {}
    for row in knowledge.rows(DrugClass):
        for name in (row.id.replace("_", " "), row.label, row.plain_label):
            by_class_name.setdefault(name.lower(), row.id)
    by_name: dict[str, str] = {}
    by_atc: defaultdict[str, list[str]] = defaultdict(list)
    by_rxnorm: defaultdict[str, list[str]] = defaultdict(list)
    classes: dict[str, frozenset[str]] = {}
    for one in knowledge.rows(Ingredient):
        for name in (one.id, *one.aliases):
            by_name.setdefault(name.lower(), one.id)
        for atc in one.atc:
            by_atc[atc].append(one.id)
        if one.rxnorm:
            by_rxnorm[one.rxnorm].append(one.id)
        listed = {*one.classes}
        listed |= {
            name for name, wide in groups.items() if any(atc.startswith(wide) for atc in one.atc)
        }
        classes[one.id] = frozenset(listed).union(*(above.get(name, ()) for name in listed))
    return MedicineIndex(
        above,
        classes,
        by_name,
        {atc: tuple(names) for atc, names in by_atc.items()},
        {code: tuple(names) for code, names in by_rxnorm.items()},
        groups,
        by_class_name,
    )
