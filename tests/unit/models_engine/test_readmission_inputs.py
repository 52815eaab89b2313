"""Readmission of people with diabetes: what is read of the stay that ended, and who gets none."""

from dataclasses import replace
from datetime import date, timedelta

import pytest

from models_engine.features import build_features
from models_engine.registry import model
from models_engine.services.run import run_model
from tests.unit.models_engine.builders import AS_OF, coded, condition, medication, state
from tests.unit.models_engine.test_hospital_stay import codes, emergency, stay

MODEL = model("readmission_30d")
OUTSIDE = "Outside the population this model was built for"
DIABETES = condition("diabetes_type_2", days_ago=2000)


def ended(index=None, *, went="home"):
    """The facts of a stay and where it ended."""
    index = index or stay()
    disposition = replace(
        index, concept="discharge_disposition", kind="encounter", code=went, value=None, unit=""
    )
    return [index, disposition] if went else [index]


def person(*more, index=None, went="home", without=()):
    return state(
        *ended(index, went=went), DIABETES, *more, birth_date=date(1955, 3, 1), without=without
    )


def values(*more, **keywords):
    features = build_features(MODEL, person(*more, **keywords))
    assert features.is_usable, features.refusals
    return features.values


def refused(*more, **keywords):
    return build_features(MODEL, person(*more, **keywords)).refusals


def test_a_plain_discharge_gets_a_number_with_an_interval():
    result = run_model(MODEL, person())

    p = result.values["readmission_30d"]
    low, high = result.intervals["readmission_30d"]
    assert 0.03 < low < p < high < 0.15
    assert result.features.valid_until == (AS_OF - timedelta(days=3)).date() + timedelta(days=31)


def test_counts_reach_back_a_year_from_the_admission():
    # the admission was 8 days ago
    index = stay(days=5, ended_days_ago=3.0)
    earlier = [stay(days=2, ended_days_ago=d) for d in (100.0, 300.0, 380.0)]
    visits = [emergency(d) for d in (30, 250, 372, 375)]
    led = replace(emergency(8.1), end_at=AS_OF - timedelta(days=8, hours=1))

    found = values(*earlier, *visits, led, index=index)

    assert found["previous_admissions"] == 2.0
    # those of 30, 250 and 372 days ago, not what led to the stay
    assert found["emergency_visits_12_months"] == 3.0
    assert found["length_of_stay"] == 5.0


def test_what_came_before_raises_the_number():
    before = [stay(days=2, ended_days_ago=d) for d in (60.0, 120.0)]
    plain, often = (
        run_model(MODEL, person(*more)).values["readmission_30d"] for more in ([], before)
    )
    assert often > 1.5 * plain


@pytest.mark.parametrize(
    ("went", "value"),
    [("home", 0.0), ("facility", 1.0), ("long_term_care", 1.0)],
)
def test_where_the_person_went(went, value):
    assert values(went=went)["to_care_facility"] == value


def test_where_the_person_went_is_not_guessed():
    (refusal,) = refused(went="")
    assert refusal.code == "missing.to_care_facility"
    assert "Encounter.hospitalization.dischargeDisposition" in refusal.message


@pytest.mark.parametrize(
    "went", ["died", "hospice", "transferred", "rehabilitation", "left_against_advice"]
)
def test_another_end_of_the_stay_is_outside(went):
    (refusal,) = refused(went=went)
    assert refusal.code == "not_applicable.discharge_disposition"
    assert refusal.message.startswith(OUTSIDE)


def test_without_diabetes_it_is_outside():
    refusals = build_features(
        MODEL, state(*ended(), birth_date=date(1955, 3, 1), sex="male")
    ).refusals
    assert [r.code for r in refusals] == ["not_applicable.diabetes_type_1"]
    assert refusals[0].message.startswith(f"{OUTSIDE}: it is for people with diabetes")


@pytest.mark.parametrize(("days", "is_inside"), [(0, False), (1, True), (14, True), (15, False)])
def test_stays_of_one_to_fourteen_days(days, is_inside):
    found = codes(build_features(MODEL, person(index=stay(days=days))))
    assert found == ([] if is_inside else ["out_of_range.length_of_stay"])


@pytest.mark.parametrize(
    ("born", "is_inside"), [(date(2007, 3, 1), False), (date(2005, 3, 1), True)]
)
def test_from_twenty_years_on(born, is_inside):
    features = build_features(MODEL, state(*ended(), DIABETES, birth_date=born))
    assert codes(features) == ([] if is_inside else ["out_of_range.age"])


def test_without_a_stay_there_is_one_reason():
    features = build_features(MODEL, state(DIABETES))
    assert codes(features) == ["not_applicable.index_stay"]


# the stay went from 8 to 3 days ago
@pytest.mark.parametrize(
    ("begun", "over", "counts"),
    [
        (900, None, True),  # taken at home, and on
        (7, 6, True),  # given in the stay
        (7, 7, True),  # an order of the stay that is over, its end not known
        (900, 100, False),
        (900, 7.5, True),  # stopped in the stay
        (2, None, False),  # begun after it
    ],
)
def test_medicines_of_the_stay(begun, over, counts):
    insulin = medication("insulin", days_ago=begun, end_days_ago=over, precision="time")
    any_kind = replace(insulin, concept="glucose_lowering")

    features = build_features(MODEL, person(insulin, any_kind))

    assert features.values["insulin_in_stay"] == float(counts)
    assert features.values["glucose_lowering_in_stay"] == float(counts)
    if counts:
        assert features.sources["insulin_in_stay"].fact_id == insulin.fact_id
    else:
        assert (
            "Insulin during the stay: assumed absent: none recorded during the stay."
            in features.notes
        )


def test_counts_beyond_the_training_data_get_none():
    often = [stay(days=1, ended_days_ago=20.0 * n) for n in range(1, 10)]
    assert [r.code for r in refused(*often)] == ["out_of_range.previous_admissions"]


def test_a_dead_person_gets_the_one_reason():
    dead = state(*ended(went="died"), condition("stroke"), deceased=True)
    assert "not_applicable.deceased" in codes(build_features(MODEL, dead))


def test_the_coded_way_out_is_its_source():
    index = stay()
    features = build_features(MODEL, person(index=index, went="facility"))
    assert features.sources["to_care_facility"].resource_id == index.resource_id
    assert coded("x", "y").resource_id != index.resource_id
