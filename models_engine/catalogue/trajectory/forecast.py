"""Where a measurement of one person is heading: median, 50 % and 90 % bands, or a refusal.

A forecast is of a new measurement, its noise included, so that it can be compared with what is
then measured. Its `state` is JSON from which `predictive` gives the same distribution at any later
time: that is what a later value is scored against.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import numpy as np

from models_engine.catalogue.contract import FloatArray, Refusal
from models_engine.catalogue.trajectory import mixture
from models_engine.catalogue.trajectory.dynamics import STATE_SIZE, Dynamics
from models_engine.catalogue.trajectory.kalman import Posterior, advance, filtered, outlook
from models_engine.catalogue.trajectory.measurement import LEVELS, MeasurementSpec, Stretch

FORMAT = "twinportal-forecast/1"
DAYS_PER_YEAR = 365.25
# values of one day are one measurement of the day
SAME_DAY = 0.99 / DAYS_PER_YEAR
# our judgement: less cannot tell a level from a slope
MIN_DAYS, MIN_SPAN_YEARS = 3, 90 / DAYS_PER_YEAR
MAX_HORIZON = 5.5
FAR = (
    "The newest value is far from the others and counts less here, as it may be a one-off. The "
    "forecast is no reason to rest: look at the value itself."
)
# older than this many days of measurement adds nothing and costs time
MOST_DAYS = 120


@dataclass(frozen=True, eq=False)
class Forecast:
    """Bands at `horizons` (n,) years after the moment, in the measurement's canonical unit.

    `newest_is_far`: the newest day's value lies outside the 90 % band of that very moment, as it was
    taken for a one-off. That is no reason to rest: a note says so.
    """

    concept: str
    unit: str
    method: str
    version: str
    horizons: FloatArray
    median: FloatArray
    low50: FloatArray
    high50: FloatArray
    low90: FloatArray
    high90: FloatArray
    notes: tuple[str, ...]
    validated: bool
    statement: str
    state: dict[str, Any]
    newest_is_far: bool


@dataclass(frozen=True)
class Predictive:
    """The distribution of one new measurement."""

    median: float
    mean: float
    sd: float
    low50: float
    high50: float
    low90: float
    high90: float


@dataclass(frozen=True)
class Score:
    """One measured value against what had been forecast for its time.

    `below`: the forecast probability of a value up to it; `z`: the same as a standard normal
    value, 0 at the median, outside +-1.645 exactly when outside the 90 % band.
    """

    expected: Predictive
    observed: float
    below: float
    z: float
    inside50: bool
    inside90: bool


def forecast(
    measurement: MeasurementSpec,
    times: FloatArray,
    values: FloatArray,
    changes: FloatArray,
    horizons: FloatArray,
) -> Forecast | Refusal:
    """Forecast one measurement of one person.

    `times` (m,): years relative to the moment, at most 0, ascending; `values` (m,) in the canonical
    unit; `changes`: times of starts and stops of treatment that moves it; `horizons` (n,): years
    after the moment, over 0 and at most 5.5. Raises ValueError for arrays that break this.
    """
    times, values = np.asarray(times, dtype=float), np.asarray(values, dtype=float)
    changes, horizons = np.asarray(changes, dtype=float), np.asarray(horizons, dtype=float)
    _check(times, values, changes, horizons)
    refusal = refused(measurement, times, values)
    if refusal is not None:
        return refusal
    moments, daily = by_day(times, measurement.working(values))
    moments, daily = moments[-MOST_DAYS:], daily[-MOST_DAYS:]
    past = np.sort(changes[changes <= 0])
    state = {
        "format": FORMAT,
        "concept": measurement.concept,
        "scale": measurement.scale,
        "possible": [measurement.possible_low, measurement.possible_high],
        "stretches": [_known(stretch, moments, daily, past) for stretch in measurement.stretches],
    }
    low90, low50, median, high50, high90 = bands(state, horizons)
    low, _, _, _, high = bands(state, np.zeros(1))[:, 0]
    newest = float(np.exp(daily[-1]) if measurement.scale == "log" else daily[-1])
    is_far = not low <= newest <= high
    return Forecast(
        concept=measurement.concept,
        unit=measurement.unit,
        method=", ".join(dict.fromkeys(s.method for s in measurement.stretches)),
        version=measurement.version,
        horizons=horizons,
        median=median,
        low50=low50,
        high50=high50,
        low90=low90,
        high90=high90,
        notes=((FAR,) if is_far else ()) + _notes(moments, past),
        newest_is_far=is_far,
        validated=measurement.validated,
        statement=measurement.statement,
        state=state,
    )


def refused(measurement: MeasurementSpec, times: FloatArray, values: FloatArray) -> Refusal | None:
    """Why this history supports no forecast; None when it does."""
    name, concept = measurement.label, measurement.concept
    low, high = measurement.possible_low, measurement.possible_high
    if measurement.scale == "log" and np.any(values == 0):
        text = (
            f"{name}: a value of 0 is recorded, which the method cannot use; nothing is forecast."
        )
        return Refusal("out_of_range", concept, text)
    if np.any((values < low) | (values > high)):
        text = f"{name}: a value is outside what is possible ({low:g} to {high:g} "
        return Refusal(
            "out_of_range", concept, f"{text}{measurement.unit}), so nothing is forecast."
        )
    days, _ = by_day(times, values)
    if not len(days):
        return Refusal("missing", concept, f"{name}: no value is recorded.")
    if -days[-1] > measurement.max_age_years:
        text = f"{name}: the newest value is {_years(-days[-1])} old; a forecast needs one of the "
        limit = _years(measurement.max_age_years)
        return Refusal("too_old", concept, f"{text}last {limit}.")
    if len(days) < MIN_DAYS:
        had = "1 day" if len(days) == 1 else f"{len(days)} days"
        text = f"{name}: measured on {had}; a forecast needs {MIN_DAYS} days at least."
        return Refusal("missing", concept, text)
    if days[-1] - days[0] < MIN_SPAN_YEARS:
        span = round((days[-1] - days[0]) * DAYS_PER_YEAR)
        text = f"{name}: all values are within {span} days; a forecast needs "
        least = round(MIN_SPAN_YEARS * DAYS_PER_YEAR)
        return Refusal("missing", concept, f"{text}{least} days between the first and the last.")
    return None


def predictive(state: Mapping[str, Any], years: float) -> Predictive:
    """The distribution `years` (0 to 5.5) after the moment of the forecast that left `state`."""
    low90, low50, median, high50, high90 = bands(state, np.array([years]))[:, 0]
    _, weights, means, variances = _outlook(state, np.array([years]))
    if state["scale"] == "log":
        means, variances = _of_logarithm(means, variances)
    mean, sd = mixture.moments(weights, means, variances)
    return Predictive(
        float(median),
        float(mean[0]),
        float(sd[0]),
        float(low50),
        float(high50),
        float(low90),
        float(high90),
    )


def bands(
    state: Mapping[str, Any],
    years: FloatArray,
    change: FloatArray | None = None,
    change_sd: FloatArray | None = None,
) -> FloatArray:
    """Edges of the bands and the median, 5, 25, 50, 75 and 95 %, at `years` (n,); shape (5, n).

    `change` (n,) is added on the working scale (of a "log" state: to the logarithm), with its
    standard deviation `change_sd` (n,), independent of the forecast's: every normal part of the
    distribution moves by the one and widens by the other.
    """
    added = np.zeros(len(years)) if change is None else change
    widened = np.zeros(len(years)) if change_sd is None else change_sd
    edges = np.empty((len(LEVELS), len(years)))
    of = np.array([_row_at(state, float(at)) for at in years])
    for row in np.unique(of):
        chosen = np.flatnonzero(of == row)
        stretch, weights, means, variances = _outlook(state, years[chosen])
        means = means + added[chosen, None]
        variances = variances + widened[chosen, None] ** 2
        levels = np.concatenate([_raw_levels(stretch, float(at)) for at in years[chosen]])
        told = mixture.quantile(
            np.repeat(weights, len(LEVELS), axis=0),
            np.repeat(means, len(LEVELS), axis=0),
            np.repeat(variances, len(LEVELS), axis=0),
            levels,
        )
        edges[:, chosen] = told.reshape(len(chosen), len(LEVELS)).T
    # no band reaches beyond what can be measured; what is inside it stays inside
    return np.clip(np.exp(edges) if state["scale"] == "log" else edges, *state["possible"])


def scored(state: Mapping[str, Any], years: float, observed: float) -> Score:
    """What was measured `years` after the moment, against the forecast of that moment."""
    expected = predictive(state, years)
    stretch, weights, means, variances = _outlook(state, np.array([years]))
    at = np.log(observed) if state["scale"] == "log" else observed
    raw = float(mixture.cdf(weights, means, variances, np.array([at]))[0])
    edges = np.concatenate([[0.0], _raw_levels(stretch, years), [1.0]])
    below = float(np.interp(raw, edges, [0.0, *LEVELS, 1.0]))
    return Score(
        expected=expected,
        observed=observed,
        below=below,
        z=mixture.standardised(below),
        inside50=expected.low50 <= observed <= expected.high50,
        inside90=expected.low90 <= observed <= expected.high90,
    )


def by_day(times: FloatArray, values: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Values of one day as their mean, at the time of the first; (k,) each."""
    groups: list[list[int]] = []
    for index, time in enumerate(times):
        if groups and time - times[groups[-1][0]] < SAME_DAY:
            groups[-1].append(index)
        else:
            groups.append([index])
    firsts = np.array([times[group[0]] for group in groups], dtype=float)
    return firsts, np.array([values[group].mean() for group in groups], dtype=float)


