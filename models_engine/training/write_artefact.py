"""Turns a fitted model into its artefact: coefficients, ranges, resemblance, sample, test values.

Aggregates only. Numbers are rounded to ten significant digits, so that the same data and script
give the same file on another machine.
"""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from models_engine.catalogue.contract import FloatArray
from models_engine.catalogue.trained.additive import FORMAT, Additive, Resemblance
from models_engine.training.cohorts import Cohort
from models_engine.training.recipes import Plan

DIGITS = 10
PERCENTILES = (1, 99)
SAMPLE = 32
VECTORS = 8
SEED = 20261121


def content(
    plan: Plan, cohort: Cohort, fitted: Additive, coverage: list[dict[str, float]]
) -> dict[str, Any]:
    """The artefact as JSON; `cohort` holds the model's inputs only, complete."""
    ranges = {c: _range(plan, c, cohort.columns[c]) for c in plan.concepts}
    inside = np.all(
        [(v >= ranges[c][0]) & (v <= ranges[c][1]) for c, v in cohort.columns.items()], axis=0
    )
    near = resemblance(cohort)
    sample = background(plan, cohort.rows(inside), near, ranges)
    names = [name for term in plan.recipe.terms for name in term.names]
    outcomes = plan.outcomes
    made: dict[str, Any] = {
        "format": FORMAT,
        "name": plan.name,
        "version": plan.version,
        "data": {
            "source": cohort.source,
            "licence": cohort.licence,
            "moment": cohort.moment,
            "people": len(np.unique(cohort.groups)),
            "rows": cohort.size,
            "events": int(cohort.event.sum()),
            "dropped": dict(cohort.dropped),
        },
        "model": {
            "kind": plan.recipe.kind,
            "terms": [_term(vars(term)) for term in plan.recipe.terms],
            "coefficients": dict(zip(names, _short(fitted.coefficients), strict=True)),
            "baseline": dict(zip(outcomes, _short(fitted.baseline), strict=True)),
            "covariance": dict(zip(outcomes, _short(fitted.covariance), strict=True)),
            "interval_factor": dict(zip(outcomes, _short(fitted.factor), strict=True)),
        },
        "units": dict(plan.units),
        "ranges": ranges,
        "resemblance": {
            "concepts": list(near.concepts),
            "mean": _short(near.mean),
            "sd": _short(near.sd),
            "inverse_correlation": _short(near.inverse_correlation),
            "limit": _short(np.array(near.limit)),
        },
        "coverage": dict(zip(outcomes, coverage, strict=True)),
        "background": {c: _short(v) for c, v in sample.items()},
    }
    made["vectors"] = _vectors(made, sample, fitted)
    return made


def _vectors(
    made: Mapping[str, Any], sample: Mapping[str, FloatArray], fitted: Additive
) -> list[dict[str, Any]]:
    """Made-up people of the sample, with what this run says of them."""
    people = {c: v[:VECTORS] for c, v in sample.items()}
    risks = fitted.predict(people)
    outcomes = list(made["model"]["baseline"])
    return [
        {
            "inputs": {c: _short(v[at]) for c, v in people.items()},
            "expected": dict(zip(outcomes, _short(risks[at]), strict=True)),
        }
        for at in range(VECTORS)
    ]


def resemblance(cohort: Cohort) -> Resemblance:
    """Means, spreads, correlations, and the 99th percentile of the distance."""
    values = np.stack(list(cohort.columns.values()), axis=1)
    mean, sd = values.mean(axis=0), values.std(axis=0)
    correlation = np.asarray(np.corrcoef(values, rowvar=False), dtype=np.float64)
    inverse = np.asarray(np.linalg.inv(correlation), dtype=np.float64)
    near = Resemblance(tuple(cohort.columns), mean, sd, inverse, np.inf)
    limit = float(np.percentile(near.distance(cohort.columns), PERCENTILES[1]))
    return Resemblance(near.concepts, mean, sd, inverse, limit)


def background(
    plan: Plan, cohort: Cohort, near: Resemblance, ranges: Mapping[str, list[float]]
) -> dict[str, FloatArray]:
    """32 made-up people from moments of the training data; nobody's row is copied.

    Normal with its means, spreads and correlations; a yes/no input is cut at its prevalence.
    """
    rng = np.random.default_rng(SEED)
    names = list(cohort.columns)
    values = np.stack([cohort.columns[c] for c in names], axis=1)
    mean, sd = values.mean(axis=0), values.std(axis=0)
    correlation = np.corrcoef(values, rowvar=False)
    drawn = rng.multivariate_normal(np.zeros(len(names)), correlation, size=200 * SAMPLE)
    people = {}
    for at, name in enumerate(names):
        if name in plan.binary:
            cut = np.quantile(drawn[:, at], 1 - mean[at])
            people[name] = (drawn[:, at] > cut).astype(float)
        else:
            people[name] = np.round(mean[at] + sd[at] * drawn[:, at], _places(name, sd[at]))
    fits = near.distance(people) <= near.limit
    for name in names:
        fits &= (people[name] >= ranges[name][0]) & (people[name] <= ranges[name][1])
    # as many women as in the data, to the nearest person
    women = round(float(cohort.columns["sex"].mean()) * SAMPLE)
    chosen = np.concatenate(
        [
            np.flatnonzero(fits & (people["sex"] == 1))[:women],
            np.flatnonzero(fits & (people["sex"] == 0))[: SAMPLE - women],
        ]
    )
    return {name: column[chosen] for name, column in people.items()}


def _places(name: str, sd: float) -> int:
    """Whole years; else as many decimals as the spread deserves."""
    return 0 if name == "age" or sd > 10 else 1 if sd > 1 else 2


def _range(plan: Plan, concept: str, values: FloatArray) -> list[float]:
    if concept in plan.binary:
        return [0.0, 1.0]
    if concept in plan.ranges:
        return list(plan.ranges[concept])
    low, high = np.percentile(values, PERCENTILES)
    places = _places(concept, float(values.std()))
    return [round(float(low), places), round(float(high), places)]


def _term(fields: Mapping[str, Any]) -> dict[str, Any]:
    return {k: list(v) if isinstance(v, tuple) else v for k, v in fields.items() if v or k == "per"}


def _short(values: Any) -> Any:
    """Numbers rounded to ten significant digits, in the shape given."""
    array = np.asarray(values, dtype=np.float64)
    if array.ndim == 0:
        return float(f"{float(array):.{DIGITS}g}")
    return [_short(part) for part in array]


def write_json(path: Path, made: Mapping[str, Any]) -> bytes:
    """Write with one key a line at the first levels; returns the bytes."""
    raw = (json.dumps(made, indent=1, ensure_ascii=False) + "\n").encode()
    path.write_bytes(raw)
    return raw
