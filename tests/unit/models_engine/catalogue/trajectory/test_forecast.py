"""Forecasts: bands, refusals in words, treatment changes, and what later values are scored by."""

import json
from dataclasses import replace
from itertools import pairwise

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models_engine.catalogue.contract import FloatArray, Refusal
from models_engine.catalogue.trajectory import mixture
from models_engine.catalogue.trajectory.dynamics import Dynamics
from models_engine.catalogue.trajectory.forecast import (
    MAX_HORIZON,
    Forecast,
    forecast,
    predictive,
    scored,
)
from models_engine.catalogue.trajectory.measurement import MeasurementSpec, Stretch
from models_engine.catalogue.trajectory.specs import specs

NONE: FloatArray = np.zeros(0)
TIMES = np.array([-3.1, -2.4, -1.9, -0.6, -0.2])
HORIZONS = np.array([0.25, 0.5, 1.0, 2.0, 3.0, 4.0, 5.0])


def made(concept: str, values: list[float], changes: FloatArray = NONE) -> Forecast:
    found = forecast(specs()[concept], TIMES, np.array(values), changes, HORIZONS)
    assert isinstance(found, Forecast)
    return found


def refused(concept: str, times: list[float], values: list[float]) -> Refusal:
    found = forecast(specs()[concept], np.array(times), np.array(values), NONE, HORIZONS)
    assert isinstance(found, Refusal)
    return found


@pytest.mark.parametrize("concept", sorted(specs()))
def test_every_measurement_has_ordered_bands_inside_what_is_possible(concept: str) -> None:
    spec = specs()[concept]
    middle = float(np.sqrt(spec.possible_low * spec.possible_high) or spec.possible_high / 10)
    made_of = made(concept, [middle, middle * 1.05, middle * 0.97, middle * 1.1, middle])
    bands = [made_of.low90, made_of.low50, made_of.median, made_of.high50, made_of.high90]
    assert all(np.all(a < b) for a, b in pairwise(bands))
    assert np.all(made_of.low90 >= spec.possible_low)
    assert np.all(made_of.high90 <= spec.possible_high)
    assert made_of.statement and made_of.validated == spec.validated
    # the JSON that is stored says the same at every horizon
    kept = json.loads(json.dumps(made_of.state, allow_nan=False))
    for index, years in enumerate(HORIZONS):
        assert predictive(kept, float(years)).high90 == made_of.high90[index]


def test_the_five_of_the_purpose_and_a_laboratory_value_are_there() -> None:
    assert {"systolic_bp", "hba1c", "egfr", "ldl_cholesterol", "weight", "sodium"} <= set(specs())


def test_own_values_outweigh_the_population() -> None:
    """A person steady at 190, where the population's mean is about 137.

    In the series that it is fitted on, people of whom five values in a row were over 165 (mean 189)
    were next measured at 166 on average, so a forecast nearer to the population is meant.
    """
    five = made("systolic_bp", [189.0, 191.0, 190.0, 188.0, 192.0])
    assert 163.5 < five.median[1] < 190
    spec, many = specs()["systolic_bp"], np.linspace(-6, -0.2, 24)
    long = forecast(spec, many, np.tile([188.0, 192.0], 12), NONE, HORIZONS)
    short = forecast(spec, many[-3:], np.array([188.0, 192.0, 190.0]), NONE, HORIZONS)
    assert isinstance(long, Forecast) and isinstance(short, Forecast)
    assert long.median[1] > short.median[1]
    assert long.high90[1] - long.low90[1] < short.high90[1] - short.low90[1]


