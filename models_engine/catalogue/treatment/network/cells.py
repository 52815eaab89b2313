"""Which genes are changed between two groups of cells, in each cell type: Wilcoxon's rank-sum test.

Every cell counts as independent. Cells of one person are not, so that P values come out too small:
a caller must say so.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import sparse
from scipy.stats import false_discovery_control, mannwhitneyu

from models_engine.catalogue.treatment.network.identifiers import NetworkError

# our own choices [J]: with fewer cells of a group nothing is tested; a gene is tested where this
# share of the cells of one group has it
FEWEST_CELLS = 10
LEAST_SHARE = 0.1
# counts of a cell are scaled to this sum
SCALE = 10_000.0
# numbers held at once as a dense block
BLOCK = 2_000_000


@dataclass(frozen=True)
class GeneResult:
    """`log_fc`: log2 of the ratio of mean expressions, with 1 added to each. `q`: Benjamini and
    Hochberg over the genes tested in this cell type."""

    gene: str
    log_fc: float
    p: float
    q: float


@dataclass(frozen=True)
class CellTypeResult:
    """`why_not` says why nothing was tested, else it is None."""

    name: str
    case_cells: int
    reference_cells: int
    genes: tuple[GeneResult, ...]
    why_not: str | None


def log_normalised(counts: sparse.csr_array) -> sparse.csr_array:
    """(cells, genes) counts, each cell scaled to a sum of 10,000, then the natural log of 1 + x.

    Raises NetworkError for what is no count: negative, not finite, no whole number; and for a cell
    without any.
    """
    values = counts.data
    if not np.isfinite(values).all() or (values < 0).any() or (values != np.floor(values)).any():
        raise NetworkError("the matrix does not hold counts: whole numbers of 0 or more")
    sums = np.asarray(counts.sum(axis=1)).ravel()
    if not (sums > 0).all():
        raise NetworkError(f"{int((sums <= 0).sum())} cells have no count at all")
    scaled = sparse.csr_array(sparse.diags_array(SCALE / sums) @ counts.astype(np.float64))
    scaled.data = np.log1p(scaled.data)
    return scaled


def check_log_normalised(matrix: sparse.csr_array) -> None:
    """Raises NetworkError for what cannot be the natural log of 1 + x of scaled counts."""
    values = matrix.data
    if not np.isfinite(values).all() or (values < 0).any():
        raise NetworkError("the matrix has negative values: it was centred, or is no expression")
    if values.size and values.max() > 20:
        raise NetworkError(
            f"the largest value is {values.max():.0f}: these are no logarithms, rather counts"
        )


def changed_genes(
    matrix: sparse.csr_array,
    genes: Sequence[str],
    cell_types: NDArray[np.str_],
    is_case: NDArray[np.bool_],
    is_reference: NDArray[np.bool_],
    progress: Callable[[int, int], None] | None = None,
) -> tuple[CellTypeResult, ...]:
    """Of a log-normalised (cells, genes) matrix; the other arrays are (cells,).

    Two-sided, asymptotic, corrected for ties and continuity (scipy's `mannwhitneyu`).
    """
    names = sorted(set(cell_types.tolist()))
    found = []
    for done, name in enumerate(names, start=1):
        inside = cell_types == name
        case = np.flatnonzero(inside & is_case)
        reference = np.flatnonzero(inside & is_reference)
        why_not = None
        rows: tuple[GeneResult, ...] = ()
        if min(len(case), len(reference)) < FEWEST_CELLS:
            why_not = f"fewer than {FEWEST_CELLS} cells in a group"
        else:
            rows = _tested(matrix[case], matrix[reference], genes)
            if not rows:
                why_not = f"no gene in {LEAST_SHARE:.0%} of the cells of a group"
        found.append(CellTypeResult(name, len(case), len(reference), rows, why_not))
        if progress is not None:
            progress(done, len(names))
    return tuple(found)


def _tested(
    case: sparse.csr_array, reference: sparse.csr_array, genes: Sequence[str]
) -> tuple[GeneResult, ...]:
    case, reference = sparse.csc_array(case), sparse.csc_array(reference)
    shares = [(part != 0).sum(axis=0) / part.shape[0] for part in (case, reference)]
    tested = np.flatnonzero(np.maximum(*map(np.ravel, shares)) >= LEAST_SHARE)
    if not len(tested):
        return ()
    p = np.empty(len(tested))
    fold = np.empty(len(tested))
    step = max(BLOCK // (case.shape[0] + reference.shape[0]), 1)
    for start in range(0, len(tested), step):
        columns = tested[start : start + step]
        one, other = case[:, columns].toarray(), reference[:, columns].toarray()
        p[start : start + step] = mannwhitneyu(one, other, method="asymptotic", axis=0).pvalue
        means = [np.expm1(part).mean(axis=0) + 1 for part in (one, other)]
        fold[start : start + step] = np.log2(means[0] / means[1])
    # all values of a gene are the same: nothing speaks for a change
    p[np.isnan(p)] = 1.0
    q = false_discovery_control(p)
    return tuple(
        GeneResult(genes[gene], float(fold[i]), float(p[i]), float(q[i]))
        for i, gene in enumerate(tested.tolist())
    )
