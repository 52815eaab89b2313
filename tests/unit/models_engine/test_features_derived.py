"""Kidney function and body mass index: computed where possible, and for whom KFRE is."""

from datetime import date

import pytest

from models_engine.features import build_features
from models_engine.registry import model
from tests.unit.models_engine.builders import condition, measurement, published_case, state

BASE = model("prevent_base_10y")
KFRE = model("kfre_4v")


def codes(features):
    return [refusal.code for refusal in features.refusals]


# kidney function


def test_egfr_is_computed_from_creatinine_of_the_same_day():
    features = build_features(BASE, published_case(measurement("creatinine", 1.0)))

    egfr = features.sources["egfr"]
    assert features.values["egfr"] == pytest.approx(68.63, abs=0.005)
    assert egfr.status == "derived"
    assert [s.concept for s in egfr.derived_from] == ["creatinine"]
    assert egfr.derived_from[0].reference in features.references()


def test_a_reported_egfr_of_a_later_day_is_used_and_marked():
    older = measurement("creatinine", 1.0, days_ago=200)

    features = build_features(BASE, published_case(older))

    assert features.values["egfr"] == 90.0
    assert any("as reported by the laboratory" in note for note in features.notes)


def test_a_newer_creatinine_wins_over_a_reported_egfr():
    old_report = measurement("egfr_reported", 90.0, days_ago=200)

    features = build_features(BASE, published_case(old_report, measurement("creatinine", 1.0)))

    assert features.values["egfr"] == pytest.approx(68.63, abs=0.005)


def test_without_any_kidney_value_creatinine_is_ordered():
    features = build_features(BASE, published_case(without=("egfr_reported",)))

    assert codes(features) == ["missing.egfr"]
    assert "Order serum creatinine." in features.refusals[0].message


def test_a_creatinine_without_usable_sex_falls_back_to_the_reported_egfr():
    case = published_case(measurement("creatinine", 1.0), sex="other")

    features = build_features(BASE, case)

    assert features.values["egfr"] == 90.0
    assert codes(features) == ["not_applicable.sex"]


def test_an_old_creatinine_says_when_it_was():
    old = measurement("creatinine", 1.0, days_ago=400)

    features = build_features(BASE, published_case(old, without=("egfr_reported",)))

    assert codes(features) == ["too_old.egfr"]


def kidney_case(egfr, *more, **keywords):
    return state(
        measurement("egfr_reported", egfr),
        measurement("urine_acr", 300.0),
        *more,
        sex="male",
        birth_date=date(1961, 3, 1),
        **keywords,
    )


def test_kfre_of_the_published_case():
    features = build_features(KFRE, kidney_case(30.0))

    assert KFRE.predict_one(features.values)["kidney_failure_5y"] == pytest.approx(
        0.22314, abs=1e-5
    )


@pytest.mark.parametrize(("egfr", "accepted"), [(59.99, True), (60.0, False), (75.0, False)])
def test_kfre_is_for_an_egfr_below_60(egfr, accepted):
    features = build_features(KFRE, kidney_case(egfr))

    assert features.is_usable == accepted
    assert accepted or codes(features) == ["out_of_range.egfr"]


@pytest.mark.parametrize(
    "concept", ["dialysis", "kidney_transplant", "acute_kidney_injury", "pregnancy"]
)
def test_kfre_is_not_for(concept):
    features = build_features(KFRE, kidney_case(30.0, condition(concept)))

    assert codes(features) == [f"not_applicable.{concept}"]


def test_a_past_dialysis_or_kidney_injury_does_not_stop_kfre_but_a_transplant_does():
    past = [condition(c, end_days_ago=5) for c in ("dialysis", "acute_kidney_injury")]

    assert build_features(KFRE, kidney_case(30.0, *past)).is_usable
    transplant = condition("kidney_transplant", end_days_ago=5)
    assert codes(build_features(KFRE, kidney_case(30.0, transplant))) == [
        "not_applicable.kidney_transplant"
    ]


def test_a_single_low_egfr_is_not_called_chronic():
    def not_confirmed(case):
        return any("not confirmed" in note for note in build_features(KFRE, case).notes)

    assert not_confirmed(kidney_case(30.0))
    assert not_confirmed(kidney_case(30.0, measurement("egfr_reported", 40.0, days_ago=60)))
    assert not_confirmed(kidney_case(30.0, measurement("egfr_reported", 70.0, days_ago=400)))
    assert not not_confirmed(kidney_case(30.0, measurement("egfr_reported", 40.0, days_ago=100)))
    assert not not_confirmed(kidney_case(30.0, measurement("creatinine", 2.5, days_ago=100)))
    assert not not_confirmed(kidney_case(30.0, condition("ckd")))
    unknown_sex = state(measurement("egfr_reported", 30.0), measurement("creatinine", 2.0), sex="")
    assert not_confirmed(unknown_sex)


# body mass index


def test_bmi_from_weight_and_height_when_none_is_reported():
    height, weight = measurement("height", 170.0, days_ago=3000), measurement("weight", 80.0)

    features = build_features(BASE, published_case(height, weight, without=("bmi",)))

    assert features.values["bmi"] == pytest.approx(80 / 1.7**2)
    assert [s.concept for s in features.sources["bmi"].derived_from] == ["weight", "height"]


def test_a_newer_weight_replaces_an_older_bmi_and_an_older_one_does_not():
    height = measurement("height", 170.0, days_ago=3000)
    newer, older = measurement("weight", 80.0, days_ago=1), measurement("weight", 80.0, days_ago=20)

    assert build_features(BASE, published_case(height, newer)).values["bmi"] < 35
    assert build_features(BASE, published_case(height, older)).values["bmi"] == 35


def test_a_childs_height_is_not_the_adults():
    height = measurement("height", 120.0, days_ago=int(40 * 365.25))
    case = published_case(height, measurement("weight", 80.0), without=("bmi",))

    assert codes(build_features(BASE, case)) == ["missing.bmi"]


def test_an_old_weight_gives_no_bmi():
    height, weight = measurement("height", 170.0), measurement("weight", 80.0, days_ago=731)

    features = build_features(BASE, published_case(height, weight, without=("bmi",)))

    assert codes(features) == ["too_old.bmi"]
