"""Inputs that are read from the whole record: durations, counts, and what could not be read."""

from dataclasses import replace
from datetime import UTC, date, datetime

import pytest

from models_engine.features import build_features
from models_engine.registry import model
from patients.record.condition_facts import NO_DATE, NO_ONSET
from tests.unit.models_engine.builders import (
    AS_OF,
    coded,
    condition,
    measurement,
    medication,
    state,
)

CHARLSON = model("charlson")
HAS_BLED = model("has_bled")
MELD = model("meld3")
HEART_FAILURE = model("ukpds_om2_heart_failure")


def score(m, features):
    assert features.is_usable, features.refusals
    return next(iter(m.predict_one(features.values).values()))


def codes(features):
    return [refusal.code for refusal in features.refusals]


def comorbidity(name, **keywords):
    """A diagnosis with an ICD-10 code, as the projection hands it over."""
    value = coded(f"charlson_{name}", "", kind="comorbidity", **keywords)
    return replace(value, resource_type="Condition")


def unread(**changed):
    """A diagnosis in a code of none of our tables."""
    return replace(condition("condition_unclassified", quality="unclassified"), **changed)


class TestCharlson:
    def test_counts_what_is_coded_in_icd_10_also_when_it_is_over(self):
        case = state(comorbidity("canc", days_ago=900, end_days_ago=400), comorbidity("none"))
        features = build_features(CHARLSON, case)

        assert score(CHARLSON, features) == 2
        assert features.sources["uncounted_diagnoses"].status == "used"
        assert features.sources["uncounted_diagnoses"].display == "0 of 2"

    def test_says_how_many_diagnoses_it_could_not_count(self):
        refuted = unread(quality="inactive")
        case = state(
            comorbidity("mi"),
            condition("stroke"),
            not_used={"condition_unclassified": (unread(), unread(), refuted)},
        )
        features = build_features(CHARLSON, case)

        row = features.sources["uncounted_diagnoses"]
        assert (row.status, row.display) == ("not_assessable", "3 of 4")
        assert any("At least this score: 3 of 4 diagnoses" in note for note in features.notes)
        assert score(CHARLSON, features) == 1

    def test_a_diagnosis_with_both_codes_is_counted(self):
        both = comorbidity("mi")
        twin = replace(condition("myocardial_infarction"), resource_id=both.resource_id)
        assert build_features(CHARLSON, state(both, twin)).values["uncounted_diagnoses"] == 0

    def test_without_any_icd_10_code_among_diagnoses_there_is_no_number(self):
        features = build_features(CHARLSON, state(condition("stroke"), condition("ckd")))

        assert codes(features) == ["missing.uncounted_diagnoses"]
        assert "none of 2 is coded in ICD-10" in features.refusals[0].message

    def test_an_empty_record_is_zero_and_everything_assumed(self):
        features = build_features(CHARLSON, state())
        assert score(CHARLSON, features) == 0
        assert len(features.assumed) == 17

    def test_procedures_are_no_diagnoses(self):
        treated = replace(condition("dialysis"), resource_type="Procedure")
        assert build_features(CHARLSON, state(treated)).values["uncounted_diagnoses"] == 0


def bleeding(*more, without=()):
    given = {v.concept for v in more}
    usual = [
        condition("atrial_fibrillation"),
        measurement("systolic_bp", 150.0),
        measurement("creatinine", 1.0),
    ]
    return state(*(v for v in usual if v.concept not in given), *more, without=without)


class TestHasBled:
    def test_what_cannot_be_assessed_counts_nothing_and_is_named(self):
        features = build_features(HAS_BLED, bleeding(medication("antiplatelet", "aspirin")))

        assert score(HAS_BLED, features) == 1
        rows = [s.concept for s in features.sources.values() if s.status == "not_assessable"]
        assert rows == ["bilirubin_total", "ast", "alt", "alcohol_drinks"]
        assert features.missing_terms == ()
        assert any("Ask about alcohol" in n and "counts no point" in n for n in features.notes)

    def test_a_labile_inr_applies_on_a_vitamin_k_antagonist_only(self):
        off = build_features(HAS_BLED, bleeding())
        on = build_features(HAS_BLED, bleeding(medication("vitamin_k_antagonist", "warfarin")))

        assert off.sources["labile_inr"].status == "assumed_absent"
        assert "does not apply" in off.sources["labile_inr"].note
        assert on.sources["labile_inr"].status == "not_assessable"
        assert score(HAS_BLED, on) == score(HAS_BLED, off) == 0

    def test_blood_pressure_and_creatinine_are_needed(self):
        features = build_features(HAS_BLED, bleeding(without=("systolic_bp", "creatinine")))
        assert codes(features) == ["missing.systolic_bp", "missing.creatinine"]

    @pytest.mark.parametrize("concept", ["cha2ds2_vasc", "has_bled"])
    def test_without_atrial_fibrillation_it_does_not_apply(self, concept):
        features = build_features(model(concept), bleeding(without=("atrial_fibrillation",)))
        assert codes(features) == ["not_applicable.atrial_fibrillation"]

    def test_the_week_of_alcohol(self):
        features = build_features(HAS_BLED, bleeding(measurement("alcohol_drinks", 8 / 7)))
        assert score(HAS_BLED, features) == 1
        assert features.sources["alcohol_drinks"].display.startswith("8 drinks a week")


