"""Published figures that the cohort's physiology is built on."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.synthetic.kidney import (
    annual_slope,
    ckd_stage,
    creatinine_of_egfr,
    egfr_of_creatinine,
)
from patients.synthetic.treatment_effects import (
    acr_factor,
    ldl_factor,
    treated_hba1c,
    treated_pressure,
)
from patients.synthetic.vocabulary import DRUGS

LISINOPRIL, AMLODIPINE = DRUGS["lisinopril_10"], DRUGS["amlodipine_5"]


@pytest.mark.parametrize(
    ("sex", "age", "creatinine", "egfr"),
    [
        ("male", 50, 1.0, 91.69),
        ("female", 50, 1.0, 68.63),
        ("female", 30, 0.6, 123.76),
        ("male", 40, 0.8, 114.74),
        ("female", 65, 1.5, 38.43),
        ("male", 72, 2.5, 26.63),
        ("female", 60, 5.0, 9.35),
        ("male", 25, 0.9, 121.55),
    ],
)
def test_ckd_epi_2021(sex: str, age: int, creatinine: float, egfr: float) -> None:
    """The vectors that the catalogue's own CKD-EPI 2021 is held to."""
    assert egfr_of_creatinine(creatinine, age=age, sex=sex) == pytest.approx(egfr, abs=0.006)


@given(st.floats(5, 140), st.integers(18, 95), st.sampled_from(["female", "male"]))
def test_the_inverse_leads_back(egfr: float, age: int, sex: str) -> None:
    creatinine = creatinine_of_egfr(egfr, age=age, sex=sex)
    assert egfr_of_creatinine(creatinine, age=age, sex=sex) == pytest.approx(egfr, rel=1e-9)


@pytest.mark.parametrize(
    ("egfr", "acr", "stage"),
    [
        (95, 5, None),
        (95, None, None),
        (95, 30, "ckd_g1"),
        (89, 31, "ckd_g2"),
        (59, None, "ckd_g3a"),
        (45, 5, "ckd_g3a"),
        (44, 5, "ckd_g3b"),
        (29, 5, "ckd_g4"),
        (14, 5, "ckd_g5"),
    ],
)
def test_stages(egfr: float, acr: float | None, stage: str | None) -> None:
    assert ckd_stage(egfr, acr) == stage


def test_the_slope_steepens_with_albuminuria_and_pressure() -> None:
    plain = annual_slope(-0.85, 10, 130, on_ace_inhibitor=False)
    assert plain == -0.85
    leaking = annual_slope(-0.85, 1000, 130, on_ace_inhibitor=False)
    assert -5 < leaking < -3
    assert annual_slope(-0.85, 1000, 160, on_ace_inhibitor=False) == pytest.approx(leaking - 0.6)
    protected = annual_slope(-0.85, 1000, 130, on_ace_inhibitor=True)
    assert protected == pytest.approx(-0.85 + 0.75 * (leaking + 0.85))


def test_two_drugs_act_one_after_the_other() -> None:
    """SBP 164: one standard dose takes 10.1 mmHg, two take 19.2 (Law 2003, sequential rule)."""
    assert 164 - treated_pressure(164, 95, [LISINOPRIL], 1.0)[0] == pytest.approx(10.1)
    both = treated_pressure(164, 95, [LISINOPRIL, AMLODIPINE], 1.0)
    assert 164 - both[0] == pytest.approx(19.2, abs=0.02)
    assert 95 - both[1] == pytest.approx(19.2 * 5.5 / 9.1, abs=0.02)


def test_a_dose_half_taken_does_half_as_much() -> None:
    full, half = (treated_pressure(164, 95, [LISINOPRIL], taken)[0] for taken in (1.0, 0.5))
    assert 164 - half == pytest.approx((164 - full) / 2)


def test_statins_by_dose() -> None:
    """LDL falls by 43 % on 20 mg of atorvastatin and 55 % on 80 mg (Law 2003)."""
    assert ldl_factor([DRUGS["atorvastatin_20"]], 1.0) == pytest.approx(0.57)
    assert ldl_factor([DRUGS["atorvastatin_80"], LISINOPRIL], 1.0) == pytest.approx(0.45)
    assert ldl_factor([], 1.0) == 1.0


def test_metformin_does_more_from_a_higher_start() -> None:
    metformin = [DRUGS["metformin"]]
    assert treated_hba1c(8.25, metformin, 1.0) == pytest.approx(7.15)
    assert treated_hba1c(9.25, metformin, 1.0) == pytest.approx(7.65)
    assert treated_hba1c(5.7, metformin, 1.0) == pytest.approx(5.6), "never low"
    assert treated_hba1c(5.2, [], 1.0) == 5.2


def test_only_ace_inhibitors_lower_albuminuria() -> None:
    assert acr_factor([LISINOPRIL]) < 1
    assert acr_factor([AMLODIPINE]) == 1
