"""The three inputs of the network ranking: what is read, and what is refused, by line."""

import pytest

from models_engine.catalogue.treatment.network.expression import read_expression
from models_engine.catalogue.treatment.network.identifiers import GeneSystem, NetworkError
from models_engine.catalogue.treatment.network.interactome import read_interactome
from models_engine.catalogue.treatment.network.targets import read_targets

ENTREZ, HGNC, ENSEMBL, SYMBOL = (
    GeneSystem.ENTREZ,
    GeneSystem.HGNC,
    GeneSystem.ENSEMBL,
    GeneSystem.SYMBOL,
)
DRUG_HEAD = "drug\tname\tgene\taction"
CELL_HEAD = "cell_type\tgene\tlog_fc\tadjusted_p"


def test_the_network_is_its_largest_component() -> None:
    found = read_interactome(
        [
            "\ufeffsource\tmethod\ttarget\n",
            "B\ttwo hybrid\tA\n",
            "B\tx\tC\n",
            "\n",
            "A\tx\tB\n",
            "A\tx\tA\n",
            "Y\tx\tZ\n",
        ],
        SYMBOL,
    )
    assert found.genes == ("A", "B", "C")
    assert found.adjacency.toarray().tolist() == [[0, 1, 0], [1, 0, 1], [0, 1, 0]]
    assert found.degrees.tolist() == [1, 2, 1]
    assert found.outside == {"Y", "Z"}
    assert (found.rows_read, found.self_loops, found.repeated, found.interactions) == (5, 1, 1, 2)
    assert found.largest_is_unique


def test_equally_large_components_are_said() -> None:
    found = read_interactome(["source\ttarget", "Y\tZ", "A\tB"], SYMBOL)
    assert found.genes == ("A", "B")
    assert not found.largest_is_unique


def test_the_digest_is_of_what_was_understood() -> None:
    head = "source\ttarget"
    one = read_interactome([head, "A\tB", "B\tC"], SYMBOL)
    same = read_interactome([head, "C\tB", "B\tA", "A\tB"], SYMBOL)
    other = read_interactome([head, "A\tB", "A\tC"], SYMBOL)
    assert one.sha256 == same.sha256 != other.sha256


def test_other_columns_and_delimiters() -> None:
    found = read_interactome(
        ["a,from,to", "1,HGNC:5,HGNC:545"], HGNC, columns=("from", "to"), delimiter=","
    )
    assert found.genes == ("HGNC:5", "HGNC:545")


@pytest.mark.parametrize(
    ("system", "gene", "accepted"),
    [
        (ENTREZ, "7124", True),
        (ENTREZ, "07124", False),
        (ENTREZ, "7124.0", False),
        (ENTREZ, "\u0667", False),
        (HGNC, "HGNC:11892", True),
        (HGNC, "11892", False),
        (ENSEMBL, "ENSG00000232810", True),
        (ENSEMBL, "ENSG00000232810.4", False),
        (SYMBOL, "HLA-DRB1", True),
        (SYMBOL, "1-Mar", False),
        (SYMBOL, "2-Sep", False),
        (SYMBOL, "7124", False),
        (SYMBOL, "", False),
        (SYMBOL, "TNF IL6", False),
    ],
)
def test_identifiers(system: GeneSystem, gene: str, accepted: bool) -> None:
    assert system.accepts(gene) is accepted


@pytest.mark.parametrize(
    ("lines", "message"),
    [
        ([], "needs one column 'source'; the header has nothing"),
        (["source\tother"], "needs one column 'target'; the header has source, other"),
        (["source\ttarget\ttarget"], "needs one column 'target'"),
        (["source\ttarget"], "no interaction between two different genes"),
        (["source\ttarget", "A\tA"], "no interaction between two different genes"),
        (["source\ttarget", "A\tB", "A"], "line 3: 1 values under 2 columns"),
        (["source\ttarget", "A\t1-Mar"], "line 2: '1-Mar' is not a gene identifier .* SYMBOL"),
        (["source\ttarget", 'A\t"B'], "unexpected end of data"),
        (["source\ttarget", *["A\t1"] * 7], "line 6.*; and 2 more"),
    ],
)
def test_a_network_is_refused(lines: list[str], message: str) -> None:
    with pytest.raises(NetworkError, match="interaction network: .*" + message):
        read_interactome(lines, SYMBOL)


