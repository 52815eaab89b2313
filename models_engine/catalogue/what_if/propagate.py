"""From interventions to new values of all that they move, each effect counted once.

The rules, in the order in which they are applied to each concept:
1. A value that is set stands. What would lead to it is told as "in your target", and is not added.
2. What a trial measured of a treatment on a concept is its whole effect there. What the same
   treatment would do to it through another concept is in that effect, and is not added.
3. Effects that reach a concept from different sources add up; effects in per cent multiply. What
   changes by a slope (blood pressure drugs) is computed at the level that the other effects leave.
4. A path without a value to start from, or for other people than this one, is not used, and told.
5. No sum of effects is followed below a floor (FLOORS), where nobody was studied.
6. Weight that is gained after smoking moves the body mass index alone: what it does to blood
   pressure or lipids was studied in people who lose weight, and the whole effect of stopping on
   them is not in the table.

Of a concept that is set, each treatment keeps the share that it would have brought, up to the
target: only the rest counts as the person's own doing, so that rule 2 holds through a target too.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import inf
from typing import Literal

import numpy as np

from models_engine.catalogue.contract import FloatArray
from models_engine.catalogue.what_if.draws import DRAWS, effect_of, interval
from models_engine.catalogue.what_if.effects import (
    LOWER_STATIN,
    SMOKING,
    Condition,
    EffectPath,
    Table,
    conditions,
    effects,
)
from models_engine.catalogue.what_if.interventions import (
    HIGH_INTENSITY,
    Intervention,
    Treatment,
    scenario,
    treatments,
)
from models_engine.catalogue.what_if.medicines import ANTIHYPERTENSIVE

Why = Literal["in_target", "in_whole_effect", "no_value", "not_for_this_person", "floor"]
Shares = dict[str, FloatArray]
# lower than this no sum of effects is followed, though a value that is set stands [J]
FLOORS: Mapping[str, float] = {"systolic_bp": 110.0, "hba1c": 6.0}
# the lower end of a normal weight, body mass index in kg/m2: nobody is led below it
LEAN = 18.5
STOPPING = f"set:{SMOKING}"


@dataclass(frozen=True)
class Person:
    """What decides which paths are for somebody.

    `conditions` and `medicines` that are recorded. `perhaps`: medicines that may be taken already,
    by kind ("" may be any) with the words of the record; `allergies` by kind likewise, with what
    is to be said of them in `allergy_notes`. `barred` says why there is no what-if at all; `unfit`
    by path why its values are not of one measurement. `is_patient`: asks for themself.
    """

    conditions: frozenset[str] = frozenset()
    medicines: frozenset[str] = frozenset()
    perhaps: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    allergies: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    allergy_notes: tuple[str, ...] = ()
    allergies_unread: bool = False
    barred: str = ""
    unfit: Mapping[str, str] = field(default_factory=dict)
    is_patient: bool = False

    def against(self, treatment: Treatment) -> str:
        """Why the record speaks against a treatment: not borne, or for a patient not certain."""
        doubts = self.doubts(treatment)
        listed = ", ".join(self.allergies.get(treatment.medicine, ()))
        if listed and treatment.medicine != ANTIHYPERTENSIVE:
            return f"An allergy or intolerance is recorded: {listed}."
        if self.is_patient and doubts:
            return doubts[0]
        if self.is_patient and treatment.medicine and self.allergies_unread:
            return "An allergy is recorded that could not be read."
        return ""

    def doubts(self, treatment: Treatment) -> tuple[str, ...]:
        """What is to be looked at before a treatment is thought of, in sentences."""
        found = []
        kind = treatment.medicine
        if any(c.kind == "not" for c in conditions(treatment.requires)):
            words = (*self.perhaps.get(kind, ()), *self.perhaps.get("", ()))
            if words:
                found.append(f"May be taken already: {', '.join(dict.fromkeys(words))}.")
        if kind == ANTIHYPERTENSIVE and (listed := self.allergies.get(kind)):
            found.append(f"An allergy or intolerance is recorded: {', '.join(listed)}.")
        return tuple(found)


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
    `doubts`: treatments that were counted, with what is to be looked at first.
    `shares`: what each origin adds to each concept, (1 + draws,); of one that is set, up to it.
    """

    before: Mapping[str, float]
    after: Mapping[str, FloatArray] = field(default_factory=dict)
    steps: tuple[Step, ...] = ()
    not_used: tuple[NotUsed, ...] = ()
    refused: tuple[tuple[Intervention, str], ...] = ()
    accepted: tuple[Intervention, ...] = ()
    doubts: tuple[tuple[Intervention, str], ...] = ()
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
        tuple(
            (i, doubt)
            for i in chosen
            if i.id in run.active and i.kind == "treatment"
            for doubt in person.doubts(treatments()[i.target])
        ),
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
        if self.person.barred:
            return self.person.barred
        if intervention.kind == "set":
            if intervention.target not in self.table.order:
                return f"{intervention.target} cannot be set here."
            if intervention.target not in self.before:
                return "No usable value is recorded to start from."
            return self._too_lean(intervention)
        treatment = treatments()[intervention.target]
        needed = conditions(treatment.requires)
        unmet = self._unmet(needed, "This is estimated only where")
        return " ".join(text for text in (self.person.against(treatment), unmet) if text)

    def _too_lean(self, intervention: Intervention) -> str:
        """Why a weight is no aim: below the normal, or nobody can tell."""
        if intervention.target not in ("weight", "bmi"):
            return ""
        now = self.before[intervention.target]
        bmi = self.before.get("bmi")
        if intervention.value >= now:
            return ""
        if not bmi:
            return "No usable body mass index is recorded: whether this weight is too low is open."
        if bmi * intervention.value / now < LEAN:
            return f"This is a body mass index below {LEAN:g} kg/m2: no weight to aim at."
        return ""

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
                return condition.name in self.person.medicines | self._begun()
            case "lacks":
                has = self.person.conditions | self.person.medicines | self._begun()
                return condition.name not in has
            case "at_least":
                value = self.before.get(condition.name)
                return value is not None and value >= condition.limit
            case "below":
                value = self.before.get(condition.name)
                return value is not None and value < condition.limit

    def _begun(self) -> set[str]:
        """Groups of the treatments of the scenario, but none that is refused for the person."""
        begun = [i.target for i in self.chosen if i.kind != "set"]
        borne = [t for t in begun if not self.person.against(treatments()[t])]
        groups = {treatments()[t].group for t in borne}
        if "statin" in groups and not set(borne) & set(HIGH_INTENSITY):
            groups.add(LOWER_STATIN)
        return groups

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
                    self._leave_whole(path, origin)
                elif reason and self._has_other(path):
                    continue
                elif reason:
                    self._leave(path, origin, "not_for_this_person", reason)
                elif path.id in self.person.unfit:
                    self._leave(path, origin, "no_value", self.person.unfit[path.id])
                elif _is_beyond_smoking(path, origin):
                    text = (
                        "Studied in people who lose weight. What stopping smoking does to it as a "
                        "whole is not in the table."
                    )
                    self._leave(path, origin, "not_for_this_person", text)
                else:
                    found.append((path, origin))
        return found

    def _added(
        self, concept: str, incoming: list[tuple[EffectPath, str]], *, counted: bool
    ) -> Shares:
        """What each origin adds, in the one order: plain sums, slopes, then per cent; to a floor."""
        changes: list[tuple[EffectPath, str, FloatArray]] = []
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
                changes.append((path, origin, change))
        kept = self._kept(concept, base, sum(added.values(), np.zeros(1 + self.size)))
        for path, origin, change in changes:
            self._tell(path, origin, change * kept, counted=counted)
            if counted and kept[0] < 1.0:
                text = f"Counted in part: no effect is followed below {self._floor(concept):.4g}."
                self._leave(path, origin, "floor", text)
        return {origin: change * kept for origin, change in added.items()}

    def _floor(self, concept: str) -> float:
        if concept == "weight" and self.before.get("bmi"):
            return self.before["weight"] * LEAN / self.before["bmi"]
        return FLOORS.get(concept, -inf)

    def _kept(self, concept: str, base: FloatArray, together: FloatArray) -> FloatArray:
        """The share of all effects on a concept that does not lead below its floor."""
        room = np.minimum(self._floor(concept) - base, 0.0)
        beyond = together < room
        return np.where(beyond, room / np.where(beyond, together, 1.0), 1.0)

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

    def _has_other(self, path: EffectPath) -> bool:
        """Whether the table has another row of the same effect that is for this person."""
        return any(
            other.from_ == path.from_
            and other.excludes(path)
            and not self._unmet(other.requires, "")
            for other in self.table.into(path.to)
        )

    def _leave_whole(self, path: EffectPath, origin: str) -> None:
        own = [p for p in self.table.into(path.to) if p.from_ == origin]
        if any(not self._unmet(p.requires, "") for p in own):
            text = "It is in the whole effect that trials measured of this treatment."
            self._leave(path, origin, "in_whole_effect", text)
            return
        text = (
            "What trials measured of this treatment on it is not for this person, and a part "
            "of it is not counted in its place."
        )
        self._leave(path, origin, "not_for_this_person", text)

    def _leave(self, path: EffectPath, origin: str, why: Why, message: str) -> None:
        self.not_used.append(NotUsed(path, origin, why, message))


def _is_beyond_smoking(path: EffectPath, origin: str) -> bool:
    """Definitions hold for whatever moved a value; trials of losing weight do not."""
    return origin == STOPPING and path.from_ != SMOKING and path.evidence != "D"


def _is_relative(path: EffectPath) -> bool:
    return path.form == "relative"


def _is_sloped(path: EffectPath) -> bool:
    return bool(path.slope)


def _is_plain(path: EffectPath) -> bool:
    return not _is_relative(path) and not _is_sloped(path)


__all__ = ["NotUsed", "Person", "Propagation", "Shift", "Step", "propagate"]
