"""What must hold of every ranking, on a network large enough for real bins."""

import dataclasses
import itertools
import random
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_engine.catalogue.treatment.network.distance import steps_to_nearest
from models_engine.catalogue.treatment.network.identifiers import GeneSystem, NetworkError
from models_engine.catalogue.treatment.network.null import (
    GENES_OF_DISEASE,
    TARGETS_OF_DRUG,
    bins_by_degree,
    draw,
)
from models_engine.catalogue.treatment.network.pharmacology import Effect
from models_engine.catalogue.treatment.network.ranking import Ranking, Settings, rank_drugs
from models_engine.catalogue.treatment.network.scoring import final_scores, ranks
from models_engine.catalogue.treatment.network.targets import read_targets
from tests.spec.network.builders import expression, network, targets

SIZE = 400
CHANGED = [f"G{i:03}" for i in range(100, 112)]
EDGES = [
    *((f"G{i:03}", f"G{(i + 1) % SIZE:03}") for i in range(SIZE)),
    *((f"G{i:03}", f"G{(i * 7 + 50) % SIZE:03}") for i in range(0, SIZE, 2)),
]
DRUGS = {
    "D-near": {CHANGED[0]: "inhibitor", CHANGED[4]: "inhibitor"},
    "D-same": {CHANGED[0]: "antagonist", CHANGED[4]: "blocker"},
    "D-mimics": {CHANGED[1]: "agonist", CHANGED[5]: "inhibitor"},
    "D-unknown": {CHANGED[2]: "", CHANGED[6]: "modulator"},
    "D-far": {"G300": "inhibitor", "G310": "inhibitor"},
    "D-one": {CHANGED[3]: "inhibitor"},
    "D-up": {CHANGED[0]: "agonist", CHANGED[4]: "agonist"},
    "D-outside": {"ELSEWHERE": "inhibitor"},
    "D-half": {CHANGED[3]: "inhibitor", "ELSEWHERE": "agonist"},
}
CELLS = {
    "B cell": {**dict.fromkeys(CHANGED, 1.5), "ELSEWHERE": 2.0},
    "T cell": dict.fromkeys(CHANGED[:5], -1.0),
    "NK cell": {"NOT-THERE": 1.0},
}
WEIGHTS = {"B cell": 0.6, "T cell": 0.9, "NK cell": 0.3}
SETTINGS = Settings(seed=11, draws=400)


def ranking(**changed: Any) -> Ranking:
    given_ = {"edges": EDGES, "drugs": DRUGS, "cells": CELLS, "weights": WEIGHTS, **changed}
    return rank_drugs(
        network(given_["edges"]),
        targets(given_["drugs"]),
        expression(given_["cells"]),
        given_.get("settings", SETTINGS),
        given_["weights"],
    )


@pytest.fixture(scope="module")
def first() -> Ranking:
    return ranking()


def test_who_is_a_candidate_where_and_by_what(first: Ranking) -> None:
    by_drug = {drug.drug: drug for drug in (*first.ranked, *first.others)}
    carried = {
        drug.drug: [(fit.cell_type, fit.counteracts, fit.mimics) for fit in drug.carried_by]
        for drug in first.ranked
    }
    assert carried == {
        "D-near": [("B cell", 2, 0)],
        "D-same": [("B cell", 2, 0)],
        "D-one": [("B cell", 1, 0)],
        "D-up": [("T cell", 2, 0)],
        # worse for the B cell, where one target is raised further; not for the T cell
        "D-mimics": [("T cell", 1, 0)],
    }
    hit = by_drug["D-near"].carried_by[0].targets[0]
    assert (hit.gene, hit.actions, hit.steps) == (CHANGED[0], ("inhibitor",), 0)
    assert (hit.log_fc, hit.effect) == (1.5, Effect.COUNTERACTS)
    assert hit.centrality is not None
    # near, and yet not: one target's change would be made worse; nothing is known; outside, worse
    for name, counts in {"D-mimics": (1, 1), "D-unknown": (0, 0), "D-half": (1, 1)}.items():
        fit = by_drug[name].fits[0]
        assert (fit.is_near, fit.counteracts, fit.mimics) == (True, *counts)
    outside = by_drug["D-half"].fits[0].targets[0]
    assert (outside.gene, outside.steps, outside.effect) == ("ELSEWHERE", None, Effect.MIMICS)
    assert by_drug["D-half"].targets_outside == ("ELSEWHERE",)
    far = by_drug["D-far"].fits[0]
    assert far.distance >= 1 and not far.is_near and far.targets == ()
    assert by_drug["D-far"].rank is None
    assert first.not_judged == ("D-outside",)
    assert first.unknown_actions == ("modulator",)


