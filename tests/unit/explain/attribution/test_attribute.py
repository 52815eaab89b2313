import json
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explain.attribution.attribute import (
    attribute,
    attribute_all,
    attribute_many,
    baseline_rows,
    effect_of_missing,
    explain,
)
from explain.attribution.shapley import exact_shapley
from explain.attribution.stability import is_stable, overlaps
from models_engine.registry import all_models, model
from models_engine.training.background_sample import MOMENTS, draw
from tests.spec.models.test_every_model import people_strategy

REGION = "moderate"
PROBABILITIES = [m.id for m in all_models(score2_region=REGION) if m.is_probability and not m.quiet]
BASE = model("prevent_base_10y")
FULL = model("prevent_full_10y")
CASE = dict(BASE.vectors[0].inputs)


def find(attributions, baseline, outcome):
    return next(a for a in attributions if (a.baseline, a.outcome) == (baseline, outcome))


@pytest.mark.parametrize("model_id", PROBABILITIES)
@settings(max_examples=8, deadline=None)
@given(data=st.data())
def test_every_outcome_adds_up_against_both_baselines(model_id, data):
    m = model(model_id, score2_region=REGION)
    person = data.draw(people_strategy(m))
    values = {c: v for c, v in person.items() if not math.isnan(v)}
    predicted = m.predict_one(values)

    attributions = attribute(m, values)

    assert {(a.baseline, a.outcome) for a in attributions} == {
        (b, o.id) for b in ("optimal", "population") for o in m.outcomes
    }
    for one in attributions:
        total = one.baseline_value + sum(part.contribution for part in one.contributions)
        assert total == pytest.approx(predicted[one.outcome], abs=1e-6)
        assert one.output == pytest.approx(predicted[one.outcome], abs=1e-12)
        assert sum(one.by_group().values()) == pytest.approx(
            sum(part.contribution for part in one.contributions), abs=1e-12
        )
        sizes = [abs(part.contribution) for part in one.contributions]
        assert sizes == sorted(sizes, reverse=True)
        assert one.source


@pytest.mark.parametrize("model_id", PROBABILITIES)
@settings(max_examples=5, deadline=None)
@given(data=st.data())
def test_many_people_get_what_each_gets_alone_to_the_last_bit(model_id, data):
    m = model(model_id, score2_region=REGION)
    drawn = data.draw(st.lists(people_strategy(m), min_size=2, max_size=4))
    people = [{c: v for c, v in person.items() if not math.isnan(v)} for person in drawn]

    assert attribute_all(m, people) == [attribute(m, person) for person in people]


def test_age_and_sex_are_the_patients_under_the_reference_baseline():
    attributions = attribute(BASE, CASE)
    optimal = find(attributions, "optimal", "cvd")
    reference = BASE.predict_one({**BASE.optimal, "age": CASE["age"], "sex": CASE["sex"]})

    assert optimal.baseline_value == pytest.approx(reference["cvd"], abs=1e-12)
    concepts = {part.concept for part in optimal.contributions}
    assert concepts == {i.concept for i in BASE.inputs} - {"age", "sex"}
    population = find(attributions, "population", "cvd")
    assert {"age", "sex"} < {part.concept for part in population.contributions}


def test_a_person_at_the_reference_values_gets_zeros():
    values = {**BASE.optimal, "age": 61.0, "sex": 0.0}

    for one in attribute(BASE, values):
        if one.baseline == "optimal":
            assert all(part.contribution == 0.0 for part in one.contributions)


def test_contributions_carry_label_group_and_modifiable():
    optimal = find(attribute(BASE, CASE), "optimal", "cvd")
    parts = {part.concept: part for part in optimal.contributions}

    assert parts["systolic_bp"].modifiable and parts["systolic_bp"].contribution > 0.03
    assert parts["systolic_bp"].label == "Systolic blood pressure"
    assert not parts["antihypertensive"].modifiable
    assert parts["antihypertensive"].group == parts["systolic_bp"].group == "blood pressure"
    assert parts["bmi"].contribution == 0.0  # the total CVD equation does not use it
    assert "cholesterol" in optimal.by_group()
    assert json.dumps(optimal.by_group())


