"""Forecasts under a what-if: each effect once, when it is there, with its uncertainty."""

from collections.abc import Mapping
from datetime import UTC, datetime
from statistics import NormalDist

import numpy as np
import pytest

from models_engine.catalogue.mechanistic.body_weight import (
    Person as Body,
)
from models_engine.catalogue.mechanistic.body_weight import (
    Plan,
    intake_to_reach,
    weight_path,
)
from models_engine.catalogue.mechanistic.refusing import RefusedError
from models_engine.catalogue.trajectory.forecast import Forecast, bands, forecast
from models_engine.catalogue.trajectory.specs import specs
from models_engine.catalogue.what_if.forecasting import (
    EDGES,
    MovedForecast,
    Pace,
    Standing,
    move,
    straight,
)
from models_engine.catalogue.what_if.interventions import Intervention, treatments
from models_engine.catalogue.what_if.propagate import Person, propagate
from models_engine.catalogue.what_if.weight_course import weight_course
from tests.unit.models_engine.catalogue.what_if.test_effects import SOMEBODY

HORIZONS = np.array([0.5, 1.0, 2.0, 5.0])
TIMES = np.array([-4.0, -3.0, -2.0, -1.0, -0.1])
VALUES = {
    "systolic_bp": (148.0, 152.0, 149.0, 153.0, 150.0),
    "ldl_cholesterol": (3.4, 3.6, 3.5, 3.7, 3.5),
    "weight": (99.0, 100.0, 101.0, 100.0, 100.0),
}
SALT = Intervention("treatment", "less_salt")
STATIN = Intervention("treatment", "atorvastatin_20")
MEDIAN = EDGES.index("median")
BODY = Body(92, 172, 60, 0.0)


def standing(concept: str) -> Standing:
    found = forecast(specs()[concept], TIMES, np.array(VALUES[concept]), np.array([]), HORIZONS)
    assert isinstance(found, Forecast)
    rows = [
        {"years": float(h), **{e: float(getattr(found, e)[at]) for e in EDGES}}
        for at, h in enumerate(HORIZONS)
    ]
    moment = datetime(2026, 11, 1, tzinfo=UTC)
    return Standing(concept, concept, found.unit, "", moment, rows, found.state)


def moved(
    concept: str,
    *chosen: Intervention,
    pace: Pace | None = None,
    elapsed: float = 0.0,
    person: Person | None = None,
    before: Mapping[str, float] = SOMEBODY,
) -> MovedForecast:
    done = propagate(before, chosen, person or Person())
    return move(standing(concept), done, pace or Pace(), elapsed)


def after(found: MovedForecast) -> np.ndarray:
    assert found.after is not None, found.reason
    return found.after


def test_a_value_that_is_set_is_the_middle_once_reached_and_stands_whatever_leads_to_it() -> None:
    target = Intervention("set", "systolic_bp", 130.0)
    alone = moved("systolic_bp", target)
    assert after(alone)[MEDIAN] == pytest.approx([130.0] * 4, abs=1e-6)
    # a weight that is set, a drug and less salt lead there too, and add nothing
    more = moved("systolic_bp", target, SALT, Intervention("set", "weight", 90.0))
    assert np.array_equal(after(more), after(alone)) and more.origins == ("set:systolic_bp",)
    # the scatter of a measurement stays as it is, as a share of the value: pressure is a logarithm
    assert after(alone)[4] / after(alone)[0] == pytest.approx(alone.before[4] / alone.before[0])
    half = moved("systolic_bp", target, pace=Pace(months=12))
    halfway = np.sqrt(half.before[MEDIAN, 0] * 130.0)
    assert after(half)[MEDIAN, 0] == pytest.approx(halfway, abs=1e-6)
    of_weight = moved("weight", Intervention("set", "weight", 92.0))
    assert after(of_weight)[MEDIAN] == pytest.approx([92.0] * 4, abs=1e-6)


def test_a_treatment_moves_the_forecast_once_by_its_own_effect() -> None:
    found = moved("systolic_bp", SALT)
    effect = propagate(SOMEBODY, [SALT], Person()).shifts[0]
    share = effect.after / effect.before
    assert after(found)[MEDIAN] / found.before[MEDIAN] == pytest.approx([share] * 4, abs=2e-4)
    assert found.origins == ("less_salt",)


def test_effects_of_two_sources_add_up_once_each() -> None:
    weight = Intervention("set", "weight", 92.0)
    both, salt = moved("systolic_bp", weight, SALT), moved("systolic_bp", SALT)
    assert both.origins == ("less_salt", "set:weight")
    # 2.42 of the salt (no hypertension) and 1.05 for each of 8 kg, of 150 mmHg
    once = (150.0 - 2.42 - 8 * 1.05) / 150.0
    assert after(both)[MEDIAN] / both.before[MEDIAN] == pytest.approx([once] * 4, abs=2e-3)
    assert np.all(after(both)[4] / after(both)[0] > after(salt)[4] / after(salt)[0])


