"""How far the reasons of a prediction depend on which background rows were drawn (E9)."""

from functools import cache
from itertools import combinations

import numpy as np
from numpy.typing import NDArray

FloatArray = NDArray[np.float64]

DRAWS = 5
TOP = 3
STABLE_OVERLAP = 0.8
SEED = 20261120


def overlaps(by_row: FloatArray, *, draws: int = DRAWS, top: int = TOP) -> FloatArray:
    """(n, o): mean overlap (0 to 1) of the `top` largest contributions between background draws.

    Each draw takes as many rows as the sample has, with replacement and seeded, and averages the
    contributions over them, without new evaluations of the model. 1.0 when there is one row, or no
    more players than `top`.

    Parameters
    ----------
    by_row : (n, b, p, o), contributions against each background row.
    """
    n, rows, players, outcomes = by_row.shape
    if rows < 2 or players <= top:
        return np.ones((n, outcomes))
    drawn = _drawn(rows, draws) @ by_row.reshape(n, rows, players * outcomes)
    sizes = np.abs(drawn.reshape(n, draws, players, outcomes))
    largest = np.argsort(-sizes, axis=2, kind="stable")[:, :, :top]
    chosen = np.zeros(sizes.shape, dtype=np.bool_)
    np.put_along_axis(chosen, largest, True, axis=2)
    pairs = list(combinations(range(draws), 2))
    shared = np.sum([(chosen[:, a] & chosen[:, b]).sum(axis=1) for a, b in pairs], axis=0)
    # whole numbers, divided once: 24 of 30 is 0.8, and not a hair less
    found: FloatArray = shared / (len(pairs) * top)
    return found


def is_stable(overlap: float) -> bool:
    """False means: show "reasons uncertain"."""
    return overlap >= STABLE_OVERLAP


@cache
def _drawn(rows: int, draws: int) -> FloatArray:
    """(draws, rows): the share of each row in each draw."""
    rng = np.random.default_rng(SEED)
    counts = [np.bincount(rng.choice(rows, size=rows), minlength=rows) for _ in range(draws)]
    shares: FloatArray = np.stack(counts) / rows
    return shares