def session(days_ago):
    return replace(
        condition("dialysis", days_ago=days_ago, end_days_ago=days_ago - 90),
        resource_type="Procedure",
    )


def liver(*more):
    blood = {"bilirubin_total": 2.0, "sodium": 135.0, "inr": 1.4, "creatinine": 1.1, "albumin": 3.0}
    return state(
        condition("cirrhosis"), *(measurement(c, v, days_ago=3) for c, v in blood.items()), *more
    )


class TestDialysisOfTheLastWeek:
    @pytest.mark.parametrize(
        ("days", "expected"),
        [((), 0), ((2,), 0), ((1, 3), 1), ((1, 6), 1), ((1, 7), 0), ((8, 10), 0), ((2, 2), 0)],
    )
    def test_two_treatments_on_different_days(self, days, expected):
        features = build_features(MELD, liver(*(session(d) for d in days)))
        assert features.values["dialysis_last_week"] == expected
        if expected:
            assert features.valid_until == date(2026, 11, 20 - days[1] + 7)

    def test_dependence_on_dialysis_counts(self):
        features = build_features(MELD, liver(condition("dialysis", days_ago=400)))
        assert features.values["dialysis_last_week"] == 1
        assert features.sources["dialysis_last_week"].reference

    def test_and_no_longer_when_it_is_over(self):
        over = condition("dialysis", days_ago=400, end_days_ago=100)
        assert build_features(MELD, liver(over)).values["dialysis_last_week"] == 0

    def test_a_vitamin_k_antagonist_is_noted(self):
        warned = build_features(MELD, liver(medication("vitamin_k_antagonist", "warfarin")))
        assert any("vitamin K antagonist" in note for note in warned.notes)
        assert not any("vitamin K" in note for note in build_features(MELD, liver()).notes)

    def test_meld_is_for_liver_disease(self):
        assert codes(build_features(MELD, state()))[0] == "not_applicable.liver_disease"


def diabetic(*more, without=()):
    given = {v.concept for v in more}
    usual = [
        condition("diabetes_type_2", days_ago=3000),
        measurement("bmi", 31.0),
        measurement("egfr_reported", 75.0),
        measurement("ldl_cholesterol", 3.0),
        measurement("urine_acr", 10.0),
    ]
    kept = [v for v in usual if v.concept not in given]
    return state(*kept, *more, sex="male", without=without)


class TestDurationOfDiabetes:
    def test_completed_years_since_the_first_onset(self):
        later = condition("diabetes_type_2", days_ago=100)
        first = replace(
            condition("diabetes_type_2"), effective_at=datetime(2016, 11, 21, tzinfo=UTC)
        )
        features = build_features(HEART_FAILURE, diabetic(first, later))

        # one day short of ten years
        assert features.values["diabetes_duration"] == 9
        assert features.valid_until == date(2026, 11, 21)
        assert features.sources["diabetes_duration"].resource_id == first.resource_id

    @pytest.mark.parametrize("changed", [{"reason": NO_ONSET}, {"precision": ""}])
    def test_a_day_of_recording_is_no_onset(self, changed):
        known = replace(condition("diabetes_type_2", days_ago=900), **changed)
        features = build_features(HEART_FAILURE, diabetic(known))

        assert codes(features) == ["missing.diabetes_duration"]
        assert "Record when type 2 diabetes was diagnosed" in features.refusals[0].message

    @pytest.mark.parametrize("reason", [NO_ONSET, NO_DATE])
    def test_a_complication_is_not_the_beginning(self, reason):
        known = replace(condition("diabetes_type_2", days_ago=3000), reason=reason)
        retinopathy = condition("diabetes_type_2", days_ago=200)
        features = build_features(HEART_FAILURE, diabetic(known, retinopathy))
        assert codes(features) == ["missing.diabetes_duration"]
        assert "before its first recorded onset" in features.refusals[0].message

    def test_a_year_counts_from_its_first_day_and_says_so(self):
        year = replace(
            condition("diabetes_type_2"),
            effective_at=datetime(2015, 1, 1, tzinfo=UTC),
            precision="year",
        )
        features = build_features(HEART_FAILURE, diabetic(year))
        assert features.values["diabetes_duration"] == 11
        assert any("only the year" in note for note in features.notes)

    def test_without_type_2_diabetes_it_does_not_apply(self):
        features = build_features(HEART_FAILURE, diabetic(without=("diabetes_type_2",)))
        assert codes(features)[0] == "not_applicable.diabetes_type_2"

    def test_a_first_heart_failure_needs_none_before(self):
        features = build_features(HEART_FAILURE, diabetic(condition("heart_failure")))
        assert codes(features) == ["not_applicable.heart_failure"]

    def test_a_further_infarction_needs_one_before(self):
        further = model("ukpds_om2_second_mi")
        assert codes(build_features(further, diabetic())) == [
            "not_applicable.myocardial_infarction"
        ]
        had = diabetic(condition("myocardial_infarction", days_ago=2000))
        assert build_features(further, had).is_usable

    def test_ethnicity_is_never_guessed(self):
        kidney = model("ukpds_om2_renal_failure")
        case = diabetic(
            measurement("systolic_bp", 140.0),
            measurement("wbc", 7.0),
            measurement("haemoglobin", 14.0),
        )
        features = build_features(kidney, case)
        assert features.is_usable
        assert features.sources["afro_caribbean"].status == "not_assessable"
        assert "largest group" in features.sources["afro_caribbean"].note


