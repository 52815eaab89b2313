"""Rolling origin: at each of a person's measurements, forecast the later ones, and compare.

An origin is the time of a measurement from which the product would forecast: three days and 90 days
of history at least. Of each stretch of the horizon the first later measurement is the target.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from models_engine.catalogue.contract import FloatArray
from models_engine.catalogue.trajectory import mixture
from models_engine.catalogue.trajectory.dynamics import STATE_SIZE, Dynamics
from models_engine.catalogue.trajectory.forecast import MIN_DAYS, MIN_SPAN_YEARS
from models_engine.catalogue.trajectory.kalman import Posterior, advance, observe, outlook, prior
from models_engine.catalogue.trajectory.measurement import LEVELS, Method
from models_engine.training.forecast.series import Panel, split

# horizons in years; a target lies between two edges
EDGES = (0.0, 0.75, 1.5, 2.5, 3.5, 5.5)
MOST_ORIGINS = 6
MOST_VALUES = 60
# a stretch with so many targets counts as much as all stretches together
POOLED_TARGETS = 300
# people of a series beyond this many are not needed for a third digit; drawn once
MOST_PEOPLE, SEED = 3000, 1


@dataclass(frozen=True, eq=False)
class Pairs:
    """Origin and target by position: row of the panel, column of each, years between; (m,)."""

    person: NDArray[np.int64]
    origin: NDArray[np.int64]
    target: NDArray[np.int64]
    years: FloatArray

    @property
    def stretch(self) -> NDArray[np.int64]:
        return np.asarray(np.searchsorted(EDGES, self.years, side="left") - 1)


@dataclass(frozen=True, eq=False)
class Mixture:
    """A method's distribution of each target, on the working scale; (m, K) each."""

    weights: FloatArray
    means: FloatArray
    variances: FloatArray

    def below(self, values: FloatArray) -> FloatArray:
        return mixture.cdf(self.weights, self.means, self.variances, values)

    def quantile(self, levels: FloatArray) -> FloatArray:
        return mixture.quantile(self.weights, self.means, self.variances, levels)

    def crps(self, values: FloatArray) -> FloatArray:
        return mixture.crps(self.weights, self.means, self.variances, values)


def pairs(panel: Panel) -> Pairs:
    """At most six origins a person, evenly spread, each with a target in every stretch."""
    found: list[tuple[int, int, int, float]] = []
    for person, count in enumerate(np.minimum(panel.counts, MOST_VALUES)):
        times = panel.times[person, :count]
        allowed = [
            j for j in range(MIN_DAYS - 1, count - 1) if times[j] - times[0] >= MIN_SPAN_YEARS
        ]
        if len(allowed) > MOST_ORIGINS:
            kept = np.linspace(0, len(allowed) - 1, MOST_ORIGINS).round().astype(int)
            allowed = [allowed[k] for k in kept]
        for origin in allowed:
            ahead = times[origin + 1 :] - times[origin]
            stretch = np.searchsorted(EDGES, ahead, side="left") - 1
            for target in [int(np.argmax(stretch == s)) for s in set(stretch.tolist())]:
                if ahead[target] <= EDGES[-1]:
                    found.append((person, origin, origin + 1 + target, float(ahead[target])))
    rows = np.array([row[:3] for row in found], dtype=np.int64).reshape(-1, 3)
    years = np.array([row[3] for row in found])
    return Pairs(rows[:, 0], rows[:, 1], rows[:, 2], years)


def sides(panel: Panel) -> tuple[Panel, Panel, Pairs, Pairs]:
    """People to fit and to test, at most 3,000 each, and their origins and targets."""
    of_fit = split(panel.people)
    fitted, tested = _some(panel.rows(of_fit)), _some(panel.rows(~of_fit))
    return fitted, tested, pairs(fitted), pairs(tested)


def _some(panel: Panel) -> Panel:
    if len(panel.people) <= MOST_PEOPLE:
        return panel
    drawn = np.random.default_rng(SEED).choice(len(panel.people), MOST_PEOPLE, replace=False)
    return panel.rows(np.sort(drawn))


