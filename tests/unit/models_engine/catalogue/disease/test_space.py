"""Disease space on corpora small enough to check by hand, and against scikit-learn."""

import numpy as np
import pytest
from sklearn.decomposition import TruncatedSVD

from models_engine.catalogue.disease.people import People, Person
from models_engine.catalogue.disease.space import (
    co_occurrence,
    embed,
    nearest,
    patient_vectors,
    ppmi,
    unit,
)

TOKENS = ("icd10:A00", "icd10:A01", "icd10:B00", "icd10:B01")


def corpus(*histories: tuple[tuple[str, int], ...]) -> People:
    people = tuple(
        Person(f"p{i}", 0, "female", (), tuple((f"icd10:{t}", d, True) for t, d in history))
        for i, history in enumerate(histories)
    )
    return People(TOKENS, people, seed=1)


def toy() -> People:
    """Two groups of two diagnoses: those of a group meet often, those of two groups seldom."""
    within = [(("A00", 1), ("A01", 30))] * 10 + [(("B00", 1), ("B01", 30))] * 10
    return corpus(*within, (("A00", 1), ("B00", 30)), (("A01", 1), ("B01", 30)))


def everybody(people: People) -> np.ndarray:
    return np.arange(len(people))


def test_on_a_corpus_of_four_the_groups_are_nearest_neighbours() -> None:
    people = toy()

    vectors = embed(ppmi(co_occurrence(people, everybody(people), 365)), 2)

    assert [TOKENS[nearest(vectors, place)[0]] for place in range(4)] == [
        *("icd10:A01", "icd10:A00", "icd10:B01", "icd10:B00")
    ]
    # the two groups are alike, so that the two distances are the same
    assert vectors[0] @ vectors[1] == pytest.approx(vectors[2] @ vectors[3])
    assert vectors[0] @ vectors[1] > 0.99 and vectors[0] @ vectors[2] < 0.01


def test_co_occurrence_counts_people_and_looks_no_further_than_the_span() -> None:
    people = corpus((("A00", 1), ("A01", 100), ("B00", 200)), (("A00", 1), ("A00", 50)))

    counts = co_occurrence(people, everybody(people), 150)

    expected = [[2, 1, 0, 0], [1, 1, 1, 0], [0, 1, 1, 0], [0, 0, 0, 0]]
    assert counts.tolist() == expected


def test_ppmi_is_the_formula() -> None:
    counts = np.array([[4.0, 2.0], [2.0, 0.0]])

    found = ppmi(counts)

    # N = 8; row sums 6 and 2: ln(4 * 8 / 36) < 0, ln(2 * 8 / 12)
    assert found == pytest.approx(np.array([[0.0, np.log(16 / 12)], [np.log(16 / 12), 0.0]]))


def test_what_too_few_people_share_leaves_no_trace() -> None:
    counts = np.array([[9.0, 4.0], [4.0, 9.0]])

    assert ppmi(counts, least=5)[0, 1] == 0.0
    assert ppmi(counts * [[1, 5], [5, 1]], least=5)[0, 1] > 0.0


def test_the_vectors_are_those_of_a_truncated_svd() -> None:
    rng = np.random.default_rng(3)
    half = rng.random((12, 12))
    matrix = half + half.T

    mine = embed(matrix, 5)

    svd = TruncatedSVD(5, algorithm="arpack", random_state=0)
    theirs = unit(svd.fit_transform(matrix) / np.sqrt(svd.singular_values_))
    assert mine @ mine.T == pytest.approx(theirs @ theirs.T, abs=1e-8)


def test_it_is_deterministic_and_indifferent_to_the_order_of_people() -> None:
    people = toy()
    backwards = People(TOKENS, people.people[::-1], seed=1)

    one, other = (embed(ppmi(co_occurrence(p, everybody(p), 365)), 2) for p in (people, backwards))

    assert one.tobytes() == other.tobytes()


def test_an_empty_corpus_has_no_dimension() -> None:
    people = corpus((("A00", 1),), ())

    assert embed(np.zeros((4, 4)), 2).shape == (4, 0)
    vectors = embed(ppmi(co_occurrence(people, everybody(people), 365)), 2)
    assert np.isfinite(vectors).all()


def test_newer_diagnoses_weigh_more_in_a_patients_vector() -> None:
    vectors = np.eye(2)

    found = patient_vectors(np.array([[0.0, 5.0], [np.nan, 3.0], [np.nan, np.nan]]), vectors, 5.0)

    assert found[0] == pytest.approx(np.array([1.0, 0.5]) / np.hypot(1.0, 0.5))
    assert found[1] == pytest.approx([0.0, 1.0])
    assert found[2].tolist() == [0.0, 0.0]
