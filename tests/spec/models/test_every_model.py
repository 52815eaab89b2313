"""What holds for every registered model: the same generated tests for each."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from models_engine.catalogue.contract import Circumstances
from models_engine.registry import all_models, model

MODELS = [m.id for m in all_models()]
PROBABILITIES = [m.id for m in all_models() if m.is_probability and not m.quiet]
# a person of the background, one input moved up: the probability of the outcome must not fall
RISING = [
    ("prevent_base_10y", "cvd", "smoking_status", [0, 1]),
    ("prevent_base_10y", "cvd", "diabetes", [0, 1]),
    ("prevent_base_10y", "hf", "bmi", [30, 33, 36, 39]),
    ("prevent_full_10y", "cvd", "urine_acr", [1, 10, 100, 1000]),
    ("prevent_full_10y", "cvd", "hba1c", [5.5, 7, 9, 12]),
    ("kfre_4v", "kidney_failure_5y", "urine_acr", [1, 10, 100, 1000]),
]


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
    np.testing.assert_allclose(together, alone, rtol=1e-12)


@pytest.mark.parametrize("model_id", MODELS)
def test_reproduces_its_own_vectors(model_id):
    m = model(model_id)
    for vector in m.vectors:
        got = m.predict_one(vector.inputs)
        for outcome, expected in vector.expected.items():
            assert got[outcome] == pytest.approx(expected, abs=vector.tolerance), vector.name


@pytest.mark.parametrize(("model_id", "outcome", "concept", "values"), RISING)
def test_rises_with_the_risk_factor(model_id, outcome, concept, values):
    m = model(model_id)
    at = [o.id for o in m.outcomes].index(outcome)
    for row in range(m.background.size):
        arrays = {c: np.repeat(v[row], len(values)) for c, v in m.background.rows.items()}
        arrays[concept] = np.array(values, dtype=float)
        assert (np.diff(m.predict(arrays)[:, at]) > 0).all()


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


@pytest.mark.parametrize("model_id", PROBABILITIES)
def test_baselines_lie_inside_the_published_ranges(model_id):
    m = model(model_id)
    for declared in m.inputs:
        assert all(declared.accepts(v) for v in m.background.rows[declared.concept])
        if declared.concept in m.optimal:
            assert declared.accepts(m.optimal[declared.concept])


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
    assert [r.concept for r in m.applies(Circumstances(deceased=True))] == ["deceased"]
    assert m.applies(Circumstances()) == ()
    assert m.interval is None
    assert m.interval_text == "No interval is published for this model."


def test_modifiable_inputs_hold_no_treatment_and_no_demographic():
    for m in all_models():
        for declared in m.inputs:
            if declared.role in ("medication", "demographic", "condition"):
                assert not declared.modifiable, declared.concept