class TestHistories:
    def test_acute_dialysis_long_ago_is_no_kidney_failure(self):
        kidney = model("ukpds_om2_renal_failure")
        long_ago = replace(
            condition("dialysis", days_ago=900, end_days_ago=810), resource_type="Procedure"
        )
        for values, expected in (
            ((long_ago,), 0),
            ((session(10),), 1),
            ((condition("kidney_transplant", days_ago=900, end_days_ago=899),), 1),
        ):
            case = replace(diabetic(*values), persisting=frozenset({"kidney_transplant"}))
            assert build_features(kidney, case).values["renal_failure"] == expected

    def test_an_infarction_alone_is_no_ischaemic_heart_disease(self):
        mi = condition("myocardial_infarction")
        implied = replace(condition("coronary_heart_disease"), resource_id=mi.resource_id)
        ihd = model("ukpds_om2_ihd")

        after_mi = build_features(ihd, diabetic(mi, implied))
        with_angina = build_features(ihd, diabetic(mi, condition("coronary_heart_disease")))

        assert after_mi.values["ischaemic_heart_disease"] == 0
        assert "not_applicable.ischaemic_heart_disease" in codes(with_angina)

    @pytest.mark.parametrize(
        ("concept", "value", "expected"),
        [
            ("urine_albumin", 49.9, 0),
            ("urine_albumin", 50.0, 1),
            ("urine_acr", 29.9, 0),
            ("urine_acr", 30.0, 1),
        ],
    )
    def test_albuminuria(self, concept, value, expected):
        case = diabetic(measurement(concept, value), without=("urine_acr",))
        if concept == "urine_acr":
            case = diabetic(measurement(concept, value))
        features = build_features(HEART_FAILURE, case)
        assert features.values["albuminuria"] == expected
        assert any("not from urine albumin" in n for n in features.notes) == (
            concept == "urine_acr"
        )

    def test_the_newer_of_both_and_albumin_on_the_same_day(self):
        same = diabetic(measurement("urine_albumin", 80.0), measurement("urine_acr", 5.0))
        older = diabetic(
            measurement("urine_albumin", 80.0, days_ago=90), measurement("urine_acr", 5.0)
        )
        assert build_features(HEART_FAILURE, same).values["albuminuria"] == 1
        assert build_features(HEART_FAILURE, older).values["albuminuria"] == 0

    def test_an_old_one_is_too_old(self):
        old = diabetic(measurement("urine_acr", 300.0, days_ago=366))
        assert codes(build_features(HEART_FAILURE, old)) == ["too_old.albuminuria"]
        none = diabetic(without=("urine_acr",))
        assert codes(build_features(HEART_FAILURE, none)) == ["missing.albuminuria"]


class TestFindrisc:
    def test_lists_what_to_ask(self):
        case = state(measurement("bmi", 31.0), measurement("waist", 100.0))
        features = build_features(model("findrisc"), case)

        assert codes(features) == [
            "missing.daily_exercise",
            "missing.daily_vegetables",
            "missing.family_diabetes",
        ]
        assert all("Ask whether" in refusal.message for refusal in features.refusals)

    def test_diabetes_in_an_earlier_pregnancy_counts_for_ever(self):
        over = condition("gestational_diabetes", days_ago=3000, end_days_ago=2800)
        features = build_features(model("findrisc"), state(over))
        assert features.values["high_glucose_ever"] == 1

    def test_a_blood_pressure_medicine_that_was_stopped_counts_too(self):
        stopped = medication("antihypertensive", "lisinopril", days_ago=900, end_days_ago=300)
        case = state(stopped)
        assert build_features(model("findrisc"), case).values["antihypertensive"] == 1
        assert "antihypertensive" in build_features(model("prevent_base_10y"), case).values
        assert build_features(model("prevent_base_10y"), case).values["antihypertensive"] == 0

    def test_not_with_diabetes(self):
        features = build_features(model("findrisc"), state(condition("diabetes_type_2")))
        assert codes(features)[0] == "not_applicable.diabetes"


def test_as_of_is_the_day_the_tests_assume():
    assert AS_OF.date() == date(2026, 11, 20)
