"""Exact Shapley values of a vectorised model against named background rows.

For a person x and a background row z the players are the clinical concepts; a coalition S takes
x for its members and z for the others, and

    phi_i = sum over S without i of |S|! (k - |S| - 1)! / k! x (f(S + i) - f(S))

averaged over the rows. A concept that x and z share changes nothing, so it is left out of that
row's game: its value is exactly 0, and the 2^k coalitions shrink without any approximation.

References
----------
Shapley LS, A value for n-person games, 1953. Lundberg SM and Lee SI, NIPS 2017 (interventional
values against a background sample).
"""

from collections.abc import Callable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from functools import cache
from itertools import pairwise
from math import comb

import numpy as np
from numpy.typing import NDArray

from explain.attribution.stability import overlaps

FloatArray = NDArray[np.float64]
Arrays = Mapping[str, FloatArray]
Predict = Callable[[Arrays], FloatArray]
Player = tuple[str, ...]

MAX_PLAYERS = 14
ROWS_AT_ONCE = 1 << 16  # larger blocks leave the processor cache: measured slower


@dataclass(frozen=True, eq=False)
class ShapleyResult:
    """Values on the model's own output scale: `baseline` + sum of `contributions` = `output`.

    `baseline` and `output` have shape (o,), each contribution (o,). `by_row` (b, p, o) holds the
    contributions against each background row, in the order of the players.
    """

    baseline: FloatArray
    output: FloatArray
    contributions: Mapping[Player, FloatArray]
    by_row: FloatArray


@dataclass(frozen=True, eq=False)
class ShapleyTable:
    """The same for many people: `baseline` and `output` (n, o), `contributions` (n, p, o).

    `overlap` (n, o) says how far the largest depend on the rows that were drawn.
    """

    players: tuple[Player, ...]
    baseline: FloatArray
    output: FloatArray
    contributions: FloatArray
    overlap: FloatArray
    evaluations: int


def exact_shapley(
    predict: Predict,
    x: Mapping[str, float],
    background: Arrays,
    players: Sequence[Player],
) -> ShapleyResult:
    """Exact Shapley values of one person.

    Parameters
    ----------
    predict : arrays (n,) by concept to (n, o).
    x : the person's value of every concept that `predict` reads; NaN where it is missing.
    background : (b,) a concept, the same concepts.
    players : groups of concepts that move together. A concept in no group keeps the person's
        value (age and sex under the baseline "same age and sex").

    Raises
    ------
    ValueError on nobody, no or too many players, a concept in two groups, unequal concepts.
    """
    game = Game(predict, {c: np.array([v]) for c, v in x.items()}, background, players)
    phi, values = game.play(slice(0, 1))
    return ShapleyResult(
        baseline=values.empty[0],
        output=values.full[0],
        contributions=dict(zip(game.players, phi[0].mean(axis=0), strict=True)),
        by_row=phi[0],
    )


def exact_shapley_many(
    predict: Predict, xs: Arrays, background: Arrays, players: Sequence[Player]
) -> ShapleyTable:
    """Exact Shapley values of many people, in few large calls of `predict`.

    Parameters are those of `exact_shapley`, with `xs` of shape (n,) a concept.
    """
    game = Game(predict, xs, background, players)
    parts = [game.play(block) for block in game.blocks()]
    # of the same contributions by row: no evaluation of the model more
    overlap = [overlaps(phi) for phi, _ in parts]
    return ShapleyTable(
        players=game.players,
        baseline=np.concatenate([values.empty for _, values in parts]),
        output=np.concatenate([values.full for _, values in parts]),
        contributions=np.concatenate([phi.mean(axis=1) for phi, _ in parts]),
        overlap=np.concatenate(overlap),
        evaluations=int((1 << game.differs.sum(axis=2)).sum()),
    )


@dataclass(frozen=True, eq=False)
class _Values:
    empty: FloatArray  # (n, o), mean over the background rows
    full: FloatArray  # (n, o)


