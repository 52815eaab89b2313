"""Unwanted effects, on the horizon of the benefits.

What goes on happening (bleeding, ketoacidosis) is brought to the horizon under a constant hazard;
what comes early or not at all (nausea, a cough) is taken as the trial saw it, however long the
horizon is.
"""

from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass

import numpy as np

from models_engine.catalogue.contract import FloatArray
from models_engine.catalogue.treatment.knowledge.criteria import Answer, Known
from models_engine.catalogue.treatment.knowledge.schema import Harm, Outcome
from models_engine.catalogue.treatment.ranking.arithmetic import amount, over
from models_engine.catalogue.treatment.ranking.baselines import Risk
from models_engine.catalogue.treatment.ranking.drugs import Drug, Pharmacy, holding, nearest
from models_engine.catalogue.treatment.ranking.events import Change, changed, relative_only
from models_engine.catalogue.treatment.ranking.relative import Effect, effect_of_row
from models_engine.catalogue.treatment.ranking.results import RelativeOnly
from models_engine.catalogue.what_if.draws import DRAWS

# unwanted effects that show soon after the beginning: more time does not bring more of them [J]
EARLY = frozenset(
    {
        "gastrointestinal",
        "muscle_symptoms",
        "cough",
        "oedema",
        "gynaecomastia",
        "liver_enzymes",
        "hypotension",
        "bradycardia",
        "stopping",
        "hyponatraemia",
        "hypokalaemia",
        "hyperkalaemia",
        "injection_site",
    }
)
COMES_EARLY = "It comes early or not at all: taken as the trial saw it, over its {months:g} months."
RESCALED = "From {months:g} months in the source to {wanted:g} under a constant hazard."
NO_TIME = "The time it was seen over is not stated: taken as the horizon."
NO_BASELINE = "How often it comes without the drug is not known here."


@dataclass(frozen=True, eq=False)
class Rate:
    """How probable an unwanted effect is without and with one drug, (1 + draws,) each."""

    row: Harm
    without: FloatArray
    with_it: FloatArray
    months: float
    is_excess_only: bool
    assumption: str
    model: str = ""
    is_research: bool = False

    @property
    def excess(self) -> FloatArray:
        """With less without."""
        return self.with_it - self.without


