"""Every way to treat: what is taken kept, stopped, exchanged or given in another dose; what is begun.

A second medicine of a class of which two are a duplication is never added: it becomes a switch.
A medicine that must not be given any more, that a guideline advises against, or that stands in the
way of an option is also exchanged for medicines of other classes, unless another indication of the
person wants it. A medicine whose dose does not fit is also given at the dose that does.
"""

from collections.abc import Callable, Iterable, Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import Protocol

from models_engine.catalogue.treatment.indications import LOWERS_PRESSURE
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
from models_engine.catalogue.treatment.ranking.results import AGAINST, UNSPOKEN, Kind
from models_engine.catalogue.treatment.safety.finding import Finding, Safety, sorted_findings
from models_engine.catalogue.treatment.safety.words import name_of

# of what these replaced none is given again where another indication wants them [J]
NEVER_BACK = frozenset({"arni"})
STANDS_IN_THE_WAY = ("interaction", "duplicate")
# of these kinds no two are given together, though each is a class of its own [J]
EXCLUSIVE = (frozenset({"acei", "arb", "arni"}), frozenset({"glp1", "dpp4"}))


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
    """One way. `new` is what is given then, `old` what is taken away.

    `fitting`: a medicine that is taken goes on at the dose that this finding proposes.
    """

    kind: Kind
    key: str
    option: Option | None = None
    new: Drug | None = None
    medicine: Taken | None = None
    old: Drug | None = None
    safety: Safety = field(default_factory=Safety)
    unknown: tuple[str, ...] = ()
    fitting: Finding | None = None

    @property
    def about(self) -> Drug:
        """What is given, else what is taken away. Raises ValueError for a way of neither."""
        drug = self.new or self.old
        if drug is None:
            raise ValueError(f"{self.key}: a way without a drug")
        return drug


@dataclass(frozen=True, eq=False)
class Current:
    """A medicine that is taken for the indication. `option`: the one it is, with its dose.

    `elsewhere` are other indications of the person for which a guideline has it first or second.
    """

    taken: Taken
    drug: Drug
    option: Option | None
    safety: Safety
    tier: int = UNSPOKEN
    elsewhere: tuple[Indication, ...] = ()


