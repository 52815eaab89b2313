"""What the page of "what would lower it" adds beside the numbers of a model."""

from datetime import UTC, datetime

import pytest

from models_engine.catalogue.contract import Circumstances
from models_engine.catalogue.feature_set import FeatureSet
from models_engine.catalogue.what_if.levers import levers_of
from models_engine.registry import model
from twinportal.lower.asking import Question
from twinportal.lower.notes import (
    BELOW_HIGH,
    NO_CATEGORY,
    against_row,
    goal_note,
    severe_ldl_text,
)

VALUES = {
    "age": 75.0,
    "sex": 1.0,
    "total_cholesterol": 7.0,
    "hdl_cholesterol": 1.2,
    "systolic_bp": 130.0,
    "bmi": 27.0,
    "egfr": 80.0,
    "diabetes": 0.0,
    "smoking_status": 0.0,
    "antihypertensive": 0.0,
    "statin": 0.0,
}


def question(outcome: str = "cvd", model_id: str = "prevent_base_10y", **other: float) -> Question:
    one = model(model_id)
    values = {**VALUES, **other}
    levers, left = levers_of(one, values, {}, {})
    features = FeatureSet(one.id, datetime(2026, 11, 1, tzinfo=UTC), values, {}, (), (), None)
    return Question(one, one.outcome(outcome), features, levers, left, Circumstances(values=values))


def row_of(asked: Question, concept: str):
    return against_row(asked, next(one for one in asked.levers if one.concept == concept))


def test_a_rise_that_age_makes_is_told_as_that_with_what_trials_found():
    asked = question()
    (lever,) = [one for one in asked.levers if one.concept == "total_cholesterol"]
    assert lever in asked.answer(None).against
    row = row_of(asked, "total_cholesterol")
    assert "the model's term of age: at 40 years" in row.words
    assert "no reason against it" in row.caution and "CTT 2012" in row.caution


def test_what_the_model_does_not_read_is_no_effect_of_age():
    row = row_of(question(), "bmi")
    assert row.words == "This model's number does not move with it here."
    assert "no reason against it" in row.caution


def test_a_fall_too_small_to_show_is_told_as_a_fall():
    asked = question(age=31.0, total_cholesterol=3.9, systolic_bp=100.0)
    assert "by less than 0.05 points" in row_of(asked, "total_cholesterol").words


def test_whose_goals_the_ends_are_follows_the_model_s_own_categories():
    # of one model whichever outcome is asked for
    assert goal_note(question(age=34.0)) == goal_note(question("ascvd", age=34.0)) == BELOW_HIGH
    high = {"systolic_bp": 170.0, "smoking_status": 1.0, "diabetes": 1.0}
    assert goal_note(question(**high)) == ""
    assert goal_note(question(model_id="prevent_base_30y", age=45.0)) == NO_CATEGORY


@pytest.mark.parametrize(("ldl", "told"), [(4.8, False), (4.9, True), (5.07, True)])
def test_a_very_high_ldl_is_told_whatever_the_number_is(ldl: float, told: bool):
    assert ("4.9 mmol/L (190 mg/dL)" in severe_ldl_text({"ldl_cholesterol": ldl})) == told
    assert severe_ldl_text({}) == ""
