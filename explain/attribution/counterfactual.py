"""What would bring a prediction down: the smallest sets of changes that reach a target.

A counterfactual of the model, not of the person: each set says with which other values this model
would give which other number, everything else as it is. Only levers are moved (modifiable inputs,
towards what is recommended, see `what_if.levers`). Every set is run through the model again before
it is told, and no part of it reaches the target.

The measure: a change counts as many efforts as `Recommended.effort` says, a set the root of the sum
of their squares, so that of two sets of the same size the one of several moderate changes comes
before the one of a single extreme.
"""

from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass, field, replace
from itertools import combinations
from typing import NamedTuple

import numpy as np

from explain.attribution.shapley import FloatArray
from models_engine.catalogue.contract import Circumstances, ClinicalModel
from models_engine.catalogue.what_if.levers import Lever

MOST_CHANGES = 3
# rows of one set that the model is asked about at once; more values of a lever are thinned out
MOST_ROWS = 10_000
# less of a probability is no lowering, and worth no further change: what `compare` calls a rise
LEAST = 0.0005
# probabilities are shown to a tenth of a per cent: "below 7.5 %" is not told as "7.5 %"
SHOWN = 0.0005
ROUNDING = 1e-12


@dataclass(frozen=True)
class Change:
    """One lever brought to a value."""

    lever: Lever
    value: float


@dataclass(frozen=True)
class Counterfactual:
    """A set of changes with the number that the model gives then.

    `values` are all inputs of the model after the changes; `raises`: the model's other outcomes
    that rise with them, by id with the number before and after. `interval_before` and `interval_after` the
    model's own, where it has one.
    """

    changes: tuple[Change, ...]
    values: Mapping[str, float]
    before: float
    after: float
    distance: float
    interval_before: tuple[float, float] | None = None
    interval_after: tuple[float, float] | None = None
    raises: Mapping[str, tuple[float, float]] = field(default_factory=dict)

    @property
    def concepts(self) -> frozenset[str]:
        """What is changed."""
        return frozenset(change.lever.concept for change in self.changes)


@dataclass(frozen=True)
class Lowering:
    """The answer. `limit`: what the number had to fall below; None: as low as it goes.

    `found` are the sets, smallest first. `lowest` is the lowest number of any set, where none was
    found. `against`: levers that alone do not lower the number, and are in no set.
    """

    before: float
    limit: float | None
    found: tuple[Counterfactual, ...]
    lowest: Counterfactual | None = None
    against: tuple[Lever, ...] = field(default=())


def below(threshold: float) -> float:
    """The limit of "below a threshold", so that the number shown is below it, too."""
    return threshold - SHOWN


def fewer(before: float, by: float) -> float:
    """The limit of "lower by": `by` as a probability, reached when it is exactly that."""
    return before - by + ROUNDING


def find_lowering(
    model: ClinicalModel,
    outcome: str,
    values: Mapping[str, float],
    levers: Sequence[Lever],
    circumstances: Circumstances,
    limit: float | None,
) -> Lowering:
    """Sets of one, two or three changes that bring one outcome below `limit`, smallest first.

    Without a limit: the set of each size with the lowest number, a larger one only where it is
    lower. Raises KeyError on an unknown outcome, ValueError on one that is no probability.
    """
    if not model.outcome(outcome).is_probability:
        raise ValueError(f"{model.id} {outcome} is no probability")
    search = _Search(model, outcome, values, circumstances)
    useful = [lever for lever, _ in search.useful(levers)]
    against = tuple(one for one in levers if one not in useful)
    if limit is None:
        return Lowering(
            search.before, None, tuple(search.lowest_of_each_size(useful)), None, against
        )
    found: list[Counterfactual] = []
    for size in range(1, MOST_CHANGES + 1):
        for chosen in combinations(useful, size):
            if any(one.concepts < _concepts(chosen) for one in found):
                continue
            if one := search.smallest_of(chosen, limit):
                found.append(one)
    found.sort(key=lambda one: (len(one.changes), one.distance))
    reached = [] if found else list(search.lowest_of_each_size(useful))
    return Lowering(search.before, limit, tuple(found), reached[-1] if reached else None, against)


