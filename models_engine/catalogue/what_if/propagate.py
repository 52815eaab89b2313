"""From interventions to new values of all that they move, each effect counted once.

The rules, in the order in which they are applied to each concept:
1. A value that is set stands. What would lead to it is told as "in your target", and is not added.
2. What a trial measured of a treatment on a concept is its whole effect there. What the same
   treatment would do to it through another concept is in that effect, and is not added.
3. Effects that reach a concept from different sources add up; effects in per cent multiply. What
   changes by a slope (blood pressure drugs) is computed at the level that the other effects leave.
4. A path without a value to start from, or for other people than this one, is not used, and told.

Of a concept that is set, each treatment keeps the share that it would have brought, up to the
target: only the rest counts as the person's own doing, so that rule 2 holds through a target too.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from typing import Literal

import numpy as np

from models_engine.catalogue.contract import FloatArray
from models_engine.catalogue.what_if.draws import DRAWS, effect_of, interval
from models_engine.catalogue.what_if.effects import (
    Condition,
    EffectPath,
    Table,
    conditions,
    effects,
)
from models_engine.catalogue.what_if.interventions import Intervention, scenario, treatments

Why = Literal["in_target", "in_whole_effect", "no_value", "not_for_this_person"]
Shares = dict[str, FloatArray]


@dataclass(frozen=True)
class Person:
    """What decides which paths are for somebody: recorded conditions, classes of medicines."""

    conditions: frozenset[str] = frozenset()
    medicines: frozenset[str] = frozenset()


@dataclass(frozen=True)
class Step:
    """A path that was used: what it adds to `path.to` for one `origin`, with its 95 % interval."""

    path: EffectPath
    origin: str
    change: float
    low: float
    high: float


@dataclass(frozen=True)
class NotUsed:
    """A path that would have led somewhere, and why it was not counted."""

    path: EffectPath
    origin: str
    why: Why
    message: str


@dataclass(frozen=True)
class Shift:
    """How one concept moves, in its canonical unit. `sd` is that of the average effect."""

    concept: str
    before: float
    after: float
    low: float
    high: float
    sd: float

    @property
    def delta(self) -> float:
        """The change of the point estimate."""
        return self.after - self.before


@dataclass(frozen=True, eq=False)
class Propagation:
    """What interventions do to concepts. `after` (1 + draws,): the point estimate, then draws.

    `refused`: interventions that are not for this person, with the reason; they did nothing.
    `shares`: what each origin adds to each concept, (1 + draws,); of one that is set, up to it.
    """

    before: Mapping[str, float]
    after: Mapping[str, FloatArray] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    not_used: tuple[NotUsed, ...] = ()
    refused: tuple[tuple[Intervention, str], ...] = ()
    accepted: tuple[Intervention, ...] = ()
    shares: Mapping[str, Mapping[str, FloatArray]] = field(default_factory=dict)

    @property
    def shifts(self) -> tuple[Shift, ...]:
        """Every concept that has another value, in the table's order."""
        found = []
        for concept, values in self.after.items():
            low, high = interval(values)
            before = self.before[concept]
            sd = float(np.std(values[1:]))
            found.append(Shift(concept, before, float(values[0]), low, high, sd))
        return tuple(found)

    def target(self, concept: str) -> float | None:
        """The value that a concept is set to; None where it is not."""
        own = (i.value for i in self.accepted if i.kind == "set" and i.target == concept)
        return next(own, None)

    @property
    def lacks_interval(self) -> tuple[EffectPath, ...]:
        """Used paths whose published uncertainty is not known here: the ranges are too narrow."""
        found = {step.path.id: step.path for step in self.steps if step.path.lacks_interval}
        return tuple(found.values())


def propagate(
    before: Mapping[str, float],
    interventions: Iterable[Intervention],
    person: Person,
    table: Table | None = None,
    size: int = DRAWS,
) -> Propagation:
    """New values of all concepts that the interventions move.

    Parameters
    ----------
    before : values by concept in canonical units; smoking is 1 or 0. Missing ones are left out.
    interventions : in any order; two of one target or group are refused with ScenarioError.
    person : who it is, for paths that are not for everybody.
    table : the paths; the committed one by default. size : draws.
    """
    chosen = scenario(interventions)
    run = _Run(before, chosen, person, table or effects(), size)
    for concept in run.table.order:
        run.move(concept)
    return Propagation(
        dict(before),
        run.after,
        tuple(run.steps),
        tuple(run.not_used),
        tuple(run.refused),
        tuple(i for i in chosen if i.id in run.active),
        run.shares,
    )