class Harms:
    """The rows on unwanted effects that hold of one person."""

    def __init__(
        self,
        pharmacy: Pharmacy,
        person: Known,
        risk_of: Callable[[str], Risk | None],
        months: float,
    ) -> None:
        self.outcomes: Mapping[str, Outcome] = pharmacy.knowledge.by_id(Outcome)
        self.risk_of = risk_of
        self.months = months
        self.untold: list[tuple[Harm, Answer]] = []
        rows = holding(
            pharmacy.knowledge.rows(Harm),
            person,
            lambda row, answer: self.untold.append((row, answer)),
        )
        self._by_harm: dict[str, list[Harm]] = {}
        for row in rows:
            self._by_harm.setdefault(row.harm, []).append(row)

    def change(
        self, new: Drug | None, old: Drug | None, told_already: frozenset[str]
    ) -> tuple[tuple[Change, ...], tuple[RelativeOnly, ...]]:
        """Of giving `new` in the place of `old`. `told_already`: outcomes that have a change."""
        found: list[Change] = []
        only: list[RelativeOnly] = []
        for rows in self._by_harm.values():
            of_new, of_old = _rows(new, rows), _rows(old, rows)
            # of a drug of the same class nothing is told twice
            ratios = only if of_new != of_old else []
            in_today = _of_today(of_old)
            gained = [rate for row in of_new for rate in self._rates(row, in_today, ratios)]
            lost = [rate for row in of_old for rate in self._rates(row, in_today, [])]
            kept = [
                [r for r in rates if _weight(r.row) not in told_already] for rates in (gained, lost)
            ]
            if any(kept):
                found.append(self._change(*kept))
        taken = {one.told.outcome for one in found} | told_already
        return (
            tuple(one for one in found if one.is_any),
            tuple(one for one in only if one.outcome not in taken),
        )

    def _change(self, gained: list[Rate], lost: list[Rate]) -> Change:
        zero = np.zeros(1 + DRAWS)
        first = (gained or lost)[0]
        both = [*gained, *lost]
        # what the drug that is taken brings is in today's probability
        before = np.clip(first.without + sum((r.excess for r in lost), zero), 0.0, 1.0)
        after = np.clip(first.without + sum((r.excess for r in gained), zero), 0.0, 1.0)
        row = first.row
        weight = _weight(row)
        told = changed(
            row,
            weight,
            before,
            after,
            months=first.months,
            baseline="twin" if first.model else "trial",
            model=first.model,
            rows=tuple(("harms", r.row.id) for r in both),
            is_interval_known=all(r.row.low is not None for r in both),
            assumption=" ".join(dict.fromkeys(r.assumption for r in both if r.assumption)),
            is_excess_only=all(r.is_excess_only for r in both),
            is_research=first.is_research,
        )
        return Change(told, before, after, weight, tuple(r.row.evidence for r in both))

    def _rates(self, row: Harm, taken: Effect, only: list[RelativeOnly]) -> list[Rate]:
        rate = self._excess(row) if row.form == "per_1000" else self._ratio(row, taken)
        if rate is None:
            outcome = self.outcomes.get(_weight(row))
            if outcome:
                only.append(relative_only(outcome, row, NO_BASELINE))
            return []
        return [rate]

    def _excess(self, row: Harm) -> Rate:
        said, months = self._time(row, row.months)
        base = (row.baseline_per_1000 or 0.0) / 1000.0
        more = amount(f"harms:{row.id}", row.effect, row.low, row.high) / 1000.0
        without = np.full(1 + DRAWS, base)
        with_it = np.clip(without + more, 0.0, 1.0 - 1e-12)
        if more[0] < 0 and not base:
            # fewer, of nobody knows how many: the smaller of both numbers is 0
            without, with_it = np.clip(-more, 0.0, 1.0 - 1e-12), np.zeros(1 + DRAWS)
        seen = row.months or months
        return Rate(
            row,
            over(without, seen, months),
            over(with_it, seen, months),
            months,
            row.baseline_per_1000 is None,
            said,
        )

    def _ratio(self, row: Harm, taken: Effect) -> Rate | None:
        effect = effect_of_row(row)
        if row.baseline_per_1000 is not None:
            said, months = self._time(row, row.months)
            first = np.full(1 + DRAWS, row.baseline_per_1000 / 1000.0)
            seen = row.months or months
            without, with_it = first, effect.on(first)
            return Rate(
                row, over(without, seen, months), over(with_it, seen, months), months, False, said
            )
        risk = self.risk_of(_weight(row))
        if risk is None:
            return None
        said, months = self._time(row, risk.months)
        # today's probability is that under what is taken
        first = taken.reversed.on(risk.probability)
        return Rate(
            row,
            over(first, risk.months, months),
            over(effect.on(first), risk.months, months),
            months,
            False,
            " ".join(filter(None, [risk.assumption, said])),
            risk.model,
            risk.is_research,
        )

    def _time(self, row: Harm, seen: float | None) -> tuple[str, float]:
        """What is said of the horizon, and the horizon."""
        if seen is None:
            return NO_TIME, self.months
        if _weight(row) in EARLY and row.months is not None:
            return (COMES_EARLY.format(months=seen) if seen != self.months else ""), seen
        if seen == self.months:
            return "", seen
        return RESCALED.format(months=seen, wanted=self.months), self.months


def _rows(drug: Drug | None, rows: list[Harm]) -> tuple[Harm, ...]:
    return nearest(drug, rows) if drug else ()


def _of_today(rows: Iterable[Harm]) -> Effect:
    """What is in the probability that a model gives today: the ratios that have no rate of their own."""
    found = Effect()
    for row in rows:
        if row.form != "per_1000" and row.baseline_per_1000 is None:
            found = found * effect_of_row(row)
    return found


def _weight(row: Harm) -> str:
    return row.weight or row.harm