def test_q_is_benjamini_and_hochbergs_over_distinct_sets_of_targets(first: Ranking) -> None:
    judged = (*first.ranked, *first.others)
    in_network = {d.drug: frozenset(DRUGS[d.drug]) - {"ELSEWHERE"} for d in judged}
    p_of = {in_network[d.drug]: d.fits[0].p or 0.0 for d in judged}
    assert len(p_of) < len(judged)
    ordered = sorted(p_of.values())
    for drug in judged:
        p = drug.fits[0].p
        expected = min(q * len(ordered) / (i + 1) for i, q in enumerate(ordered) if q >= p)
        assert drug.fits[0].q == pytest.approx(min(expected, 1))


def test_ranks_and_scores(first: Ranking) -> None:
    rows = {drug.drug: drug for drug in first.ranked}
    # by the sum over cell types first: 0.9 before 0.6; same targets tie
    assert {rows["D-up"].rank, rows["D-mimics"].rank} == {1, 2}
    assert rows["D-near"].rank == rows["D-same"].rank
    assert rows["D-near"].rank in (3.5, 4.5)
    for drug in first.ranked:
        assert drug.score == pytest.approx(drug.intercellular + 0.1 * drug.intracellular)
        # the cell type that could not be judged counts 0
        assert drug.intracellular == pytest.approx(sum(f.intracellular for f in drug.fits) / 3)


def test_cell_types_say_what_was_known(first: Ranking) -> None:
    cells = {cell.name: cell for cell in first.cell_types}
    assert cells["B cell"].changed_in_network == 12
    assert cells["B cell"].changed_outside == ("ELSEWHERE",)
    assert cells["B cell"].module_size == 12
    assert cells["B cell"].why_not is None
    assert cells["NK cell"].why_not == "none of its changed genes is in the network"


def test_provenance_makes_the_same_again(first: Ranking) -> None:
    told = first.provenance
    assert (told.seed, told.draws, told.bins, told.genes) == (11, 400, 2, SIZE)
    assert told.centralities_given
    assert set(told.inputs) == {"network", "drug targets", "expression"}
    assert ranking(settings=Settings(seed=told.seed, draws=told.draws)) == first


def test_another_seed_gives_another_null_near_the_first(first: Ranking) -> None:
    other = ranking(settings=Settings(seed=12, draws=400))
    pairs = [
        (one.null_mean, two.null_mean, one.null_sd)
        for a, b in zip(first.others, other.others, strict=True)
        for one, two in zip(a.fits, b.fits, strict=True)
    ]
    assert any(one != two for one, two, _ in pairs)
    assert all(abs(one - two) < 6 * sd / np.sqrt(200) for one, two, sd in pairs)


def test_order_of_rows_does_not_matter(first: Ranking) -> None:
    mixed = random.Random(5)

    def shuffled(table: dict[str, dict[str, Any]]) -> dict[str, dict[str, Any]]:
        names = mixed.sample(list(table), len(table))
        return {n: dict(mixed.sample(list(table[n].items()), len(table[n]))) for n in names}

    edges = [pair if mixed.random() < 0.5 else pair[::-1] for pair in EDGES]
    mixed.shuffle(edges)
    assert ranking(edges=edges, drugs=shuffled(DRUGS), cells=shuffled(CELLS)) == first


def test_another_drug_or_cell_type_changes_no_one_elses_null(first: Ranking) -> None:
    drugs = {"A-new": {"G020": "inhibitor"}, **DRUGS}
    cells = {"A cell": {"G030": 1.0, "G031": 1.0}, **CELLS}
    more = ranking(drugs=drugs, cells=cells, weights={"A cell": 0.1, **WEIGHTS})
    before = {(d.drug, f.cell_type): f for d in (*first.ranked, *first.others) for f in d.fits}
    after = {(d.drug, f.cell_type): f for d in (*more.ranked, *more.others) for f in d.fits}
    for key, fit in before.items():
        # q is over all drugs, by its nature
        assert dataclasses.replace(after[key], q=fit.q) == fit


def test_new_names_for_genes_change_nothing(first: Ranking) -> None:
    """Names in another order change the random genes, and nothing that is not random."""
    genes = sorted({g for pair in EDGES for g in pair} | {"ELSEWHERE", "NOT-THERE"})
    new = {gene: f"X{len(genes) - i:04}" for i, gene in enumerate(genes)}
    same_order = {gene: f"X{i:04}" for i, gene in enumerate(genes)}
    for names in (new, same_order):
        found = ranking(
            edges=[(names[a], names[b]) for a, b in EDGES],
            drugs={d: {names[g]: a for g, a in t.items()} for d, t in DRUGS.items()},
            cells={c: {names[g]: fc for g, fc in t.items()} for c, t in CELLS.items()},
        )
        assert [(d.drug, d.rank) for d in found.ranked] == [(d.drug, d.rank) for d in first.ranked]
        for one, other in zip(first.ranked, found.ranked, strict=True):
            assert other.score == pytest.approx(one.score, abs=1e-9)
            for a, b in zip(one.fits, other.fits, strict=True):
                assert (b.distance, b.counteracts, b.mimics) == (
                    a.distance,
                    a.counteracts,
                    a.mimics,
                )
                assert b.p == a.p or names is new


