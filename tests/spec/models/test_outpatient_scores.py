"""The published examples of the outpatient scores, the rates beside them, and their limits."""

from itertools import pairwise

import numpy as np
import pytest

from models_engine.features import build_features
from models_engine.registry import model
from tests.unit.models_engine.builders import condition, state

FRIBERG = [0.2, 0.6, 2.2, 3.2, 4.8, 7.2, 9.7, 11.2, 10.8, 12.2]
PISTERS = [1.13, 1.02, 1.88, 3.74, 8.70, 12.5]


def zeros(model_id, **given):
    return {i.concept: 0.0 for i in model(model_id).inputs} | given


def score(model_id, **given):
    return next(iter(model(model_id).predict_one(zeros(model_id, **given)).values()))


def test_cha2ds2_vasc_of_the_example():
    assert score("cha2ds2_vasc", age=78.0, sex=1.0, hypertension=1.0, diabetes=1.0) == 5
    everything = dict.fromkeys(zeros("cha2ds2_vasc"), 1.0) | {"age": 80.0}
    assert score("cha2ds2_vasc", **everything) == 9


@pytest.mark.parametrize(("points", "rate"), list(enumerate(FRIBERG)))
def test_stroke_rates(points, rate):
    band = model("cha2ds2_vasc").outcome("cha2ds2_vasc").band_of(points)
    assert band.label == f"{rate:g} ischaemic strokes in 100 person-years"
    assert band.evidence == "S"


@pytest.mark.parametrize(("points", "rate"), list(enumerate(PISTERS)))
def test_bleeding_rates(points, rate):
    band = model("has_bled").outcome("has_bled").band_of(points)
    assert band.label == f"{rate:g} major bleeds in 100 person-years"


@pytest.mark.parametrize(("umol", "points"), [(199, 0), (200, 1), (201, 1)])
def test_a_creatinine_of_200_counts_for_bleeding(umol, points):
    # "serum creatinine >= 200 umol/L": the limit itself counts
    assert score("has_bled", creatinine=umol / 88.4) == points


def test_no_rate_is_made_up_for_more_than_five_points():
    band = model("has_bled").outcome("has_bled").band_of(7)
    assert band.label == "no rate published for more than 5 points"


@pytest.mark.parametrize(
    ("present", "original", "quan"),
    [
        (("mi", "diab", "rend"), 4, 1),
        (("diabwc", "diab"), 2, 1),
        (("canc", "metacanc"), 6, 6),
        (("mld", "msld"), 3, 4),
    ],
)
def test_charlson_of_the_examples(present, original, quan):
    person = zeros("charlson", age=45.0, **{f"charlson_{name}": 1.0 for name in present})
    got = model("charlson").predict_one(person)
    assert (got["charlson_original"], got["charlson_quan_2011"]) == (original, quan)


@pytest.mark.parametrize(("age", "more"), [(49, 0), (50, 1), (59, 1), (60, 2), (85, 4), (90, 5)])
def test_charlson_points_for_age(age, more):
    got = model("charlson").predict_one(zeros("charlson", age=float(age), charlson_chf=1.0))
    assert got["charlson_age_adjusted"] == 1 + more


@pytest.mark.parametrize(
    ("age", "index", "group"),
    [
        (64, 1.299, "low"),
        (64, 1.301, "between"),
        (64, 2.669, "between"),
        (64, 2.671, "high"),
        (65, 1.999, "low"),
        (65, 2.001, "between"),
    ],
)
def test_fib4_groups_by_age(age, index, group):
    person = {"age": float(age), "ast": index * 200 * 6 / age, "alt": 36.0, "platelets": 200.0}
    got = model("fib4").predict_one(person)
    assert got["fib4"] == pytest.approx(index)
    assert model("fib4").outcome("fib4_group").band_of(got["fib4_group"]).code == group


@pytest.mark.parametrize(
    ("sex", "bilirubin", "creatinine", "inr", "sodium", "albumin", "points"),
    [
        (0.0, 1, 1, 1, 137, 3.5, 6),
        (1.0, 2.5, 1.2, 1.6, 132, 2.8, 22),
        (0.0, 6, 2, 2.1, 128, 2.4, 33),
        (1.0, 12, 3.5, 3, 122, 1.4, 40),
    ],
)
def test_meld_of_the_examples(sex, bilirubin, creatinine, inr, sodium, albumin, points):
    blood = {
        "bilirubin_total": bilirubin,
        "creatinine": creatinine,
        "inr": inr,
        "sodium": sodium,
        "albumin": albumin,
    }
    assert score("meld3", sex=sex, **{k: float(v) for k, v in blood.items()}) == points


def test_dialysis_is_the_highest_creatinine_that_meld_knows():
    blood = {"bilirubin_total": 3.0, "inr": 1.5, "sodium": 133.0, "albumin": 2.5}
    on_dialysis = score("meld3", creatinine=1.0, dialysis_last_week=1.0, **blood)
    assert on_dialysis == score("meld3", creatinine=3.0, **blood)
    assert on_dialysis > score("meld3", creatinine=1.0, **blood)


RISING = [
    ("meld3", "bilirubin_total", [1, 2, 4, 8]),
    ("meld3", "inr", [1, 1.5, 2, 3]),
    ("meld3", "creatinine", [1, 1.5, 2, 3]),
    ("fib4", "ast", [10, 40, 100]),
    ("fib4", "age", [30, 50, 70]),
    ("has_bled", "systolic_bp", [120, 160, 161, 200]),
    ("has_bled", "creatinine", [0.5, 2.2, 2.3, 9]),
    ("findrisc", "bmi", [20, 25, 31, 45]),
    ("findrisc", "waist", [70, 95, 120]),
]


@pytest.mark.parametrize(("model_id", "concept", "values"), RISING)
def test_never_falls_with_what_makes_it_worse(model_id, concept, values):
    person = zeros(model_id, age=55.0, ast=50.0, alt=40.0, platelets=180.0)
    person = {i.concept: person[i.concept] for i in model(model_id).inputs}
    person |= {c: v for c, v in {"sodium": 130.0, "albumin": 3.0}.items() if c in person}
    found = [score(model_id, **(person | {concept: float(value)})) for value in values]
    assert all(b >= a for a, b in pairwise(found)) and found[-1] > found[0]


@pytest.mark.parametrize("model_id", ["cha2ds2_vasc", "has_bled", "charlson", "findrisc"])
def test_no_condition_lowers_a_score(model_id):
    m = model(model_id)
    rng = np.random.default_rng(1)
    graver = {"charlson_mld": "charlson_msld", "charlson_canc": "charlson_metacanc"}
    graver["charlson_diab"] = "charlson_diabwc"
    for declared in m.inputs:
        if declared.role not in ("condition", "medication"):
            continue
        for _ in range(20):
            person = zeros(model_id, age=60.0)
            for other in m.inputs:
                if other.role in ("condition", "medication"):
                    person[other.concept] = float(rng.random() < 0.3)
            without = m.predict_one(person | {declared.concept: 0.0})
            with_it = m.predict_one(person | {declared.concept: 1.0})
            assert all(with_it[o] >= without[o] for o in without if o != "charlson_quan_2011")


@pytest.mark.parametrize(
    "model_id", ["cha2ds2_vasc", "has_bled", "charlson", "fib4", "meld3", "findrisc"]
)
def test_children_have_no_score(model_id):
    child = state(
        condition("atrial_fibrillation"), birth_date=state().birth_date.replace(year=2012)
    )
    features = build_features(model(model_id), child)
    assert "out_of_range.age" in [refusal.code for refusal in features.refusals]