class Game:
    """People against background rows: which players differ, and the play of a block of people."""

    def __init__(
        self, predict: Predict, xs: Arrays, background: Arrays, players: Sequence[Player]
    ) -> None:
        _check(xs, background, players)
        self.predict = predict
        self.players = tuple(players)
        self.owner = {c: p for p, player in enumerate(self.players) for c in player}
        self.xs = {c: np.asarray(v, dtype=np.float64) for c, v in xs.items()}
        self.background = {c: np.asarray(background[c], dtype=np.float64) for c in xs}
        self.differs = self._differing()

    def _differing(self) -> NDArray[np.bool_]:
        """(n, b, p): the player's value is not the same in the person and the row."""
        columns = []
        for player in self.players:
            pairs = [(self.xs[c][:, None], self.background[c][None, :]) for c in player]
            columns.append(np.any([~((x == z) | (np.isnan(x) & np.isnan(z))) for x, z in pairs], 0))
        return np.stack(columns, axis=2)

    def blocks(self) -> list[slice]:
        """Slices of people whose coalitions fit in memory together."""
        rows = np.cumsum((1 << self.differs.sum(axis=2)).sum(axis=1))
        cuts = np.flatnonzero(np.diff(rows // ROWS_AT_ONCE)) + 1
        edges = [0, *cuts.tolist(), len(rows)]
        return [slice(a, b) for a, b in pairwise(edges)]

    def evaluate(self, people: slice) -> Iterator[tuple["Group", FloatArray]]:
        """Groups of equally large games, and their coalitions' values (g, 2^k, o)."""
        differs = self.differs[people]
        sizes = differs.sum(axis=2)
        groups = [Group(int(k), sizes == k, differs) for k in np.unique(sizes)]
        xs = {concept: column[people] for concept, column in self.xs.items()}
        arrays = {
            c: np.concatenate([g.mix(xs[c], self.background[c], self.owner.get(c)) for g in groups])
            for c in self.xs
        }
        values = self.predict(arrays)
        start = 0
        for group in groups:
            end = start + group.rows
            yield group, values[start:end].reshape(len(group.person), 1 << group.k, -1)
            start = end

    def play(self, people: slice) -> tuple[FloatArray, _Values]:
        """Contributions (n, b, p, o) of a block of people, and their values."""
        n, b, _ = self.differs[people].shape
        groups = list(self.evaluate(people))
        outcomes = groups[0][1].shape[2]
        phi = np.zeros((n, b, len(self.players), outcomes))
        empty, full = np.zeros((n, b, outcomes)), np.zeros((n, outcomes))
        for group, played in groups:
            phi[group.person[:, None], group.row[:, None], group.playing] = (
                shapley_weights(group.k) @ played
            )
            empty[group.person, group.row] = played[:, 0]
            full[group.person] = played[:, -1]
        return phi, _Values(empty.mean(axis=1), full)


class Group:
    """The games of k players: `person` and `row` (g,), who plays (g, k)."""

    def __init__(self, k: int, member: NDArray[np.bool_], differs: NDArray[np.bool_]) -> None:
        self.k = k
        self.person, self.row = np.nonzero(member)
        self.rows = len(self.person) << k
        self.mine = differs[self.person, self.row]
        self.seat = np.cumsum(self.mine, axis=1) - 1
        self.playing = np.nonzero(self.mine)[1].reshape(len(self.person), k)

    def mix(self, x: FloatArray, z: FloatArray, player: int | None) -> FloatArray:
        """(g * 2^k,): the person's value where the player is in the coalition, else the row's."""
        own = np.broadcast_to(x[self.person][:, None], (len(self.person), 1 << self.k))
        if player is None:
            return own.ravel()
        plays = self.mine[:, player]
        inside = coalitions(self.k)[:, np.where(plays, self.seat[:, player], 0)].T
        taken = inside | ~plays[:, None]
        return np.where(taken, own, z[self.row][:, None]).ravel()


@cache
def coalitions(k: int) -> NDArray[np.bool_]:
    """(2^k, max(k, 1)): membership of each player in each coalition; the last holds everybody."""
    members: NDArray[np.bool_] = (np.arange(1 << k)[:, None] >> np.arange(max(k, 1)) & 1) == 1
    return members


@cache
def shapley_weights(k: int) -> FloatArray:
    """(k, 2^k): the Shapley weight of each coalition's value for each player, signed."""
    members = coalitions(k)[:, :k]
    size = members.sum(axis=1)
    joined = np.array([1.0 / (k * comb(k - 1, s - 1)) if s else 0.0 for s in range(k + 1)])
    alone = np.array([1.0 / (k * comb(k - 1, s)) if s < k else 0.0 for s in range(k + 1)])
    weights: FloatArray = np.where(members, joined[size][:, None], -alone[size][:, None])
    return weights.T


def _check(xs: Arrays, background: Arrays, players: Sequence[Player]) -> None:
    named = [concept for player in players for concept in player]
    if not 0 < len(players) <= MAX_PLAYERS:
        raise ValueError(f"1 to {MAX_PLAYERS} players needed, not {len(players)}")
    if len(set(named)) != len(named):
        raise ValueError("a concept belongs to two players")
    if not xs or not all(len(column) for column in xs.values()):
        raise ValueError("nobody to explain")
    if set(xs) != set(background) or not set(named) <= set(xs):
        raise ValueError("the person, the background and the players name different concepts")
