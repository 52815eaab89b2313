"""KFRE and CKD-EPI 2021 reproduce what is published."""

import numpy as np
import pytest

from models_engine.catalogue.contract import FEMALE, MALE
from models_engine.catalogue.risk import ckd_epi_2021, kfre
from models_engine.registry import model
from tests.spec.models import oracle

# identical to PyPI kfre 0.1.18; % at 2 and 5 years in North America, 2 and 5 elsewhere
KFRE = [
    (65, MALE, 30, 300, 7.769, 22.314, 5.268, 18.907),
    (72, FEMALE, 22, 850, 19.034, 48.274, 13.177, 42.140),
    (50, MALE, 45, 30, 0.747, 2.313, 0.500, 1.924),
    (80, MALE, 18, 1500, 36.682, 75.992, 26.349, 69.402),
]
# outside North America: probabilities, the first as printed in the README of kfre
KFRE_ELSEWHERE = [
    (57.28, FEMALE, 15, 1762.00184, 0.4466, 0.8989, 5.001e-5),
    (65, MALE, 19, 30, 0.063123, 0.223128, 6e-7),
    (75, MALE, 22, 40, 0.041757, 0.152247, 6e-7),
]
CKD_EPI = [
    (50, MALE, 1.0, 91.69),
    (50, FEMALE, 1.0, 68.63),
    (30, FEMALE, 0.6, 123.76),
    (40, MALE, 0.8, 114.74),
    (65, FEMALE, 1.5, 38.43),
    (72, MALE, 2.5, 26.63),
    (60, FEMALE, 5.0, 9.35),
    (25, MALE, 0.9, 121.55),
]


@pytest.mark.parametrize(("age", "sex", "egfr", "acr", "na2", "na5", "other2", "other5"), KFRE)
def test_kfre_in_both_regions(age, sex, egfr, acr, na2, na5, other2, other5):
    person = {"age": age, "sex": sex, "egfr": egfr, "urine_acr": acr}

    north_america = model("kfre_4v").predict_one(person)
    elsewhere = model("kfre_4v", kfre.ELSEWHERE).predict_one(person)

    assert 100 * north_america["kidney_failure_2y"] == pytest.approx(na2, abs=0.0006)
    assert 100 * north_america["kidney_failure_5y"] == pytest.approx(na5, abs=0.0006)
    assert 100 * elsewhere["kidney_failure_2y"] == pytest.approx(other2, abs=0.0006)
    assert 100 * elsewhere["kidney_failure_5y"] == pytest.approx(other5, abs=0.0006)


@pytest.mark.parametrize(("age", "sex", "egfr", "acr", "two", "five", "within"), KFRE_ELSEWHERE)
def test_kfre_elsewhere(age, sex, egfr, acr, two, five, within):
    person = {"age": age, "sex": sex, "egfr": egfr, "urine_acr": acr}

    got = kfre.kfre_4v(kfre.ELSEWHERE).predict_one(person)

    assert list(got.values()) == pytest.approx([two, five], abs=within)


@pytest.mark.parametrize(("age", "sex", "creatinine", "expected"), CKD_EPI)
def test_ckd_epi_2021(age, sex, creatinine, expected):
    got = model("ckd_epi_2021").predict_one({"age": age, "sex": sex, "creatinine": creatinine})

    assert got["egfr"] == pytest.approx(expected, abs=0.00501)


def test_equal_the_slow_implementations():
    rng = np.random.default_rng(3)
    n = 300
    sex = rng.integers(0, 2, n).astype(float)
    age = rng.integers(18, 100, n).astype(float)
    kidney = {
        "age": age,
        "sex": sex,
        "egfr": rng.uniform(3, 60, n),
        "urine_acr": rng.uniform(0.1, 9000, n),
    }
    blood = {"age": age, "sex": sex, "creatinine": rng.uniform(0.2, 12, n)}
    for region, survivals in kfre.BASELINE_SURVIVAL.items():
        slow = [[oracle.kfre(p, s0) for s0 in survivals] for p in people(kidney)]
        np.testing.assert_allclose(model("kfre_4v", region).predict(kidney), slow, rtol=1e-10)
    slow_egfr = [[oracle.ckd_epi(p)] for p in people(blood)]
    np.testing.assert_allclose(model("ckd_epi_2021").predict(blood), slow_egfr, rtol=1e-12)


def people(arrays):
    return [dict(zip(arrays, row, strict=True)) for row in zip(*arrays.values(), strict=True)]


@pytest.mark.parametrize("name", ["AGE", "MALE_SEX", "EGFR", "LOG_ACR"])
def test_one_percent_in_a_kfre_coefficient_fails_a_vector(name, monkeypatch):
    monkeypatch.setattr(kfre, name, getattr(kfre, name) * 1.01)
    mutated = kfre.kfre_4v()

    off = [
        abs(mutated.predict_one(v.inputs)[outcome] - p) > v.tolerance
        for v in mutated.vectors
        for outcome, p in v.expected.items()
    ]

    assert any(off)


@pytest.mark.parametrize(
    ("egfr", "stage"),
    [
        (90, "G1"),
        (89.99, "G2"),
        (60, "G2"),
        (59.99, "G3a"),
        (45, "G3a"),
        (44.99, "G3b"),
        (30, "G3b"),
        (29.99, "G4"),
        (15, "G4"),
        (14.99, "G5"),
        (0.5, "G5"),
    ],
)
def test_g_stages(egfr, stage):
    assert model("ckd_epi_2021").outcome("egfr").band_of(egfr).code == stage


@pytest.mark.parametrize(("acr", "stage"), [(29.9, "A1"), (30, "A2"), (300, "A2"), (300.1, "A3")])
def test_a_stages(acr, stage):
    assert ckd_epi_2021.albuminuria_stage(acr) == stage


def test_unknown_region_is_refused():
    with pytest.raises(ValueError, match="region"):
        kfre.kfre_4v("mars")