def told(method: Method, dynamics: Dynamics, panel: Panel, where: Pairs) -> Mixture:
    """What a method says at each origin of its target."""
    if method == "last_value":
        last = panel.values[where.person, where.origin]
        mean = np.zeros((len(last), len(dynamics.factors), STATE_SIZE))
        mean[:, :, 0] = last[:, None]
        covariance = np.zeros((*mean.shape, STATE_SIZE))
        weights = np.tile(dynamics.log_weights, (len(last), 1))
        known = Posterior(weights, mean, covariance)
    else:
        known = _at_origins(dynamics, panel, where)
    return Mixture(*outlook(dynamics, known, where.years))


def fit_last_value(panel: Panel, where: Pairs) -> Dynamics:
    """Error of the last value: a variance at once and one that grows with the years."""
    error = panel.values[where.person, where.target] - panel.values[where.person, where.origin]
    centre = np.array([where.years[where.stretch == s].mean() for s in np.unique(where.stretch)])
    spread = np.array([np.mean(error[where.stretch == s] ** 2) for s in np.unique(where.stretch)])
    walk, at_once = np.polyfit(centre, spread, 1)
    walk = max(float(walk), 0.0)
    at_once = float(at_once) if at_once > 0 and walk > 0 else float(np.mean(error**2))
    return Dynamics(level_mean=0.0, level_sd=0.0, noise_sd=at_once**0.5, level_walk=walk)


def calibrate(
    said: Mixture, values: FloatArray, where: Pairs
) -> tuple[tuple[float, tuple[float, ...]], ...]:
    """Which of the method's probabilities hold 50 and 90 % of the targets, a stretch at a time.

    A stretch with few targets is drawn towards all of them.
    Split-conformal in spirit: the distance of each target's probability from the median, and its
    quantiles with the small-sample correction. Symmetric, so no drift of these people is learned.
    """
    distance = np.abs(said.below(values) - 0.5)
    pooled = _reach(distance)
    rows = []
    for stretch in np.unique(where.stretch):
        of = where.stretch == stretch
        own = int(of.sum())
        inner, outer = (own * _reach(distance[of]) + POOLED_TARGETS * pooled) / (
            own + POOLED_TARGETS
        )
        levels = (0.5 - outer, 0.5 - inner, 0.5, 0.5 + inner, 0.5 + outer)
        rows.append((round(float(where.years[of].mean()), 3), tuple(round(v, 6) for v in levels)))
    return tuple(rows)


def _reach(distance: FloatArray) -> FloatArray:
    """How far from the median 50 and 90 % of the targets lie."""
    count = len(distance)
    levels = [min(1.0, np.ceil((count + 1) * share) / count) for share in (0.5, 0.9)]
    return np.minimum(np.quantile(distance, levels, method="higher"), 0.4999)


def edges_of(
    said: Mixture, where: Pairs, quantiles: tuple[tuple[float, tuple[float, ...]], ...]
) -> FloatArray:
    """The five band edges of each target, (5, m), as the product would draw them."""
    if not quantiles:
        return np.stack([said.quantile(np.full(len(where.years), level)) for level in LEVELS])
    at = [row[0] for row in quantiles]
    table = np.array([row[1] for row in quantiles]).T
    return np.stack([said.quantile(np.interp(where.years, at, column)) for column in table])


def _at_origins(dynamics: Dynamics, panel: Panel, where: Pairs) -> Posterior:
    """One pass over the columns; the posterior of each origin is kept when it is reached."""
    size, factors = len(where.person), len(dynamics.factors)
    kept = Posterior(
        np.zeros((size, factors)),
        np.zeros((size, factors, STATE_SIZE)),
        np.zeros((size, factors, STATE_SIZE, STATE_SIZE)),
    )
    known = prior(dynamics, len(panel.people))
    for column in range(int(where.origin.max()) + 1):
        if column:
            gap = panel.times[:, column] - panel.times[:, column - 1]
            known = advance(dynamics, known, np.nan_to_num(gap))
        known, _ = observe(dynamics, known, panel.values[:, column])
        rows = np.flatnonzero(where.origin == column)
        kept.log_weights[rows] = known.log_weights[where.person[rows]]
        kept.mean[rows] = known.mean[where.person[rows]]
        kept.covariance[rows] = known.covariance[where.person[rows]]
    return kept