def _check(
    times: FloatArray, values: FloatArray, changes: FloatArray, horizons: FloatArray
) -> None:
    if times.shape != values.shape or times.ndim != 1:
        raise ValueError("times and values must be of one length")
    for array in (times, values, changes, horizons):
        if not np.all(np.isfinite(array)):
            raise ValueError("every time and value must be finite")
    if np.any(times > 0) or np.any(np.diff(times) < 0):
        raise ValueError("times must be at most 0 and ascending")
    if np.any(horizons <= 0) or np.any(horizons > MAX_HORIZON):
        raise ValueError(f"horizons must be over 0 and at most {MAX_HORIZON} years")


def _known(
    stretch: Stretch, times: FloatArray, values: FloatArray, changes: FloatArray
) -> dict[str, Any]:
    if stretch.method == "last_value":
        posterior = last_value(stretch.dynamics, times, values, changes)
    else:
        posterior = filtered(stretch.dynamics, times, values, changes, 0.0)
    return {
        "until": stretch.until,
        "method": stretch.method,
        "dynamics": stretch.dynamics.to_dict(),
        "quantiles": [[years, list(levels)] for years, levels in stretch.quantiles],
        "log_weights": posterior.log_weights[0].tolist(),
        "mean": posterior.mean[0].tolist(),
        "covariance": posterior.covariance[0].tolist(),
    }