def test_targets_with_their_actions() -> None:
    found = read_targets(
        [
            DRUG_HEAD,
            "DB1\tOne\tTNF\tInhibitor|binder",
            "DB1\tOne\tTNF\tantibody;inhibitor",
            "DB1\tOne\tIL6\t",
            "DB2\tTwo\tIL6\tpositive  modulator",
        ],
        SYMBOL,
    )
    assert found.actions == {
        "DB1": {"TNF": {"inhibitor", "binder", "antibody"}, "IL6": frozenset()},
        "DB2": {"IL6": {"positive modulator"}},
    }
    assert found.names == {"DB1": "One", "DB2": "Two"}
    assert found.repeated == 1
    assert found.unknown_actions == {"binder", "antibody"}


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "no row"),
        (["\tOne\tTNF\tinhibitor"], "line 2: no drug"),
        (["DB1\tOne\t7124\tinhibitor"], "line 2: DB1: '7124' is not a gene identifier"),
        (["DB1\tOne\tTNF\t", "DB1\tTwo\tIL6\t"], "line 3: DB1 is called 'Two' here and 'One' be"),
    ],
)
def test_targets_are_refused(rows: list[str], message: str) -> None:
    with pytest.raises(NetworkError, match="drug targets: .*" + message):
        read_targets([DRUG_HEAD, *rows], SYMBOL)


def test_expression_keeps_what_is_significant() -> None:
    found = read_expression(
        [
            CELL_HEAD,
            "T cell\tTNF\t1.5\t0.049",
            "T cell\tIL6\t-2e-1\t0",
            "T cell\tIL7\t0\t0.05",
            "B cell\tTNF\t-1\t1",
        ],
        SYMBOL,
    )
    assert found.changes == {"T cell": {"TNF": 1.5, "IL6": -0.2}, "B cell": {}}
    assert found.not_significant == {"T cell": 1, "B cell": 1}


def test_two_hundred_cell_types_are_kept() -> None:
    rows = [f"T{n}\tTNF\t1\t0" for n in range(200)]
    assert len(read_expression([CELL_HEAD, *rows], SYMBOL).changes) == 200


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        ([], "no gene with an adjusted P below 0.05"),
        (["T\tTNF\t1\t0.05"], "no gene with an adjusted P below 0.05"),
        (["\tTNF\t1\t0.01"], "line 2: no cell type"),
        (["T\tTNF\t1\t0.01", "T\tTNF\t1\t0.2"], "line 3: TNF of T stands in line 2 already"),
        (["T\tTNF\t0\t0.01"], "line 2: TNF of T: significant, but its fold change is 0"),
        (["T\tTNF\tinf\t0.01"], "fold change 'inf' is no finite number"),
        (["T\tTNF\tup\t0.2"], "fold change 'up' is no finite number"),
        (["T\tTNF\t1\t1.2"], "adjusted P '1.2' is not between 0 and 1"),
        (["T\tTNF\t1\tNA"], "adjusted P 'NA' is not between 0 and 1"),
        (["T\tTNF\t1\tnan"], "adjusted P 'nan' is not between 0 and 1"),
        ([f"T{n}\tTNF\t1\t0" for n in range(100_000)], "line 202: more than 200 cell types"),
        ([f"T{n}\tTNF\t1\t1" for n in range(201)], "line 202: more than 200 cell types"),
        (["T" * 201 + "\tTNF\t1\t0"], "line 2: a cell type of 201 characters, 200 at most"),
    ],
)
def test_expression_is_refused(rows: list[str], message: str) -> None:
    with pytest.raises(NetworkError, match="differential expression: .*" + message):
        read_expression([CELL_HEAD, *rows], SYMBOL)
