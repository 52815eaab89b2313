"""What holds for every registered model: the same generated tests for each."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models_engine.catalogue.contract import Circumstances
from models_engine.catalogue.risk.inputs import DIABETES_CONCEPTS
from models_engine.catalogue.risk.kfre import NORTH_AMERICA
from models_engine.checks import CHECKS, run_checks
from models_engine.registry import every_calibration, registered

# with a region, or SCORE2 would not be among them
REGISTERED = registered(NORTH_AMERICA, "moderate")
MODELS = list(REGISTERED)
PROBABILITIES = [m.id for m in REGISTERED.values() if m.is_probability and not m.quiet]
# whom a model needs a condition of: everybody else gets "not applicable"
NEEDS = {
    "score2_diabetes": ("diabetes_type_2",),
    "ckdpc_40_diabetes": DIABETES_CONCEPTS,
    "readmission_30d": DIABETES_CONCEPTS,
}
# what rises with every outcome over its whole range is declared as `monotone` and checked there;
# here stands what holds for one outcome or a part of the range, for the people of the background
RISING = [
    ("prevent_base_10y", "hf", "bmi", [30, 33, 36, 39]),
    ("prevent_full_10y", "cvd", "urine_acr", [1, 10, 100, 1000]),
    ("prevent_full_10y", "cvd", "hba1c", [5.5, 7, 9, 12]),
    ("kfre_4v", "kidney_failure_5y", "urine_acr", [1, 10, 100, 1000]),
    ("prevent_hba1c_10y", "cvd", "hba1c", [5.5, 7, 9, 12]),
    ("prevent_hba1c_30y", "hf", "hba1c", [5.5, 7, 9, 12]),
    ("prevent_uacr_10y", "hf", "urine_acr", [1, 10, 100, 1000]),
    ("prevent_uacr_30y", "cvd", "urine_acr", [1, 10, 100, 1000]),
    ("prevent_sdi_10y", "cvd", "sdi_decile", [1, 5, 9]),
    ("prevent_sdi_30y", "cvd", "sdi_decile", [1, 5, 9]),
    ("pce", "hard_ascvd", "systolic_bp", [95, 120, 150, 190]),
    ("pce", "hard_ascvd", "diabetes", [0, 1]),
    ("pce", "hard_ascvd", "smoking_status", [0, 1]),
    ("score2", "score2_cvd", "age", [40, 50, 60, 69]),
    ("score2", "score2_cvd", "systolic_bp", [100, 120, 150, 200]),
    ("score2", "score2_cvd", "total_cholesterol", [3, 5, 7]),
    ("score2", "score2_cvd", "smoking_status", [0, 1]),
    ("score2_op", "score2_cvd", "diabetes", [0, 1]),
    ("score2_op", "score2_cvd", "age", [70, 75, 80, 89]),
    ("score2_diabetes", "score2_cvd", "hba1c", [6, 7.5, 9, 11]),
    ("kfre_8v", "kidney_failure_5y", "urine_acr", [1, 10, 100, 1000]),
    ("kfre_8v", "kidney_failure_5y", "phosphate", [2, 3, 5, 8]),
    ("ckdpc_40_diabetes", "egfr_decline_40", "urine_acr", [1, 10, 100, 1000]),
    ("ckdpc_40_diabetes", "egfr_decline_40", "hba1c", [6, 7.5, 9, 11]),
    ("ckdpc_40_diabetes", "egfr_decline_40", "heart_failure", [0, 1]),
    ("ckdpc_40_diabetes", "egfr_decline_40", "smoking_history", [0, 1, 2]),
    ("ckdpc_40_diabetes", "egfr_decline_40", "systolic_bp", [100, 120, 150, 200]),
    ("post_infarction_mortality", "post_infarction_mortality_1y", "age", [50, 60, 70, 80]),
    ("post_infarction_mortality", "post_infarction_mortality_3y", "heart_failure", [0, 1]),
    ("general_mortality", "general_mortality_10y", "age", [30, 40, 50, 60, 70]),
    ("general_mortality", "general_mortality_10y", "systolic_bp", [100, 130, 160, 190]),
    ("general_mortality", "general_mortality_10y", "albumin", [5.0, 4.5, 4.0, 3.6]),
    ("readmission_30d", "readmission_30d", "previous_admissions", [0, 1, 2, 4, 6]),
    ("readmission_30d", "readmission_30d", "emergency_visits_12_months", [0, 1, 2, 3]),
    ("readmission_30d", "readmission_30d", "length_of_stay", [1, 3, 7, 14]),
]
# the same, and the probability must not rise
FALLING = [
    ("score2", "score2_cvd", "hdl_cholesterol", [0.6, 1.0, 1.5, 2.4]),
    ("score2_op", "score2_cvd", "hdl_cholesterol", [0.6, 1.0, 1.5, 2.4]),
    ("score2_diabetes", "score2_cvd", "egfr", [30, 50, 70, 90]),
    ("score2_diabetes", "score2_cvd", "age_at_diabetes", [35, 45, 55, 65]),
    ("kfre_8v", "kidney_failure_5y", "egfr", [10, 20, 40, 59]),
    ("kfre_8v", "kidney_failure_2y", "albumin", [2, 3, 4, 5]),
    ("kfre_8v", "kidney_failure_2y", "bicarbonate", [15, 20, 25, 30]),
    ("kfre_8v", "kidney_failure_2y", "calcium", [7, 8, 9, 10]),
    ("ckdpc_40_diabetes", "egfr_decline_40", "egfr", [60, 75, 90, 120]),
]


def model(model_id):
    return REGISTERED[model_id]


def people_strategy(clinical_model):
    """One value a declared input, inside its range; optional inputs may be missing."""
    fields = {}
    for declared in clinical_model.inputs:
        if declared.role in ("condition", "medication", "coded") or declared.concept == "sex":
            fields[declared.concept] = st.sampled_from([0.0, 1.0])
            continue
        low, high = declared.low or 0.0, declared.high or 110.0
        span = high - low
        inside = st.floats(low + 0.001 * span, high - 0.001 * span)
        fields[declared.concept] = inside if declared.required else st.just(np.nan) | inside
    return st.fixed_dictionaries(fields)


def arrays_of(people):
    return {name: np.array([p[name] for p in people]) for name in people[0]}


@pytest.mark.parametrize("model_id", MODELS)
@settings(max_examples=40, deadline=None)
@given(data=st.data())
def test_finite_in_range_and_batch_equals_single(model_id, data):
    m = model(model_id)
    people = data.draw(st.lists(people_strategy(m), min_size=1, max_size=6))

    together = m.predict(arrays_of(people))

    assert together.shape == (len(people), len(m.outcomes))
    assert np.isfinite(together).all()
    if m.is_probability:
        assert ((together >= 0) & (together <= 1)).all()
    alone = np.concatenate([m.predict(arrays_of([p])) for p in people])
    # to the last bit: a population run stores what the refresh of one twin would store
    np.testing.assert_array_equal(together, alone)
    if m.interval is not None:
        bounds = [m.interval(arrays_of([p])) for p in people]
        np.testing.assert_array_equal(m.interval(arrays_of(people)), np.concatenate(bounds))


@pytest.mark.parametrize(("name", "check"), CHECKS, ids=[name for name, _ in CHECKS])
@pytest.mark.parametrize("model_id", MODELS)
def test_passes_the_checks_of_every_model(model_id, name, check):
    check(model(model_id))


@pytest.mark.parametrize("key", every_calibration(), ids=" ".join)
def test_so_does_each_calibration(key):
    assert [o for o in run_checks(every_calibration()[key]) if o.problem] == []


@pytest.mark.parametrize(("model_id", "outcome", "concept", "values"), RISING)
def test_rises_with_the_risk_factor(model_id, outcome, concept, values):
    for steps in steps_along(model_id, outcome, concept, values):
        assert (steps > 0).all()


@pytest.mark.parametrize(("model_id", "outcome", "concept", "values"), FALLING)
def test_falls_with_what_protects(model_id, outcome, concept, values):
    for steps in steps_along(model_id, outcome, concept, values):
        assert (steps < 0).all()


def steps_along(model_id, outcome, concept, values):
    """How the probability of each person of the background changes from value to value."""
    m = model(model_id)
    at = [o.id for o in m.outcomes].index(outcome)
    for row in range(m.background.size):
        arrays = {c: np.repeat(v[row], len(values)) for c, v in m.background.rows.items()}
        arrays[concept] = np.array(values, dtype=float)
        yield np.diff(m.predict(arrays)[:, at])


HOSPITAL = [
    ("news2", "news2", "respiratory_rate", range(12, 40), 1),
    ("news2", "news2", "respiratory_rate", range(3, 21), -1),
    ("news2", "news2", "oxygen_saturation", range(70, 101), -1),
    ("news2", "news2", "supplemental_oxygen", (0, 1), 1),
    ("news2", "news2", "systolic_bp", range(60, 220), -1),
    ("news2", "news2", "heart_rate", range(51, 180), 1),
    ("news2", "news2", "heart_rate", range(20, 91), -1),
    ("news2", "news2", "not_alert", (0, 1), 1),
    ("news2", "news2", "body_temperature", np.arange(36.1, 42, 0.1), 1),
    ("news2", "news2", "body_temperature", np.arange(30, 38, 0.1), -1),
    ("qsofa", "qsofa", "respiratory_rate", range(5, 40), 1),
    ("qsofa", "qsofa", "systolic_bp", range(60, 220), -1),
    ("qsofa", "qsofa", "not_alert", (0, 1), 1),
    ("lace", "lace", "length_of_stay", range(40), 1),
    ("lace", "lace_risk", "emergency_visits", range(8), 1),
    ("lace", "lace", "lace_dementia", (0, 1), 1),
    ("lace", "lace", "emergency_admission", (0, 1), 1),
    ("hospital_score", "hospital_score", "haemoglobin_at_discharge", range(5, 18), -1),
    ("hospital_score", "hospital_score", "sodium_at_discharge", range(120, 150), -1),
    ("hospital_score", "hospital_score", "previous_admissions", range(12), 1),
    ("hospital_score", "hospital_score", "length_of_stay", range(12), 1),
]


@pytest.mark.parametrize(("model_id", "outcome", "concept", "values", "way"), HOSPITAL)
@settings(max_examples=20, deadline=None)
@given(data=st.data())
def test_points_go_one_way_only(model_id, outcome, concept, values, way, data):
    m = model(model_id)
    at = [o.id for o in m.outcomes].index(outcome)
    person = data.draw(people_strategy(m))
    if concept == "oxygen_saturation":
        # on scale 2 too much oxygen scores as well
        person["spo2_scale_2"] = 0.0
    people = [{**person, concept: float(value)} for value in values]

    assert (way * np.diff(m.predict(arrays_of(people))[:, at]) >= 0).all()


def test_kidney_failure_falls_with_kidney_function():
    m = model("kfre_4v")
    egfr = np.arange(5.0, 60.0)
    fixed = {"age": 60.0, "sex": 1.0, "urine_acr": 200.0}
    arrays = {c: np.full(len(egfr), v) for c, v in fixed.items()} | {"egfr": egfr}

    assert (np.diff(m.predict(arrays), axis=0) < 0).all()
    assert (m.predict(arrays)[:, 0] < m.predict(arrays)[:, 1]).all()


@pytest.mark.parametrize("model_id", MODELS)
def test_declares_what_it_always_moves_with(model_id):
    """Losing a declaration would lose its check in silence."""
    expected = {
        "ckd_epi_2021": {"age": "down", "creatinine": "down"},
        "prevent_base": {"smoking_status": "up", "diabetes": "up"},
        "prevent_sdi": {"smoking_status": "up", "diabetes": "up"},
        "prevent_uacr": {"smoking_status": "up", "diabetes": "up", "urine_acr": "up"},
        "prevent_hba1c": {"smoking_status": "up", "hba1c": "up"},
        "prevent_full": {"smoking_status": "up", "hba1c": "up", "urine_acr": "up"},
        "kfre_4v": {"egfr": "down", "urine_acr": "up"},
    }
    family = next((known for known in expected if model_id.startswith(known)), None)
    if family is not None:
        assert model(model_id).monotone == expected[family]


@pytest.mark.parametrize("model_id", PROBABILITIES)
def test_reference_values_give_less_than_the_sample(model_id):
    m = model(model_id)
    sample = m.predict(m.background.rows)
    reference = {**m.background.rows}
    for concept, value in m.optimal.items():
        reference[concept] = np.full(m.background.size, value)

    assert (m.predict(reference).mean(axis=0) < sample.mean(axis=0)).all()


@pytest.mark.parametrize("model_id", MODELS)
def test_declares_what_the_rules_ask_for(model_id):
    m = model(model_id)
    for declared in m.inputs:
        # laboratory and bedside values grow old; death and demographics do not
        has_age = declared.max_age_days is not None or declared.max_age_hours is not None
        assert has_age == (declared.role in ("measurement", "derived", "coded")), declared.concept
    dead = Circumstances(deceased=True, ever=frozenset(NEEDS.get(model_id, ())))
    assert [r.concept for r in m.applies(dead)] == ["deceased"]
    needed = NEEDS.get(model_id, ())
    recent = Circumstances(days_since=m.recent)
    assert [r.kind for r in m.applies(recent)] == ["not_applicable"] * bool(needed)
    for concept in needed:
        assert m.applies(Circumstances(ever=frozenset({concept}))) == ()
    # trained here, so an interval could be made; and only those are for clinicians alone
    assert (m.interval is None) == (not m.research)
    assert (m.interval_text == "No interval is published for this model.") == (not m.research)


def test_modifiable_inputs_hold_no_treatment_and_no_demographic():
    for m in REGISTERED.values():
        for declared in m.inputs:
            if declared.role in ("medication", "demographic", "condition"):
                assert not declared.modifiable, declared.concept
