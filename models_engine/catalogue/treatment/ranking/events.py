"""Events with and without a change of treatment, on the horizon of their baseline."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Any, Protocol

import numpy as np

from models_engine.catalogue.contract import FloatArray
from models_engine.catalogue.treatment.knowledge.loading import table_of
from models_engine.catalogue.treatment.knowledge.schema import EventEffect, Harm, Outcome
from models_engine.catalogue.treatment.ranking.arithmetic import over
from models_engine.catalogue.treatment.ranking.baselines import Risk
from models_engine.catalogue.treatment.ranking.relative import Effect
from models_engine.catalogue.treatment.ranking.results import EventChange, RelativeOnly
from models_engine.catalogue.what_if.draws import interval

ROUNDING = 1e-12
# events that lie inside a wider one: with the wider one counted they would count twice [J]
INSIDE: Mapping[str, tuple[str, ...]] = {
    "mace": ("chd", "stroke", "cv_death"),
    "major_vascular_event": ("mace", "chd", "stroke", "cv_death"),
    "cvd": (
        "major_vascular_event",
        "mace",
        "chd",
        "stroke",
        "cv_death",
        "heart_failure",
        "hf_hospitalisation",
        "cv_death_or_hf",
    ),
    "cv_death_or_hf": ("cv_death", "heart_failure", "hf_hospitalisation"),
    "death": ("cv_death",),
    "heart_failure": ("hf_hospitalisation",),
    "kidney_progression": ("kidney_failure",),
    "major_bleeding": ("intracranial_bleeding", "gastrointestinal_bleeding"),
}


class Named(Protocol):
    """An outcome or a harm with its names."""

    @property
    def label(self) -> str: ...
    @property
    def plain_label(self) -> str: ...


@dataclass(frozen=True, eq=False)
class Change:
    """A change with its draws. `difference` (1 + draws,) is over `told.months`.

    `weight` is the outcome whose weight it has; `worst` its least known evidence tag.
    """

    told: EventChange
    before: FloatArray
    after: FloatArray
    weight: str
    evidence: tuple[str, ...] = ()

    @property
    def is_any(self) -> bool:
        """Whether it changes at all: equal effects of two drugs leave a rounding error."""
        return is_more_than_rounding(self.after - self.before)

    def difference(self, months: float | None = None) -> FloatArray:
        """After less before, (1 + draws,); over other months under a constant hazard."""
        if months is None or months == self.told.months:
            return self.after - self.before
        return over(self.after, self.told.months, months) - over(
            self.before, self.told.months, months
        )


def is_more_than_rounding(difference: FloatArray) -> bool:
    """Whether any of the numbers is more than a rounding error."""
    return bool(np.max(np.abs(difference)) > ROUNDING)


def table_and_id(row: EventEffect | Harm) -> tuple[str, str]:
    """Where a row is found."""
    return table_of(type(row)), row.id


def event_change(
    outcome: Outcome, risk: Risk, effect: Effect, today: Effect | None = None
) -> Change:
    """An event before and after. `today`: what is taken against it, where the risk is without it."""
    first = np.full_like(effect.hazard, risk.probability)
    before = today.on(first) if today and risk.is_untreated else first
    after = effect.on(before)
    notes = [risk.assumption, *effect.notes]
    if today and risk.is_untreated:
        notes += ["Today's is this rate under what is taken against it.", *today.notes]
    rows = (*risk.rows, *map(table_and_id, effect.rows))
    known = effect.is_interval_known and (
        today is None or not risk.is_untreated or today.is_interval_known
    )
    told = changed(
        outcome,
        outcome.id,
        before,
        after,
        months=risk.months,
        baseline=risk.of,
        model=risk.model,
        rows=rows,
        is_interval_known=known,
        assumption=" ".join(dict.fromkeys(note for note in notes if note)),
        model_low=risk.low,
        model_high=risk.high,
        is_research=risk.is_research,
    )
    tags = tuple(row.evidence for row in effect.rows)
    return Change(told, before, after, outcome.id, (*tags, *filter(None, [risk.evidence])))


@dataclass(frozen=True)
class Span:
    """Two probabilities, and the interval of the second: that of the difference, put onto the first."""

    before: float
    after: float
    low: float
    high: float


def span(before: FloatArray, after: FloatArray) -> Span:
    """Of two (1 + draws,) arrays; at a bound it is widened to hold the estimate."""
    start, end = float(before[0]), float(after[0])
    low, high = interval(after - before)
    return Span(start, end, min(start + low, end), max(start + high, end))


def changed(
    named: Named, outcome: str, before: FloatArray, after: FloatArray, **more: Any
) -> EventChange:
    """The row that is shown."""
    found = span(before, after)
    return EventChange(
        outcome,
        named.label,
        named.plain_label,
        found.before,
        found.after,
        found.low,
        found.high,
        **more,
    )


def relative_only(
    outcome: Outcome, row: EventEffect | Harm, why: str, effect: Effect | None = None
) -> RelativeOnly:
    """A ratio that no baseline turns into a difference: `effect`, or that of the row itself."""
    ratio, low, high = row.effect, row.low, row.high
    if effect is not None:
        ratio = float(effect.ratio[0])
        low, high = interval(effect.ratio) if effect.is_interval_known else (None, None)
    return RelativeOnly(outcome.id, outcome.label, ratio, low, high, table_and_id(row), why)


def priority(ways: Iterable[Iterable[str]]) -> tuple[str, ...]:
    """In which order the events of all ways are counted: what most of them have, then the widest.

    So ways are compared by the same events where they have them, and no event counts twice.
    """
    counts = Counter(event for events in ways for event in set(events))
    return tuple(sorted(counts, key=lambda e: (-counts[e], -len(INSIDE.get(e, ())), e)))


def counted(events: Iterable[str], order: Sequence[str]) -> frozenset[str]:
    """Those of one way's events that enter its score: none inside another."""
    there = set(events)
    found: set[str] = set()
    for event in order:
        if event in there and not any(_overlap(event, one) for one in found):
            found.add(event)
    return frozenset(found)


def _overlap(one: str, other: str) -> bool:
    return one in INSIDE.get(other, ()) or other in INSIDE.get(one, ())
