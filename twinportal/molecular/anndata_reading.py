"""AnnData files, read by the optional package `anndata`: what is in one, and its changed genes.

Only workers come here: a file of HDF5 from outside is not opened in a web process.
"""

from collections import Counter
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from importlib.util import find_spec
from pathlib import Path
from typing import Any

import numpy as np
from scipy import sparse

from models_engine.catalogue.treatment.network.cells import (
    FEWEST_CELLS,
    LEAST_SHARE,
    CellTypeResult,
    changed_genes,
    check_log_normalised,
    log_normalised,
)
from models_engine.catalogue.treatment.network.identifiers import GeneSystem, NetworkError, some

SIGNATURE = b"\x89HDF\r\n\x1a\n"
# a column with more values names cells rather than kinds of them
MOST_VALUES = 200
MOST_COLUMNS = 100
# more genes of another form, and the stated system is wrong rather than some names
MOST_FOREIGN = 0.1
FEWEST_DONORS = 3
PSEUDO_REPLICATION = (
    "Every cell counts as independent. Cells of one person are alike, so that P values are too "
    "small and too many genes count as changed (pseudo-replication)."
)


def is_there() -> bool:
    """Whether this installation can read AnnData (`pip install anndata`)."""
    return find_spec("anndata") is not None


@dataclass(frozen=True)
class Choice:
    """What is compared. `matrix` is "X" or the name of a layer; `values` is "counts" or "log1p"."""

    cell_type: str
    group: str
    case: str
    reference: str
    matrix: str
    values: str
    donor: str = ""


def summary_of(path: Path) -> dict[str, Any]:
    """Cells, genes, matrices, and the columns of `obs` with few values, each with its count."""
    data = _opened(path, backed="r")
    columns = []
    for name in list(data.obs.columns)[:MOST_COLUMNS]:
        counts = data.obs[name].astype("string").value_counts()
        if 1 <= len(counts) <= MOST_VALUES:
            values = sorted((str(value), int(n)) for value, n in counts.items() if n)
            columns.append({"name": str(name), "values": values})
    return {
        "cells": int(data.n_obs),
        "genes": int(data.n_vars),
        "first_genes": [str(name) for name in data.var_names[:5]],
        "matrices": ["X", *(str(name) for name in data.layers)],
        "columns": columns,
    }


def table_of(
    path: Path,
    choice: Choice,
    system: GeneSystem,
    progress: Callable[[int, int], None] | None = None,
) -> tuple[list[tuple[str, str, str, str]], dict[str, Any]]:
    """Rows cell_type, gene, log_fc, adjusted_p, and the method in words. Raises NetworkError."""
    data = _opened(path)
    obs = {name: _texts(data, name) for name in (choice.cell_type, choice.group)}
    kinds, groups = obs[choice.cell_type], obs[choice.group]
    wanted = np.isin(groups, [choice.case, choice.reference]) & (kinds != "")
    if not wanted.any():
        raise NetworkError("no cell has a cell type and one of the two groups")
    matrix = data.X if choice.matrix == "X" else data.layers.get(choice.matrix)
    if matrix is None or not hasattr(matrix, "shape"):
        raise NetworkError(f"there is no matrix {choice.matrix!r} in the file")
    cells = sparse.csr_array(matrix)[np.flatnonzero(wanted)]
    genes = [str(name) for name in data.var_names]
    used, foreign = _genes(genes, system)
    if choice.values == "counts":
        cells = log_normalised(cells)
    else:
        cells = sparse.csr_array(cells, dtype=np.float64)
        check_log_normalised(cells)
    cells = sparse.csr_array(cells[:, used])
    found = changed_genes(
        cells,
        [genes[i] for i in used],
        kinds[wanted],
        groups[wanted] == choice.case,
        groups[wanted] == choice.reference,
        progress,
    )
    rows = [
        (kind.name, gene.gene, repr(gene.log_fc), repr(gene.q))
        for kind in found
        for gene in kind.genes
        # without a direction nothing can counteract it
        if gene.log_fc != 0 or gene.q >= 0.05
    ]
    donors = _donors(data, choice, wanted, groups)
    return rows, _method(choice, found, foreign, donors, len(genes))


