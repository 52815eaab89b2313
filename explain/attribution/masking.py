"""Whether the reasons name what the prediction rests on (E10).

The concepts with the largest contributions are masked: their values are taken from the sample's
people instead, one after the other, and the predictions averaged. That should move the prediction
more than masking as many concepts that were drawn at random. What random concepts do is not drawn
but counted out: the mean over all sets of so many concepts. Over the people, Wilcoxon's signed-rank
test of the paired differences, one-sided, says how easily chance alone would give such an advantage.

One concept is masked, and then three. Of three, some may pull the prediction up and some down: masked
together they cancel, and the advantage is smaller than that of one.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from itertools import combinations

import numpy as np
from scipy.stats import wilcoxon

from explain.attribution.attribute import baseline_rows
from explain.attribution.shapley import FloatArray
from models_engine.catalogue.contract import ClinicalModel

MASKED = (1, 3)


@dataclass(frozen=True)
class Masking:
    """Mean absolute move of the prediction by masking `masked` concepts, and the test's p."""

    masked: int
    largest: float
    at_random: float
    p: float


def masked_counts(players: int) -> tuple[int, ...]:
    """How many are masked: at most half of the players, so that there are others to compare with."""
    return tuple(sorted({min(count, players // 2) for count in MASKED} - {0}))


def moves(
    model: ClinicalModel, person: Mapping[str, float], concepts: Sequence[str], masked: int
) -> tuple[tuple[frozenset[str], ...], FloatArray]:
    """Every set of `masked` concepts, and (m, o) how far masking it moves the prediction."""
    sample = baseline_rows(model, person, "population")
    size = len(next(iter(sample.values())))
    sets = tuple(frozenset(chosen) for chosen in combinations(concepts, masked))
    arrays = {
        concept: np.concatenate(
            [sample[concept] if concept in chosen else np.full(size, value) for chosen in sets]
        )
        for concept, value in person.items()
    }
    own = model.predict({concept: np.array([value]) for concept, value in person.items()})
    told = model.predict(arrays).reshape(len(sets), size, -1).mean(axis=1)
    return sets, np.abs(told - own)


def masking(
    model: ClinicalModel,
    people: Sequence[Mapping[str, float]],
    contributions: Sequence[Mapping[str, FloatArray]],
) -> tuple[tuple[Masking, ...], ...]:
    """By outcome, a row a number of concepts masked; `contributions` (o,) by concept, of each."""
    rows = [
        _masking(model, people, contributions, masked)
        for masked in masked_counts(len(contributions[0]))
    ]
    return tuple(zip(*rows, strict=True)) if rows else tuple(() for _ in model.outcomes)


def _masking(
    model: ClinicalModel,
    people: Sequence[Mapping[str, float]],
    contributions: Sequence[Mapping[str, FloatArray]],
    masked: int,
) -> list[Masking]:
    largest, at_random = [], []
    for person, found in zip(people, contributions, strict=True):
        sets, moved = moves(model, person, list(found), masked)
        place = {chosen: at for at, chosen in enumerate(sets)}
        sizes = np.abs(np.array(list(found.values())))
        top = np.argsort(-sizes, axis=0, kind="stable")[:masked]
        names = np.array(list(found))
        chosen = [place[frozenset(names[column].tolist())] for column in top.T]
        largest.append(moved[chosen, np.arange(len(chosen))])
        at_random.append(moved.mean(axis=0))
    return [
        _tested(masked, np.array(a), np.array(b))
        for a, b in zip(np.transpose(largest), np.transpose(at_random), strict=True)
    ]


def _tested(masked: int, largest: FloatArray, at_random: FloatArray) -> Masking:
    p = float(wilcoxon(largest, at_random, alternative="greater").pvalue)
    return Masking(masked, float(largest.mean()), float(at_random.mean()), p)
