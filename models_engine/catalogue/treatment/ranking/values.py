"""What a drug does to measured values, by the what-if table: begun, taken away, or exchanged.

Each effect lives once, in the table of the what-if. A medicine that is taken already is in today's
value: the level without it is the one from which its own effect leads to today's, so its dose must
be one whose effect is known.
"""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property

import numpy as np

from models_engine.catalogue.contract import FloatArray
from models_engine.catalogue.treatment.ranking.results import ValueChange
from models_engine.catalogue.treatment.safety.words import name_of
from models_engine.catalogue.what_if.draws import DRAWS, interval
from models_engine.catalogue.what_if.effects import effects
from models_engine.catalogue.what_if.interventions import Intervention, treatments
from models_engine.catalogue.what_if.propagate import Person, Propagation, propagate
from patients.terminology.measurements import MEASUREMENTS

# how exactly the level without a medicine must lead to today's, as a share of it
EXACT = 1e-9
MOST_STEPS = 60
ROUNDING = 1e-8
# why an effect of the treatment itself is left out, and said to be
NOT_USED = ("not_for_this_person", "no_value", "floor")
# where the search begins, as shares of today's values: an effect that is for high values only may
# be what brought them down
BEGIN = (1.5, 1.0)
Shares = Mapping[str, FloatArray]


class NotKnownError(ValueError):
    """Why what a medicine does to measured values cannot be told, in a sentence."""


@dataclass(frozen=True, eq=False)
class Effects:
    """What a treatment adds to each concept, (1 + draws,), at the level without it (`level`).

    `paths` by concept; `lacking` those without an interval; `notes`: which effects are left out.
    """

    treatment: str
    shares: Shares
    level: Mapping[str, float]
    paths: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    lacking: frozenset[str] = frozenset()
    notes: tuple[str, ...] = ()

    @property
    def falls(self) -> Shares:
        """How much lower each concept is with it."""
        return {concept: -share for concept, share in self.shares.items()}


NO_EFFECTS = Effects("", {}, {})


@dataclass(frozen=True, eq=False)
class Today:
    """The values of today and who they are of, as the what-if reads them."""

    values: Mapping[str, float]
    person: Person

    @cached_property
    def _found(self) -> dict[tuple[str, str], Effects | NotKnownError]:
        return {}

    def begun(self, treatment: str) -> Effects:
        """Of beginning a treatment today. Raises NotKnownError where it is not for this person."""
        return self._kept(treatment, "", self._begun)

    def taken(self, treatment: str) -> Effects:
        """Of a treatment that is taken. Raises NotKnownError where today's value excludes it."""
        return self._kept(treatment, treatment, self._taken)

    def instead(self, treatment: str, of: str) -> Effects:
        """Of a treatment at the level without the one that is taken. Raises NotKnownError."""
        return self._kept(treatment, of, self._instead)

    def _kept(self, treatment: str, of: str, find: Callable[[str, str], Effects]) -> Effects:
        key = (treatment, of)
        if key not in self._found:
            try:
                self._found[key] = find(treatment, of)
            except NotKnownError as error:
                self._found[key] = error
        found = self._found[key]
        if isinstance(found, NotKnownError):
            raise found
        return found

    def _begun(self, treatment: str, _: str) -> Effects:
        return _effects(treatment, self.values, self.person)

    def _taken(self, treatment: str, _: str) -> Effects:
        without = _without(self.person, treatment)
        level = _level_without(treatment, self.values, without)
        return _effects(treatment, level, without)

    def _instead(self, treatment: str, of: str) -> Effects:
        taken = self.taken(of)
        return _effects(treatment, taken.level, _without(self.person, of))


def _without(person: Person, treatment: str) -> Person:
    """The same person before a medicine of this kind was begun."""
    kind = treatments()[treatment].medicine
    perhaps = {k: words for k, words in person.perhaps.items() if k != kind}
    return replace(person, medicines=person.medicines - {kind}, perhaps=perhaps)


def _run(
    treatment: str, values: Mapping[str, float], person: Person, size: int = DRAWS
) -> Propagation:
    done = propagate(values, [Intervention("treatment", treatment)], person, size=size)
    if done.refused:
        raise NotKnownError(done.refused[0][1])
    return done