def test_a_change_of_treatment_widens_and_is_told() -> None:
    values = [7.0, 7.1, 7.0, 7.2, 7.1]
    quiet, since = made("hba1c", values), made("hba1c", values, np.array([-0.1]))
    assert np.all(since.high90 - since.low90 > quiet.high90 - quiet.low90)
    assert quiet.notes == ()
    assert "since the last measurement" in since.notes[0]
    between = made("hba1c", [7.9, 8.0, 8.1, 7.0, 7.1], np.array([-1.0]))
    without = made("hba1c", [7.9, 8.0, 8.1, 7.0, 7.1])
    # told that the treatment changed, the forecast believes the new level sooner
    assert abs(between.median[0] - 7.05) < abs(without.median[0] - 7.05)
    assert "between the measurements" in between.notes[0]
    two = made("hba1c", values, np.array([-0.1, -0.05]))
    assert "2 changes of treatment" in two.notes[0]


def test_a_newest_value_far_off_is_no_reason_to_rest() -> None:
    far = made("systolic_bp", [134.0, 131.0, 136.0, 133.0, 226.0])
    assert far.newest_is_far and "look at the value itself" in far.notes[0]
    near = made("systolic_bp", [134.0, 131.0, 136.0, 133.0, 142.0])
    assert not near.newest_is_far and near.notes == ()


def test_bands_widen_with_the_horizon() -> None:
    widths = made("weight", [80.0, 81.0, 80.5, 81.0, 81.5])
    assert np.all(np.diff(widths.high90 - widths.low90) > 0)


def test_refusals_in_words() -> None:
    assert "no value is recorded" in refused("hba1c", [], []).message
    assert "measured on 1 day;" in refused("hba1c", [-0.2, -0.2], [7.0, 7.1]).message
    assert "measured on 2 days;" in refused("hba1c", [-1.0, -0.2], [7.0, 7.1]).message
    assert "within 30 days" in refused("hba1c", [-0.1, -0.05, -0.018], [7.0, 7.1, 7.2]).message
    old = refused("hba1c", [-4.0, -3.5, -3.0], [7.0, 7.1, 7.2])
    assert old.kind == "too_old" and "3 years old" in old.message
    assert "last 1 year." in old.message
    months = replace(specs()["hba1c"], max_age_years=0.25)
    stale = forecast(months, np.array([-0.5]), np.array([7.0]), NONE, HORIZONS)
    assert isinstance(stale, Refusal)
    assert "6 months old" in stale.message and "last 3 months." in stale.message
    impossible = refused("hba1c", [-2.0, -1.0, -0.5], [7.0, 53.0, 7.0])
    assert impossible.kind == "out_of_range" and "2.5 to 25 %" in impossible.message
    nought = refused("ast", [-2.0, -1.0, -0.5], [20.0, 0.0, 22.0])
    assert nought.kind == "out_of_range" and "a value of 0 is recorded" in nought.message


@pytest.mark.parametrize(
    ("times", "values", "horizons"),
    [
        ([-1.0, -2.0], [7.0, 7.0], [1.0]),
        ([-1.0, 0.5], [7.0, 7.0], [1.0]),
        ([-1.0], [7.0, 7.0], [1.0]),
        ([-1.0, -0.5], [7.0, float("nan")], [1.0]),
        ([-1.0, -0.5], [7.0, 7.0], [0.0]),
        ([-1.0, -0.5], [7.0, 7.0], [9.0]),
    ],
)
def test_arrays_that_break_the_contract_raise(
    times: list[float], values: list[float], horizons: list[float]
) -> None:
    with pytest.raises(ValueError, match="must be"):
        forecast(specs()["hba1c"], np.array(times), np.array(values), NONE, np.array(horizons))


def test_a_later_value_is_scored_by_its_own_time() -> None:
    state = made("hba1c", [7.0, 7.1, 7.0, 7.2, 7.1]).state
    expected = predictive(state, 0.37)
    inside = scored(state, 0.37, expected.median)
    assert inside.inside50 and inside.inside90
    assert inside.z == pytest.approx(0, abs=1e-6)
    edge = scored(state, 0.37, expected.high90)
    assert edge.z == pytest.approx(1.6449, abs=1e-3)
    above = scored(state, 0.37, expected.high90 * 1.3)
    assert not above.inside90 and above.z > 1.645
    assert not scored(state, 0.37, expected.low50 * 0.999).inside50
    with pytest.raises(ValueError, match="says nothing"):
        scored(state, -0.1, 7.0)
    with pytest.raises(ValueError, match="format"):
        scored({**state, "format": "other"}, 0.1, 7.0)


