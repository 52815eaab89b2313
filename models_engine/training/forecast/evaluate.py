"""Scores what methods say of held-out people: error, coverage, sharpness, CRPS, a stretch at a time."""

from collections.abc import Mapping
from dataclasses import dataclass, replace
from typing import Any

import numpy as np

from models_engine.catalogue.contract import FloatArray
from models_engine.catalogue.trajectory.dynamics import Dynamics
from models_engine.catalogue.trajectory.measurement import Method
from models_engine.catalogue.trajectory.unvalidated import assumed
from models_engine.training.forecast.backtest import EDGES, Pairs, edges_of, told
from models_engine.training.forecast.series import Panel, Source
from patients.terminology.measurements import MEASUREMENTS

Quantiles = tuple[tuple[float, tuple[float, ...]], ...]
# fewer held-out targets than this say nothing of a stretch
LEAST_TESTED = 20


@dataclass(frozen=True, eq=False)
class Candidate:
    """A method with its parameters. `offered`: it may stand before any patient; otherwise it has
    learnt the course of one disease and is shown for comparison only."""

    name: str
    method: Method
    dynamics: Dynamics
    quantiles: Quantiles
    offered: bool

    def to_dict(self) -> dict[str, Any]:
        return {
            "name": self.name,
            "method": self.method,
            "dynamics": self.dynamics.to_dict(),
            "quantiles": [[years, list(levels)] for years, levels in self.quantiles],
            "offered": self.offered,
        }

    @classmethod
    def from_dict(cls, row: Mapping[str, Any]) -> "Candidate":
        quantiles = tuple((float(at), tuple(levels)) for at, levels in row["quantiles"])
        dynamics = Dynamics.from_dict(row["dynamics"])
        return cls(row["name"], row["method"], dynamics, quantiles, row["offered"])


def measured(
    source: Source, candidate: Candidate, test: Panel, where: Pairs
) -> list[dict[str, Any]]:
    """One row a stretch of the horizon. Errors and widths are in the unit, CRPS on the working
    scale (natural logarithm, or the unit)."""
    said = told(candidate.method, candidate.dynamics, test, where)
    values = test.values[where.person, where.target]
    edges = edges_of(said, where, candidate.quantiles)
    crps = said.crps(values)
    shown, seen = (np.exp(edges), np.exp(values)) if source.scale == "log" else (edges, values)
    rows = []
    for stretch in range(len(EDGES) - 1):
        of = where.stretch == stretch
        if of.sum() < LEAST_TESTED:
            continue
        rows.append(
            {
                "from": EDGES[stretch],
                "until": EDGES[stretch + 1],
                "targets": int(of.sum()),
                "people": len(np.unique(where.person[of])),
                "method": candidate.name,
                **_figures(shown[:, of], seen[of]),
                "crps": _round(crps[of].mean()),
            }
        )
    return rows


def assumed_rows(source: Source, test: Panel, where: Pairs) -> list[dict[str, Any]]:
    """The same of the parameters that would be assumed if there were no series: how far the rule
    for measurements without one can be trusted. Not calibrated."""
    if not source.concept:
        return []
    scale, dynamics = assumed(source.concept, MEASUREMENTS[source.concept])
    if scale == "identity" and source.scale == "log":
        test = Panel(test.times, np.exp(test.values), test.people)
    candidate = Candidate("assumed", "state_space", dynamics, (), True)
    return measured(replace(source, scale=scale), candidate, test, where)


def _figures(edges: FloatArray, seen: FloatArray) -> dict[str, float]:
    low90, low50, median, high50, high90 = edges
    error = median - seen
    return {
        "mae": _round(np.abs(error).mean()),
        "rmse": _round(np.sqrt((error**2).mean())),
        "covers50": _round(np.mean((seen >= low50) & (seen <= high50))),
        "covers90": _round(np.mean((seen >= low90) & (seen <= high90))),
        "width50": _round((high50 - low50).mean()),
        "width90": _round((high90 - low90).mean()),
    }


def _round(value: Any) -> float:
    return float(f"{float(value):.5g}")