def _effects(treatment: str, values: Mapping[str, float], person: Person) -> Effects:
    done = _run(treatment, values, person)
    if not done.after:
        reasons = dict.fromkeys(one.message for one in done.not_used)
        said = " ".join(reasons) or "It moves no measured value of this person."
        raise NotKnownError(said)
    paths: dict[str, tuple[str, ...]] = {}
    lacking = set()
    for step in done.steps:
        paths[step.path.to] = (*paths.get(step.path.to, ()), step.path.id)
        if step.path.lacks_interval:
            lacking.add(step.path.to)
    return Effects(
        treatment,
        {concept: after - values[concept] for concept, after in done.after.items()},
        dict(values),
        paths,
        frozenset(lacking),
        tuple(
            dict.fromkeys(
                f"{name_of(n.path.to)}: {n.message}"
                for n in done.not_used
                if n.path.is_of_treatment and n.why in NOT_USED
            )
        ),
    )


def _level_without(
    treatment: str, today: Mapping[str, float], person: Person
) -> Mapping[str, float]:
    """The values from which the treatment leads to today's: secants, from above first."""
    refused = ""
    for share in BEGIN:
        try:
            level = _search(treatment, today, person, share)
        except NotKnownError as error:
            refused = str(error)
            continue
        if level is not None and any(level[c] != today[c] for c in today):
            return level
    name = treatments()[treatment].label
    why = refused or "None is found that its published effect would bring to today's values."
    raise NotKnownError(f"The level without {name} cannot be told. {why}")


def _search(
    treatment: str, today: Mapping[str, float], person: Person, begin: float
) -> Mapping[str, float] | None:
    moved = _moves(treatment, today, person)
    level = {c: v * begin if c in moved else v for c, v in today.items()}
    last: tuple[Mapping[str, float], Mapping[str, float]] | None = None
    for _ in range(MOST_STEPS):
        after = _run(treatment, level, person, size=1).after
        miss = {c: (float(after[c][0]) if c in after else level[c]) - today[c] for c in today}
        if all(abs(miss[c]) <= EXACT * abs(today[c]) for c in today):
            return level
        before, last = last, (level, miss)
        level = {c: _next(c, level, miss, before) for c in today}
    return None


def _next(
    concept: str,
    level: Mapping[str, float],
    miss: Mapping[str, float],
    before: tuple[Mapping[str, float], Mapping[str, float]] | None,
) -> float:
    """A step of the secant; without two different points, as far as it missed."""
    step = miss[concept]
    if before is not None and level[concept] != before[0][concept]:
        slope = (miss[concept] - before[1][concept]) / (level[concept] - before[0][concept])
        if slope > 0:
            step = miss[concept] / slope
    return level[concept] - step


def _moves(treatment: str, today: Mapping[str, float], person: Person) -> set[str]:
    """The concepts that a treatment may move."""
    reached = {treatment}
    for concept in effects().order:
        if any(path.from_ in reached for path in effects().into(concept)):
            reached.add(concept)
    return reached & set(today)


def changes(
    today: Mapping[str, float], new: Effects, old: Effects
) -> tuple[tuple[ValueChange, ...], dict[str, FloatArray]]:
    """What moves when `new` is given in the place of `old`; and the values after, (1 + draws,)."""
    after: dict[str, FloatArray] = {}
    rows = []
    for concept in dict.fromkeys((*new.shares, *old.shares)):
        zero = np.zeros(1 + DRAWS)
        difference = new.shares.get(concept, zero) - old.shares.get(concept, zero)
        if concept not in today or np.max(np.abs(difference)) <= ROUNDING * abs(today[concept]):
            continue
        after[concept] = today[concept] + difference
        known = MEASUREMENTS[concept]
        low, high = interval(after[concept])
        paths = (*new.paths.get(concept, ()), *old.paths.get(concept, ()))
        rows.append(
            ValueChange(
                concept,
                known.display,
                known.unit,
                today[concept],
                float(after[concept][0]),
                min(low, float(after[concept][0])),
                max(high, float(after[concept][0])),
                tuple(("effects", path) for path in dict.fromkeys(paths)),
                concept not in new.lacking | old.lacking,
            )
        )
    return tuple(rows), after
