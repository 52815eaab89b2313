"""NEWS2, qSOFA, LACE and the HOSPITAL score give the points of their published tables."""

import pytest

from models_engine.registry import model
from tests.spec.models.oracles.bedside import NORMAL
from tests.spec.models.oracles.discharge import after_a_stay, at_discharge

ELECTIVE, NOTHING = after_a_stay()[0], at_discharge()[2] | {"length_of_stay": 1}
ORDER = (
    "respiratory_rate",
    "oxygen_saturation",
    "supplemental_oxygen",
    "systolic_bp",
    "heart_rate",
    "not_alert",
    "body_temperature",
    "spo2_scale_2",
)
# total, and whether a single parameter scores 3
NEWS2 = [
    ((18, 97, 0, 120, 80, 0, 37.0, 0), 0, 0),
    ((22, 93, 1, 105, 112, 0, 38.5, 0), 10, 0),
    ((20, 95, 1, 130, 88, 0, 37.0, 1), 4, 0),
    ((20, 95, 0, 130, 88, 0, 37.0, 1), 0, 0),
    ((25, 97, 0, 120, 80, 0, 37.0, 0), 3, 1),
    ((8, 91, 1, 90, 131, 1, 35.0, 0), 20, 1),
    ((8, 97, 1, 90, 131, 1, 35.0, 1), 20, 1),
]
# both sides of every line of the chart: points below or at it, points above
LINES = [
    ("respiratory_rate", 8, 3, 9, 1),
    ("respiratory_rate", 11, 1, 12, 0),
    ("respiratory_rate", 20, 0, 21, 2),
    ("respiratory_rate", 24, 2, 25, 3),
    ("oxygen_saturation", 91, 3, 92, 2),
    ("oxygen_saturation", 93, 2, 94, 1),
    ("oxygen_saturation", 95, 1, 96, 0),
    ("systolic_bp", 90, 3, 91, 2),
    ("systolic_bp", 100, 2, 101, 1),
    ("systolic_bp", 110, 1, 111, 0),
    ("systolic_bp", 219, 0, 220, 3),
    ("heart_rate", 40, 3, 41, 1),
    ("heart_rate", 50, 1, 51, 0),
    ("heart_rate", 90, 0, 91, 1),
    ("heart_rate", 110, 1, 111, 2),
    ("heart_rate", 130, 2, 131, 3),
    ("body_temperature", 35.0, 3, 35.1, 1),
    ("body_temperature", 36.0, 1, 36.1, 0),
    ("body_temperature", 38.0, 0, 38.1, 1),
    ("body_temperature", 39.0, 1, 39.1, 2),
    ("supplemental_oxygen", 0, 0, 1, 2),
    ("not_alert", 0, 0, 1, 3),
]
SCALE_2 = [
    (83, 3, 3),
    (84, 2, 2),
    (85, 2, 2),
    (86, 1, 1),
    (87, 1, 1),
    (88, 0, 0),
    (92, 0, 0),
    (93, 0, 1),
    (94, 0, 1),
    (95, 0, 2),
    (96, 0, 2),
    (97, 0, 3),
    (100, 0, 3),
]


def news2(**changed):
    return model("news2").predict_one({**NORMAL, **changed})


@pytest.mark.parametrize(("values", "total", "single"), NEWS2)
def test_news2(values, total, single):
    got = news2(**dict(zip(ORDER, values, strict=True)))
    assert got == {"news2": total, "news2_single_parameter": single}


@pytest.mark.parametrize(("concept", "low", "below", "high", "above"), LINES)
def test_lines_of_the_chart(concept, low, below, high, above):
    assert news2(**{concept: low})["news2"] == below
    assert news2(**{concept: high})["news2"] == above


@pytest.mark.parametrize(("saturation", "on_air", "on_oxygen"), SCALE_2)
def test_saturation_scale_2(saturation, on_air, on_oxygen):
    plain = {"oxygen_saturation": saturation, "spo2_scale_2": 1}
    assert news2(**plain)["news2"] == on_air
    assert news2(**plain, supplemental_oxygen=1)["news2"] == on_oxygen + 2