def lowest_alone(
    model: ClinicalModel,
    outcome: str,
    values: Mapping[str, float],
    levers: Sequence[Lever],
    circumstances: Circumstances,
) -> list[tuple[Lever, float, float]]:
    """The levers that alone lower the outcome: each with its value and the number then.

    The same that `find_lowering` uses; the value is the least change that reaches the lowest.
    """
    search = _Search(model, outcome, values, circumstances)
    return [(lever, float(at.moved[0]), at.after) for lever, at in search.useful(levers)]


class _Rows(NamedTuple):
    """All combinations of values of some levers: (n, levers), and the model's numbers (n,)."""

    moved: FloatArray
    after: FloatArray
    is_thinned: bool


class _Lowest(NamedTuple):
    after: float
    moved: FloatArray


class _Search:
    """One outcome of one model for one person."""

    def __init__(
        self,
        model: ClinicalModel,
        outcome: str,
        values: Mapping[str, float],
        circumstances: Circumstances,
    ) -> None:
        self.model, self.circumstances = model, circumstances
        self.outcome = outcome
        self.at = [o.id for o in model.outcomes].index(outcome)
        self.values = dict(values)
        self.before = model.predict_one(values)[outcome]

    def smallest_of(self, levers: Sequence[Lever], limit: float) -> Counterfactual | None:
        """The smallest change of exactly these levers below the limit, run through the model."""
        rows = self._rows(levers)
        reach = rows.moved[rows.after < limit]
        if not len(reach):
            return None
        moved = reach[int(np.argmin(_distances(levers, reach)))]
        if rows.is_thinned:
            moved = self._drawn_back(levers, moved, limit)
        return self._checked(levers, moved, limit)

    def lowest_of(self, levers: Sequence[Lever]) -> _Lowest:
        """The lowest number that these levers reach together, by the smallest change."""
        rows = self._rows(levers)
        after = float(rows.after.min())
        equal = rows.moved[rows.after <= after + ROUNDING]
        return _Lowest(after, equal[int(np.argmin(_distances(levers, equal)))])

    def useful(self, levers: Sequence[Lever]) -> list[tuple[Lever, _Lowest]]:
        """The levers that alone lower the number, with the lowest of each."""
        each = [(one, self.lowest_of((one,))) for one in levers]
        return [(one, lowest) for one, lowest in each if lowest.after < self.before - LEAST]

    def lowest_of_each_size(self, levers: Sequence[Lever]) -> Iterator[Counterfactual]:
        """The best single change, the best two, the best three, each lower than the one before."""
        last = self.before
        for size in range(1, MOST_CHANGES + 1):
            sets = [(chosen, self.lowest_of(chosen)) for chosen in combinations(levers, size)]
            sets.sort(key=lambda one: one[1].after)
            for chosen, lowest in sets:
                if lowest.after > last - LEAST:
                    break
                if one := self._checked(chosen, lowest.moved, last):
                    last = one.after
                    yield one
                    break

    def _rows(self, levers: Sequence[Lever]) -> _Rows:
        most = int(MOST_ROWS ** (1 / len(levers)))
        columns = [_thinned(one.values, most) for one in levers]
        grid = np.meshgrid(*columns, indexing="ij")
        moved = np.stack([axis.ravel() for axis in grid], axis=1)
        thinned = any(len(c) < len(one.values) for c, one in zip(columns, levers, strict=True))
        return _Rows(moved, self._predict(levers, moved), thinned)

    def _predict(self, levers: Sequence[Lever], moved: FloatArray) -> FloatArray:
        """The outcome (n,) with the levers at `moved` (n, levers)."""
        arrays = {
            i.concept: np.full(len(moved), self.values.get(i.concept, np.nan))
            for i in self.model.inputs
        }
        for lever, column in zip(levers, moved.T, strict=True):
            for concept, (offset, slope) in lever.moves.items():
                arrays[concept] = offset + slope * column
        after: FloatArray = self.model.predict(arrays)[:, self.at]
        return after

    def _drawn_back(self, levers: Sequence[Lever], moved: FloatArray, limit: float) -> FloatArray:
        """The same set, no change of which may be one step smaller; the largest saving first."""
        while True:
            rows = _one_step_back(levers, moved)
            nearer = [r for r in rows if self._predict(levers, r[np.newaxis])[0] < limit]
            if not nearer:
                return moved
            moved = min(nearer, key=lambda row: _distance(levers, row))

    def _checked(
        self, levers: Sequence[Lever], moved: FloatArray, limit: float
    ) -> Counterfactual | None:
        """The set with the model's own answer; None where it does not hold, or is not for them."""
        values = dict(self.values)
        for lever, value in zip(levers, moved, strict=True):
            values |= lever.inputs(float(value))
        if self.model.applies(replace(self.circumstances, values=values)):
            return None
        told = self.model.predict_one(values)
        after = told[self.outcome]
        changes = tuple(Change(lever, float(v)) for lever, v in zip(levers, moved, strict=True))
        if not after < limit or self._has_needless(levers, moved, limit):
            return None
        return Counterfactual(
            changes,
            values,
            self.before,
            after,
            _distance(levers, moved),
            self._interval(self.values),
            self._interval(values),
            {
                other: (was, told[other])
                for other, was in self.model.predict_one(self.values).items()
                if self.model.outcome(other).is_probability and told[other] >= was + LEAST
            },
        )

    def _has_needless(self, levers: Sequence[Lever], moved: FloatArray, limit: float) -> bool:
        """Whether the target is reached without one of these changes, too."""
        if len(levers) == 1:
            return False
        parts: Iterable[tuple[int, ...]] = combinations(range(len(levers)), len(levers) - 1)
        return any(
            self._predict([levers[i] for i in part], moved[np.newaxis, list(part)])[0] < limit
            for part in parts
        )

    def _interval(self, values: Mapping[str, float]) -> tuple[float, float] | None:
        if self.model.interval is None:
            return None
        arrays = {i.concept: np.array([values.get(i.concept, np.nan)]) for i in self.model.inputs}
        low, high = self.model.interval(arrays)[0, self.at]
        return float(low), float(high)


