"""Random genes of the same degrees: what distance chance alone gives.

Every random stream is derived from the seed and from what is drawn (how many genes of which bin),
never from a place in a table: another drug or cell type in the input changes no one else's null.
"""

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

SMALLEST_BIN = 100
DRAWS = 1000
GENES_OF_DISEASE, TARGETS_OF_DRUG = 0, 1
# below this chance that a row has no repetition, drawing it again until it has none is wasteful
WORTH_REPEATING = 0.25


@dataclass(frozen=True)
class Bins:
    """Genes of like degree: `members[b]` their places, `of[gene]` the bin."""

    members: tuple[NDArray[np.intp], ...]
    of: NDArray[np.intp]

    def profile(self, genes: NDArray[np.intp]) -> tuple[int, ...]:
        """How many of the genes are in each bin."""
        return tuple(np.bincount(self.of[genes], minlength=len(self.members)).tolist())


def bins_by_degree(degrees: NDArray[np.int64], smallest: int = SMALLEST_BIN) -> Bins:
    """Degrees from the least on are pooled until a bin has `smallest` genes; genes of one degree
    stay together, and a last bin that is too small joins the one before."""
    values, counts = np.unique(degrees, return_counts=True)
    bin_of_value = np.zeros(len(values), dtype=np.intp)
    current = held = 0
    for i, count in enumerate(counts):
        bin_of_value[i] = current
        held += int(count)
        if held >= smallest:
            current, held = current + 1, 0
    if 0 < held < smallest and current > 0:
        bin_of_value[bin_of_value == current] = current - 1
    of = bin_of_value[np.searchsorted(values, degrees)]
    return Bins(tuple(np.flatnonzero(of == b) for b in range(int(of.max()) + 1)), of)


def draw(
    bins: Bins, profile: Sequence[int], draws: int, seed: int, purpose: int
) -> NDArray[np.int32]:
    """(draws, genes) random genes, as many of each bin as in the profile, none twice in a row."""
    rng = np.random.default_rng(np.random.SeedSequence([seed, purpose, *profile]))
    chosen = [
        members[_without_repetition(rng, len(members), count, draws)].astype(np.int32)
        for members, count in zip(bins.members, profile, strict=True)
        if count
    ]
    return np.concatenate(chosen, axis=1)


def _without_repetition(
    rng: np.random.Generator, size: int, count: int, draws: int
) -> NDArray[np.intp]:
    """(draws, count) of range(size), each row uniform among those without repetition."""
    distinct = np.prod(1 - np.arange(count) / size)
    if distinct < WORTH_REPEATING:
        keys = rng.random((draws, size))
        return np.argpartition(keys, count - 1, axis=1)[:, :count].astype(np.intp)
    rows = rng.integers(size, size=(draws, count))
    while True:
        ordered = np.sort(rows, axis=1)
        again = np.flatnonzero((ordered[:, 1:] == ordered[:, :-1]).any(axis=1))
        if not len(again):
            return rows.astype(np.intp)
        rows[again] = rng.integers(size, size=(len(again), count))


def moments(steps: NDArray[np.uint8], targets: NDArray[np.int32]) -> tuple[float, float]:
    """Mean and sample standard deviation of the distance over draws.

    `steps` (genes, draws) are those to each draw's random disease genes, `targets` (draws, count)
    each draw's random targets.
    """
    distances = steps[targets, np.arange(steps.shape[1])[:, None]].mean(axis=1)
    return float(distances.mean()), float(distances.std(ddof=1))
