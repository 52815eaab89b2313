"""Network distance "closest": steps from each gene to the nearest gene of a set."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from scipy import sparse

FARTHEST = 254


def steps_to_nearest(
    adjacency: sparse.csr_array, sets: Sequence[NDArray[np.intp]]
) -> NDArray[np.uint8]:
    """(genes, sets) steps from each gene to the nearest member of each set; members have 0.

    The graph must be connected, without isolated genes, and no set empty (ValueError). A
    breadth-first search of all sets at once: 64 sets share one machine word of each gene, so that
    one pass over the interactions moves 64 searches a step on.
    """
    size = adjacency.shape[0]
    if any(len(members) == 0 for members in sets):
        raise ValueError("a set of genes is empty")
    degrees = np.diff(adjacency.indptr)
    if size and degrees.min() == 0:
        raise ValueError("a gene has no neighbour")
    words = -(-len(sets) // 64)
    flags = np.zeros((size, words * 64), dtype=bool)
    for column, members in enumerate(sets):
        flags[members, column] = True
    reached = np.packbits(flags, axis=1, bitorder="little").view(np.uint64)
    steps = np.zeros((size, len(sets)), dtype=np.uint8)
    starts = adjacency.indptr[:-1]
    for _ in range(FARTHEST):
        missing = np.unpackbits((~reached).view(np.uint8), axis=1, bitorder="little")
        missing = missing[:, : len(sets)]
        if not missing.any():
            return steps
        steps += missing
        neighbours = np.bitwise_or.reduceat(reached[adjacency.indices], starts, axis=0)
        if not (neighbours & ~reached).any():
            raise ValueError("the graph is not connected")
        reached |= neighbours
    raise ValueError(f"a gene is more than {FARTHEST} steps away")


def closest(steps: NDArray[np.uint8], targets: NDArray[np.intp]) -> float:
    """Mean steps (genes,) over a drug's targets."""
    return float(steps[targets].mean())