def _opened(path: Path, **more: Any) -> Any:
    try:
        import anndata
    except ImportError as error:
        raise NetworkError("this server has no package anndata: AnnData is not read") from error
    try:
        return anndata.read_h5ad(path, **more)
    except MemoryError:
        raise
    except Exception as error:  # whatever h5py and anndata make of a broken file
        raise NetworkError(f"this is no AnnData file: {type(error).__name__}") from error


def _texts(data: Any, name: str) -> np.ndarray[Any, np.dtype[Any]]:
    """A column of obs as text, empty where nothing stands."""
    if name not in data.obs.columns:
        raise NetworkError(f"there is no column {name!r} in obs")
    return np.asarray(data.obs[name].astype("string").fillna("").to_numpy(dtype=object), dtype=str)


def _genes(genes: list[str], system: GeneSystem) -> tuple[list[int], list[str]]:
    """Places of the genes that are of the system, and the others."""
    if twice := sorted(gene for gene, n in Counter(genes).items() if n > 1):
        raise NetworkError(f"gene names stand there twice: {some(twice)}")
    foreign = [gene for gene in genes if not system.accepts(gene)]
    if len(foreign) > MOST_FOREIGN * len(genes):
        raise NetworkError(
            f"{len(foreign)} of {len(genes)} genes are no identifiers of the system "
            f"{system.name}: {some(foreign)}"
        )
    return [i for i, gene in enumerate(genes) if system.accepts(gene)], foreign


def _donors(data: Any, choice: Choice, wanted: Any, groups: Any) -> Mapping[str, int] | None:
    if not choice.donor:
        return None
    donors = _texts(data, choice.donor)
    return {
        group: len(set(donors[wanted & (groups == group) & (donors != "")].tolist()))
        for group in (choice.case, choice.reference)
    }


def _method(
    choice: Choice,
    found: tuple[CellTypeResult, ...],
    foreign: list[str],
    donors: Mapping[str, int] | None,
    genes: int,
) -> dict[str, Any]:
    """What the page says of it."""
    warnings = [PSEUDO_REPLICATION]
    if donors is None:
        warnings.append("How many people the cells are from was not said.")
    elif few := [f"{name}: {n}" for name, n in donors.items() if n < FEWEST_DONORS]:
        warnings.append(f"Few people behind the cells ({', '.join(few)}).")
    if left := [f"{kind.name} ({kind.why_not})" for kind in found if kind.why_not]:
        warnings.append(f"Not tested: {', '.join(left)}.")
    if foreign:
        warnings.append(f"{len(foreign)} genes of another form were left out: {some(foreign)}.")
    cells = {
        kind.name: f"{kind.case_cells} and {kind.reference_cells}" for kind in found if kind.genes
    }
    shown = {
        "Compared": f"{choice.group}: {choice.case} with {choice.reference}",
        "Cell types": choice.cell_type,
        "Test": "Wilcoxon rank-sum, two-sided, Benjamini and Hochberg within a cell type",
        "Log fold change": "log2 of the ratio of mean expressions, 1 added to each",
        "Matrix": f"{choice.matrix}, "
        + ("counts, scaled to 10,000 a cell" if choice.values == "counts" else "log1p as given"),
        "Genes": f"of {genes}, those in {LEAST_SHARE:.0%} of the cells of a group",
        "Cells (changed, reference)": "; ".join(f"{k}: {n}" for k, n in cells.items()),
        "Least cells of a group": str(FEWEST_CELLS),
    }
    if donors is not None:
        shown["People"] = "; ".join(f"{name}: {n}" for name, n in donors.items())
    # a list: JSON in PostgreSQL keeps no order of keys
    return {"shown": [list(pair) for pair in shown.items()], "warnings": warnings}