def last_value(
    dynamics: Dynamics, times: FloatArray, values: FloatArray, changes: FloatArray
) -> Posterior:
    """As if the last value were the level without error; what moves since then widens it."""
    weights = dynamics.log_weights[None]
    mean = np.zeros((1, weights.shape[1], STATE_SIZE))
    mean[:, :, 0] = values[-1]
    covariance = np.zeros((1, weights.shape[1], STATE_SIZE, STATE_SIZE))
    since = np.array([np.sum(changes >= times[-1])], dtype=float)
    known = Posterior(weights, mean, covariance)
    return advance(dynamics, known, np.array([-times[-1]]), since)


def _row_at(state: Mapping[str, Any], years: float) -> int:
    if state["format"] != FORMAT:
        raise ValueError(f"a state of format {state['format']!r}")
    if not 0 <= years <= MAX_HORIZON:
        raise ValueError(f"a forecast says nothing of {years} years after its moment")
    rows = state["stretches"]
    return next((i for i, row in enumerate(rows) if years <= row["until"]), len(rows) - 1)


def _outlook(
    state: Mapping[str, Any], years: FloatArray
) -> tuple[Stretch, FloatArray, FloatArray, FloatArray]:
    """Of times that lie in one stretch."""
    row = state["stretches"][_row_at(state, float(years[0]))]
    stretch = Stretch(
        row["until"],
        row["method"],
        Dynamics.from_dict(row["dynamics"]),
        tuple((at, tuple(levels)) for at, levels in row["quantiles"]),
    )
    count = len(years)
    posterior = Posterior(
        np.repeat([row["log_weights"]], count, axis=0),
        np.repeat([row["mean"]], count, axis=0),
        np.repeat([row["covariance"]], count, axis=0),
    )
    return stretch, *outlook(stretch.dynamics, posterior, years)


def _raw_levels(stretch: Stretch, years: float) -> FloatArray:
    """The method's own probabilities behind the five edges, between horizons in proportion."""
    if not stretch.quantiles:
        return np.array(LEVELS)
    at = [row[0] for row in stretch.quantiles]
    table = np.array([row[1] for row in stretch.quantiles])
    return np.array([np.interp(years, at, column) for column in table.T])


def _of_logarithm(means: FloatArray, variances: FloatArray) -> tuple[FloatArray, FloatArray]:
    """Mean and variance of the value when those of its logarithm are these."""
    mean = np.exp(means + variances / 2)
    return mean, mean**2 * np.expm1(variances)


def _notes(times: FloatArray, changes: FloatArray) -> tuple[str, ...]:
    within = int(np.sum((changes >= times[0]) & (changes < times[-1])))
    since = int(np.sum(changes >= times[-1]))
    notes = []
    if within:
        notes.append(f"{_changes(within)} between the measurements: the level may move there.")
    if since:
        notes.append(
            f"{_changes(since)} since the last measurement: its effect is not known yet, so the "
            "range is wider."
        )
    return tuple(notes)


def _changes(count: int) -> str:
    return "1 change of treatment" if count == 1 else f"{count} changes of treatment"


def _years(years: float) -> str:
    if years < 1:
        months = max(1, round(years * 12))
        return "1 month" if months == 1 else f"{months} months"
    return "1 year" if round(years, 1) == 1 else f"{years:.1f} years".replace(".0 ", " ")
