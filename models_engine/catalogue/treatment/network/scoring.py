"""From distances to P, and from centralities to the final score and its ranks."""

import numpy as np
from numpy.typing import ArrayLike, NDArray
from scipy.special import ndtr
from scipy.stats import rankdata

INTRACELLULAR_WEIGHT = 0.1
# equal sums that were added up in another order must tie
DIGITS = 12


def z_and_p(distance: float, mean: float, sd: float) -> tuple[float, float] | None:
    """z of a distance in its null, and the one-sided P of one so small; None without spread."""
    if sd <= 0:
        return None
    z = (distance - mean) / sd
    return z, float(ndtr(z))


def final_scores(intercellular: ArrayLike, intracellular: ArrayLike) -> NDArray[np.float64]:
    """Sum over cell types + 0.1 times the intracellular mean, elementwise."""
    inter = np.asarray(intercellular, dtype=float)
    return np.round(inter + INTRACELLULAR_WEIGHT * np.asarray(intracellular, dtype=float), DIGITS)


def ranks(scores: ArrayLike) -> NDArray[np.float64]:
    """1 for the largest score; ties share the average of their ranks."""
    return np.asarray(rankdata(-np.asarray(scores, dtype=float), method="average"))