Serves = Callable[[Option, Current], bool]


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
        """The medicines that belong to the indication: of an option's ingredients or main class, or
        of a class that is never given beside one; against hypertension all that lower the pressure.
        """
        ingredients = {name for option in self._all for name in option.ingredients}
        classes = {option.main_class for option in self._all} - {""}
        for kinds in EXCLUSIVE:
            classes |= kinds if classes & kinds else frozenset()
        if self.indication == "hypertension":
            classes |= set(LOWERS_PRESSURE)
        return tuple(
            one
            for one in self.person.medicines
            if one.is_known and (ingredients & {*one.ingredients} or classes & one.classes)
        )

    def current(self, taken: Taken) -> Current:
        """One of them, as rows see it."""
        options = self.pharmacy.options_of(taken, self.indication)
        safety = (
            self._checked(taken.ingredients, taken.daily_mg, taken.route, (taken,))
            if taken.ingredients
            else Safety((_which(taken),))
        )
        option = options[0] if options else None
        return Current(taken, self.pharmacy.of_taken(taken), option, safety)

    def of_current(self, current: Current, number: int) -> Iterator[Way]:
        """To keep it, to give it at the dose that fits, and to stop it."""
        name = _slug(current.taken, number)
        option, drug, taken = current.option, current.drug, current.taken
        open_ = _doubt(taken)
        yield Way("keep", f"keep:{name}", option, drug, taken, drug, current.safety, open_)
        fits = dose_that_fits(current)
        if fits and not any(_is_at(one, taken, fits) for one in self.options):
            safety = self._checked(taken.ingredients, fits.daily_mg, taken.route, (taken,))
            key = f"change_dose:fit:{name}"
            yield Way("change_dose", key, option, drug, taken, drug, safety, open_, fits)
        yield Way("stop", f"stop:{name}", option, None, taken, drug, unknown=open_)

    def of_option(
        self, option: Option, currents: Mapping[str, Current], serves: Serves
    ) -> Iterator[Way]:
        """To begin it, to add it, or to give it in the place of something.

        `serves`: whether an option does for the other indications what a medicine is for there.
        """
        drug = self.pharmacy.of_option(option)
        if any(option.id == one.option.id for one in currents.values() if one.option):
            return
        same = [n for n, one in currents.items() if same_ingredients(option, one.taken)]
        rivals = [n for n, one in currents.items() if self._are_rivals(drug, one.drug)]
        if same:
            current = currents[same[0]]
            fits = dose_that_fits(current)
            # what would be proposed in place of its dose stands already
            if not fits or _is_at(option, current.taken, fits) or not self._is_unfit(option):
                yield self._instead("change_dose", option, drug, current, same[0])
            return
        if rivals:
            for name in rivals:
                one = currents[name]
                is_free = _is_of_one_class(drug, one.drug) or one.safety.is_excluded
                if (
                    is_free
                    or not one.elsewhere
                    or (not one.drug.classes & NEVER_BACK and serves(option, one))
                ):
                    yield self._instead("switch", option, drug, one, name)
            return
        added = self._safety(option, ())
        kind: Kind = "add" if currents else "start"
        yield Way(
            kind, f"{kind}:{option.id}", option, drug, safety=added, unknown=self._open(option)
        )
        for name, one in currents.items():
            if is_worth_replacing(one):
                yield self._instead("switch", option, drug, one, name)
            elif not one.elsewhere and any(
                f.kind in STANDS_IN_THE_WAY and f.level in ("X", "D") for f in added.findings
            ):
                exchanged = self._instead("switch", option, drug, one, name)
                if _gravity(exchanged.safety) < _gravity(added):
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
        found = self._checked(option.ingredients, option.daily_mg, option.route, replaces)
        # a tablet of two has no dose of its own for either
        if len(option.ingredients) > 1 or self._has_smaller(option, found):
            return found
        return _at_fitting_dose(found)

    def _has_smaller(self, option: Option, safety: Safety) -> bool:
        """Whether the dose that fits is an option of its own."""
        fits = [f.daily_mg for f in safety.findings if _is_unfit_dose(f) and f.daily_mg]
        alike = [o.daily_mg for o in self.options if o.ingredients == option.ingredients]
        return any(dose <= min(fits) for dose in alike if dose and fits)

    def _is_unfit(self, option: Option) -> bool:
        """Whether its own dose is not the one that fits."""
        found = self._checked(option.ingredients, option.daily_mg, option.route, ())
        return any(map(_is_unfit_dose, found.findings))

    def _checked(
        self,
        ingredients: tuple[str, ...],
        daily_mg: float | None,
        route: str,
        replaces: tuple[Taken, ...],
    ) -> Safety:
        return self.check(
            ingredients,
            daily_mg,
            route,
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
    """Whether a medicine of another class is thought of in its place."""
    if current.safety.is_excluded:
        return True
    return current.tier == AGAINST and not current.elsewhere


def _is_of_one_class(new: Drug, old: Drug) -> bool:
    return new.main_class in old.classes and old.main_class in ("", new.main_class)


def dose_that_fits(current: Current) -> Finding | None:
    """The finding that proposes another dose of what is taken; the smallest of several."""
    if len(current.taken.ingredients) != 1 or current.safety.is_excluded:
        return None
    found = [f for f in current.safety.findings if _is_unfit_dose(f) and f.daily_mg is not None]
    return min(found, key=lambda f: f.daily_mg or 0.0, default=None)


def _is_unfit_dose(finding: Finding) -> bool:
    return finding.kind == "kidney_dose" and finding.level == "D" and bool(finding.dose)


def _is_at(option: Option, taken: Taken, fits: Finding) -> bool:
    """Whether an option is the medicine at the dose that fits."""
    return same_ingredients(option, taken) and option.daily_mg == fits.daily_mg


def _at_fitting_dose(safety: Safety) -> Safety:
    """What is proposed is given at the dose that fits: that the usual one does not is told."""
    return Safety(
        sorted_findings(
            replace(f, level="C", message=f"{f.message} Proposed is what fits: {f.dose}.")
            if _is_unfit_dose(f)
            else f
            for f in safety.findings
        )
    )


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


def _gravity(safety: Safety) -> tuple[int, int]:
    """How many findings speak against it, those that exclude it first."""
    levels = [f.level for f in safety.findings]
    return levels.count("X"), levels.count("D")


def _slug(taken: Taken, number: int) -> str:
    """A name without anything that an address could not carry; numbered, as two may be alike."""
    name = "_".join(taken.ingredients) or "medicine"
    letters = "".join(c if c.isalnum() else "_" for c in name)
    return f"{letters}_{number + 1}"
