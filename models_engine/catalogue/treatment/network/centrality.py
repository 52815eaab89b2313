"""How central a drug's targets are among the changed genes of a cell type."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.sparse import csgraph
from scipy.sparse.linalg import ArpackNoConvergence, eigsh

from models_engine.catalogue.treatment.network.identifiers import NetworkError

FEWEST_GENES = 3
DENSE_UP_TO = 400


def eigenvector_centrality(adjacency: sparse.csr_array) -> NDArray[np.float64]:
    """(n,) of a connected undirected graph, scaled so that the largest is 1.

    Raises NetworkError where the iteration does not settle.
    """
    size = adjacency.shape[0]
    if size <= DENSE_UP_TO:
        _, vectors = np.linalg.eigh(adjacency.toarray().astype(float))
        leading = np.abs(vectors[:, -1])
    else:
        try:
            _, vectors = eigsh(adjacency.astype(float), k=1, which="LA", v0=np.ones(size))
        except ArpackNoConvergence as error:
            raise NetworkError(
                f"the eigenvector centrality of {size} genes did not settle"
            ) from error
        leading = np.abs(vectors[:, 0])
    return np.asarray(leading / leading.max(), dtype=np.float64)


@dataclass(frozen=True)
class Module:
    """The largest connected component that a cell type's changed genes form in the network.

    Fewer than three genes are none: `centrality` is empty then. Of equally large components the
    one with the first gene is taken, and `is_unique` is False.
    """

    centrality: Mapping[int, float]
    is_unique: bool = True


def disease_module(adjacency: sparse.csr_array, genes: NDArray[np.intp]) -> Module:
    """Of the changed genes at these places, in ascending order."""
    if len(genes) < FEWEST_GENES:
        return Module({})
    induced = sparse.csr_array(adjacency[genes][:, genes])
    count, component = csgraph.connected_components(induced, directed=False)
    sizes = np.bincount(component, minlength=count)
    if sizes.max() < FEWEST_GENES:
        return Module({})
    inside = np.flatnonzero(component == int(np.argmax(sizes)))
    values = eigenvector_centrality(sparse.csr_array(induced[inside][:, inside]))
    return Module(
        dict(zip(genes[inside].tolist(), values.tolist(), strict=True)),
        int((sizes == sizes.max()).sum()) == 1,
    )


def of_targets(module: Module, targets: Iterable[int]) -> float:
    """Geometric mean over the targets that are in the module; 0 when none is."""
    values = [module.centrality[t] for t in targets if t in module.centrality]
    if not values or min(values) <= 0:
        return 0.0
    return float(np.exp(np.mean(np.log(values))))
