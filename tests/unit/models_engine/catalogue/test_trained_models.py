"""Who gets a number from a trained model, and who is told why not."""

from datetime import date, timedelta

import pytest

from models_engine.catalogue.contract import Circumstances
from models_engine.catalogue.display import displayed, research_runs
from models_engine.catalogue.trained.additive import read_artefact
from models_engine.features import build_features
from models_engine.registry import model, research_ids
from models_engine.services.run import run_model
from tests.unit.models_engine.builders import AS_OF, condition, measurement, state

OUTSIDE = "Outside the population this model was built for"


def adult(*more, **keywords):
    values = [
        measurement("systolic_bp", 132.0),
        measurement("total_cholesterol", 5.2),
        measurement("bmi", 26.0),
        measurement("albumin", 4.3),
    ]
    replaced = {value.concept for value in more}
    return state(*(v for v in values if v.concept not in replaced), *more, **keywords)


def after_infarction(days_ago, *more, **keywords):
    infarction = condition("myocardial_infarction", days_ago=days_ago)
    return state(infarction, *more, birth_date=date(1952, 3, 1), **keywords)


def codes(model_id, person):
    return [r.code for r in build_features(model(model_id), person).refusals]


def test_research_models_are_named():
    assert research_ids() == {
        "post_infarction_mortality",
        "general_mortality",
        "readmission_30d",
    }


def test_an_adult_like_those_in_the_data_gets_a_number_with_an_interval():
    result = run_model(model("general_mortality"), adult())

    p = result.values["general_mortality_10y"]
    low, high = result.intervals["general_mortality_10y"]
    assert 0 < low < p < high < 0.3


@pytest.mark.parametrize(
    ("value", "code"),
    [
        (measurement("albumin", 1.8), "out_of_range.albumin"),
        (measurement("systolic_bp", 250.0), "out_of_range.systolic_bp"),
        (measurement("bmi", 60.0), "out_of_range.bmi"),
        (measurement("total_cholesterol", 12.0), "out_of_range.total_cholesterol"),
        (measurement("albumin", 4.3, days_ago=400), "too_old.albumin"),
    ],
)
def test_a_value_beyond_the_training_data_gets_none(value, code):
    assert codes("general_mortality", adult(value)) == [code]


def test_values_that_do_not_go_together_get_none():
    odd = adult(
        measurement("systolic_bp", 205.0),
        measurement("bmi", 17.5),
        measurement("total_cholesterol", 8.9),
        measurement("albumin", 3.6),
    )

    refusals = build_features(model("general_mortality"), odd).refusals

    assert [r.code for r in refusals] == ["not_applicable.population"]
    assert refusals[0].message.startswith(OUTSIDE)


def test_a_missing_input_is_named_with_what_to_order():
    refusals = build_features(model("general_mortality"), adult(without=("albumin",))).refusals

    assert [r.code for r in refusals] == ["missing.albumin"]
    assert "Order serum albumin" in refusals[0].message


def test_pregnancy_gets_none():
    assert "not_applicable.pregnancy" in codes("general_mortality", adult(condition("pregnancy")))


def test_after_a_recent_infarction_there_are_two_horizons():
    person = after_infarction(5)
    result = run_model(model("post_infarction_mortality"), person)

    one, three = (result.values[f"post_infarction_mortality_{y}y"] for y in (1, 3))
    assert 0 < one < three < 1
    worse = run_model(
        model("post_infarction_mortality"), after_infarction(5, condition("heart_failure"))
    )
    assert worse.values["post_infarction_mortality_1y"] > one
    assert "Heart failure: assumed absent: none recorded." in result.features.notes


def test_the_number_ends_when_the_infarction_is_no_longer_recent():
    features = build_features(model("post_infarction_mortality"), after_infarction(5))

    assert features.valid_until == (AS_OF + timedelta(days=26)).date()