LAST = Stretch(
    1.0,
    "last_value",
    Dynamics(level_mean=0, level_sd=0, noise_sd=0.5, level_walk=0.04, change_sd=1),
)
LINE = Stretch(
    MAX_HORIZON,
    "mixed_model",
    Dynamics(level_mean=7, level_sd=1, slope_sd=0.1, noise_sd=0.4),
    ((0.5, (0.02, 0.2, 0.45, 0.7, 0.96)), (2.0, (0.04, 0.24, 0.5, 0.76, 0.97))),
)


def mixed(**changed: object) -> MeasurementSpec:
    return replace(specs()["sodium"], possible_low=-100.0, stretches=(LAST, LINE), **changed)  # type: ignore[arg-type]


def test_a_horizon_whose_method_is_the_last_value_shows_the_last_value() -> None:
    values = np.array([7.1, 7.0, 7.4, 7.3, 8.0])
    found = forecast(mixed(), TIMES, values, NONE, np.array([0.5, 2.0]))
    assert isinstance(found, Forecast)
    assert found.method == "last_value, mixed_model"
    assert found.median[0] == pytest.approx(8.0)
    assert predictive(found.state, 0.5).sd == pytest.approx(np.sqrt(0.25 + 0.04 * 0.7))
    changed = forecast(mixed(), TIMES, values, np.array([-0.1]), np.array([0.5]))
    assert isinstance(changed, Forecast)
    assert predictive(changed.state, 0.5).sd == pytest.approx(np.sqrt(0.25 + 0.04 * 0.7 + 1))
    # a band edge is the method's quantile at the calibrated probability
    later = scored(found.state, 2.0, float(found.high90[1]))
    assert later.below == pytest.approx(0.95, abs=1e-6)


def test_wrong_declarations_are_refused() -> None:
    with pytest.raises(ValueError, match="end ever later"):
        replace(mixed(), stretches=(LINE, LAST))
    with pytest.raises(ValueError, match="rising"):
        replace(LINE, quantiles=((1.0, (0.1, 0.1, 0.5, 0.7, 0.9)),))
    with pytest.raises(ValueError, match="unknown method"):
        replace(LINE, method="guess")  # type: ignore[arg-type]
    with pytest.raises(ValueError, match="positive values"):
        replace(mixed(), scale="log", possible_high=0.0)


@settings(max_examples=25, deadline=None)
@given(
    st.lists(st.floats(-3, 3), min_size=2, max_size=4),
    st.floats(0.02, 0.98),
    st.floats(0.1, 2.0),
)
def test_a_quantile_of_a_mixture_has_its_probability(
    means: list[float], level: float, spread: float
) -> None:
    count = len(means)
    mix = (
        np.full((1, count), 1 / count),
        np.array([means]),
        np.linspace(spread, 2 * spread, count)[None],
    )
    value = mixture.quantile(*mix, np.array([level]))
    assert mixture.cdf(*mix, value)[0] == pytest.approx(level, abs=1e-9)


def test_the_score_of_a_mixture_is_its_integral() -> None:
    """CRPS is the integral of (F(x) - 1[x >= y])^2."""
    mix = np.array([[0.3, 0.7]]), np.array([[0.0, 2.0]]), np.array([[1.0, 0.25]])
    grid = np.linspace(-10, 12, 40001)
    rows = [np.repeat(part, len(grid), axis=0) for part in mix]
    squared = (mixture.cdf(rows[0], rows[1], rows[2], grid) - (grid >= 1.2)) ** 2
    assert mixture.crps(*mix, np.array([1.2]))[0] == pytest.approx(
        float(np.trapezoid(squared, grid)), abs=1e-4
    )
    with pytest.raises(ValueError, match="strictly between"):
        mixture.quantile(*mix, np.array([1.0]))
