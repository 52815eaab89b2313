"""What a drug does to an event, against no drug or against another, as a ratio with its draws.

One drug has one effect on one event: what a trial of the drug (or of its class) measured of the
event itself goes before what follows from a measured value that it moves, never both. A trial
against another drug is chained with that drug's own effect. Effects of the parts of a combination
multiply. To change one drug for the other is the one's effect over the other's; where a trial
compared the two with each other, its ratio is taken as it is.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace

import numpy as np

from models_engine.catalogue.contract import FloatArray
from models_engine.catalogue.treatment.knowledge.criteria import Answer, Known
from models_engine.catalogue.treatment.knowledge.loading import table_of
from models_engine.catalogue.treatment.knowledge.schema import EventEffect, Harm, Indication
from models_engine.catalogue.treatment.ranking.arithmetic import (
    log_ratio,
    with_hazard_ratio,
    with_odds_ratio,
)
from models_engine.catalogue.treatment.ranking.drugs import Drug, Pharmacy, holding, nearest
from models_engine.catalogue.treatment.safety.words import name_of
from models_engine.catalogue.what_if.draws import DRAWS

NO_DRUG = ("placebo", "none")
EVERYBODY = ("", "any")
# a class of which nothing is known is counted as its nearest kind [J]
STANDS_FOR = {"arb": "acei"}
Falls = Mapping[str, FloatArray]
NOTHING: FloatArray = np.zeros(1 + DRAWS)


@dataclass(frozen=True, eq=False)
class Effect:
    """A ratio as its logarithm, (1 + draws,): of hazards (or risks), and of odds.

    `rows` are what it was made of, `notes` what was assumed, in sentences.
    """

    hazard: FloatArray = field(default_factory=lambda: NOTHING)
    odds: FloatArray = field(default_factory=lambda: NOTHING)
    rows: tuple[EventEffect | Harm, ...] = ()
    notes: tuple[str, ...] = ()

    def __mul__(self, other: "Effect") -> "Effect":
        """Both together: ratios multiply."""
        return Effect(
            self.hazard + other.hazard,
            self.odds + other.odds,
            _once(self.rows + other.rows),
            tuple(dict.fromkeys(self.notes + other.notes)),
        )

    @property
    def reversed(self) -> "Effect":
        """Of taking it away."""
        return replace(self, hazard=-self.hazard, odds=-self.odds)

    def on(self, p: FloatArray | float) -> FloatArray:
        """The probability under it, (1 + draws,)."""
        after = with_hazard_ratio(
            np.broadcast_to(np.asarray(p), self.hazard.shape), np.exp(self.hazard)
        )
        return with_odds_ratio(after, np.exp(self.odds)) if np.any(self.odds) else after

    @property
    def ratio(self) -> FloatArray:
        """The ratio itself; of odds and hazards together for a rare event only."""
        return np.exp(self.hazard + self.odds)

    @property
    def is_interval_known(self) -> bool:
        """Whether every row has an interval."""
        return all(row.low is not None for row in self.rows)


def _once(rows: tuple[EventEffect | Harm, ...]) -> tuple[EventEffect | Harm, ...]:
    return tuple({(table_of(type(row)), row.id): row for row in rows}.values())


def effect_of_row(row: EventEffect | Harm) -> Effect:
    """The ratio of one row, against its comparator."""
    seed = f"{table_of(type(row))}:{row.id}"
    drawn = log_ratio(seed, row.effect, row.low, row.high)
    if row.form == "odds_ratio":
        return Effect(odds=drawn, rows=(row,))
    return Effect(hazard=drawn, rows=(row,))


class EventEffects:
    """The rows on events that hold of one person for one indication."""

    def __init__(self, pharmacy: Pharmacy, indication: Indication, person: Known) -> None:
        self.pharmacy = pharmacy
        self.person = person
        self.untold: list[tuple[EventEffect, Answer]] = []
        rows = holding(
            (
                row
                for row in pharmacy.knowledge.rows(EventEffect)
                if row.indication in (indication, *EVERYBODY)
            ),
            person,
            lambda row, answer: self.untold.append((row, answer)),
        )
        self._direct: dict[str, list[EventEffect]] = {}
        self._of_change: dict[str, list[EventEffect]] = {}
        for row in rows:
            kept = self._of_change if row.per is not None else self._direct
            kept.setdefault(row.event, []).append(row)
        ratios = [row for row in pharmacy.knowledge.rows(Harm) if row.form != "per_1000"]
        self._harms = holding(ratios, person)

    @property
    def events(self) -> tuple[str, ...]:
        """Every event of which a row speaks, in the order of the tables."""
        return tuple(dict.fromkeys((*self._direct, *self._of_change)))

    @property
    def has_changes(self) -> bool:
        """Whether any event follows from the change of a value."""
        return bool(self._of_change)

    def of(self, drug: Drug, event: str, falls: Falls) -> Effect | None:
        """Against no drug. `falls`: how much lower it makes each measured value, (1 + draws,)."""
        direct = self._against_no_drug(drug, event, frozenset())
        return direct or self._by_change(event, falls) or self._of_nearest_kind(drug, event)

    def _of_nearest_kind(self, drug: Drug, event: str) -> Effect | None:
        kinds = [STANDS_FOR[kind] for kind in sorted(drug.classes) if kind in STANDS_FOR]
        is_known = any(nearest(drug, rows) for rows in self._direct.values())
        if is_known or len(drug.parts) != 1 or len(kinds) != 1:
            return None
        alike = self.pharmacy.of_comparator(kinds[0])
        found = self._against_no_drug(alike, event, frozenset())
        note = f"Nothing is known of {drug.label} here: it is counted as {alike.label}."
        return found * Effect(notes=(note,)) if found else None

    def knows(self, drug: Drug, event: str) -> tuple[EventEffect, ...]:
        """The rows of trials of a drug on the event itself, whatever it was compared with."""
        return nearest(drug, self._direct.get(event, []))

    def between(
        self,
        new: Drug | None,
        old: Drug | None,
        event: str,
        new_falls: Falls,
        old_falls: Falls,
    ) -> Effect | None:
        """Of giving `new` in the place of `old`; None where nothing is known of either."""
        if new and old and (direct := self._compared(new, old, event)):
            return direct
        if new and old and (alike := self._compared_alike(new, old, event)):
            return alike
        of_new = self.of(new, event, new_falls) if new else None
        of_old = self.of(old, event, old_falls) if old else None
        if of_new is None and of_old is None:
            return None
        found = (of_new or Effect()) * (of_old or Effect()).reversed
        if new and old and (of_new is None or of_old is None):
            without = new if of_new is None else old
            found = found * Effect(
                notes=(
                    f"No effect of {without.label} on it is known here: it was counted as none.",
                )
            )
        return found

    def _compared(self, new: Drug, old: Drug, event: str) -> Effect | None:
        """What a trial of the two found."""
        rows = self._direct.get(event, [])
        ahead = nearest(new, [row for row in rows if old.is_named(row.comparator)])
        if len(ahead) == 1:
            return effect_of_row(ahead[0])
        back = nearest(old, [row for row in rows if new.is_named(row.comparator)])
        return effect_of_row(back[0]).reversed if len(back) == 1 else None

    def _compared_alike(self, new: Drug, old: Drug, event: str) -> Effect | None:
        """What a trial against the nearest kind of the old one found, of which nothing is known."""
        if self._against_no_drug(old, event, frozenset()):
            return None
        kinds = {STANDS_FOR[kind] for kind in old.classes if kind in STANDS_FOR}
        rows = [row for row in self._direct.get(event, []) if row.comparator in kinds]
        found = nearest(new, rows)
        if len(found) != 1:
            return None
        comparator = self.pharmacy.of_comparator(found[0].comparator).label
        note = f"Compared with {comparator} in its trial: {old.label} is counted as one of them."
        return effect_of_row(found[0]) * Effect(notes=(note,))

    def _against_no_drug(self, drug: Drug, event: str, passed: frozenset[str]) -> Effect | None:
        rows = self._direct.get(event, [])
        plain = nearest(drug, [row for row in rows if row.comparator in NO_DRUG])
        if plain:
            return _together([effect_of_row(row) for row in plain], drug)
        as_harm = nearest(drug, [h for h in self._harms if event in (h.harm, h.weight)])
        active = [r for r in rows if r.comparator not in NO_DRUG and r.comparator not in passed]
        chained = []
        for row in nearest(drug, active):
            comparator = self.pharmacy.of_comparator(row.comparator)
            base = self._against_no_drug(comparator, event, passed | {row.comparator})
            if base is None:
                return None
            note = (
                f"Compared with {comparator.label} in its trial; chained with the effect of that "
                "against no drug, as if both had been one trial."
            )
            chained.append(effect_of_row(row) * base * Effect(notes=(note,)))
        if chained:
            return _together(chained, drug)
        return _together([effect_of_row(row) for row in as_harm], drug) if as_harm else None

    def _by_change(self, event: str, falls: Falls) -> Effect | None:
        by_concept: dict[str, list[EventEffect]] = {}
        for row in self._of_change.get(event, []):
            for subject in row.applies_to:
                if subject.name in falls and np.any(falls[subject.name]):
                    by_concept.setdefault(subject.name, []).append(row)
        found = None
        for concept, rows in by_concept.items():
            row = min(rows, key=_best_known)
            one = _of_change(row, concept, falls[concept])
            found = one if found is None else found * one
        if found is not None and len(by_concept) > 1:
            note = "Effects through different measured values are taken to be independent."
            found = found * Effect(notes=(note,))
        return found


def _best_known(row: EventEffect) -> tuple[int, str]:
    return "VSQMJD".index(row.evidence), row.id


def _of_change(row: EventEffect, concept: str, fall: FloatArray) -> Effect:
    """Ratio^(fall / per): the published ratio is for each `per` of a fall."""
    one = effect_of_row(row)
    share = fall / (row.per or 1.0)
    name = name_of(concept)
    note = (
        f"It follows from the change of {name}, by the ratio that trials found for such a change."
    )
    return replace(one, hazard=one.hazard * share, odds=one.odds * share, notes=(note,))


def _together(effects: Sequence[Effect], drug: Drug) -> Effect:
    found = effects[0]
    for one in effects[1:]:
        found = found * one
    if len(effects) > 1:
        note = f"The parts of {drug.label} are taken to act independently: their ratios multiply."
        found = found * Effect(notes=(note,))
    return found
