"""Every way to treat: what is taken kept, stopped, exchanged or given in another dose; what is begun.

A second medicine of a class of which two are a duplication is never added: it becomes a switch.
A medicine that should not be given any more, that a guideline keeps in reserve, or that stands in
the way of an option is also exchanged for medicines of other classes.
"""

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from typing import Protocol

from models_engine.catalogue.treatment.knowledge.criteria import Answer
from models_engine.catalogue.treatment.knowledge.loading import Knowledge
from models_engine.catalogue.treatment.knowledge.schema import Indication, Option
from models_engine.catalogue.treatment.person import Taken, TreatmentPerson
from models_engine.catalogue.treatment.ranking.drugs import (
    Drug,
    Pharmacy,
    holding,
    same_ingredients,
)
from models_engine.catalogue.treatment.ranking.results import Kind
from models_engine.catalogue.treatment.safety.finding import LEVELS, Finding, Safety
from models_engine.catalogue.treatment.safety.words import name_of

STANDS_IN_THE_WAY = ("interaction", "duplicate")
# of these kinds no two are given together, though each is a class of its own [J]
EXCLUSIVE = (frozenset({"acei", "arb", "arni"}), frozenset({"glp1", "dpp4"}))
# from this tier on a medicine is in reserve, and others are thought of in its place
RESERVE = 3
# but not in the place of these: whom they were begun for may not live well without [J]
NOT_FOR_RESERVE = frozenset({"insulin"})


class Check(Protocol):
    """The rules of safety for one option (`safety/check.py`)."""

    def __call__(
        self,
        option_ingredients: tuple[str, ...],
        daily_mg: float | None,
        route: str,
        indication: Indication,
        person: TreatmentPerson,
        knowledge: Knowledge,
        *,
        replaces: tuple[Taken, ...] = (),
    ) -> Safety: ...


@dataclass(frozen=True, eq=False)
class Way:
    """One way. `new` is what is given then, `old` what is taken away."""

    kind: Kind
    key: str
    option: Option | None = None
    new: Drug | None = None
    medicine: Taken | None = None
    old: Drug | None = None
    safety: Safety = field(default_factory=Safety)
    unknown: tuple[str, ...] = ()

    @property
    def about(self) -> Drug:
        """What is given, else what is taken away. Raises ValueError for a way of neither."""
        drug = self.new or self.old
        if drug is None:
            raise ValueError(f"{self.key}: a way without a drug")
        return drug


@dataclass(frozen=True, eq=False)
class Current:
    """A medicine that is taken for the indication. `option`: the one it is, with its dose."""

    taken: Taken
    drug: Drug
    option: Option | None
    safety: Safety
    tier: int = 2


