"""Missing is not the same for all: what feeds a model, what is assumed, what refuses."""

from datetime import date, timedelta

import numpy as np
import pytest

from models_engine.features import build_all, build_features, feature_matrix
from models_engine.registry import all_models, model
from tests.unit.models_engine.builders import (
    AS_OF,
    coded,
    condition,
    measurement,
    medication,
    published_case,
    state,
)

BASE = model("prevent_base_10y")
FULL = model("prevent_full_10y")
THIRTY = model("prevent_base_30y")
KFRE = model("kfre_4v")
MG_DL = 0.02586


def codes(features):
    return [refusal.code for refusal in features.refusals]


def test_the_published_case_gives_the_published_probability():
    features = build_features(BASE, published_case())

    assert features.is_usable
    assert BASE.predict_one(features.values)["cvd"] == pytest.approx(0.146839, abs=6e-7)
    assert set(features.sources) == set(features.values) == {i.concept for i in BASE.inputs}


def test_every_used_value_names_its_resource_version():
    features = build_features(BASE, published_case())

    measured = [s for s in features.sources.values() if s.status == "used"]
    assert {s.concept for s in measured} >= {"systolic_bp", "diabetes", "antihypertensive", "egfr"}
    assert all(s.reference and s.effective_at and s.fact_id for s in measured)
    sbp = features.sources["systolic_bp"].to_dict()
    assert sbp["reference"].startswith("Observation/") and sbp["reference"].endswith("/_history/2")
    assert sbp["display"] == "160 mmHg"
    assert features.sources["total_cholesterol"].display == "200 mg/dL (5.172 mmol/L)"
    assert features.sources["age"].status == "demographic"


@pytest.mark.parametrize(
    ("concept", "canonical", "accepted"),
    [
        ("systolic_bp", 89, False),
        ("systolic_bp", 90, True),
        ("systolic_bp", 180, True),
        ("systolic_bp", 181, False),
        ("total_cholesterol", 129 * MG_DL, False),
        ("total_cholesterol", 130 * MG_DL, True),
        ("total_cholesterol", 320 * MG_DL, True),
        ("total_cholesterol", 321 * MG_DL, False),
        ("hdl_cholesterol", 19 * MG_DL, False),
        ("hdl_cholesterol", 20 * MG_DL, True),
        ("hdl_cholesterol", 100 * MG_DL, True),
        ("hdl_cholesterol", 101 * MG_DL, False),
        ("egfr_reported", 14, False),
        ("egfr_reported", 15, True),
        ("egfr_reported", 140, True),
        ("egfr_reported", 141, False),
        ("bmi", 18.4, False),
        ("bmi", 18.5, True),
        ("bmi", 39.9, True),
        ("bmi", 39.99, True),
        ("bmi", 40, False),
        ("hba1c", 4.4, False),
        ("hba1c", 4.5, True),
        ("hba1c", 15, True),
        ("hba1c", 15.1, False),
        ("urine_acr", 0.09, False),
        ("urine_acr", 0.1, True),
        ("urine_acr", 25000, True),
        ("urine_acr", 25000.1, False),
    ],
)
def test_published_ranges_are_exact(concept, canonical, accepted):
    features = build_features(FULL, published_case(measurement(concept, float(canonical))))

    assert features.is_usable == accepted
    if not accepted:
        (refusal,) = features.refusals
        used = "egfr" if concept == "egfr_reported" else concept
        assert (refusal.kind, refusal.concept) == ("out_of_range", used)
        assert FULL.input(used).label in refusal.message
        assert FULL.input(used).describe_range() in refusal.message
        assert used not in features.values


@pytest.mark.parametrize("mg_dl", range(130, 321))
def test_no_whole_mg_dl_falls_off_the_edge_of_the_range(mg_dl):
    assert BASE.input("total_cholesterol").accepts(mg_dl * MG_DL)
    assert BASE.input("total_cholesterol").accepts(round(mg_dl * MG_DL, 10))


