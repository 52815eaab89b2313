"""Exact pairwise Shapley interaction values, from the same coalition values.

For two players i and j of k

    I_ij = sum over S without i and j of |S|! (k - |S| - 2)! / (k - 1)!
           x (f(S + i + j) - f(S + i) - f(S + j) + f(S))

averaged over the background rows: what the two do together beyond what each does. Half of it is in
the contribution of either, so that what i does `alone` is its contribution less the halves, and

    baseline + sum of alone + sum over the pairs of I_ij = output.

References
----------
Grabisch M and Roubens M, Int J Game Theory 1999;28:547. Lundberg SM et al., Nat Mach Intell
2020;2:56 (the same split between a pair and its members).
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from functools import lru_cache
from itertools import combinations
from math import comb

import numpy as np

from explain.attribution.shapley import (
    Arrays,
    FloatArray,
    Game,
    Player,
    Predict,
    coalitions,
    shapley_weights,
)


@dataclass(frozen=True, eq=False)
class Interactions:
    """Of one person: `baseline` and `output` (o,), `contributions` and `alone` (p, o).

    `pairs` (p, p, o) is symmetric with an empty diagonal: I_ij stands at [i, j] and at [j, i], and
    counts once. `by_row` (b, p, o) holds the contributions against each background row.
    """

    players: tuple[Player, ...]
    baseline: FloatArray
    output: FloatArray
    contributions: FloatArray
    pairs: FloatArray
    by_row: FloatArray

    @property
    def alone(self) -> FloatArray:
        """(p, o): contributions less each player's half of its pairs."""
        found: FloatArray = self.contributions - self.pairs.sum(axis=1) / 2
        return found


def exact_interactions(
    predict: Predict, x: Mapping[str, float], background: Arrays, players: Sequence[Player]
) -> Interactions:
    """Contributions and pairs of one person; parameters and errors of `exact_shapley`."""
    game = Game(predict, {c: np.array([v]) for c, v in x.items()}, background, players)
    groups = list(game.evaluate(slice(0, 1)))
    count, outcomes = len(game.players), groups[0][1].shape[2]
    rows = game.differs.shape[1]
    phi = np.zeros((rows, count, outcomes))
    pairs = np.zeros((count, count, outcomes))
    empty, full = np.zeros((rows, outcomes)), np.zeros(outcomes)
    for group, played in groups:
        phi[group.row[:, None], group.playing] = shapley_weights(group.k) @ played
        empty[group.row], full = played[:, 0], played[0, -1]
        if group.k > 1:
            at, weights = _pair_weights(group.k)
            found = weights @ played
            first, second = group.playing[:, at[:, 0]], group.playing[:, at[:, 1]]
            np.add.at(pairs, (first, second), found / rows)
            np.add.at(pairs, (second, first), found / rows)
    return Interactions(
        players=game.players,
        baseline=empty.mean(axis=0),
        output=full,
        contributions=phi.mean(axis=0),
        pairs=pairs,
        by_row=phi,
    )


@lru_cache(maxsize=6)  # of 14 players it is 12 MB
def _pair_weights(k: int) -> tuple[np.ndarray[tuple[int, int], np.dtype[np.intp]], FloatArray]:
    """(m, 2) the pairs of k players, and (m, 2^k) the signed weight of each coalition's value."""
    members = coalitions(k)
    size = members.sum(axis=1)
    weight = np.array([1.0 / ((k - 1) * comb(k - 2, s)) for s in range(k - 1)])
    at = np.array(list(combinations(range(k), 2)))
    inside = members[:, at[:, 0]].astype(int) + members[:, at[:, 1]]
    signs = np.where(inside == 1, -1.0, 1.0)
    return at, (signs * weight[size[:, None] - inside]).T
