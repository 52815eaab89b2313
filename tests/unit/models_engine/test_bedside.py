"""One set of observations within an hour, for a person in hospital; else a reason."""

from dataclasses import replace
from datetime import date, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_engine.features import build_features
from models_engine.registry import model
from tests.unit.models_engine.builders import AS_OF, coded, condition, measurement, state

NEWS2, QSOFA = model("news2"), model("qsofa")
MINUTE = timedelta(minutes=1)


def encounter(concept="inpatient_stay", *, days_ago=2, **more):
    return coded(concept, "", kind="encounter", days_ago=days_ago, **more)


def at(value, minutes_ago=20):
    """Observed so long ago, with its time."""
    return replace(value, effective_at=AS_OF - minutes_ago * MINUTE, precision="time")


def vital(concept, number, minutes_ago=20, **more):
    return at(measurement(concept, number, **more), minutes_ago)


def finding(concept, code, minutes_ago=20):
    return at(coded(concept, code), minutes_ago)


def case(*more, without=(), as_of=AS_OF, **keywords):
    """In hospital with a complete, normal set; what `more` holds replaces its concept."""
    replaced = {value.concept for value in more}
    plain = [
        encounter(),
        vital("respiratory_rate", 18.0),
        vital("oxygen_saturation", 97.0),
        finding("inhaled_oxygen", "air"),
        vital("systolic_bp", 120.0),
        vital("heart_rate", 80.0),
        finding("acvpu", "A"),
        vital("body_temperature", 37.0),
    ]
    kept = [v for v in plain if v.concept not in replaced]
    return state(*kept, *more, without=without, as_of=as_of, **keywords)


def codes(features):
    return [refusal.code for refusal in features.refusals]


def score(person, clinical_model=NEWS2):
    features = build_features(clinical_model, person)
    assert features.is_usable, features.refusals
    return clinical_model.predict_one(features.values)


def test_a_complete_normal_set_scores_nothing():
    assert score(case()) == {"news2": 0.0, "news2_single_parameter": 0.0}
    assert score(case(), QSOFA) == {"qsofa": 0.0}


def test_the_published_case_with_many_deviations():
    person = case(
        vital("respiratory_rate", 22.0),
        vital("oxygen_saturation", 93.0),
        vital("oxygen_flow", 2.0),
        vital("systolic_bp", 105.0),
        vital("heart_rate", 112.0),
        vital("body_temperature", 38.5),
        without=("inhaled_oxygen",),
    )
    assert score(person)["news2"] == 10.0


@pytest.mark.parametrize(
    ("concept", "order"),
    [
        ("respiratory_rate", "Count the breaths"),
        ("oxygen_saturation", "oxygen saturation"),
        ("systolic_bp", "blood pressure"),
        ("heart_rate", "pulse"),
        ("body_temperature", "temperature"),
    ],
)
def test_without_one_measurement_there_is_no_number(concept, order):
    features = build_features(NEWS2, case(without=(concept,)))
    assert codes(features) == [f"missing.{concept}"]
    assert order in features.refusals[0].message


def test_air_is_never_assumed():
    features = build_features(NEWS2, case(without=("inhaled_oxygen",)))
    assert codes(features) == ["missing.supplemental_oxygen"]
    assert "0 L/min" in features.refusals[0].message
    assert "air is never assumed" in features.refusals[0].message


@pytest.mark.parametrize(
    ("values", "on_oxygen"),
    [
        ([vital("oxygen_flow", 0.0)], 0),
        ([vital("oxygen_flow", 0.5)], 1),
        ([vital("fio2", 21.0)], 0),
        ([vital("fio2", 20.9)], 0),
        ([vital("fio2", 24.0)], 1),
        ([finding("inhaled_oxygen", "air")], 0),
        ([finding("inhaled_oxygen", "oxygen")], 1),
        # the newest observation counts
        ([vital("oxygen_flow", 2.0, 50), finding("inhaled_oxygen", "air", 10)], 0),
        ([finding("inhaled_oxygen", "air", 50), vital("oxygen_flow", 2.0, 10)], 1),
        # of two at one moment the worse one
        ([vital("oxygen_flow", 0.0), vital("fio2", 40.0)], 1),
    ],
)
def test_air_or_oxygen(values, on_oxygen):
    without = () if any(v.concept == "inhaled_oxygen" for v in values) else ("inhaled_oxygen",)
    features = build_features(NEWS2, case(*values, without=without))
    assert features.values["supplemental_oxygen"] == on_oxygen


@pytest.mark.parametrize(
    ("values", "dull"),
    [
        ([vital("gcs", 15.0)], 0),
        ([vital("gcs", 14.0)], 1),
        ([vital("gcs", 3.0)], 1),
        ([finding("acvpu", "A")], 0),
        *(([finding("acvpu", code)], 1) for code in "CVPU"),
        ([finding("acvpu", "A", 10), vital("gcs", 13.0, 40)], 0),
        ([finding("acvpu", "A", 40), vital("gcs", 13.0, 10)], 1),
        ([finding("acvpu", "A"), vital("gcs", 14.0)], 1),
    ],
)
def test_consciousness(values, dull):
    without = () if any(v.concept == "acvpu" for v in values) else ("acvpu",)
    features = build_features(NEWS2, case(*values, without=without))
    assert features.values["not_alert"] == dull
    assert score(case(*values, without=without))["news2_single_parameter"] == dull
    assert build_features(QSOFA, case(*values, without=without)).values["not_alert"] == dull