def _concepts(levers: Iterable[Lever]) -> frozenset[str]:
    return frozenset(lever.concept for lever in levers)


def _distance(levers: Sequence[Lever], moved: FloatArray) -> float:
    return float(_distances(levers, moved[np.newaxis])[0])


def _distances(levers: Sequence[Lever], moved: FloatArray) -> FloatArray:
    """The measure of rows (n, levers): the root of the sum of squared efforts, (n,)."""
    efforts = [lever.efforts(column) for lever, column in zip(levers, moved.T, strict=True)]
    distances: FloatArray = np.sqrt(np.sum(np.square(efforts), axis=0))
    return distances


def _thinned(values: Sequence[float], most: int) -> FloatArray:
    """At most `most` of the values, evenly, the furthest among them always."""
    if len(values) <= most:
        return np.array(values)
    picked = np.unique(np.linspace(len(values) - 1, 0, most).round().astype(int))
    return np.array(values)[picked]


def _one_step_back(levers: Sequence[Lever], moved: FloatArray) -> Iterator[FloatArray]:
    for at, lever in enumerate(levers):
        place = lever.values.index(float(moved[at]))
        if place > 0:
            row = moved.copy()
            row[at] = lever.values[place - 1]
            yield row


__all__ = ["Change", "Counterfactual", "Lowering", "below", "fewer", "find_lowering"]
