"""From the concepts of an RxNorm release to drugs: ingredients, classes, strength.

A product's ingredients are those of all its components; a product with a component that leads to
no ingredient is left out, for half a combination would be another drug. A class comes from our own
table of ingredients, else from the ingredient's ATC codes if all say the same; a product of which
one ingredient has none is known by its ingredients alone. Eye drops, creams and the like are not
counted in a class that means an effect on the whole body.
"""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field

from patients.terminology.codings import Atc, RxNorm
from patients.terminology.medications import OTHER, Medication, listed_medications, medication_of
from patients.terminology.rxnorm_rrf import Concept, Rrf
from patients.terminology.substances import canonical, strength_in

# where the ingredients of a term type are: the first that is joined counts
_LEADS: Mapping[str, tuple[tuple[str, ...], ...]] = {
    "PIN": (("IN",),),
    "MIN": (("IN",),),
    "BN": (("IN",), ("PIN",)),
    "SCDC": (("IN",), ("PIN",)),
    "SBDC": (("SCDC",),),
    "SCDF": (("IN",), ("PIN",)),
    "SCDFP": (("PIN",), ("IN",)),
    "SCDG": (("IN",), ("PIN",)),
    "SCDGP": (("PIN",), ("IN",)),
    "SBDF": (("SCDF",),),
    "SBDFP": (("SCDFP",),),
    "SBDG": (("SCDG",),),
    "SCD": (("SCDC",),),
    "SBD": (("SCD",), ("SBDC",)),
    "GPCK": (("SCD",),),
    "BPCK": (("GPCK",), ("SCD", "SBD")),
}
_LOCAL = re.compile(
    r"topical|ophthalmic|otic|nasal|vaginal|rectal|inhal|mucosal|irrigation|shampoo|mouthwash"
    r"|toothpaste|soap|cream|ointment|gel\b",
    re.IGNORECASE,
)


@dataclass(frozen=True, slots=True)
class Drug:
    """A row of the stored release. `classes` is empty when it is not classified."""

    rxcui: str
    term_type: str
    name: str
    ingredients: tuple[str, ...]
    atc: tuple[str, ...]
    strength_mg: float | None
    classes: tuple[str, ...]


@dataclass(slots=True)
class Drugs:
    found: list[Drug] = field(default_factory=list)
    # concepts whose ingredients the relations do not tell, or tell in part
    without_ingredients: list[Concept] = field(default_factory=list)


@dataclass(frozen=True, slots=True)
class Disagreement:
    """A code that the committed table reads, and the release reads otherwise."""

    rxcui: str
    name: str
    ours: tuple[str, ...]
    theirs: tuple[str, ...]


def drugs_of(rrf: Rrf) -> Drugs:
    """Every concept that leads to its ingredients, in the order of the file."""
    graph = _Graph(rrf)
    drugs = Drugs()
    for concept in rrf.concepts.values():
        drug = graph.drug(concept)
        if drug is None:
            drugs.without_ingredients.append(concept)
        else:
            drugs.found.append(drug)
    return drugs


def disagreements(drugs: Drugs) -> Iterator[Disagreement]:
    """Where the committed table, which wins, names other ingredients."""
    for drug in drugs.found:
        ours = medication_of(RxNorm(drug.rxcui))
        if ours is None or not ours.ingredients:
            continue
        known = canonical(ours.ingredients)
        if known != drug.ingredients:
            yield Disagreement(drug.rxcui, drug.name, known, drug.ingredients)


class _Graph:
    def __init__(self, rrf: Rrf) -> None:
        self.rrf = rrf
        self.known: dict[str, frozenset[str] | None] = {}
        self.classes: dict[str, tuple[str, ...]] = {}

    def drug(self, concept: Concept) -> Drug | None:
        codes = self.ingredients(concept.rxcui)
        if not codes:
            return None
        substances = [self.rrf.concepts[code] for code in sorted(codes)]
        names = canonical(tuple(name for one in substances for name in _names(one)))
        only = substances[0] if len(substances) == 1 else None
        return Drug(
            concept.rxcui,
            concept.term_type,
            concept.name,
            names,
            tuple(sorted(only.atc)) if only else (),
            self._strength(concept) if only else None,
            self._classes(concept, substances),
        )

    def ingredients(self, rxcui: str) -> frozenset[str] | None:
        """RXCUIs of the ingredients; None when they are not all known."""
        if rxcui not in self.known:
            # a circle of relations has no ingredient
            self.known[rxcui] = None
            self.known[rxcui] = self._ingredients(self.rrf.concepts[rxcui])
        return self.known[rxcui]

    def _ingredients(self, concept: Concept) -> frozenset[str] | None:
        if concept.term_type == "IN":
            return frozenset({concept.rxcui})
        parts = self._parts(concept)
        if not parts or not _is_whole(concept, parts):
            return None
        found: set[str] = set()
        for part in parts:
            codes = self.ingredients(part.rxcui)
            if not codes:
                return None
            found |= codes
        return frozenset(found)

    def _parts(self, concept: Concept) -> list[Concept]:
        joined = [self.rrf.concepts[code] for code in self.rrf.joined.get(concept.rxcui, ())]
        for types in _LEADS.get(concept.term_type, ()):
            if parts := [part for part in joined if part.term_type in types]:
                return parts
        return []

    def _strength(self, concept: Concept) -> float | None:
        """Of the one component that it leads to, where all ways agree."""
        if concept.term_type not in ("SCD", "SBD", "SCDC", "SBDC"):
            return None
        stated = self._stated(concept, set())
        named = strength_in(concept.name)
        found = {mg for mg in (*stated, named) if mg is not None}
        return found.pop() if len(found) == 1 else None

    def _stated(self, concept: Concept, seen: set[str]) -> set[float]:
        if concept.rxcui in seen:
            return set()
        seen.add(concept.rxcui)
        if concept.term_type == "SCDC":
            return set() if concept.strength_mg is None else {concept.strength_mg}
        return {mg for part in self._parts(concept) for mg in self._stated(part, seen)}

    def _classes(self, concept: Concept, substances: list[Concept]) -> tuple[str, ...]:
        each = [self._class_of(one) for one in substances]
        if not all(each):
            return ()
        union = dict.fromkeys(kind for kinds in each for kind in kinds if kind != OTHER)
        if union and _LOCAL.search(concept.name) and concept.term_type != "IN":
            return ()
        return tuple(union) or (OTHER,)

    def _class_of(self, substance: Concept) -> tuple[str, ...]:
        if substance.rxcui not in self.classes:
            self.classes[substance.rxcui] = _class_of(substance)
        return self.classes[substance.rxcui]


def _is_whole(concept: Concept, parts: list[Concept]) -> bool:
    """RxNorm names every component of a clinical drug: as many must be joined."""
    return concept.term_type != "SCD" or len(parts) == concept.name.count(" / ") + 1


def _names(substance: Concept) -> tuple[str, ...]:
    ours = medication_of(RxNorm(substance.rxcui))
    return ours.ingredients if ours and ours.ingredients else (substance.name,)


def _class_of(substance: Concept) -> tuple[str, ...]:
    ours = medication_of(RxNorm(substance.rxcui)) or _OURS.get(substance.name.casefold())
    if ours is not None:
        return ours.classes
    known = {found.classes if (found := medication_of(Atc(code))) else () for code in substance.atc}
    return known.pop() if len(known) == 1 else ()


def _by_name() -> Mapping[str, Medication]:
    return {
        medication.ingredients[0].casefold(): medication
        for medication in listed_medications().values()
        if len(medication.ingredients) == 1 and medication.display == medication.ingredients[0]
    }


_OURS = _by_name()
