"""The worked examples of the method, one by one."""

import numpy as np
import pytest

from models_engine.catalogue.treatment.network.centrality import (
    disease_module,
    eigenvector_centrality,
    of_targets,
)
from models_engine.catalogue.treatment.network.distance import closest, steps_to_nearest
from models_engine.catalogue.treatment.network.null import bins_by_degree, moments
from models_engine.catalogue.treatment.network.pharmacology import Effect, effect_on
from models_engine.catalogue.treatment.network.scoring import final_scores, ranks, z_and_p
from tests.spec.network.builders import network

TOY = [("A", "B"), ("B", "C"), ("C", "D"), ("D", "E"), ("B", "F")]


@pytest.mark.parametrize(
    ("targets", "steps", "distance"), [("AE", [2, 2], 2.0), ("CD", [0, 1], 0.5)]
)
def test_closest_distance(targets: str, steps: list[int], distance: float) -> None:
    graph = network(TOY)
    changed = np.array([graph.place[g] for g in "CF"])
    places = np.array([graph.place[g] for g in targets])
    found = steps_to_nearest(graph.adjacency, [changed])[:, 0]
    assert found[places].tolist() == steps
    assert closest(found, places) == distance


def test_z_and_one_sided_p() -> None:
    found = z_and_p(0.5, 1.6, 0.4)
    assert found is not None
    z, p = found
    assert z == pytest.approx(-2.75)
    assert p == pytest.approx(0.00298, abs=5e-6)


def test_limit_of_z_and_p_is_the_same() -> None:
    found = z_and_p(-1.6448536, 0, 1)
    assert found is not None
    assert found[1] == pytest.approx(0.05, abs=1e-8)


def test_without_spread_there_is_no_p() -> None:
    assert z_and_p(0.5, 1.0, 0.0) is None


def test_score_of_two_drugs() -> None:
    scores = final_scores([0.6 + 0.3, 0.9], [0.2, 0.5])
    assert scores.tolist() == pytest.approx([0.92, 0.95], abs=1e-12)
    assert ranks(scores).tolist() == [2, 1]


def test_equal_sums_are_decided_by_the_intracellular_mean() -> None:
    scores = final_scores([0.3 + 0.6, 0.6 + 0.3, 0.1 + 0.8], [0.1, 0.3, 0.2])
    assert ranks(scores).tolist() == [3, 1, 2]


def test_ties_share_the_average_of_their_ranks() -> None:
    # 0.1 + 0.2 is not 0.3 to the last bit
    assert ranks(final_scores([0.1 + 0.2, 0.3, 0.5, 0.1], [0] * 4)).tolist() == [2.5, 2.5, 1, 4]


@pytest.mark.parametrize(
    ("action", "change", "effect"),
    [
        ("agonist", -1.2, Effect.COUNTERACTS),
        ("inducer", -0.1, Effect.COUNTERACTS),
        ("antagonist", 2.0, Effect.COUNTERACTS),
        ("inhibitor", 0.1, Effect.COUNTERACTS),
        ("agonist", 1.2, Effect.MIMICS),
        ("inducer", 0.1, Effect.MIMICS),
        ("antagonist", -2.0, Effect.MIMICS),
        ("inhibitor", -0.1, Effect.MIMICS),
        ("Blocker", 1.0, Effect.COUNTERACTS),
        ("positive  allosteric modulator", -1.0, Effect.COUNTERACTS),
        ("partial agonist", -1.0, Effect.UNKNOWN),
        ("modulator", 1.0, Effect.UNKNOWN),
    ],
)
def test_pharmacological_effect(action: str, change: float, effect: Effect) -> None:
    assert effect_on([action], change) is effect


def test_an_action_each_way_is_taken_to_mimic() -> None:
    assert effect_on(["agonist", "antagonist"], 1.0) is Effect.MIMICS
    assert effect_on(["binder", "antagonist"], 1.0) is Effect.COUNTERACTS
    assert effect_on([], 1.0) is Effect.UNKNOWN