@pytest.mark.parametrize("days_ago", [31, 4000])
def test_an_old_infarction_gets_none(days_ago):
    refusals = build_features(
        model("post_infarction_mortality"), after_infarction(days_ago)
    ).refusals

    assert [r.code for r in refusals] == ["not_applicable.myocardial_infarction"]
    assert refusals[0].message.startswith(OUTSIDE)
    assert f"{days_ago} days ago" in refusals[0].message


def test_thirty_days_is_recent():
    assert codes("post_infarction_mortality", after_infarction(30)) == []


def test_without_an_infarction_there_is_none():
    assert codes("post_infarction_mortality", adult()) == ["not_applicable.myocardial_infarction"]


class Row:
    def __init__(self, model_id, outcome, horizon_years, value, refusals=()):
        self.model_id, self.outcome, self.value = model_id, outcome, value
        self.horizon_years, self.refusals, self.inputs = horizon_years, refusals, []


def refusal_row(kind, concept):
    refusals = [{"kind": kind, "concept": concept}]
    return Row("general_mortality", "general_mortality_10y", 10.0, None, refusals)


def test_research_models_are_no_block_and_have_their_own_list():
    rows = [
        Row("post_infarction_mortality", "post_infarction_mortality_3y", 3.0, 0.3),
        Row("post_infarction_mortality", "post_infarction_mortality_1y", 1.0, 0.1),
        Row("kfre_4v", "kidney_failure_5y", 5.0, 0.1),
    ]

    assert [b.main.model_id for b in displayed(rows)] == ["kfre_4v"]
    assert [[r.horizon_years for r in run] for run in research_runs(rows, research_ids())] == [
        [1.0, 3.0]
    ]


@pytest.mark.parametrize(
    ("kind", "concept", "is_listed"),
    [
        ("not_applicable", "pregnancy", False),
        ("not_applicable", "population", True),
        ("out_of_range", "albumin", True),
        ("missing", "albumin", True),
    ],
)
def test_a_model_for_somebody_else_is_not_listed(kind, concept, is_listed):
    assert bool(research_runs([refusal_row(kind, concept)], research_ids())) == is_listed


def test_the_dead_get_the_one_reason():
    dead = Circumstances(deceased=True)
    for model_id in research_ids():
        assert [r.concept for r in model(model_id).applies(dead)] == ["deceased"]


@pytest.mark.parametrize("model_id", sorted(research_ids()))
def test_facts_hold_the_measured_figures(model_id):
    found = model(model_id)
    facts = found.facts

    measures = [p.measure for p in facts.performance]
    assert {"Harrell's C (this model)", "AUC (this model)"} & set(measures)
    assert any("random" in m and "forest, all columns" in m for m in measures)
    assert "nominal 90%" in facts.uncertainty
    assert "Research model" in facts.intended_use
    assert "of the best learner compared" in facts.how_made
    outcomes = [o.id for o in found.outcomes]
    for rows in (facts.calibration_points, facts.subgroup_rows, facts.net_benefit_rows):
        assert list(dict.fromkeys(row.outcome for row in rows)) == outcomes
        assert all("held out in 5-fold cross-validation" in row.where for row in rows)
    for outcome in outcomes:
        groups = {(r.group, r.level) for r in facts.subgroup_rows if r.outcome == outcome}
        assert {("Sex", "female"), ("Sex", "male"), ("Age", "75 and older")} <= groups or (
            # nobody of 75 was in the survey
            model_id == "general_mortality" and ("Age", "65 to 74") in groups
        )
        bands = [p for p in facts.calibration_points if p.outcome == outcome]
        assert len(bands) == 10
        assert len([r for r in facts.net_benefit_rows if r.outcome == outcome]) >= 4


@pytest.mark.parametrize("model_id", sorted(research_ids()))
def test_the_bands_hold_everybody_once(model_id):
    facts = model(model_id).facts
    for outcome in model(model_id).outcomes:
        people = sum(p.people for p in facts.calibration_points if p.outcome == outcome.id)
        by_sex = sum(
            row.people
            for row in facts.subgroup_rows
            if (row.outcome, row.group, row.measure)
            == (outcome.id, "Sex", "Observed over expected")
        )
        assert people == by_sex == read_artefact(model_id).content["data"]["rows"]
