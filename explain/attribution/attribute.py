"""Attributes a clinical model's probabilities to clinical concepts, against named baselines.

Three baselines. `optimal`: the same age and sex with the model's reference values; age and sex are
then no players. `population`: the model's background sample. `peers`: the sample with the person's
own age and sex, which again are no players. The first two are stored with a prediction; the third
is computed when a page asks (explain.attribution.comparison). An optional input that is missing
for the person is missing in the baseline too, so it contributes nothing; what it could change
is told by `effect_of_missing`.
"""

from collections import defaultdict
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from typing import Literal

import numpy as np

from explain.attribution.sample import far_from_sample
from explain.attribution.shapley import (
    Arrays,
    FloatArray,
    Player,
    ShapleyResult,
    exact_shapley,
    exact_shapley_many,
)
from models_engine.catalogue.contract import ClinicalModel, Input

BaselineId = Literal["optimal", "population", "peers"]
BASELINES: tuple[BaselineId, ...] = ("optimal", "population")
FIXED = ("age", "sex")
ROUNDING_NOISE = 1e-13


@dataclass(frozen=True)
class Contribution:
    """What one concept adds to or takes from the baseline, on the probability scale."""

    concept: str
    label: str
    group: str
    modifiable: bool
    contribution: float


@dataclass(frozen=True)
class Attribution:
    """One outcome against one baseline, largest contribution first.

    `baseline_value` + the contributions = `output` within 1e-6, on the probability scale. `overlap`
    (0 to 1): how many of the three largest stay when the sample is drawn anew; 1.0 against one
    fixed row. `far` are the concepts whose value is far from everybody of the sample.
    """

    baseline: BaselineId
    source: str
    outcome: str
    baseline_value: float
    output: float
    contributions: tuple[Contribution, ...]
    overlap: float
    far: tuple[str, ...]

    def by_group(self) -> dict[str, float]:
        """Contributions summed by clinical concept group, e.g. total and HDL cholesterol."""
        sums: dict[str, float] = defaultdict(float)
        for part in self.contributions:
            sums[part.group] += part.contribution
        return dict(sums)


def attribute(model: ClinicalModel, values: Mapping[str, float]) -> tuple[Attribution, ...]:
    """Every outcome of `model` against both baselines, for one person.

    `values` are those of a usable FeatureSet, in canonical units; a missing optional input is
    left out. Raises ValueError when the model is not a probability (a derived value).
    """
    return attribute_all(model, [values])[0]


def attribute_all(
    model: ClinicalModel, people: Sequence[Mapping[str, float]]
) -> list[tuple[Attribution, ...]]:
    """The same for many people, in few large calls of the model; each gets what `attribute` says."""
    arrays = {
        i.concept: np.array([float(values.get(i.concept, np.nan)) for values in people])
        for i in model.inputs
    }
    tables = {baseline: _tabulate(model, arrays, baseline) for baseline in BASELINES}
    far = [far_from_sample(model, values) for values in people]
    return [
        tuple(
            _attribution(model, baseline, index, tables[baseline], person, far[person])
            for baseline in BASELINES
            for index in range(len(model.outcomes))
        )
        for person in range(len(people))
    ]


def explain(
    model: ClinicalModel, person: Mapping[str, float], baseline: BaselineId
) -> ShapleyResult:
    """Exact Shapley values of all outcomes of one person against one baseline.

    `person` names every input of the model, NaN for a missing optional one.
    """
    missing = frozenset(concept for concept, value in person.items() if np.isnan(value))
    return exact_shapley(
        model.predict,
        person,
        baseline_rows(model, person, baseline),
        players_of(model, missing, baseline),
    )


def baseline_rows(
    model: ClinicalModel, person: Mapping[str, float], baseline: BaselineId
) -> dict[str, FloatArray]:
    """The rows of a baseline for one person, (b,) a concept.

    Raises ValueError for a derived value, which has none.
    """
    if model.background is None:
        raise ValueError(f"{model.id} is a derived value: it is not attributed")
    if baseline == "optimal":
        rows = {c: np.array([model.optimal.get(c, v)]) for c, v in person.items()}
    else:
        rows = dict(model.background.rows)
    if baseline == "peers":
        rows |= {c: np.full_like(rows[c], person[c]) for c in FIXED if c in person}
    return {c: np.full_like(rows[c], np.nan) if np.isnan(person[c]) else rows[c] for c in person}


def attribute_many(
    model: ClinicalModel, arrays: Arrays, baseline: BaselineId = "population"
) -> tuple[tuple[str, ...], FloatArray, FloatArray]:
    """Contributions of many people: concepts (p,), baseline values (n, o), values (n, p, o).

    `arrays` (n,) by concept. People are taken together when the same inputs are missing.
    """
    table = _tabulate(model, arrays, baseline)
    return table.concepts, table.base, table.parts


