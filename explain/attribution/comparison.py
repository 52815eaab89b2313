"""One outcome of one person against whom a page asks about, with what inputs do together.

Computed when it is asked for, and stored nowhere. `against_sample` takes a baseline of
explain.attribution.attribute; `against_earlier` takes the inputs of an earlier run of the same
person, so that the contributions add up to what the number has moved by since. An input that was
missing then and is there now, or the other way round, takes part: it is a change like another.
"""

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np

from explain.attribution.attribute import (
    ROUNDING_NOISE,
    BaselineId,
    Contribution,
    baseline_rows,
    contribution_of,
    largest_first,
    players_of,
    source_of,
)
from explain.attribution.interactions import Interactions, exact_interactions
from explain.attribution.sample import far_from_sample
from explain.attribution.shapley import Arrays, Player
from explain.attribution.stability import overlaps
from models_engine.catalogue.contract import ClinicalModel

# [J] less than a tenth of a point, or of a tenth of all that moves, is not worth a line
SMALLEST_PAIR = 0.001
NOTABLE_SHARE = 0.1


@dataclass(frozen=True)
class Pair:
    """What two concepts do together beyond what each does alone, on the probability scale."""

    first: Contribution
    second: Contribution
    together: float


@dataclass(frozen=True)
class Comparison:
    """`baseline_value` + the contributions = `output` within 1e-6, largest first.

    So do `baseline_value` + the sum of `alone` + the sum of `pairs`, largest first. `overlap` and
    `far` as in an Attribution.
    """

    source: str
    outcome: str
    baseline_value: float
    output: float
    contributions: tuple[Contribution, ...]
    alone: Mapping[str, float]
    pairs: tuple[Pair, ...]
    overlap: float
    far: tuple[str, ...]

    @property
    def notable(self) -> tuple[Pair, ...]:
        """At least 0.1 points, and a tenth of what all contributions come to without their signs."""
        moved = sum(abs(part.contribution) for part in self.contributions)
        least = max(SMALLEST_PAIR, NOTABLE_SHARE * moved)
        return tuple(pair for pair in self.pairs if abs(pair.together) >= least)

    @property
    def gap(self) -> float:
        """How far the contributions, or those alone with the pairs, miss the output."""
        told = self.baseline_value + sum(part.contribution for part in self.contributions)
        split = self.baseline_value + sum(self.alone.values()) + sum(p.together for p in self.pairs)
        return max(abs(told - self.output), abs(split - self.output))


def against_sample(
    model: ClinicalModel, values: Mapping[str, float], outcome: str, baseline: BaselineId
) -> Comparison:
    """Against reference values, the sample, or the sample with the person's age and sex.

    `values` as for `attribute`. Raises ValueError for a derived value, KeyError on an unknown
    outcome.
    """
    person = _complete(model, values)
    missing = frozenset(concept for concept, value in person.items() if np.isnan(value))
    rows = baseline_rows(model, person, baseline)
    players = players_of(model, missing, baseline)
    return _compare(model, values, outcome, rows, players, source_of(model, baseline))


def against_earlier(
    model: ClinicalModel, values: Mapping[str, float], then: Mapping[str, float], outcome: str
) -> Comparison:
    """Between the inputs of an earlier run, `then`, and those of now; every input is a player."""
    rows = {concept: np.array([value]) for concept, value in _complete(model, then).items()}
    players = tuple((declared.concept,) for declared in model.inputs)
    return _compare(model, values, outcome, rows, players, "")


def _complete(model: ClinicalModel, values: Mapping[str, float]) -> dict[str, float]:
    return {i.concept: float(values.get(i.concept, np.nan)) for i in model.inputs}


def _compare(
    model: ClinicalModel,
    values: Mapping[str, float],
    outcome: str,
    rows: Arrays,
    players: tuple[Player, ...],
    source: str,
) -> Comparison:
    at = next(n for n, one in enumerate(model.outcomes) if one is model.outcome(outcome))
    found = exact_interactions(
        lambda arrays: model.predict(arrays)[:, at : at + 1],
        _complete(model, values),
        rows,
        players,
    )
    parts = [
        contribution_of(model.input(concept), value)
        for (concept,), value in zip(found.players, found.contributions[:, 0].tolist(), strict=True)
    ]
    return Comparison(
        source=source,
        outcome=outcome,
        baseline_value=float(found.baseline[0]),
        output=float(found.output[0]),
        contributions=largest_first(parts),
        alone={
            part.concept: value
            for part, value in zip(parts, found.alone[:, 0].tolist(), strict=True)
        },
        pairs=_pairs(parts, found),
        overlap=float(overlaps(found.by_row[None])[0, 0]),
        far=far_from_sample(model, values),
    )


def _pairs(parts: list[Contribution], found: Interactions) -> tuple[Pair, ...]:
    first, second = np.triu_indices(len(parts), 1)
    together = found.pairs[first, second, 0].tolist()
    pairs = [
        Pair(parts[a], parts[b], value)
        for a, b, value in zip(first.tolist(), second.tolist(), together, strict=True)
        if abs(value) > ROUNDING_NOISE
    ]
    return tuple(sorted(pairs, key=lambda pair: -abs(pair.together)))
