"""The numbers of one way: events, unwanted effects and measured values, against today."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, replace
from functools import cached_property

from models_engine.catalogue.contract import FloatArray
from models_engine.catalogue.treatment.knowledge.schema import Outcome
from models_engine.catalogue.treatment.person import Taken
from models_engine.catalogue.treatment.ranking.baselines import Baselines
from models_engine.catalogue.treatment.ranking.drugs import Pharmacy, is_about
from models_engine.catalogue.treatment.ranking.events import (
    Change,
    counted,
    event_change,
    is_more_than_rounding,
    priority,
    relative_only,
    span,
)
from models_engine.catalogue.treatment.ranking.harms import NO_BASELINE
from models_engine.catalogue.treatment.ranking.relative import Effect, EventEffects
from models_engine.catalogue.treatment.ranking.results import (
    EventChange,
    RelativeOnly,
    ValueChange,
)
from models_engine.catalogue.treatment.ranking.values import (
    NO_EFFECTS,
    Effects,
    NotKnownError,
    Today,
    changes,
)
from models_engine.catalogue.treatment.ranking.ways import Current, Way, in_words
from models_engine.catalogue.what_if.draws import interval

NO_COMPARATOR = (
    "Its trial compared it with {comparator}; what that does against no drug is not known here."
)


@dataclass(frozen=True, eq=False)
class Numbers:
    """What changes. `after` are the moved values, (1 + draws,); `unknown` in sentences.

    `lacks_values`: what it does to measured values is not known, and events may follow from them.
    """

    way: Way
    events: tuple[Change, ...] = ()
    harms: tuple[Change, ...] = ()
    relative_only: tuple[RelativeOnly, ...] = ()
    values: tuple[ValueChange, ...] = ()
    after: dict[str, FloatArray] | None = None
    unknown: tuple[str, ...] = ()
    lacks_values: bool = False

    @cached_property
    def counted(self) -> tuple[Change, ...]:
        """The events that enter the score, each event once."""
        return tuple(one for one in self.events if one.told.is_counted)


def with_counted(numbers: Sequence[Numbers]) -> list[Numbers]:
    """Each with the events marked that enter its score: the same for all ways that have them."""
    order = priority([one.told.outcome for one in (*n.events, *n.harms)] for n in numbers)
    found = []
    for one in numbers:
        chosen = counted([c.told.outcome for c in (*one.events, *one.harms)], order)
        found.append(
            replace(one, events=_marked(one.events, chosen), harms=_marked(one.harms, chosen))
        )
    return found


def _marked(changes: tuple[Change, ...], chosen: frozenset[str]) -> tuple[Change, ...]:
    return tuple(
        replace(one, told=replace(one.told, is_counted=one.told.outcome in chosen))
        for one in changes
    )


class Numerator:
    """Counts the events and values of every way of one person and indication."""

    def __init__(
        self,
        pharmacy: Pharmacy,
        effects: EventEffects,
        baselines: Baselines,
        today: Today,
        currents: Sequence[Current],
    ) -> None:
        self.pharmacy, self.effects, self.baselines = pharmacy, effects, baselines
        self.today, self.currents = today, currents
        self.outcomes = pharmacy.knowledge.by_id(Outcome)

    def of(self, way: Way) -> Numbers:
        """All but the unwanted effects that are rows of their own (see harms.py)."""
        if way.kind == "keep":
            return Numbers(way, unknown=self._unknown(way))
        new, old, unknown = self._values(way)
        values, after = changes(self.today.values, new, old)
        found: list[Change] = []
        only: list[RelativeOnly] = []
        for event in self.effects.events:
            effect = self.effects.between(way.new, way.old, event, new.falls, old.falls)
            if effect is None:
                only += self._without_comparator(way, event)
            elif (change := self._change(event, effect)) is not None:
                found.append(change)
            elif way.new and effect.rows and is_more_than_rounding(effect.hazard + effect.odds):
                row = effect.rows[0]
                only.append(relative_only(self.outcomes[event], row, NO_BASELINE, effect))
        moved = [one for one in found if one.is_any]
        return Numbers(
            way,
            tuple(one for one in moved if self.outcomes[one.weight].kind != "harm"),
            tuple(one for one in moved if self.outcomes[one.weight].kind == "harm"),
            tuple(only),
            values,
            after,
            (*unknown, *self._unknown(way)),
            bool(unknown) and not values and self.effects.has_changes,
        )

    def _change(self, event: str, effect: Effect) -> Change | None:
        risk = self.baselines.of(event)
        if risk is None:
            return None
        today = self._of_today(event) if risk.is_untreated else None
        return event_change(self.outcomes[event], risk, effect, today)

    def _of_today(self, event: str) -> Effect | None:
        """Of all that is taken for the indication together."""
        found: Effect | None = None
        for one in self.currents:
            effect = self.effects.of(one.drug, event, self._falls_of(one).falls)
            if effect is not None:
                found = effect if found is None else found * effect
        return found

    def _falls_of(self, current: Current) -> Effects:
        try:
            return self.today.taken(self._treatment_of(current.taken))
        except NotKnownError:
            return NO_EFFECTS

    def _without_comparator(self, way: Way, event: str) -> Iterable[RelativeOnly]:
        rows = self.effects.knows(way.new, event) if way.new else ()
        for row in rows:
            name = self.pharmacy.of_comparator(row.comparator).label
            why = NO_COMPARATOR.format(comparator=name)
            yield relative_only(self.outcomes[event], row, why)

    def _values(self, way: Way) -> tuple[Effects, Effects, tuple[str, ...]]:
        """What is begun and what is taken away do to measured values, or why that is not known."""
        treatment = way.option.what_if if way.new and way.option else ""
        try:
            if way.medicine is None:
                return (self.today.begun(treatment) if treatment else NO_EFFECTS), NO_EFFECTS, ()
            if not treatment and not self._moves_values(way.medicine):
                return NO_EFFECTS, NO_EFFECTS, ()
            of = self._treatment_of(way.medicine)
            if treatment == of:
                # one effect in two names: what is kept of it need not be known
                return NO_EFFECTS, NO_EFFECTS, ()
            old = self.today.taken(of)
            new = self.today.instead(treatment, of) if treatment else NO_EFFECTS
        except NotKnownError as error:
            return NO_EFFECTS, NO_EFFECTS, (f"Measured values: {error}",)
        if way.new and not treatment:
            text = "Measured values: what it does to them is not known here."
            return NO_EFFECTS, NO_EFFECTS, (text,)
        return new, old, tuple(dict.fromkeys((*new.notes, *old.notes)))

    def _moves_values(self, taken: Taken) -> bool:
        """Whether any dose of it is known to move a measured value."""
        return any(
            option.what_if
            for option in self.pharmacy.options
            if set(option.ingredients) == set(taken.ingredients)
        )

    def _treatment_of(self, taken: Taken) -> str:
        """The what-if treatment that a medicine is. Raises NotKnownError."""
        for option in self.pharmacy.options_of(taken, exact=True):
            if option.what_if:
                return option.what_if
        dose = f"{taken.daily_mg:g} mg a day" if taken.daily_mg is not None else "a dose not known"
        raise NotKnownError(
            f"{taken.label} is taken at {dose}: what it does to them at that dose is not known "
            "here, so the level without it is not known either."
        )

    def _unknown(self, way: Way) -> tuple[str, ...]:
        drug = way.new
        if drug is None:
            return way.unknown
        told = [
            f"A trial's effect ({self.outcomes[row.event].label}) is not counted: whether it was "
            f"of people like this cannot be told without {in_words(answer.missing)}."
            for row, answer in self.effects.untold
            if row.per is None and is_about(drug, row.applies_to)
        ]
        return (*way.unknown, *dict.fromkeys(told))


def brought(changes: Iterable[Change]) -> tuple[EventChange, ...]:
    """What a medicine that is kept brings: the effect of stopping it, with the sign reversed."""
    found = []
    for one in changes:
        again = span(one.after, one.before)
        found.append(
            replace(
                one.told,
                before=again.before,
                after=again.after,
                low=again.low,
                high=again.high,
                model_low=None,
                model_high=None,
            )
        )
    return tuple(found)


def brought_values(numbers: Numbers) -> tuple[ValueChange, ...]:
    """The same of measured values."""
    found = []
    for row in numbers.values:
        drawn = (numbers.after or {})[row.concept]
        low, high = interval(drawn)
        # today's value less the spread of the level without it
        found.append(
            replace(
                row,
                before=row.after,
                after=row.before,
                low=row.before - (high - row.after),
                high=row.before + (row.after - low),
            )
        )
    return tuple(found)