@pytest.mark.parametrize(
    ("clinical_model", "age", "accepted"),
    [
        (BASE, 29, False),
        (BASE, 30, True),
        (BASE, 79, True),
        (BASE, 80, False),
        (THIRTY, 29, False),
        (THIRTY, 30, True),
        (THIRTY, 59, True),
        (THIRTY, 60, False),
    ],
)
def test_age_limits(clinical_model, age, accepted):
    born = date(AS_OF.year - age, 11, 20)  # the birthday itself

    features = build_features(clinical_model, published_case(birth_date=born))

    assert features.is_usable == accepted
    assert accepted or codes(features) == ["out_of_range.age"]


def test_the_day_before_the_birthday_is_still_the_younger_age():
    features = build_features(BASE, published_case(birth_date=date(1996, 11, 21)))

    assert codes(features) == ["out_of_range.age"]
    assert features.valid_until == date(2026, 11, 21)


@pytest.mark.parametrize(
    "concept", ["systolic_bp", "total_cholesterol", "hdl_cholesterol", "bmi", "smoking_status"]
)
def test_a_missing_measurement_refuses_and_says_what_to_order(concept):
    features = build_features(BASE, published_case(without=(concept,)))

    assert codes(features) == [f"missing.{concept}"]
    assert BASE.input(concept).order in features.refusals[0].message


def test_every_refusal_is_listed_at_once():
    features = build_features(BASE, state(sex="", birth_date=None))

    assert codes(features) == [
        "missing.age",
        "missing.sex",
        "missing.total_cholesterol",
        "missing.hdl_cholesterol",
        "missing.systolic_bp",
        "missing.bmi",
        "missing.egfr",
        "missing.smoking_status",
    ]


@pytest.mark.parametrize(
    ("concept", "limit"),
    [("systolic_bp", 730), ("total_cholesterol", 1826), ("bmi", 730), ("egfr_reported", 365)],
)
def test_a_too_old_value_says_when_it_was(concept, limit):
    fresh = published_case(measurement(concept, 100.0 if concept == "systolic_bp" else 30.0))
    value = fresh.values[concept][0].value if concept != "total_cholesterol" else 5.0
    last_day = build_features(BASE, published_case(measurement(concept, value, days_ago=limit)))
    too_late = build_features(BASE, published_case(measurement(concept, value, days_ago=limit + 1)))

    used = "egfr" if concept == "egfr_reported" else concept
    assert last_day.is_usable
    assert last_day.valid_until == AS_OF.date() + timedelta(days=1)
    assert codes(too_late) == [f"too_old.{used}"]
    assert str(AS_OF.date() - timedelta(days=limit + 1)) in too_late.refusals[0].message


@pytest.mark.parametrize("sex", ["other", "unknown", ""])
def test_sex_is_never_guessed(sex):
    features = build_features(BASE, published_case(sex=sex))

    assert features.refusals[0].concept == "sex"
    assert "female and male only" in features.refusals[0].message


def test_unknown_smoking_is_missing_not_never():
    features = build_features(BASE, published_case(coded("smoking_status", "unknown")))

    assert codes(features) == ["missing.smoking_status"]
    assert "unknown on 2026-11-10" in features.refusals[0].message


def test_an_old_smoking_status_is_too_old():
    features = build_features(BASE, published_case(coded("smoking_status", "never", days_ago=731)))

    assert codes(features) == ["too_old.smoking_status"]
    assert "more than 2 years ago" in features.refusals[0].message


@pytest.mark.parametrize(("code", "value"), [("current", 1.0), ("former", 0.0), ("never", 0.0)])
def test_smoking_status(code, value):
    features = build_features(BASE, published_case(coded("smoking_status", code)))

    assert features.values["smoking_status"] == value
    assert features.sources["smoking_status"].display == code


