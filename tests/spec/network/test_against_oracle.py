"""Random small networks: the product and a slow second implementation say the same."""

import itertools
from collections.abc import Sequence

import numpy as np
import pytest
from hypothesis import HealthCheck, event, given, settings
from hypothesis import strategies as st

from models_engine.catalogue.treatment.network.distance import steps_to_nearest
from models_engine.catalogue.treatment.network.null import (
    GENES_OF_DISEASE,
    TARGETS_OF_DRUG,
    bins_by_degree,
    draw,
    moments,
)
from models_engine.catalogue.treatment.network.ranking import Settings, rank_drugs
from tests.spec.network import oracle
from tests.spec.network.builders import expression, network, targets

GENES = [f"G{i:02}" for i in range(12)]
ACTIONS = ["agonist", "inhibitor", ""]
# self-loops and repetitions among them; one pair at least is none
pairs = st.lists(
    st.tuples(st.sampled_from(GENES), st.sampled_from(GENES)), min_size=8, max_size=26
).map(lambda found: [("G00", "G01"), *found])
changes = st.dictionaries(
    st.sampled_from(GENES), st.sampled_from([-1.5, 0.5, 2.0]), min_size=1, max_size=5
)
cells = st.dictionaries(st.sampled_from(["B", "NK", "T"]), changes, min_size=1)
actions = st.dictionaries(st.sampled_from(GENES), st.sampled_from(ACTIONS), min_size=1, max_size=3)
drugs = st.dictionaries(st.sampled_from(["D1", "D2", "D3", "D4", "D5"]), actions, min_size=2)
RUNS = settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])


@RUNS
@given(pairs, drugs, cells, st.integers(0, 2**32 - 1))
def test_the_whole_ranking(
    edges: list[tuple[str, str]],
    actions_of: dict[str, dict[str, str]],
    changes_of: dict[str, dict[str, float]],
    seed: int,
) -> None:
    graph = network(edges)
    in_network = set(graph.genes)
    if not any(in_network & set(genes) for genes in actions_of.values()):
        return
    if not any(in_network & set(genes) for genes in changes_of.values()):
        return
    weights = {cell: 0.3 + i for i, cell in enumerate(sorted(changes_of))}
    chosen = Settings(seed=seed, draws=12, smallest_bin=4)
    found = rank_drugs(
        graph, targets(actions_of), expression(changes_of), chosen, centralities=weights
    )
    bins = bins_by_degree(graph.degrees, chosen.smallest_bin)
    slow = oracle.largest_component(edges)
    assert set(slow) == in_network
    assert [{graph.genes[i] for i in b} for b in bins.members] == oracle.bins(slow, 4)

    def random_of(genes: Sequence[str], are_targets: bool) -> oracle.Draws:
        profile = bins.profile(np.array([graph.place[g] for g in genes]))
        purpose = TARGETS_OF_DRUG if are_targets else GENES_OF_DISEASE
        drawn = draw(bins, profile, chosen.draws, seed, purpose)
        return [[graph.genes[i] for i in row] for row in drawn]

    expected = oracle.ranking(edges, actions_of, changes_of, weights, random_of)
    event(f"{len(expected)} candidates")
    assert {drug.drug for drug in found.ranked} == set(expected)
    for drug in found.ranked:
        mine = (drug.intercellular, drug.intracellular, drug.score, drug.rank)
        assert mine == pytest.approx(expected[drug.drug], abs=1e-6)


@settings(RUNS, max_examples=20)
@given(pairs, st.lists(st.sets(st.sampled_from(GENES), min_size=1), min_size=1, max_size=70))
def test_steps_of_many_sets_at_once(edges: list[tuple[str, str]], sets: list[set[str]]) -> None:
    graph = network(edges)
    slow = oracle.largest_component(edges)
    inside = [sorted(genes & set(graph.genes)) or [graph.genes[0]] for genes in sets]
    steps = steps_to_nearest(
        graph.adjacency, [np.array([graph.place[g] for g in genes]) for genes in inside]
    )
    for column, genes in enumerate(inside):
        for gene in graph.genes:
            assert steps[graph.place[gene], column] == oracle.closest(slow, [gene], genes)


def test_the_null_is_that_of_all_draws_enumerated() -> None:
    """Mean and SD over every possible draw, against 20,000 random ones."""
    edges = [("A", "B"), ("B", "C"), ("C", "D"), ("D", "E"), ("B", "F"), ("E", "G"), ("G", "H")]
    graph = network(edges)
    slow = oracle.largest_component(edges)
    bins = bins_by_degree(graph.degrees, smallest=3)
    ends, middle = (sorted(b) for b in oracle.bins(slow, 3))
    assert (len(ends), len(middle)) == (3, 5)
    every = [
        oracle.closest(slow, [target, *more], [gene])
        for target in ends
        for more in itertools.combinations(middle, 2)
        for gene in middle
    ]
    genes = draw(bins, (0, 1), 20_000, 7, GENES_OF_DISEASE)
    drawn = draw(bins, (1, 2), 20_000, 7, TARGETS_OF_DRUG)
    mean, sd = moments(steps_to_nearest(graph.adjacency, list(genes)), drawn)
    # the standard error of the mean is 0.007
    assert mean == pytest.approx(np.mean(every), abs=0.03)
    assert sd == pytest.approx(np.std(every), abs=0.03)


@pytest.mark.parametrize(("count", "size"), [(2, 40), (9, 12), (12, 12)])
def test_random_genes_are_uniform_and_never_twice(count: int, size: int) -> None:
    """By repetition where few of many are drawn, by random keys where many of few are."""
    ring = network([(f"G{i}", f"G{(i + 1) % size}") for i in range(size)])
    bins = bins_by_degree(ring.degrees)
    drawn = draw(bins, (count,), 12_000, 3, TARGETS_OF_DRUG)
    assert all(len(set(row)) == count for row in drawn.tolist())
    expected = 12_000 * count / size
    counts = np.bincount(drawn.ravel(), minlength=size)
    # five standard deviations of a binomial count
    assert np.abs(counts - expected).max() <= 5 * np.sqrt(expected)
