"""Who gets a number of PCE, SCORE2, KFRE with 8 variables, CKD-PC and PREVENT's add-ons."""

from datetime import date

import pytest

from models_engine.catalogue.risk.kfre import NORTH_AMERICA
from models_engine.features import build_features
from models_engine.registry import registered
from patients.record.condition_facts import NO_DATE, NO_ONSET
from tests.unit.models_engine.builders import (
    AS_OF,
    coded,
    condition,
    measurement,
    medication,
    published_case,
)

MODELS = registered(NORTH_AMERICA, "moderate")
DAYS = 365.25


def born(age):
    """The birth date of somebody who had their birthday this year."""
    return date(AS_OF.year - age, 3, 1)


def diabetes(concept="diabetes_type_2", *, years_ago=5.0, reason="", **keywords):
    return condition(concept, days_ago=int(years_ago * DAYS), reason=reason, **keywords)


def features(model_id, case):
    return build_features(MODELS[model_id], case)


def refusals(model_id, case):
    return [refusal.code for refusal in features(model_id, case).refusals]


def healthy(*more, **keywords):
    """The published case without its diabetes."""
    return published_case(*more, **{"without": ("diabetes_type_2",), **keywords})


@pytest.mark.parametrize(
    ("variant", "concept", "low", "high", "below", "above"),
    [
        ("hba1c", "hba1c", 4.5, 15.0, 4.49, 15.01),
        ("uacr", "urine_acr", 0.1, 25000.0, 0.099, 25001.0),
        ("sdi", "sdi_decile", 1.0, 10.0, 0.5, 10.5),
    ],
)
@pytest.mark.parametrize("years", [10, 30])
def test_an_add_on_model_needs_its_value_within_its_range(
    variant, concept, low, high, below, above, years
):
    model_id = f"prevent_{variant}_{years}y"

    assert refusals(model_id, published_case()) == [f"missing.{concept}"]
    for value in (low, high):
        assert refusals(model_id, published_case(measurement(concept, value))) == []
    for value, side in ((below, "below"), (above, "above")):
        (refusal,) = features(model_id, published_case(measurement(concept, value))).refusals
        assert (refusal.code, refusal.side) == (f"out_of_range.{concept}", side)
    if variant != "sdi":
        old = published_case(measurement(concept, low, days_ago=400))
        assert refusals(model_id, old) == [f"too_old.{concept}"]


@pytest.mark.parametrize("variant", ["hba1c", "uacr", "sdi"])
def test_an_add_on_model_keeps_the_ranges_of_the_base_model(variant):
    concepts = {"hba1c": 7.0, "urine_acr": 20.0, "sdi_decile": 4.0}
    added = [measurement(c, v) for c, v in concepts.items()]
    for years, age in ((10, 29), (10, 80), (30, 60)):
        case = published_case(*added, birth_date=born(age))
        assert refusals(f"prevent_{variant}_{years}y", case) == ["out_of_range.age"]
    high = published_case(*added, measurement("systolic_bp", 181.0))
    assert refusals(f"prevent_{variant}_10y", high) == ["out_of_range.systolic_bp"]


@pytest.mark.parametrize(
    ("model_id", "age", "accepted"),
    [
        ("pce", 39, False),
        ("pce", 40, True),
        ("pce", 79, True),
        ("pce", 80, False),
        ("score2", 39, False),
        ("score2", 40, True),
        ("score2", 69, True),
        ("score2", 70, False),
        ("score2_op", 69, False),
        ("score2_op", 70, True),
        ("score2_op", 89, True),
        ("score2_op", 90, False),
    ],
)
def test_ages(model_id, age, accepted):
    found = refusals(model_id, healthy(birth_date=born(age)))

    assert found == ([] if accepted else ["out_of_range.age"])