class Ways:
    """All ways of one person and indication."""

    def __init__(
        self,
        pharmacy: Pharmacy,
        indication: Indication,
        person: TreatmentPerson,
        check: Check,
    ) -> None:
        self.pharmacy, self.indication, self.person, self.check = (
            pharmacy,
            indication,
            person,
            check,
        )
        self.untold: dict[str, Answer] = {}
        of_indication = [o for o in pharmacy.options if o.indication == indication]
        fit = holding(
            of_indication, person, lambda row, answer: self.untold.__setitem__(row.id, answer)
        )
        # an option that cannot be judged stays one, and says what is missing
        self.options = [o for o in of_indication if o in fit or o.id in self.untold]
        self._all = of_indication

    def taken(self) -> tuple[Taken, ...]:
        """The medicines that belong to the indication: of an option's ingredients or main class."""
        ingredients = {name for option in self._all for name in option.ingredients}
        classes = {option.main_class for option in self._all} - {""}
        return tuple(
            one
            for one in self.person.medicines
            if one.is_known and (ingredients & {*one.ingredients} or classes & one.classes)
        )

    def current(self, taken: Taken) -> Current:
        """One of them, as rows see it."""
        options = self.pharmacy.options_of(taken, self.indication)
        safety = (
            self.check(
                taken.ingredients,
                taken.daily_mg,
                taken.route,
                self.indication,
                self.person,
                self.pharmacy.knowledge,
                replaces=(taken,),
            )
            if taken.ingredients
            else Safety((_which(taken),))
        )
        option = options[0] if options else None
        return Current(taken, self.pharmacy.of_taken(taken), option, safety)

    def of_current(self, current: Current, number: int) -> Iterator[Way]:
        """To keep it, and to stop it."""
        name = _slug(current.taken, number)
        option, drug, taken = current.option, current.drug, current.taken
        open_ = _doubt(taken)
        yield Way("keep", f"keep:{name}", option, drug, taken, drug, current.safety, open_)
        yield Way("stop", f"stop:{name}", option, None, taken, drug, unknown=open_)

    def of_option(self, option: Option, currents: Mapping[str, Current]) -> Iterator[Way]:
        """To begin it, to add it, or to give it in the place of something."""
        drug = self.pharmacy.of_option(option)
        if any(option.id == one.option.id for one in currents.values() if one.option):
            return
        same = [n for n, one in currents.items() if same_ingredients(option, one.taken)]
        rivals = [n for n, one in currents.items() if self._are_rivals(drug, one.drug)]
        if same:
            yield self._instead("change_dose", option, drug, currents[same[0]], same[0])
            return
        if rivals:
            for name in rivals:
                yield self._instead("switch", option, drug, currents[name], name)
            return
        added = self._safety(option, ())
        kind: Kind = "add" if currents else "start"
        yield Way(
            kind, f"{kind}:{option.id}", option, drug, safety=added, unknown=self._open(option)
        )
        for name, one in currents.items():
            if is_worth_replacing(one):
                yield self._instead("switch", option, drug, one, name)
            elif any(f.kind in STANDS_IN_THE_WAY and f.level in ("X", "D") for f in added.findings):
                exchanged = self._instead("switch", option, drug, one, name)
                if _rank(exchanged.safety) > _rank(added):
                    yield exchanged

    def _are_rivals(self, one: Drug, other: Drug) -> bool:
        """Whether the one is never added to the other."""
        return bool(self.pharmacy.share_a_class(one, other)) or any(
            one.classes & kinds and other.classes & kinds for kinds in EXCLUSIVE
        )

    def _instead(self, kind: Kind, option: Option, drug: Drug, one: Current, name: str) -> Way:
        return Way(
            kind,
            f"{kind}:{option.id}:{name}",
            option,
            drug,
            one.taken,
            one.drug,
            self._safety(option, (one.taken,)),
            (*self._open(option), *_doubt(one.taken)),
        )

    def _safety(self, option: Option, replaces: tuple[Taken, ...]) -> Safety:
        return self.check(
            option.ingredients,
            option.daily_mg,
            option.route,
            self.indication,
            self.person,
            self.pharmacy.knowledge,
            replaces=replaces,
        )

    def _open(self, option: Option) -> tuple[str, ...]:
        answer = self.untold.get(option.id)
        if answer is None:
            return ()
        return (f"Whether it is an option cannot be told without {in_words(answer.missing)}.",)


def is_worth_replacing(current: Current) -> bool:
    """Whether it should not be given as it is, or is kept in reserve."""
    if current.safety.level in ("X", "D"):
        return True
    return current.tier >= RESERVE and not current.drug.classes & NOT_FOR_RESERVE


def _which(taken: Taken) -> Finding:
    """Of a medicine of which only the group is known nothing could be checked."""
    return Finding(
        kind="unresolved",
        level="ask",
        message=f"{taken.label}: only its group is known, so that it could not be checked.",
        plain=f"Tell your care team which medicine {taken.label} is.",
        references=taken.references,
        missing=("medicine",),
        other=taken.label,
    )


def _doubt(taken: Taken) -> tuple[str, ...]:
    if taken.is_certain:
        return ()
    return (f"The record is not certain that {taken.label} is taken as it says: ask.",)


def named(currents: Iterable[Taken]) -> Mapping[str, Taken]:
    """The medicines by a name for keys, each once."""
    return {_slug(taken, number): taken for number, taken in enumerate(currents)}


def in_words(concepts: Iterable[str]) -> str:
    """Concepts in a sentence."""
    return " and ".join(map(name_of, concepts))


def _rank(safety: Safety) -> int:
    """Higher is safer."""
    return LEVELS.index(safety.level) if safety.level else len(LEVELS)


def _slug(taken: Taken, number: int) -> str:
    """A name without anything that an address could not carry; numbered, as two may be alike."""
    name = "_".join(taken.ingredients) or "medicine"
    letters = "".join(c if c.isalnum() else "_" for c in name)
    return f"{letters}_{number + 1}"
