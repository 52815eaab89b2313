"""What a score is worth: how often the diagnosis was made in people with much the same score.

The probability shown is the Aalen-Johansen share in such a group of people who had no part in
the making of the scores, with its number of people. So it holds for the people of the site as it
was, whatever the method that made the scores.
"""

from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from models_engine.catalogue.contract import FloatArray
from models_engine.catalogue.disease.aalen_johansen import DIAGNOSED, Share, share

MOST = 20
# from 95 % intervals to a difference of 99 %, since many neighbours are looked at
APART = 2.576 / 1.960


@dataclass(frozen=True, eq=False)
class Groups:
    """Groups of one diagnosis by rising score: group g holds scores up to `upper[g]`; the last
    holds all above. Probabilities rise with the score.
    """

    upper: tuple[float, ...]
    shares: tuple[Share, ...]

    def place(self, scores: FloatArray) -> np.ndarray:
        """The group (n,) of each score."""
        return np.searchsorted(np.array(self.upper), scores, side="left")

    def probabilities(self, scores: FloatArray) -> FloatArray:
        """(n,)"""
        return np.array([s.probability for s in self.shares])[self.place(scores)]


def grouped(
    scores: FloatArray,
    time: FloatArray,
    cause: FloatArray,
    horizon: int,
    person: np.ndarray,
    *,
    people: int,
    events: int,
) -> Groups | None:
    """Groups of at least `people` people and `events` first diagnoses; None if not even one.

    `person` (n,) says whose the rows are. Groups would be met by as many expected diagnoses each, which the scores
    tell (they are ln of a rate): where the limits lie does not depend on who was diagnosed.
    Neighbours are joined until each is large enough and they are surely apart (99 %), rising.
    """
    if len(np.unique(person)) < people or int(np.sum(cause == DIAGNOSED)) < events:
        return None
    order = np.argsort(scores, kind="stable")
    ranked = scores[order]
    weight = np.exp(ranked - ranked[-1]) * np.minimum(time[order], horizon)
    met = np.cumsum(weight) / weight.sum()
    cuts = np.unique(np.searchsorted(met, np.arange(1, MOST) / MOST))
    # people with one score are never parted: a limit lies half-way between two scores
    different = np.unique(ranked)
    at = np.unique(np.searchsorted(different, ranked[np.minimum(cuts, len(ranked) - 1)]))
    at = at[at < len(different) - 1]
    upper = (different[at] + different[at + 1]) / 2
    place = np.searchsorted(upper, scores, side="left")
    blocks = [np.flatnonzero(place == g) for g in range(len(upper) + 1)]
    limits = [*map(float, upper), np.inf]

    def counted(block: np.ndarray) -> Share:
        return share(time[block], cause[block], horizon, person[block])

    return _joined(blocks, limits, counted, people, events)


def _joined(
    blocks: list[np.ndarray],
    limits: list[float],
    counted: Callable[[np.ndarray], Share],
    people: int,
    events: int,
) -> Groups:
    done: list[tuple[np.ndarray, float, Share]] = []
    for block, limit in _large_enough(blocks, limits, counted, people, events):
        done.append((block, limit, counted(block)))
        while len(done) > 1 and not _surely_apart(done[-2][2], done[-1][2]):
            (first, _, _), (second, limit_, _) = done[-2:]
            both = np.concatenate([first, second])
            done[-2:] = [(both, limit_, counted(both))]
    return Groups(tuple(d[1] for d in done[:-1]), tuple(d[2] for d in done))


def _large_enough(
    blocks: list[np.ndarray],
    limits: list[float],
    counted: Callable[[np.ndarray], Share],
    people: int,
    events: int,
) -> list[tuple[np.ndarray, float]]:
    """Neighbours joined from below until each is large enough; what is left joins the last."""
    done: list[tuple[np.ndarray, float]] = []
    waiting = np.array([], dtype=np.int64)
    for block, limit in zip(blocks, limits, strict=True):
        waiting = np.concatenate([waiting, block])
        found = counted(waiting)
        if found.people >= people and found.events >= events:
            done.append((waiting, limit))
            waiting = np.array([], dtype=np.int64)
    if len(waiting):
        done.append((np.concatenate([done.pop()[0], waiting]), limits[-1]))
    return done


def _surely_apart(lower: Share, higher: Share) -> bool:
    """A finer group would show noise as if it were the history."""
    chance = np.hypot(higher.probability - higher.low, lower.high - lower.probability)
    return bool(higher.probability - lower.probability > APART * chance)
