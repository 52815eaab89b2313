"""Changed genes of cells, against the test one gene at a time and by hand."""

import numpy as np
import pytest
from scipy import sparse
from scipy.stats import mannwhitneyu

from models_engine.catalogue.treatment.network import cells
from models_engine.catalogue.treatment.network.cells import (
    changed_genes,
    check_log_normalised,
    log_normalised,
)
from models_engine.catalogue.treatment.network.identifiers import NetworkError


def made_up() -> tuple[sparse.csr_array, np.ndarray, np.ndarray]:
    """60 cells of one type and 15 of another; the first gene is doubled in half of the former."""
    rng = np.random.default_rng(3)
    counts = rng.poisson(2.0, (75, 30))
    case = np.arange(75) % 2 == 0
    counts[case, 0] += 6
    counts[:, 29] = 0
    kinds = np.array(["T cell"] * 60 + ["B cell"] * 15)
    return sparse.csr_array(counts.astype(float)), kinds, case


@pytest.mark.parametrize("block", [cells.BLOCK, 1])
def test_each_gene_as_if_it_were_alone(monkeypatch: pytest.MonkeyPatch, block: int) -> None:
    monkeypatch.setattr(cells, "BLOCK", block)
    counts, kinds, case = made_up()
    matrix = log_normalised(counts)
    names = [f"G{i}" for i in range(30)]
    small, large = changed_genes(matrix, names, kinds, case, ~case)
    assert (small.name, small.genes) == ("B cell", ())
    assert small.why_not == "fewer than 10 cells in a group"
    assert (large.case_cells, large.reference_cells, large.why_not) == (30, 30, None)
    # a gene that no cell has is not tested
    assert [g.gene for g in large.genes] == names[:29]
    dense = matrix.toarray()
    inside = kinds == "T cell"
    ps = []
    for i, gene in enumerate(large.genes):
        one, other = dense[inside & case, i], dense[inside & ~case, i]
        ps.append(mannwhitneyu(one, other, method="asymptotic").pvalue)
        assert gene.p == pytest.approx(ps[-1], rel=1e-12)
        ratio = (np.expm1(one).mean() + 1) / (np.expm1(other).mean() + 1)
        assert gene.log_fc == pytest.approx(np.log2(ratio), rel=1e-12)
    # Benjamini and Hochberg, by its definition
    order = np.argsort(ps)
    least = 1.0
    for rank in range(len(ps), 0, -1):
        least = min(least, ps[order[rank - 1]] * len(ps) / rank)
        assert large.genes[order[rank - 1]].q == pytest.approx(least, rel=1e-12)
    assert large.genes[0].q < 1e-6 and large.genes[0].log_fc > 0
    swapped = changed_genes(matrix, names, kinds, ~case, case)[1]
    assert swapped.genes[0].log_fc == pytest.approx(-large.genes[0].log_fc)


def test_counts_are_scaled_to_ten_thousand() -> None:
    found = log_normalised(sparse.csr_array(np.array([[1.0, 3.0], [0.0, 5.0]])))
    assert np.expm1(found.toarray()) == pytest.approx(np.array([[2500, 7500], [0, 10_000]]))


def test_a_gene_that_is_the_same_everywhere_is_not_changed() -> None:
    matrix = sparse.csr_array(np.ones((40, 1)))
    case = np.arange(40) < 20
    (found,) = changed_genes(matrix, ["G"], np.array(["T"] * 40), case, ~case)
    assert (found.genes[0].p, found.genes[0].q, found.genes[0].log_fc) == (1.0, 1.0, 0.0)


@pytest.mark.parametrize(
    ("values", "fault"),
    [([[0.5]], "whole numbers"), ([[-1.0]], "whole numbers"), ([[0.0], [1.0]], "1 cells have no")],
)
def test_what_is_no_count(values: list[list[float]], fault: str) -> None:
    with pytest.raises(NetworkError, match=fault):
        log_normalised(sparse.csr_array(np.array(values)))


@pytest.mark.parametrize(("value", "fault"), [(-0.1, "negative"), (250.0, "rather counts")])
def test_what_is_no_logarithm(value: float, fault: str) -> None:
    with pytest.raises(NetworkError, match=fault):
        check_log_normalised(sparse.csr_array(np.array([[value]])))
    check_log_normalised(sparse.csr_array(np.array([[0.0, 9.2]])))