def test_a_missing_optional_input_contributes_nothing_and_sits_in_the_baseline():
    with_one = {**CASE, "hba1c": 9.2}
    population = find(attribute(FULL, with_one), "population", "cvd")
    concepts = {part.concept for part in population.contributions}

    assert "hba1c" in concepts
    assert not {"urine_acr", "sdi_decile"} & concepts
    person = {i.concept: with_one.get(i.concept, np.nan) for i in FULL.inputs}
    rows = baseline_rows(FULL, person, "population")
    assert np.isnan(rows["urine_acr"]).all() and not np.isnan(rows["hba1c"]).any()
    assert not np.isnan(FULL.background.rows["urine_acr"]).any()


def test_effect_of_a_missing_input_spans_what_it_could_change():
    low, high = effect_of_missing(FULL, CASE, "hba1c")["cvd"]

    tried = [FULL.predict_one({**CASE, "hba1c": v})["cvd"] for v in FULL.background.rows["hba1c"]]
    assert (low, high) == pytest.approx((min(tried), max(tried)))
    assert low < high


@pytest.mark.parametrize("baseline", ["optimal", "population"])
def test_many_people_equal_each_alone(baseline):
    people = [
        CASE,
        {**CASE, "hba1c": 7.0, "systolic_bp": 120.0},
        {**CASE, "sex": 0.0, "age": 61.0, "urine_acr": 30.0},
        {**CASE, "hba1c": 6.0},
    ]
    arrays = {i.concept: np.array([p.get(i.concept, np.nan) for p in people]) for i in FULL.inputs}

    concepts, base, parts = attribute_many(FULL, arrays, baseline)

    for at, person in enumerate(people):
        for index, outcome in enumerate(FULL.outcomes):
            alone = find(attribute(FULL, person), baseline, outcome.id)
            assert base[at, index] == pytest.approx(alone.baseline_value, abs=1e-12)
            found = {part.concept: part.contribution for part in alone.contributions}
            for seat, concept in enumerate(concepts):
                assert parts[at, seat, index] == pytest.approx(found.get(concept, 0.0), abs=1e-12)


def test_derived_values_are_not_attributed():
    egfr = model("ckd_epi_2021")
    with pytest.raises(ValueError, match="derived value"):
        attribute(egfr, egfr.vectors[0].inputs)
    with pytest.raises(ValueError, match="derived value"):
        effect_of_missing(egfr, egfr.vectors[0].inputs, "creatinine")


# stability


def test_overlap_of_the_top_reasons():
    result = explain(BASE, {i.concept: CASE[i.concept] for i in BASE.inputs}, "population")

    (found,) = overlaps(result.by_row[None])
    assert found.shape == (len(BASE.outcomes),)
    assert ((found > 0) & (found <= 1)).all()
    np.testing.assert_array_equal(found, overlaps(result.by_row[None])[0])
    assert is_stable(0.8) and not is_stable(0.79)


def test_one_reference_row_is_always_stable():
    result = explain(BASE, {i.concept: CASE[i.concept] for i in BASE.inputs}, "optimal")

    assert (overlaps(result.by_row[None]) == 1.0).all()


def test_clear_reasons_are_stable_across_newly_drawn_samples():
    moments = json.loads(MOMENTS.read_text(encoding="utf-8"))
    person = {i.concept: CASE[i.concept] for i in BASE.inputs}
    tops = []
    for seed in range(5):
        rows = draw(moments, seed)
        background = {c: np.array([row[c] for row in rows]) for c in person}
        result = exact_over(background, person)
        tops.append({c for (c,), v in result[:3]})

    overlaps = [len(a & b) / 3 for i, a in enumerate(tops) for b in tops[i + 1 :]]
    assert np.mean(overlaps) >= 0.8


def exact_over(background, person):
    result = exact_shapley(BASE.predict, person, background, [(c,) for c in person])
    return sorted(result.contributions.items(), key=lambda item: -abs(item[1][0]))