def test_a_medicine_of_the_history_is_not_applied_again() -> None:
    taken = Person(medicines=frozenset({"statin"}))
    done = propagate(SOMEBODY, [STATIN], taken)
    assert "ldl_cholesterol" not in done.after and done.refused
    fresh = moved("ldl_cholesterol", STATIN)
    assert (after(fresh)[MEDIAN] / fresh.before[MEDIAN]) == pytest.approx([0.577] * 4, abs=0.002)


def test_the_uncertainty_of_the_effect_adds_to_the_band() -> None:
    """Of one normal distribution the variances add, to the last digit that quantiles give."""
    found = standing("systolic_bp")
    state = {**found.state, "stretches": [{**found.state["stretches"][-1], "quantiles": []}]}
    for row in state["stretches"]:
        row["log_weights"] = [0.0 if at == 0 else -800.0 for at in range(len(row["log_weights"]))]
    years, z = np.array([1.0]), NormalDist().inv_cdf(0.95)
    plain = np.log(bands(state, years))
    wide = np.log(bands(state, years, np.array([-0.05]), np.array([0.04])))
    sd = (plain[4, 0] - plain[0, 0]) / (2 * z)
    assert wide[MEDIAN] == pytest.approx(plain[MEDIAN] - 0.05, abs=1e-6)
    assert (wide[4, 0] - wide[0, 0]) / (2 * z) == pytest.approx(np.hypot(sd, 0.04), rel=1e-6)
    assert np.array_equal(np.log(bands(state, years, np.zeros(1), np.zeros(1))), plain)
    salt = moved("systolic_bp", SALT)
    assert np.all(after(salt)[4] / after(salt)[0] > salt.before[4] / salt.before[0])


def test_an_effect_begins_now_and_not_when_the_forecast_was_made() -> None:
    late = moved("systolic_bp", SALT, elapsed=0.98)
    assert late.years.tolist() == [1.0, 2.0, 5.0], "what is past is left out"
    share = 0.02 / (4 / (365.25 / 7))
    full = moved("systolic_bp", SALT)
    moved_by = after(late)[MEDIAN, 0] - late.before[MEDIAN, 0]
    assert moved_by == pytest.approx(
        share * (after(full)[MEDIAN, 1] - full.before[MEDIAN, 1]), abs=0.05
    )
    assert straight(np.array([-1.0, 0.0, 0.5, 2.0]), 1.0).tolist() == [0.0, 0.0, 0.5, 1.0]
    with pytest.raises(ValueError, match="no time"):
        straight(np.zeros(2), 0)


def test_the_weight_takes_the_path_of_hall_and_pressure_goes_with_it() -> None:
    course = weight_course(BODY, 84.0, 6)
    again = weight_path(BODY, Plan(course.change), course.days)
    assert again.weight[-1] == pytest.approx(84.0, abs=0.01)
    share = course.reached(np.array([0.0, 0.25, 0.5, 3.0]))
    assert share[[0, 2, 3]] == pytest.approx([0.0, 1.0, 1.0], abs=1e-3)
    assert 0.55 < share[1] < 0.6, "faster at first than a straight line"
    assert course.keeping is not None and course.intake + course.change < course.keeping
    chosen = Intervention("set", "weight", 92.0)
    paths = [
        moved("systolic_bp", chosen, pace=Pace(12, course=one))
        for one in (weight_course(BODY, 84.0, 12), None)
    ]
    first, line = (after(one)[MEDIAN, 0] - one.before[MEDIAN, 0] for one in paths)
    assert first < line < 0, "after half of the time"


@pytest.mark.parametrize(("goal", "days"), [(60.0, 60.0), (84.0, 10.0), (140.0, 90.0)])
def test_a_weight_that_cannot_be_reached_in_time_is_refused(goal: float, days: float) -> None:
    with pytest.raises(RefusedError, match="cannot be reached in"):
        intake_to_reach(BODY, goal, days)
    chosen = Intervention("set", "weight", 60.0)
    none = moved("systolic_bp", chosen, pace=Pace(unreachable="Not by then."))
    assert none.after is None and none.reason == "Not by then."


@pytest.mark.parametrize(
    ("goal", "days"), [(84.0, 182.6), (91.0, 91.3), (70.0, 730.5), (97.0, 182.6)]
)
def test_the_intake_found_leads_there(goal: float, days: float) -> None:
    change = intake_to_reach(BODY, goal, days)
    path = weight_path(BODY, Plan(change), np.array([0.0, days]))
    assert path.weight[-1] == pytest.approx(goal, abs=0.01)


def test_the_time_of_every_treatment_is_the_longest_that_its_row_states() -> None:
    for one in treatments().values():
        if one.weeks is None:
            assert one.horizon == "not stated"
        else:
            assert f"{one.weeks:g} weeks" in one.horizon
    assert Pace().full_by("simvastatin_20") == Pace().full_by("atorvastatin_20")
    assert (Pace(12).full_by("set:hba1c"), Pace(3).full_by("set:smoking_status")) == (1.0, 1.0)