@dataclass(frozen=True, eq=False)
class _Table:
    """`attribute_many` with outputs and overlaps (n, o), and who of the concepts played, (n, p)."""

    concepts: tuple[str, ...]
    base: FloatArray
    output: FloatArray
    parts: FloatArray
    overlap: FloatArray
    played: np.ndarray[tuple[int, int], np.dtype[np.bool_]]


def _tabulate(model: ClinicalModel, arrays: Arrays, baseline: BaselineId) -> _Table:
    concepts = tuple(i.concept for i in model.inputs)
    people = np.stack([np.asarray(arrays[c], dtype=np.float64) for c in concepts], axis=1)
    shape = len(people), len(model.outcomes)
    base, output, overlap = np.zeros(shape), np.zeros(shape), np.zeros(shape)
    parts = np.zeros((len(people), len(concepts), len(model.outcomes)))
    played = np.zeros((len(people), len(concepts)), dtype=np.bool_)
    for who in _alike(model, people, concepts, baseline):
        first = dict(zip(concepts, people[who[0]], strict=True))
        missing = frozenset(c for c, v in first.items() if np.isnan(v))
        table = exact_shapley_many(
            model.predict,
            {c: people[who, at] for at, c in enumerate(concepts)},
            baseline_rows(model, first, baseline),
            players_of(model, missing, baseline),
        )
        base[who], output[who], overlap[who] = table.baseline, table.output, table.overlap
        seats = [concepts.index(player[0]) for player in table.players]
        parts[who[:, None], seats] = table.contributions
        played[who[:, None], seats] = True
    return _Table(concepts, base, output, parts, overlap, played)


def _alike(
    model: ClinicalModel, people: FloatArray, concepts: Sequence[str], baseline: BaselineId
) -> list[np.ndarray[tuple[int], np.dtype[np.intp]]]:
    """Row numbers of people who share a baseline: the same inputs are missing.

    An input without a reference value keeps the person's own, so those must be the same too. Age
    and sex are no players under that baseline: nobody's row is asked for them.
    """
    keys = np.isnan(people).astype(np.float64)
    if baseline == "optimal":
        own = [at for at, c in enumerate(concepts) if c not in FIXED and c not in model.optimal]
        keys = np.concatenate([keys, np.nan_to_num(people[:, own])], axis=1)
    _, inverse = np.unique(keys, axis=0, return_inverse=True)
    return [np.flatnonzero(inverse == key) for key in range(inverse.max() + 1)]


def effect_of_missing(
    model: ClinicalModel,
    values: Mapping[str, float],
    concept: str,
    tried: FloatArray | None = None,
) -> dict[str, tuple[float, float]]:
    """Lowest and highest probability by outcome, were the missing `concept` one of the sample's.

    Says how much an input that was not measured, or was assumed, could change the answer (E7);
    `tried` are other values than the sample's: yes and no.
    """
    if model.background is None:
        raise ValueError(f"{model.id} is a derived value: it has no sample")
    if tried is None:
        tried = model.background.rows[concept]
    arrays = {
        i.concept: np.full(len(tried), float(values.get(i.concept, np.nan))) for i in model.inputs
    }
    outputs = model.predict({**arrays, concept: tried})
    return {
        outcome.id: (float(column.min()), float(column.max()))
        for outcome, column in zip(model.outcomes, outputs.T, strict=True)
    }


def players_of(
    model: ClinicalModel, missing: frozenset[str], baseline: BaselineId
) -> tuple[Player, ...]:
    """One player an input; none for what is missing, nor for what the baseline leaves as it is."""
    fixed = FIXED if baseline != "population" else ()
    return tuple(
        (i.concept,) for i in model.inputs if i.concept not in missing and i.concept not in fixed
    )


def _attribution(
    model: ClinicalModel,
    baseline: BaselineId,
    index: int,
    table: _Table,
    person: int,
    far: tuple[str, ...],
) -> Attribution:
    values = table.parts[person, :, index].tolist()
    parts = [
        contribution_of(declared, value)
        for declared, value, played in zip(
            model.inputs, values, table.played[person].tolist(), strict=True
        )
        if played
    ]
    return Attribution(
        baseline=baseline,
        source=source_of(model, baseline),
        outcome=model.outcomes[index].id,
        baseline_value=float(table.base[person, index]),
        output=float(table.output[person, index]),
        contributions=largest_first(parts),
        overlap=float(table.overlap[person, index]),
        far=far,
    )


def contribution_of(declared: Input, value: float) -> Contribution:
    """What the input adds, as it is declared; exactly 0.0 when the equation does not use it."""
    return Contribution(
        concept=declared.concept,
        label=declared.label,
        group=declared.group or declared.concept,
        modifiable=declared.modifiable,
        contribution=value if abs(value) > ROUNDING_NOISE else 0.0,
    )


def largest_first(parts: Iterable[Contribution]) -> tuple[Contribution, ...]:
    return tuple(sorted(parts, key=lambda part: -abs(part.contribution)))


def source_of(model: ClinicalModel, baseline: BaselineId) -> str:
    """Where the baseline's values come from, in words."""
    if baseline == "optimal":
        return model.optimal_source
    return model.background.source if model.background else ""