@pytest.mark.parametrize(
    ("model_id", "concept", "value", "accepted"),
    [
        ("pce", "systolic_bp", 89.0, False),
        ("pce", "systolic_bp", 90.0, True),
        ("pce", "systolic_bp", 200.0, True),
        ("pce", "systolic_bp", 201.0, False),
        ("pce", "total_cholesterol", 129 * 0.02586, False),
        ("pce", "total_cholesterol", 320 * 0.02586, True),
        ("pce", "hdl_cholesterol", 101 * 0.02586, False),
        ("score2", "systolic_bp", 221.0, False),
        ("score2", "total_cholesterol", 10.1, False),
        ("score2", "hdl_cholesterol", 0.49, False),
        ("score2", "hdl_cholesterol", 3.0, True),
    ],
)
def test_ranges(model_id, concept, value, accepted):
    found = refusals(model_id, healthy(measurement(concept, value)))

    assert found == ([] if accepted else [f"out_of_range.{concept}"])


@pytest.mark.parametrize("model_id", ["pce", "score2", "score2_op"])
@pytest.mark.parametrize("concept", ["myocardial_infarction", "coronary_heart_disease", "stroke"])
def test_known_cardiovascular_disease_is_not_applicable(model_id, concept):
    case = healthy(condition(concept, days_ago=900, end_days_ago=800), birth_date=born(70))

    assert f"not_applicable.{concept}" in refusals(model_id, case)


def test_pce_is_not_for_heart_failure_by_our_decision():
    assert refusals("pce", healthy(condition("heart_failure"))) == ["not_applicable.heart_failure"]


def test_race_is_not_held_and_never_guessed():
    found = features("pce", healthy())

    assert found.values["race_black"] == 0.0
    assert found.sources["race_black"].status == "assumed_absent"
    assert any("does not hold race" in note for note in found.notes)


@pytest.mark.parametrize("concept", ["diabetes_type_1", "diabetes_type_2", "diabetes_other"])
def test_score2_is_not_for_diabetes(concept):
    case = healthy(condition(concept, days_ago=90), without=())
    others = [d for d in ("diabetes_type_1", "diabetes_type_2", "diabetes_other") if d != concept]
    only = healthy(condition(concept, days_ago=90), without=tuple(others))

    assert f"not_applicable.{concept}" in refusals("score2", case)
    assert refusals("score2", only) == [f"not_applicable.{concept}"]
    assert refusals("score2_op", healthy(condition(concept), birth_date=born(72))) == []


def type_2(*more, **keywords):
    """A person of 50 with diabetes since 45, HbA1c 7.5 and eGFR 90."""
    given = [measurement("hba1c", 7.5), diabetes()]
    return healthy(*given, *more, **{"without": (), **keywords})


def test_score2_diabetes_takes_the_age_at_the_earliest_onset():
    earlier = diabetes(years_ago=10.2)
    found = features("score2_diabetes", type_2(earlier))

    assert found.is_usable
    assert found.values["age_at_diabetes"] == 40.0
    assert found.sources["age_at_diabetes"].resource_id == earlier.resource_id
    assert found.sources["age_at_diabetes"].display == "40 years"


@pytest.mark.parametrize("reason", [NO_ONSET, NO_DATE, f"provisional diagnosis; {NO_ONSET}"])
def test_a_date_of_recording_is_no_onset(reason):
    # recorded before the only onset that is known: the disease is older than that
    case = type_2(diabetes(years_ago=10.2, reason=reason))

    (refusal,) = features("score2_diabetes", case).refusals

    assert refusal.code == "missing.age_at_diabetes"
    assert "Record the onset of the diabetes." in refusal.message


def test_a_year_of_onset_is_said_to_be_one():
    case = type_2(diabetes(years_ago=10.2, precision="year"))

    assert any("the year of the onset" in note for note in features("score2_diabetes", case).notes)


def test_score2_diabetes_needs_type_2_and_a_birth_date():
    untyped = healthy(measurement("hba1c", 7.5), diabetes("diabetes_other"))
    assert refusals("score2_diabetes", untyped) == [
        "not_applicable.diabetes_type_2",
        "missing.age_at_diabetes",
    ]
    vague = type_2(birth_date=date(1976, 1, 1), birth_date_precision="year")
    assert "missing.age_at_diabetes" in refusals("score2_diabetes", vague)
    unborn = type_2(birth_date=None)
    assert refusals("score2_diabetes", unborn) == ["missing.age", "missing.age_at_diabetes"]