class _Run:
    """One propagation. `shares` holds, by concept, what each origin adds to it."""

    def __init__(
        self,
        before: Mapping[str, float],
        chosen: tuple[Intervention, ...],
        person: Person,
        table: Table,
        size: int,
    ) -> None:
        self.before, self.chosen, self.person = before, chosen, person
        self.table, self.size = table, size
        self.after: dict[str, FloatArray] = {}
        self.shares: dict[str, Shares] = {}
        self.steps: list[Step] = []
        self.not_used: list[NotUsed] = []
        self.refused: list[tuple[Intervention, str]] = []
        self.active: dict[str, Intervention] = {}
        for intervention in chosen:
            reason = self._why_refused(intervention)
            if reason:
                self.refused.append((intervention, reason))
            else:
                self.active[intervention.id] = intervention
        self.whole = {(p.from_, p.to) for p in table.paths if p.is_of_treatment}

    def _why_refused(self, intervention: Intervention) -> str:
        if intervention.kind == "set":
            if intervention.target not in self.table.order:
                return f"{intervention.target} cannot be set here."
            has = intervention.target in self.before
            return "" if has else "No usable value is recorded to start from."
        needed = conditions(treatments()[intervention.target].requires)
        return self._unmet(needed, "This is estimated only where")

    def _unmet(self, needed: Iterable[Condition], opening: str) -> str:
        missing = [str(c) for c in needed if not self._holds(c)]
        return f"{opening} {' and '.join(missing)}." if missing else ""

    def _holds(self, condition: Condition) -> bool:
        match condition.kind:
            case "has":
                return condition.name in self.person.conditions
            case "not":
                return condition.name not in self.person.medicines
            case "with":
                begun = {treatments()[i.target].group for i in self.chosen if i.kind != "set"}
                return condition.name in self.person.medicines | begun
            case "at_least":
                value = self.before.get(condition.name)
                return value is not None and value >= condition.limit

    def move(self, concept: str) -> None:
        """Everything that leads to `concept`, whose sources have been moved already."""
        target = self.active.get(f"set:{concept}")
        incoming = self._incoming(concept)
        if incoming and concept not in self.before:
            for path, origin in incoming:
                self._leave(path, origin, "no_value", "No usable value is recorded to start from.")
            return
        if not incoming and target is None:
            return
        base = self.before[concept]
        added = self._added(concept, incoming, counted=target is None)
        if target is not None:
            added = self._to_target(target.value - base, added, target.id)
            self.after[concept] = np.full(1 + self.size, target.value)
        else:
            self.after[concept] = base + sum(added.values(), np.zeros(1 + self.size))
        self.shares[concept] = added
        if not np.any(self.after[concept] != base):
            del self.after[concept]

    def _incoming(self, concept: str) -> list[tuple[EffectPath, str]]:
        """Paths with the origins that come along them, those that are not counted left out."""
        found = []
        for path in self.table.into(concept):
            moved = self.shares.get(path.from_, {})
            origins = sorted(o for o, change in moved.items() if np.any(change))
            if path.is_of_treatment and path.from_ in self.active:
                origins = [path.from_]
            reason = self._unmet(path.requires, "Used only where")
            for origin in origins:
                if not path.is_of_treatment and (origin, concept) in self.whole:
                    text = "It is in the whole effect that trials measured of this treatment."
                    self._leave(path, origin, "in_whole_effect", text)
                elif reason:
                    self._leave(path, origin, "not_for_this_person", reason)
                else:
                    found.append((path, origin))
        return found

    def _added(
        self, concept: str, incoming: list[tuple[EffectPath, str]], *, counted: bool
    ) -> Shares:
        """What each origin adds, in the one order: plain sums, slopes, then per cent."""
        added: defaultdict[str, FloatArray] = defaultdict(lambda: np.zeros(1 + self.size))
        base = np.full(1 + self.size, self.before[concept])
        for stage in (_is_plain, _is_sloped, _is_relative):
            level = base + sum(added.values(), np.zeros(1 + self.size))
            for path, origin in incoming:
                if not stage(path):
                    continue
                change = self._change(path, origin, level)
                if _is_relative(path):
                    level = level + change
                added[origin] = added[origin] + change
                self._tell(path, origin, change, counted=counted)
        return dict(added)

    def _change(self, path: EffectPath, origin: str, level: FloatArray) -> FloatArray:
        effect = effect_of(path, self.size)
        match path.form:
            case "per_unit":
                return path.factor * effect * self.shares[path.from_][origin]
            case "proportional":
                share = self.shares[path.from_][origin] / self.before[path.from_]
                return effect * share * self.before[path.to]
            case "relative":
                return level * effect / 100.0
            case "absolute":
                above = level - (path.reference_level or 0.0) if path.slope else 0.0
                full = effect + path.slope * above
                # at low levels the slope may use the effect up, never turn it round
                kept = np.where(np.sign(full) == np.sign(effect), full, 0.0)
                return path.factor * kept

    def _to_target(self, wanted: float, added: Shares, own: str) -> Shares:
        """Shares of the way to a target: of treatments at most what they bring, the rest is own."""
        low, high = min(wanted, 0.0), max(wanted, 0.0)
        kept = {origin: np.clip(change, low, high) for origin, change in added.items()}
        together = sum(kept.values(), np.zeros(1 + self.size))
        with np.errstate(divide="ignore", invalid="ignore"):
            scale = np.where(np.abs(together) > abs(wanted), wanted / together, 1.0)
        kept = {origin: change * scale for origin, change in kept.items()}
        kept[own] = wanted - sum(kept.values(), np.zeros(1 + self.size))
        return kept

    def _tell(self, path: EffectPath, origin: str, change: FloatArray, *, counted: bool) -> None:
        if counted:
            self.steps.append(Step(path, origin, float(change[0]), *interval(change)))
            return
        text = "It is in your target already: the value that you set stands."
        self._leave(path, origin, "in_target", text)

    def _leave(self, path: EffectPath, origin: str, why: Why, message: str) -> None:
        self.not_used.append(NotUsed(path, origin, why, message))


def _is_relative(path: EffectPath) -> bool:
    return path.form == "relative"


def _is_sloped(path: EffectPath) -> bool:
    return bool(path.slope)


def _is_plain(path: EffectPath) -> bool:
    return not _is_relative(path) and not _is_sloped(path)


__all__ = ["NotUsed", "Person", "Propagation", "Shift", "Step", "propagate"]
