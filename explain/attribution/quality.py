"""How good a model's explanations are, measured over its own background sample.

Each person of the sample is explained against the whole sample, as a page does, and three things
are asked. Do the contributions add up (the largest gap, on the probability scale)? Are they stable:
the mean overlap of the three largest between bootstrap draws of the sample, and the share of people
with an overlap of 0.8 or more? Are they faithful: does an input with a large
contribution change the prediction much when its value alone is taken from the sample instead? That
is the correlation over the inputs, and its mean over the people. And does masking the largest move
the prediction more than masking others (explain.attribution.masking)?
"""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass

import numpy as np

from explain.attribution.attribute import baseline_rows, explain
from explain.attribution.masking import Masking, masking
from explain.attribution.shapley import FloatArray, ShapleyResult
from explain.attribution.stability import is_stable, overlaps
from models_engine.catalogue.contract import ClinicalModel

# with fewer inputs that differ a correlation says nothing
FEWEST_PLAYERS = 3


@dataclass(frozen=True)
class Quality:
    """The figures of one outcome; `faithfulness` None with fewer than three inputs."""

    outcome: str
    people: int
    largest_gap: float
    overlap: float
    stable_share: float
    faithfulness: float | None
    masking: tuple[Masking, ...]


def measure(model: ClinicalModel) -> tuple[Quality, ...]:
    """One row an outcome. Raises ValueError for a model that is not explained."""
    if model.background is None:
        raise ValueError(f"{model.id} is a derived value: it is not attributed")
    people = list(_people(model))
    results = [explain(model, person, "population") for person in people]
    alone = [_changes(model, person, found) for person, found in zip(people, results, strict=True)]
    masked = masking(
        model, people, [{c: part for (c,), part in r.contributions.items()} for r in results]
    )
    return tuple(_of(model, at, results, alone, masked[at]) for at in range(len(model.outcomes)))


def _people(model: ClinicalModel) -> Iterator[dict[str, float]]:
    assert model.background is not None  # noqa: S101 - `measure` has asked
    rows = model.background.rows
    for at in range(model.background.size):
        yield {declared.concept: float(rows[declared.concept][at]) for declared in model.inputs}


def _changes(
    model: ClinicalModel, person: Mapping[str, float], result: ShapleyResult
) -> FloatArray:
    """(p, o): the prediction less its mean with one input taken from the sample."""
    sample = baseline_rows(model, person, "population")
    size = len(next(iter(sample.values())))
    own = {concept: np.full(size, value) for concept, value in person.items()}
    return np.array(
        [
            result.output - model.predict({**own, concept: sample[concept]}).mean(axis=0)
            for (concept,) in result.contributions
        ]
    )


def _of(
    model: ClinicalModel,
    at: int,
    results: list[ShapleyResult],
    alone: list[FloatArray],
    masked: tuple[Masking, ...],
) -> Quality:
    gaps, correlations = [], []
    for result, changes in zip(results, alone, strict=True):
        parts = np.array([part[at] for part in result.contributions.values()])
        gaps.append(abs(result.baseline[at] + parts.sum() - result.output[at]))
        moved = changes[:, at]
        if len(parts) >= FEWEST_PLAYERS and parts.std() > 0 and moved.std() > 0:
            correlations.append(float(np.corrcoef(parts, moved)[0, 1]))
    agreed = [float(overlaps(result.by_row[None])[0, at]) for result in results]
    return Quality(
        outcome=model.outcomes[at].id,
        people=len(results),
        largest_gap=float(max(gaps)),
        overlap=float(np.mean(agreed)),
        stable_share=float(np.mean([is_stable(one) for one in agreed])),
        faithfulness=float(np.mean(correlations)) if correlations else None,
        masking=masked,
    )
