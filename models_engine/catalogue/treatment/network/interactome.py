"""The interaction network: an undirected, unweighted graph, its largest connected component."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph

from models_engine.catalogue.treatment.network.identifiers import GeneSystem, NetworkError
from models_engine.catalogue.treatment.network.tables import (
    Faults,
    digest,
    gene_fault,
    positions,
    rows,
)


@dataclass(frozen=True)
class Interactome:
    """The largest connected component, genes sorted by identifier.

    `adjacency` is symmetric n x n with ones; `degrees` (n,) count neighbours within it. Of equally
    large components the one with the first gene is taken, and `largest_is_unique` is False.
    """

    system: GeneSystem
    genes: tuple[str, ...]
    place: Mapping[str, int]
    adjacency: sparse.csr_array
    degrees: NDArray[np.int64]
    outside: frozenset[str]
    rows_read: int
    self_loops: int
    repeated: int
    largest_is_unique: bool
    sha256: str

    @property
    def interactions(self) -> int:
        return int(self.adjacency.nnz // 2)


def read_interactome(
    lines: Iterable[str],
    system: GeneSystem,
    columns: tuple[str, str] = ("source", "target"),
    delimiter: str = "\t",
) -> Interactome:
    """The network of a table with one interaction a row.

    An interaction of a gene with itself (true of many proteins, of no use to a distance) and the
    same pair again, in either direction, are left out and counted. Raises NetworkError.
    """
    table = "interaction network"
    faults = Faults(table)
    pairs: set[tuple[str, str]] = set()
    # each name once: a network has many rows and few genes
    known: dict[str, str] = {}
    read = loops = repeated = 0
    for line, (one, other) in rows(lines, columns, table, delimiter):
        read += 1
        wrong = [fault for gene in (one, other) if (fault := gene_fault(gene, system))]
        for fault in wrong:
            faults.add(line, fault)
        if wrong:
            continue
        one, other = known.setdefault(one, one), known.setdefault(other, other)
        pair = (one, other) if one < other else (other, one)
        if one == other:
            loops += 1
        elif pair in pairs:
            repeated += 1
        else:
            pairs.add(pair)
    faults.refuse_any()
    if not pairs:
        raise NetworkError(f"{table}: no interaction between two different genes")
    return _connected(pairs, system, read, loops, repeated)


def _connected(
    pairs: set[tuple[str, str]], system: GeneSystem, read: int, loops: int, repeated: int
) -> Interactome:
    genes = sorted({gene for pair in pairs for gene in pair})
    place = positions(genes)
    numbers = (place[gene] for pair in sorted(pairs) for gene in pair)
    ends = np.fromiter(numbers, dtype=np.int32, count=2 * len(pairs)).reshape(-1, 2)
    whole = _symmetric(ends, len(genes))
    count, component = csgraph.connected_components(whole, directed=False)
    sizes = np.bincount(component, minlength=count)
    # components are numbered by their first gene, and argmax takes the first of equals
    inside = component == int(np.argmax(sizes))
    adjacency = sparse.csr_array(whole[inside][:, inside])
    adjacency.sort_indices()
    kept = tuple(gene for gene, within in zip(genes, inside, strict=True) if within)
    return Interactome(
        system=system,
        genes=kept,
        place=positions(kept),
        adjacency=adjacency,
        degrees=np.diff(adjacency.indptr).astype(np.int64),
        outside=frozenset(genes) - frozenset(kept),
        rows_read=read,
        self_loops=loops,
        repeated=repeated,
        largest_is_unique=int((sizes == sizes.max()).sum()) == 1,
        sha256=digest(f"{one}\t{other}" for one, other in pairs),
    )


def _symmetric(ends: NDArray[np.int32], size: int) -> sparse.csr_array:
    one, other = ends[:, 0], ends[:, 1]
    ones = np.ones(2 * len(ends), dtype=np.int8)
    at = (np.concatenate([one, other]), np.concatenate([other, one]))
    return sparse.csr_array(sparse.coo_array((ones, at), shape=(size, size)))
