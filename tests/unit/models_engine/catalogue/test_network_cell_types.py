"""Centralities of cell types: read, and computed on graphs whose answer is known."""

import pytest

from models_engine.catalogue.treatment.network.cell_types import (
    centralities_of,
    read_centralities,
    read_interactions,
)
from models_engine.catalogue.treatment.network.identifiers import NetworkError

HEAD = "sender\treceiver\tligand\tactivity"


def computed(*rows: str) -> dict[str, float]:
    return dict(centralities_of(read_interactions([HEAD, *rows])))


def test_a_star_and_a_path() -> None:
    # of a star with n leaves each leaf has 1 / sqrt(n) of the middle
    star = computed(*(f"M\tL{i}\tTNF\t0.1" for i in range(4)))
    assert star == pytest.approx({"M": 1.0, **{f"L{i}": 0.5 for i in range(4)}})
    # of a path of three with one double edge: the middle is sqrt(2² + 1²)
    path = computed("A\tB\tTNF\t0.1", "B\tA\tIL6\t0.2", "C\tB\tIL4\t0.3")
    assert path == pytest.approx({"B": 1.0, "A": 2 / 5**0.5, "C": 1 / 5**0.5})


def test_directions_do_not_matter_and_ligands_count() -> None:
    one = computed("A\tB\tTNF\t0.1", "A\tB\tIL6\t0.1", "B\tC\tTNF\t0.1")
    other = computed("B\tA\tTNF\t0.1", "A\tB\tIL6\t0.1", "C\tB\tTNF\t0.1")
    assert one == pytest.approx(other)
    assert one["A"] > one["C"]


def test_what_a_cell_type_sends_to_itself_counts_once() -> None:
    # [[1, 1], [1, 0]]: the golden ratio
    assert computed("A\tA\tTNF\t0.1", "A\tB\tIL6\t0.1") == pytest.approx(
        {"A": 1.0, "B": 2 / (1 + 5**0.5)}
    )


def test_only_activity_above_zero_joins() -> None:
    found = read_interactions([HEAD, "A\tB\tTNF\t0.1", "C\tB\tTNF\t0", "B\tC\tTNF\t-0.2"])
    assert (found.counts, found.not_active) == ({("A", "B"): 1}, 2)
    assert centralities_of(found) == pytest.approx({"A": 1.0, "B": 1.0, "C": 0.0})


def test_two_groups_that_are_equally_strong_have_no_answer() -> None:
    with pytest.raises(NetworkError, match="equally strong"):
        computed("A\tB\tTNF\t0.1", "C\tD\tTNF\t0.1")
    # a stronger one leaves the other at 0
    found = computed("A\tB\tTNF\t0.1", "A\tB\tIL6\t0.1", "C\tD\tTNF\t0.1")
    assert found == pytest.approx({"A": 1.0, "B": 1.0, "C": 0.0, "D": 0.0})


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        (["A\tB\tTNF\t1.1"], "line 2: activity '1.1'"),
        (["A\tB\tTNF\tnan"], "line 2: activity 'nan'"),
        (["A\tB\tTNF\t0.1", "A\tB\tTNF\t0.2"], "line 3: TNF from A to B stands in line 2"),
        (["A\t\tTNF\t0.1"], "line 2: no sender"),
        (["A\tB\tTNF\t0"], "no ligand with an activity above 0"),
    ],
)
def test_interactions_that_are_refused(rows: list[str], fault: str) -> None:
    with pytest.raises(NetworkError, match=fault):
        read_interactions([HEAD, *rows])


@pytest.mark.parametrize(
    ("rows", "fault"),
    [
        (["A\t-1"], "line 2: A: '-1'"),
        (["A\tinf"], "line 2: A: 'inf'"),
        (["A\t1", "A\t2"], "line 3: A stands there already"),
        (["\t1"], "line 2: no cell type"),
        ([], "no row"),
    ],
)
def test_centralities_that_are_refused(rows: list[str], fault: str) -> None:
    with pytest.raises(NetworkError, match=fault):
        read_centralities(["cell_type\tcentrality", *rows])
    assert read_centralities(["centrality,cell_type", "0,A"], delimiter=",") == {"A": 0.0}