def test_conditions_and_medicines_without_a_record_are_assumed_absent_and_listed():
    bare = published_case(without=("diabetes_type_2", "antihypertensive"))

    features = build_features(BASE, bare)

    assert {s.concept for s in features.assumed} == {"diabetes", "antihypertensive", "statin"}
    assert all(features.values[s.concept] == 0.0 for s in features.assumed)
    assert "Diabetes: assumed absent: none recorded." in features.notes


@pytest.mark.parametrize("concept", ["diabetes_type_1", "diabetes_type_2", "diabetes_other"])
def test_any_kind_of_diabetes_counts(concept):
    without = {"diabetes_type_2"} - {concept}

    features = build_features(BASE, published_case(condition(concept), without=without))

    assert features.values["diabetes"] == 1.0
    assert features.sources["diabetes"].resource_type == "Condition"


def test_a_stopped_medicine_counts_as_absent_and_says_since_when():
    stopped = medication("antihypertensive", days_ago=400, end_days_ago=30)

    features = build_features(BASE, published_case(stopped))

    assert features.values["antihypertensive"] == 0.0
    assert features.sources["antihypertensive"].note == (
        "counted as absent: recorded as ended on 2026-10-21"
    )


def test_a_medicine_that_will_end_limits_the_validity():
    ending = medication("statin", end_days_ago=-9)

    features = build_features(BASE, published_case(ending))

    assert features.values["statin"] == 1.0
    assert features.valid_until == date(2026, 11, 30)


def test_medicines_that_are_not_classified_are_counted_and_named():
    unknown = medication("unclassified_medication", quality="unclassified")
    ended = medication("unclassified_medication", quality="unclassified", end_days_ago=3)
    case = published_case(not_used={"unclassified_medication": (unknown, ended)})

    features = build_features(BASE, case)

    assert features.notes[-1] == "Medications not classified: 1; they were not counted."
    assert build_features(KFRE, case).notes[-1:] != features.notes[-1:]


def test_an_unusual_value_is_used_and_marked():
    odd = measurement("bmi", 38.0, quality="verify", reason="outside 14-70")

    features = build_features(BASE, published_case(odd))

    assert features.is_usable
    assert features.sources["bmi"].status == "verify"
    assert "Body mass index 38 kg/m²: outside 14-70. Used; please verify." in features.notes


def test_a_value_that_is_kept_but_not_used_is_named_in_the_refusal():
    unused = measurement("systolic_bp", None, quality="missing_unit", reason="no unit")
    case = published_case(without=("systolic_bp",), not_used={"systolic_bp": (unused,)})

    (refusal,) = build_features(BASE, case).refusals

    assert refusal.message == (
        "Systolic blood pressure: the value of 2026-11-10 is not used (no unit). "
        "Measure the blood pressure."
    )


def test_optional_inputs_take_the_missing_term_and_say_so():
    features = build_features(FULL, published_case(measurement("hba1c", 9.2)))

    assert features.is_usable
    assert {s.concept for s in features.missing_terms} == {"urine_acr", "sdi_decile"}
    assert "urine_acr" not in features.values
    assert any("term for a missing value was used" in note for note in features.notes)


def test_a_too_old_optional_input_takes_the_missing_term():
    features = build_features(FULL, published_case(measurement("hba1c", 9.2, days_ago=366)))

    assert features.is_usable
    assert "hba1c" in {s.concept for s in features.missing_terms}
    assert any("HbA1c: last on 2025-11-19, more than 1 year ago." in n for n in features.notes)


def test_the_full_published_case_from_a_state():
    more = [measurement("hba1c", 9.2), measurement("urine_acr", 92.0), measurement("sdi_decile", 3)]

    features = build_features(FULL, published_case(*more))

    assert FULL.predict_one(features.values)["cvd"] == pytest.approx(0.174, abs=0.0005)


# who PREVENT is not for