@pytest.mark.parametrize(
    ("concept", "value", "points"),
    [
        ("respiratory_rate", 8.4, 3),
        ("respiratory_rate", 8.5, 1),
        ("oxygen_saturation", 91.4, 3),
        ("oxygen_saturation", 91.5, 2),
        ("body_temperature", 36.04, 1),
        ("body_temperature", 36.05, 0),
        ("body_temperature", (100.4 - 32) / 1.8, 0),
        ("body_temperature", (100.6 - 32) / 1.8, 1),
    ],
)
def test_between_two_lines_it_is_rounded_as_charted(concept, value, points):
    assert news2(**{concept: value})["news2"] == points


@pytest.mark.parametrize(
    ("model_id", "outcome", "bands"),
    [
        ("news2", "news2", {0: "none", 1: "low", 4: "low", 5: "medium", 6: "medium", 7: "high"}),
        ("news2", "news2_single_parameter", {0: "no", 1: "yes"}),
        ("qsofa", "qsofa", {0: "negative", 1: "negative", 2: "positive", 3: "positive"}),
        ("lace", "lace", {0: "below", 9: "below", 10: "high", 19: "high"}),
        (
            "hospital_score",
            "hospital_score",
            {0: "low", 4: "low", 5: "intermediate", 6: "intermediate", 7: "high", 13: "high"},
        ),
    ],
)
def test_bands(model_id, outcome, bands):
    declared = model(model_id).outcome(outcome)
    assert {value: declared.band_of(value).code for value in bands} == bands


@pytest.mark.parametrize(
    ("rate", "systolic", "dull", "points"),
    [(21, 101, 0, 0), (22, 101, 0, 1), (21, 100, 0, 1), (21, 101, 1, 1), (22, 100, 1, 3)],
)
def test_qsofa(rate, systolic, dull, points):
    person = {"respiratory_rate": rate, "systolic_bp": systolic, "not_alert": dull}
    assert model("qsofa").predict_one(person) == {"qsofa": points}


@pytest.mark.parametrize(
    ("changed", "index", "risk"),
    [
        ({}, 0, 2.0),
        ({"length_of_stay": 2}, 2, None),
        ({"length_of_stay": 13}, 5, None),
        # 7 points, not 6 as one later table prints
        ({"length_of_stay": 14}, 7, None),
        ({"length_of_stay": 5, "emergency_admission": 1, "emergency_visits": 2}, 9, None),
        ({"length_of_stay": 7, "lace_dementia": 1, "lace_lung": 1}, 10, 12.2),
        (
            {
                "length_of_stay": 20,
                "emergency_admission": 1,
                "emergency_visits": 7,
                "lace_aids": 1,
            },
            19,
            43.7,
        ),
    ],
)
def test_lace(changed, index, risk):
    got = model("lace").predict_one({**ELECTIVE, **changed})
    assert got["lace"] == index
    if risk is not None:
        assert got["lace_risk"] == pytest.approx(risk, abs=0.05)


@pytest.mark.parametrize(
    ("changed", "points"),
    [
        ({"haemoglobin_at_discharge": 12}, 0),
        ({"haemoglobin_at_discharge": 11.9}, 1),
        ({"sodium_at_discharge": 135}, 0),
        ({"sodium_at_discharge": 134}, 1),
        ({"oncology_discharge": 1}, 2),
        ({"procedure_in_stay": 1}, 1),
        ({"emergency_admission": 1}, 1),
        ({"previous_admissions": 1}, 0),
        ({"previous_admissions": 2}, 2),
        ({"previous_admissions": 5}, 2),
        ({"previous_admissions": 6}, 5),
        ({"length_of_stay": 4}, 0),
        ({"length_of_stay": 5}, 2),
        (
            {
                "haemoglobin_at_discharge": 8,
                "sodium_at_discharge": 120,
                "oncology_discharge": 1,
                "procedure_in_stay": 1,
                "emergency_admission": 1,
                "previous_admissions": 9,
                "length_of_stay": 30,
            },
            13,
        ),
    ],
)
def test_hospital_score(changed, points):
    assert model("hospital_score").predict_one({**NOTHING, **changed}) == {"hospital_score": points}