def test_without_centralities_each_cell_type_counts_one_and_it_is_said() -> None:
    found = ranking(weights=None)
    assert not found.provenance.centralities_given
    assert {drug.intercellular for drug in found.ranked} == {1.0}


@pytest.mark.parametrize(
    ("weights", "message"),
    [
        ({"B cell": 1.0}, "NK cell, T cell"),
        ({**WEIGHTS, "M": 1.0}, "one of centralities and expression only: M"),
        ({**WEIGHTS, "T cell": -0.1}, "negative or not finite: T cell"),
        ({**WEIGHTS, "T cell": float("nan")}, "negative or not finite: T cell"),
    ],
)
def test_centralities_are_checked(weights: dict[str, float], message: str) -> None:
    with pytest.raises(NetworkError, match=message):
        ranking(weights=weights)


def test_nothing_in_the_network_is_refused_by_name() -> None:
    with pytest.raises(NetworkError, match=r"no target of any drug.*: D1"):
        ranking(drugs={"D1": {"ELSEWHERE": "inhibitor"}})
    with pytest.raises(NetworkError, match="no changed gene of any cell type"):
        ranking(cells={"T cell": {"ELSEWHERE": 1.0}}, weights=None)


def test_two_systems_of_identifiers_are_refused() -> None:
    table = ["drug\tname\tgene\taction", "D1\tOne\t7124\tinhibitor"]
    by_number = read_targets(table, GeneSystem.ENTREZ)
    with pytest.raises(NetworkError, match="drug targets name genes by ENTREZ, the network by SYM"):
        rank_drugs(network(EDGES), by_number, expression(CELLS), SETTINGS)


def test_a_null_without_spread_makes_no_candidate() -> None:
    """Every gene is changed: any drug is at distance 0, and so is chance."""
    edges = list(itertools.pairwise("ABCDEF"))
    found = ranking(
        edges=edges,
        drugs={"D": {"A": "inhibitor"}},
        cells={"T cell": dict.fromkeys("ABCDEF", 1.0)},
        weights=None,
    )
    (fit,) = found.others[0].fits
    assert (fit.distance, fit.null_sd, fit.z, fit.p, fit.q) == (0, 0, None, None, None)
    assert found.ranked == ()


def test_random_targets_are_not_the_random_disease_genes() -> None:
    bins = bins_by_degree(network(EDGES).degrees)
    profile = (2, 1)
    assert not np.array_equal(
        draw(bins, profile, 50, 3, GENES_OF_DISEASE), draw(bins, profile, 50, 3, TARGETS_OF_DRUG)
    )


@pytest.mark.parametrize("wrong", [{"seed": -1}, {"seed": 2**32}, {"seed": 1, "draws": 1}])
def test_settings_are_checked(wrong: dict[str, int]) -> None:
    with pytest.raises(ValueError, match="out of range"):
        Settings(**wrong)


def test_the_search_refuses_what_it_cannot_answer() -> None:
    graph = network(EDGES)
    with pytest.raises(ValueError, match="empty"):
        steps_to_nearest(graph.adjacency, [np.array([], dtype=np.intp)])
    apart = graph.adjacency.tolil()
    for i in (0, 1):
        for j in apart.rows[i].copy():
            if j > 1:
                apart[i, j] = apart[j, i] = 0
    with pytest.raises(ValueError, match="not connected"):
        steps_to_nearest(apart.tocsr(), [np.array([0])])


scores = st.lists(st.tuples(st.integers(0, 30), st.floats(0, 1)), min_size=2, max_size=8)


@given(scores)
def test_the_intracellular_mean_breaks_near_ties_only(drugs: list[tuple[int, float]]) -> None:
    """It is at most 1, so that a lead of more than 0.1 in the sum is never overturned."""
    sums = [tenths * 0.11 for tenths, _ in drugs]
    placed = ranks(final_scores(sums, [mean for _, mean in drugs]))
    for (one, mean_one), (two, mean_two) in itertools.product(drugs, repeat=2):
        a, b = placed[drugs.index((one, mean_one))], placed[drugs.index((two, mean_two))]
        if one > two or (one == two and mean_one > mean_two + 1e-9):
            assert a < b