@pytest.mark.parametrize(("years_ago", "accepted"), [(31.9, True), (33.0, False)])
def test_a_diagnosis_in_childhood_gives_no_number(years_ago, accepted):
    found = refusals("score2_diabetes", type_2(diabetes(years_ago=years_ago)))

    assert found == ([] if accepted else ["out_of_range.age_at_diabetes"])


BLOOD = {"albumin": 3.8, "phosphate": 3.6, "bicarbonate": 24.0, "calcium": 9.1}


def kidney(**blood):
    given = {"egfr_reported": 40.0, "urine_acr": 92.0, **BLOOD, **blood}
    return published_case(*(measurement(c, v) for c, v in given.items() if v is not None))


def test_kfre_with_eight_variables_needs_all_of_them():
    assert refusals("kfre_8v", kidney()) == []
    for concept in BLOOD:
        (refusal,) = features("kfre_8v", kidney(**{concept: None})).refusals
        assert refusal.code == f"missing.{concept}"
        assert f"Order serum {concept}." in refusal.message


@pytest.mark.parametrize(
    ("concept", "value"),
    [
        ("albumin", 1.4),
        ("albumin", 6.1),
        ("phosphate", 10.1),
        ("bicarbonate", 7.0),
        ("calcium", 5.9),
        ("calcium", 14.1),
    ],
)
def test_kfre_refuses_unusual_blood_values(concept, value):
    assert refusals("kfre_8v", kidney(**{concept: value})) == [f"out_of_range.{concept}"]


def decline(*more, egfr=90.0, **keywords):
    given = [measurement("hba1c", 7.5), measurement("urine_acr", 20.0)]
    return published_case(*given, measurement("egfr_reported", egfr), *more, **keywords)


@pytest.mark.parametrize(("egfr", "accepted"), [(59.9, False), (60.0, True), (151.0, False)])
def test_decline_is_for_an_egfr_of_60_or_more(egfr, accepted):
    assert refusals("ckdpc_40_diabetes", decline(egfr=egfr)) == (
        [] if accepted else ["out_of_range.egfr"]
    )


def test_decline_is_for_people_with_diabetes():
    case = decline(without=("diabetes_type_2",))

    (refusal,) = features("ckdpc_40_diabetes", case).refusals

    assert refusal.kind == "not_applicable"
    assert refusal.message.startswith("Not applicable: diabetes is not recorded.")


@pytest.mark.parametrize("concept", ["dialysis", "kidney_transplant", "acute_kidney_injury"])
def test_decline_is_not_for_treated_or_acute_kidney_disease(concept):
    assert refusals("ckdpc_40_diabetes", decline(condition(concept))) == [
        f"not_applicable.{concept}"
    ]


@pytest.mark.parametrize(("code", "value"), [("never", 0.0), ("former", 1.0), ("current", 2.0)])
def test_decline_knows_who_smoked_once(code, value):
    found = features("ckdpc_40_diabetes", decline(coded("smoking_status", code)))

    assert found.values["smoking_history"] == value
    assert found.sources["smoking_history"].display == code


@pytest.mark.parametrize(
    ("value", "refused"),
    [
        (coded("smoking_status", "unknown"), "missing.smoking_history"),
        (coded("smoking_status", "former", days_ago=800), "too_old.smoking_history"),
    ],
)
def test_unknown_or_old_smoking_is_missing(value, refused):
    assert refusals("ckdpc_40_diabetes", decline(value)) == [refused]
    without = decline(without=("smoking_status",))
    assert refusals("ckdpc_40_diabetes", without) == ["missing.smoking_history"]


def test_decline_counts_an_infarction_as_coronary_disease_and_reads_medicines():
    given = [condition("myocardial_infarction", days_ago=40), medication("insulin")]
    found = features("ckdpc_40_diabetes", decline(*given))

    assert found.is_usable
    assert found.values["coronary_heart_disease"] == found.values["insulin"] == 1.0
    assert found.values["glucose_lowering"] == 0.0
