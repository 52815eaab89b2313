"""Events with and without a change of treatment, on the horizon of their baseline."""

from dataclasses import dataclass
from typing import Protocol

import numpy as np

from models_engine.catalogue.contract import FloatArray
from models_engine.catalogue.treatment.knowledge.loading import table_of
from models_engine.catalogue.treatment.knowledge.schema import EventEffect, Harm, Outcome
from models_engine.catalogue.treatment.ranking.arithmetic import over
from models_engine.catalogue.treatment.ranking.baselines import Risk
from models_engine.catalogue.treatment.ranking.relative import Effect
from models_engine.catalogue.treatment.ranking.results import EventChange, RelativeOnly
from models_engine.catalogue.what_if.draws import interval

CONSTANT = "A hazard that stays the same is assumed."
# events that lie inside a wider one: with the wider one counted they would count twice [J]
INSIDE = {
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
# where all of these are there, they tell more than the wider event, which is then not counted [J]
PARTS: dict[str, tuple[tuple[str, ...], ...]] = {
    "mace": (("chd",), ("stroke",), ("death", "cv_death")),
    "major_vascular_event": (("chd",), ("stroke",)),
    "cvd": (("chd",), ("stroke",), ("heart_failure", "hf_hospitalisation")),
    "cv_death_or_hf": (("death", "cv_death"), ("heart_failure", "hf_hospitalisation")),
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

    def difference(self, months: float | None = None) -> FloatArray:
        """After less before, (1 + draws,); over other months under a constant hazard."""
        if months is None or months == self.told.months:
            return self.after - self.before
        return over(self.after, self.told.months, months) - over(
            self.before, self.told.months, months
        )


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


def changed(
    named: Named,
    outcome: str,
    before: FloatArray,
    after: FloatArray,
    **more: object,
) -> EventChange:
    """The row that is shown: the interval is that of the difference, put onto `before`."""
    low, high = interval(after - before)
    point = float(after[0] - before[0])
    start = float(before[0])
    return EventChange(
        outcome,
        named.label,
        named.plain_label,
        start,
        start + point,
        start + min(low, point),
        start + max(high, point),
        **more,  # type: ignore[arg-type]
    )


def relative_only(outcome: Outcome, row: EventEffect | Harm, why: str) -> RelativeOnly:
    """A ratio that no baseline turns into a difference."""
    return RelativeOnly(
        outcome.id, outcome.label, row.effect, row.low, row.high, table_and_id(row), why
    )


def not_counted(events: set[str]) -> frozenset[str]:
    """Of the events of one candidate, those that another one holds already."""
    by_parts = {
        wide
        for wide, parts in PARTS.items()
        if wide in events and all(any(one in events for one in group) for group in parts)
    }
    counted = events - by_parts
    inside = {one for wide in counted for one in INSIDE.get(wide, ())}
    return frozenset(by_parts | (events & inside))