def test_degrees_are_pooled_into_bins_and_a_short_last_one_joins() -> None:
    degrees = np.array([1] * 150 + [2] * 60 + [3] * 30 + [4] * 30 + [9] * 99)
    bins = bins_by_degree(degrees)
    # 150 ones; 60 + 30 + 30 of degrees 2 to 4; 99 nines are too few
    assert [len(members) for members in bins.members] == [150, 219]
    degrees = np.append(degrees, 9)
    assert [len(m) for m in bins_by_degree(degrees).members] == [150, 120, 100]
    assert [len(m) for m in bins_by_degree(np.array([1, 2, 2, 1])).members] == [4]


def test_eigenvector_centrality_of_a_star_and_a_path() -> None:
    star = network([("A", "B"), ("A", "C"), ("A", "D"), ("A", "E")])
    # leading eigenvector of a star with k leaves: sqrt(k) to 1
    assert eigenvector_centrality(star.adjacency).tolist() == pytest.approx([1, 0.5, 0.5, 0.5, 0.5])
    path = network([("A", "B"), ("B", "C"), ("C", "D")])
    # of a path: sin(pi i / (n + 1))
    expected = np.sin(np.pi * np.arange(1, 5) / 5)
    found = eigenvector_centrality(path.adjacency)
    assert found.tolist() == pytest.approx((expected / expected.max()).tolist())


def test_a_large_graph_takes_another_solver_to_the_same_centrality() -> None:
    leaves = [f"L{i}" for i in range(500)]
    found = eigenvector_centrality(network([("A", leaf) for leaf in leaves]).adjacency)
    assert found[0] == 1
    assert found[1:] == pytest.approx(np.full(500, 1 / np.sqrt(500)))


def test_in_a_large_graph_with_triangles_the_leading_vector_is_taken() -> None:
    """A wheel of k spokes: its largest eigenvalue is 1 + sqrt(1 + k), the hub that over k to 1."""
    spokes = 450
    rim = [(f"L{i}", f"L{(i + 1) % spokes}") for i in range(spokes)]
    wheel = network([*rim, *(("A", f"L{i}") for i in range(spokes))])
    found = eigenvector_centrality(wheel.adjacency)
    assert found[0] == 1
    assert found[1:] == pytest.approx(np.full(spokes, (1 + np.sqrt(1 + spokes)) / spokes))


def test_the_spread_of_the_null_is_that_of_a_sample() -> None:
    steps = np.array([[0, 1, 2, 3]], dtype=np.uint8)
    mean, sd = moments(steps, np.zeros((4, 1), dtype=np.int32))
    assert (mean, sd) == (1.5, pytest.approx(np.sqrt(5 / 3)))


def test_intracellular_score_is_the_geometric_mean_in_the_module() -> None:
    star = network([("A", "B"), ("A", "C"), ("A", "D"), ("A", "E"), ("E", "F"), ("F", "G")])
    place = star.place
    module = disease_module(star.adjacency, np.array([place[g] for g in "ABCDG"]))
    leaf = 1 / np.sqrt(3)
    assert set(module.centrality) == {place[g] for g in "ABCD"}
    assert of_targets(module, [place["A"], place["B"]]) == pytest.approx(np.sqrt(leaf))
    # E is not changed and G not in the component: both are left out
    assert of_targets(module, [place["B"], place["E"], place["G"]]) == pytest.approx(leaf)
    assert of_targets(module, [place["E"]]) == 0


@pytest.mark.parametrize("genes", ["AB", "BCD", "ABG"])
def test_fewer_than_three_connected_genes_are_no_module(genes: str) -> None:
    star = network([("A", "B"), ("A", "C"), ("A", "D"), ("A", "E"), ("E", "F"), ("F", "G")])
    module = disease_module(star.adjacency, np.array([star.place[g] for g in genes]))
    assert dict(module.centrality) == {}