@pytest.mark.parametrize(("minutes", "accepted"), [(0, True), (60, True), (61, False)])
@pytest.mark.parametrize("concept", ["respiratory_rate", "heart_rate", "body_temperature"])
def test_a_measurement_holds_for_an_hour(concept, minutes, accepted):
    normal = {"respiratory_rate": 18.0, "heart_rate": 80.0, "body_temperature": 37.0}
    features = build_features(NEWS2, case(vital(concept, normal[concept], minutes)))
    assert features.is_usable is accepted
    if not accepted:
        assert codes(features) == [f"too_old.{concept}"]
        assert "10:59 UTC on 2026-11-20, more than 1 hour ago" in features.refusals[0].message


def test_an_old_finding_is_too_old():
    features = build_features(NEWS2, case(finding("acvpu", "A", 61)))
    assert codes(features) == ["too_old.not_alert"]


def test_a_value_of_the_day_may_be_from_another_hour():
    dated = replace(vital("respiratory_rate", 18.0), precision="day")
    features = build_features(NEWS2, case(dated))
    assert codes(features) == ["missing.respiratory_rate"]
    assert "without the time of day" in features.refusals[0].message


def test_the_newest_value_counts_and_not_the_better_one():
    person = case(vital("heart_rate", 80.0, 40), vital("heart_rate", 140.0, 5))
    assert score(person)["news2"] == 3.0


def test_it_expires_when_the_oldest_observation_is_an_hour_old():
    features = build_features(NEWS2, case(vital("heart_rate", 80.0, 45)))
    assert features.expires_at == AS_OF + 15 * MINUTE
    assert features.valid_until == (AS_OF + timedelta(days=1)).date()


def test_without_a_number_there_is_nothing_to_take_down():
    features = build_features(NEWS2, case(without=("heart_rate",)))
    assert features.expires_at is None


@pytest.mark.parametrize("clinical_model", [NEWS2, QSOFA], ids=["news2", "qsofa"])
def test_outside_a_hospital_there_is_one_reason_that_stays_the_same(clinical_model):
    at_home = build_features(clinical_model, case(without=("inpatient_stay",)))
    nothing = build_features(clinical_model, state())
    assert codes(at_home) == codes(nothing) == ["not_applicable.in_hospital"]
    assert at_home.expires_at is None


@pytest.mark.parametrize("concept", ["emergency_visit", "observation_stay"])
def test_emergency_and_observation_are_in_hospital(concept):
    assert score(case(encounter(concept, days_ago=0), without=("inpatient_stay",)))["news2"] == 0


def test_a_stay_that_is_over_is_no_hospital():
    left = case(encounter(days_ago=5, end_days_ago=1))
    assert codes(build_features(NEWS2, left)) == ["not_applicable.in_hospital"]


@pytest.mark.parametrize(("born", "accepted"), [(2010, True), (2011, False)])
def test_from_sixteen_years_on(born, accepted):
    features = build_features(NEWS2, case(birth_date=date(born, 11, 20)))
    assert codes(features) == ([] if accepted else ["out_of_range.age"])


def test_not_in_pregnancy_and_not_after_death():
    pregnant = build_features(NEWS2, case(condition("pregnancy", days_ago=100)))
    assert codes(pregnant) == ["not_applicable.pregnancy"]
    dead = build_features(NEWS2, case(deceased=True))
    assert codes(dead) == ["not_applicable.deceased"]


def test_scale_2_is_never_inferred():
    features = build_features(NEWS2, case(condition("copd", days_ago=900)))
    assert features.values["spo2_scale_2"] == 0.0
    assert [s.concept for s in features.assumed] == ["spo2_scale_2"]
    assert any("scale 2" in note and "none recorded" in note for note in features.notes)


def test_every_value_names_where_it_came_from_and_when():
    features = build_features(NEWS2, case(vital("gcs", 14.0, quality="verify", reason="odd")))
    used = [s for s in features.sources.values() if s.status in ("used", "verify")]
    assert all(s.reference and s.effective_at for s in used)
    assert len(used) == 7
    assert any("odd. Used; please verify" in note for note in features.notes)


ages = st.none() | st.integers(0, 90)


@given(st.fixed_dictionaries({c: ages for c in ("respiratory_rate", "heart_rate", "gcs", "fio2")}))
def test_a_number_only_from_one_set_within_the_hour(minutes):
    """Whatever is missing or older than an hour is refused by its own name, and nothing else is."""
    names = {"gcs": "not_alert", "fio2": "supplemental_oxygen"}
    normal = {"respiratory_rate": 18.0, "heart_rate": 80.0, "gcs": 15.0, "fio2": 21.0}
    taken = {c: m for c, m in minutes.items() if m is not None}
    absent = {c for c, m in minutes.items() if m is None}
    person = case(
        *(vital(concept, normal[concept], ago) for concept, ago in taken.items()),
        without=("acvpu", "inhaled_oxygen", *absent),
    )
    features = build_features(NEWS2, person)
    expected = {f"missing.{names.get(c, c)}" for c in absent}
    expected |= {f"too_old.{names.get(c, c)}" for c, ago in taken.items() if ago > 60}
    assert set(codes(features)) == expected
    if not expected:
        oldest = max(20, *taken.values())
        assert features.expires_at == AS_OF + (60 - oldest) * MINUTE