@pytest.mark.parametrize(
    "concept",
    [
        "myocardial_infarction",
        "coronary_heart_disease",
        "stroke",
        "heart_failure",
        "peripheral_artery_disease",
    ],
)
@pytest.mark.parametrize("end_days_ago", [None, 300])
def test_prevent_is_not_for_known_cardiovascular_disease(concept, end_days_ago):
    ill = condition(concept, days_ago=400, end_days_ago=end_days_ago)

    features = build_features(BASE, published_case(ill))

    assert codes(features) == [f"not_applicable.{concept}"]
    assert "without known cardiovascular disease" in features.refusals[0].message
    assert features.valid_until > AS_OF.date()


def test_atrial_fibrillation_does_not_stop_prevent():
    assert build_features(BASE, published_case(condition("atrial_fibrillation"))).is_usable


def test_prevent_is_not_for_the_dead_and_no_model_is():
    case = published_case(deceased=True)

    for features in build_all(all_models(), case):
        assert "not_applicable.deceased" in codes(features)


def test_pregnancy_stops_prevent_until_its_days_are_over():
    now = build_features(BASE, published_case(condition("pregnancy", days_ago=200)))
    forgotten = build_features(BASE, published_case(condition("pregnancy", days_ago=300)))

    assert codes(now) == ["not_applicable.pregnancy"]
    assert now.valid_until == AS_OF.date() + timedelta(days=100)
    assert forgotten.is_usable
    assert any("no recorded end" in note for note in forgotten.notes)


def test_a_pregnancy_with_a_planned_end_is_over_on_that_day():
    case = published_case(condition("pregnancy", days_ago=20, end_days_ago=-30))

    assert build_features(BASE, case).valid_until == date(2026, 12, 21)


# time and identity


def test_valid_until_is_the_birthday_or_the_first_value_to_grow_too_old():
    birthday_first = build_features(BASE, published_case(birth_date=date(1976, 12, 1)))
    value_first = build_features(
        BASE, published_case(measurement("egfr_reported", 90.0, days_ago=360))
    )

    assert birthday_first.valid_until == date(2026, 12, 1)
    assert value_first.valid_until == AS_OF.date() + timedelta(days=6)


def test_a_vague_birth_date_gives_no_age():
    case = published_case(birth_date=date(1976, 1, 1), birth_date_precision="year")

    features = build_features(BASE, case)

    assert codes(features) == ["missing.age"]
    assert features.valid_until == date(2026, 12, 31)


def test_as_of_the_past_only_what_was_known_then_decides_the_age():
    case = published_case(birth_date=date(1996, 1, 1))
    past = state(
        *[v for values in case.values.values() for v in values],
        birth_date=date(1996, 1, 1),
        as_of=AS_OF - timedelta(days=400),
    )

    assert build_features(BASE, case).values["age"] == 30.0
    assert codes(build_features(BASE, past)) == ["out_of_range.age"]


def test_a_population_gets_the_same_numbers_as_single_people():
    states = [
        published_case(),
        published_case(measurement("systolic_bp", 120.0)),
        published_case(without=("bmi",)),
        published_case(measurement("hba1c", 7.0), sex="male"),
    ]

    matrix = feature_matrix(FULL, states)

    assert list(matrix.accepted) == [0, 1, 3]
    together = FULL.predict(matrix.arrays)
    for row, at in zip(together, matrix.accepted, strict=True):
        alone = FULL.predict_one(build_features(FULL, states[at]).values)
        np.testing.assert_allclose(row, list(alone.values()), rtol=1e-12)
    assert codes(matrix.sets[2]) == ["missing.bmi"]


def test_sharing_a_reader_changes_nothing():
    case = published_case(measurement("creatinine", 1.0))

    for features, clinical_model in zip(build_all(all_models(), case), all_models(), strict=True):
        alone = build_features(clinical_model, case)
        assert (features.values, features.sources) == (alone.values, alone.sources)
        assert (features.refusals, features.notes) == (alone.refusals, alone.notes)
        assert features.valid_until == alone.valid_until
