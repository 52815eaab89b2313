"""KFRE with 8 variables and the CKD-PC equation for a decline reproduce what is known of them."""

import pytest

from models_engine.catalogue.contract import FEMALE, MALE
from models_engine.catalogue.risk import kfre
from models_engine.registry import model

# outside North America, equal to PyPI kfre 0.1.18: p at 2 and 5 years with 4 and with 8 variables
EIGHT = [
    (
        {"age": 65, "sex": MALE, "egfr": 19, "urine_acr": 30},
        {"albumin": 3.5, "phosphate": 3.5, "bicarbonate": 24, "calcium": 9.5},
        (0.063123, 0.223128),
        (0.069774, 0.277728),
    ),
    (
        {"age": 75, "sex": MALE, "egfr": 22, "urine_acr": 40},
        {"albumin": 3.3, "phosphate": 4.5, "bicarbonate": 21, "calcium": 8.8},
        (0.041757, 0.152247),
        (0.093750, 0.357774),
    ),
]


@pytest.mark.parametrize(("person", "blood", "four", "eight"), EIGHT)
def test_kfre_elsewhere_with_four_and_eight_variables(person, blood, four, eight):
    by_four = model("kfre_4v", kfre.ELSEWHERE).predict_one(person)
    by_eight = model("kfre_8v", kfre.ELSEWHERE).predict_one({**person, **blood})

    assert list(by_four.values()) == pytest.approx(four, abs=6e-7)
    assert list(by_eight.values()) == pytest.approx(eight, abs=6e-7)


def test_at_the_means_the_baseline_survival_remains():
    means = {
        "age": 70.36,
        "sex": MALE,
        "egfr": 36.11,
        "urine_acr": 170.2,
        "albumin": 3.997,
        "phosphate": 3.916,
        "bicarbonate": 25.57,
        "calcium": 9.355,
    }
    # half way between the sexes the term of sex is nearly 0: mean 0.5642
    men = model("kfre_8v").predict_one(means)
    women = model("kfre_8v").predict_one({**means, "sex": FEMALE})

    assert women["kidney_failure_2y"] < 1 - 0.9780 < men["kidney_failure_2y"]
    assert women["kidney_failure_5y"] < 1 - 0.9301 < men["kidney_failure_5y"]


def test_unknown_region_is_refused():
    with pytest.raises(ValueError, match="region"):
        model("kfre_8v", "mars")


MILD = {
    "age": 60,
    "sex": MALE,
    "egfr": 90,
    "urine_acr": 10,
    "systolic_bp": 130,
    "bmi": 30,
    "hba1c": 7,
    "glucose_lowering": 1,
    "insulin": 0,
    "antihypertensive": 0,
    "heart_failure": 0,
    "coronary_heart_disease": 0,
    "atrial_fibrillation": 0,
    "smoking_history": 0,
}
SEVERE = {
    "age": 70,
    "sex": FEMALE,
    "egfr": 55,
    "urine_acr": 300,
    "systolic_bp": 150,
    "bmi": 33,
    "hba1c": 9,
    "glucose_lowering": 1,
    "insulin": 1,
    "antihypertensive": 1,
    "heart_failure": 1,
    "coronary_heart_disease": 0,
    "atrial_fibrillation": 1,
    "smoking_history": 2,
}


@pytest.mark.parametrize(("person", "percent"), [(MILD, 1.0611), (SEVERE, 46.3403)])
def test_decline_of_egfr_in_diabetes(person, percent):
    got = model("ckdpc_40_diabetes").predict_one(person)

    assert 100 * got["egfr_decline_40"] == pytest.approx(percent, abs=6e-5)


def test_insulin_counts_as_a_medicine_that_lowers_glucose():
    alone = {**SEVERE, "glucose_lowering": 0}

    assert model("ckdpc_40_diabetes").predict_one(alone) == (
        model("ckdpc_40_diabetes").predict_one(SEVERE)
    )
