"""How far the reasons of a prediction depend on which background rows were drawn (E9)."""

from itertools import combinations

import numpy as np

from explain.attribution.shapley import ShapleyResult

DRAWS = 5
TOP = 3
STABLE_OVERLAP = 0.8
SEED = 20261120


def top_overlap(
    result: ShapleyResult, outcome: int, *, draws: int = DRAWS, top: int = TOP
) -> float:
    """Mean overlap (0 to 1) of the `top` largest contributions between background draws.

    Each draw takes as many rows as the sample has, with replacement and seeded, and averages the
    contributions over them, without new evaluations of the model. 1.0 when there is one row, or no more players than `top`.

    Parameters
    ----------
    result : of `exact_shapley`, with `by_row` (b, p, o). outcome : index of the outcome.
    """
    rows = result.by_row[:, :, outcome]
    count, players = rows.shape
    if count < 2 or players <= top:
        return 1.0
    rng = np.random.default_rng(SEED)
    drawn = [rng.choice(count, size=count) for _ in range(draws)]
    tops = [frozenset(np.argsort(-np.abs(rows[draw].mean(axis=0)))[:top]) for draw in drawn]
    return float(np.mean([len(a & b) / top for a, b in combinations(tops, 2)]))


def is_stable(result: ShapleyResult, outcome: int) -> bool:
    """False means: show "reasons uncertain"."""
    return top_overlap(result, outcome) >= STABLE_OVERLAP
