"""Fits the parameters of a measurement's movement by maximum likelihood over people's series."""

from dataclasses import replace

import numpy as np
from scipy.optimize import minimize

from models_engine.catalogue.contract import FloatArray
from models_engine.catalogue.trajectory.dynamics import Dynamics
from models_engine.catalogue.trajectory.kalman import advance, observe, prior
from models_engine.training.forecast.series import Panel

# so many people, and of each so many first values, are enough and keep the fit to minutes
MOST_PEOPLE, MOST_VALUES = 400, 24
LEAST_VALUES = 3
STEADINESS_NODES = 5
OUTLIER = 3.0
# of people with one disease only the spread is learned: their level is theirs
WIDER_LEVEL = 2.0
# (low, high) of each fitted parameter, spreads as shares of the standard deviation of all values
BOUNDS = {
    "level_mean": (-3.0, 3.0),
    "level_sd": (0.3, 3.0),
    "drift": (-0.3, 0.3),
    "slope_sd": (1e-3, 1.0),
    "slope_years": (1.0, 30.0),
    "level_slope": (-0.9, 0.9),
    "level_walk": (1e-4, 1.0),
    "wander_sd": (1e-2, 1.0),
    "wander_years": (0.05, 3.0),
    "noise_sd": (0.03, 1.5),
    "spread": (0.02, 1.0),
}
SIGNED = ("level_mean", "drift", "level_slope")
START = (0.0, 0.8, 0.0, 0.05, 3.0, 0.0, 0.01, 0.3, 1.0, 0.4, 0.3)


def log_likelihood(dynamics: Dynamics, panel: Panel) -> float:
    """Of all values, each given those before it."""
    known = prior(dynamics, len(panel.people))
    total = 0.0
    for index in range(panel.values.shape[1]):
        if index:
            gap = panel.times[:, index] - panel.times[:, index - 1]
            known = advance(dynamics, known, np.nan_to_num(gap))
        known, gained = observe(dynamics, known, panel.values[:, index])
        total += float(gained.sum())
    return total


def fit(panel: Panel, *, one_disease: bool, seed: int = 20) -> Dynamics:
    """Parameters from the people of `panel` who have 3 values or more."""
    rows = np.flatnonzero(panel.counts >= LEAST_VALUES)
    if len(rows) > MOST_PEOPLE:
        rows = np.random.default_rng(seed).choice(rows, MOST_PEOPLE, replace=False)
    chosen = panel.rows(np.sort(rows))
    chosen = Panel(chosen.times[:, :MOST_VALUES], chosen.values[:, :MOST_VALUES], chosen.people)
    seen = chosen.values[np.isfinite(chosen.values)]
    centre, scale = float(seen.mean()), float(seen.std())
    bounds = [_inner(name, bound) for name, bound in BOUNDS.items()]
    if one_disease:
        for name in ("drift", "level_slope"):
            bounds[list(BOUNDS).index(name)] = (0.0, 0.0)

    def loss(point: FloatArray) -> float:
        return -log_likelihood(_dynamics(point, centre, scale), chosen) / len(seen)

    start = np.array([_to(name, value) for name, value in zip(BOUNDS, START, strict=True)])
    found = minimize(
        loss, start, method="L-BFGS-B", bounds=bounds, options={"maxiter": 60, "ftol": 1e-7}
    )
    fitted = _dynamics(found.x, centre, scale)
    return replace(fitted, level_sd=fitted.level_sd * WIDER_LEVEL) if one_disease else fitted


def _to(name: str, value: float) -> float:
    return value if name in SIGNED else float(np.log(value))


def _inner(name: str, bound: tuple[float, float]) -> tuple[float, float]:
    return _to(name, bound[0]), _to(name, bound[1])


def _dynamics(point: FloatArray, centre: float, scale: float) -> Dynamics:
    at = {
        name: float(x) if name in SIGNED else float(np.exp(x))
        for name, x in zip(BOUNDS, point, strict=True)
    }
    nodes, weights = np.polynomial.hermite_e.hermegauss(STEADINESS_NODES)
    factors = np.exp(at["spread"] * nodes)
    return Dynamics(
        level_mean=centre + scale * at["level_mean"],
        level_sd=scale * at["level_sd"],
        drift=scale * at["drift"],
        slope_sd=scale * at["slope_sd"],
        slope_years=at["slope_years"],
        level_slope=at["level_slope"],
        level_walk=scale**2 * at["level_walk"],
        wander_sd=scale * at["wander_sd"],
        wander_years=at["wander_years"],
        noise_sd=scale * at["noise_sd"],
        outlier=OUTLIER,
        steadiness=tuple(
            (float(f), float(w)) for f, w in zip(factors, weights / weights.sum(), strict=True)
        ),
    )
