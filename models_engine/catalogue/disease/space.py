"""Disease space: diagnoses as vectors, from how often they stand near each other in a history.

PPMI and a truncated SVD over co-occurrence within a span of time: deterministic, where skip-gram
vectors (Jia and colleagues, Nature Computational Science 2023, doi 10.1038/s43588-023-00453-y [M])
need a large corpus and a seed. No published vectors are used here.
"""

import numpy as np

from models_engine.catalogue.contract import FloatArray
from models_engine.catalogue.disease.people import People


def co_occurrence(people: People, rows: np.ndarray, within: int) -> FloatArray:
    """People (v, v) in whom both tokens were first diagnosed at most `within` days apart.

    A token stands in its own context: the diagonal holds the people who have it.
    """
    size = len(people.tokens)
    counts = np.zeros((size, size))
    for row in rows:
        mine = slice(people.start[row], people.start[row + 1])
        code, day = people.code[mine], people.day[mine]
        near = np.abs(day[:, None] - day[None, :]) <= within
        counts[np.ix_(code, code)] += near
    return counts


def ppmi(counts: FloatArray, least: int = 0) -> FloatArray:
    """Positive pointwise mutual information (v, v), natural logarithm, of symmetric counts.

    max(0, ln(n_ij N / (n_i n_j))), n_i the sum of row i and N of all; 0 where fewer than `least`
    people have both.
    """
    rows = counts.sum(axis=1)
    expected = rows[:, None] * rows[None, :] / max(counts.sum(), 1.0)
    with np.errstate(divide="ignore", invalid="ignore"):
        found = np.log(counts / expected)
    seen = (counts > 0) & (counts >= least)
    return np.where(seen, np.maximum(np.where(seen, found, 0.0), 0.0), 0.0)


def embed(matrix: FloatArray, dimensions: int) -> FloatArray:
    """Unit vectors (v, min(dimensions, rank)) of the rows: U sqrt(S) of the truncated SVD.

    The sign of each dimension is fixed by its largest entry. A token without any weight has a
    vector of zeros.
    """
    u, s, _ = np.linalg.svd(matrix, hermitian=True)
    kept = min(dimensions, int(np.sum(s > 1e-9 * max(s[0], 1e-300)))) if len(s) else 0
    u = u[:, :kept]
    if kept:
        largest = u[np.argmax(np.abs(u), axis=0), np.arange(kept)]
        u = u * np.where(largest < 0, -1.0, 1.0)
    return unit(u * np.sqrt(s[:kept]))


def unit(vectors: FloatArray) -> FloatArray:
    """Rows of length 1; rows of zeros stay."""
    length = np.linalg.norm(vectors, axis=-1, keepdims=True)
    return np.asarray(np.where(length > 1e-12, vectors / np.maximum(length, 1e-12), 0.0))


def patient_vectors(years_since: FloatArray, vectors: FloatArray, half_life: float) -> FloatArray:
    """Unit vectors (n, d): the mean of the vectors of what is known, newer ones weighing more.

    `years_since` (n, v) is NaN for what is not known; a weight halves every `half_life` years.
    """
    weights = np.where(np.isnan(years_since), 0.0, 0.5 ** (np.nan_to_num(years_since) / half_life))
    return unit(weights @ vectors)


def nearest(vectors: FloatArray, place: int) -> np.ndarray:
    """The other rows by falling cosine with row `place`; ties in order of their places."""
    cosine = vectors @ vectors[place]
    order = np.argsort(-cosine, kind="stable")
    return np.asarray(order[order != place])
