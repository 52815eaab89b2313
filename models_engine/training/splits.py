"""Splits that keep all rows of one person on one side."""

from collections.abc import Iterator

import numpy as np
from numpy.typing import NDArray

Rows = NDArray[np.int64]
FOLDS = 5


def folds(groups: Rows, seed: int = 0, count: int = FOLDS) -> Iterator[tuple[Rows, Rows]]:
    """(train, test) row numbers of each fold; the groups are shuffled with the seed.

    Where every group is one row these are the folds of scikit-learn's KFold(shuffle=True).
    """
    unique, inverse = np.unique(groups, return_inverse=True)
    order = np.random.RandomState(seed).permutation(len(unique))  # as scikit-learn shuffles
    for part in np.array_split(order, count):
        held = np.isin(inverse, part)
        yield np.flatnonzero(~held), np.flatnonzero(held)


def bootstrap(groups: Rows, rng: np.random.Generator) -> Rows:
    """Row numbers of as many groups as there are, drawn with replacement, whole."""
    unique, inverse = np.unique(groups, return_inverse=True)
    drawn = rng.integers(0, len(unique), len(unique))
    if len(unique) == len(groups):
        return np.argsort(inverse)[drawn]
    members = np.split(np.argsort(inverse, kind="stable"), np.cumsum(np.bincount(inverse))[:-1])
    return np.concatenate([members[at] for at in drawn])
