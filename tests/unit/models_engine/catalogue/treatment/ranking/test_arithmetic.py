"""Effects on probabilities, by hand."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_engine.catalogue.treatment.ranking.arithmetic import (
    amount,
    log_ratio,
    over,
    with_hazard_ratio,
    with_odds_ratio,
)
from models_engine.catalogue.what_if.draws import interval

probabilities = st.floats(0.0, 0.999)
ratios = st.floats(0.01, 20.0)


def test_the_absolute_risk_reduction_of_a_statin() -> None:
    # CTT 2010: 0.78 for each mmol/L; LDL cholesterol 4.0 less 43 % is a fall of 1.72
    ratio = 0.78**1.72
    assert ratio == pytest.approx(0.652, abs=0.0005)
    assert 0.15 - float(with_hazard_ratio(0.15, ratio)) == pytest.approx(0.0494, abs=0.00005)


def test_odds() -> None:
    # 1 in 10 is odds of 1 to 9; doubled 2 to 9
    assert float(with_odds_ratio(0.1, 2.0)) == pytest.approx(2 / 11)
    assert float(with_odds_ratio(0.0, 2.0)) == 0.0


def test_a_horizon_under_a_constant_hazard() -> None:
    assert float(over(0.19, 24.0, 12.0)) == pytest.approx(0.1)
    assert float(over(0.1, 12.0, 24.0)) == pytest.approx(0.19)


@given(probabilities, ratios)
def test_ratios_keep_probabilities(p: float, ratio: float) -> None:
    for found in (float(with_hazard_ratio(p, ratio)), float(with_odds_ratio(p, ratio))):
        assert 0.0 <= found <= 1.0
        assert (found - p) * (ratio - 1.0) >= -1e-12


@given(st.floats(0.0, 0.9), st.floats(0.1, 5.0))
def test_a_ratio_and_its_reverse_leave_nothing(p: float, ratio: float) -> None:
    again = with_hazard_ratio(with_hazard_ratio(p, ratio), 1.0 / ratio)
    assert float(again) == pytest.approx(p, abs=1e-9)


def test_draws_have_the_published_interval() -> None:
    # PARADIGM-HF: 0.80 (0.73 to 0.87)
    drawn = np.exp(log_ratio("row", 0.80, 0.73, 0.87))
    assert drawn[0] == pytest.approx(0.80)
    # log-normal around the estimate: the ends as far as 400 quantiles reach
    low, high = interval(drawn)
    assert high / low == pytest.approx(0.87 / 0.73, rel=0.01)
    assert (log_ratio("row", 0.80, 0.73, 0.87) == log_ratio("row", 0.80, 0.73, 0.87)).all()
    assert (log_ratio("row", 0.80, None, None) == np.log(0.80)).all()


def test_amounts_have_the_published_interval() -> None:
    low, high = interval(amount("row", 11.0, 6.0, 16.0))
    assert (low, high) == (pytest.approx(6.0, abs=0.1), pytest.approx(16.0, abs=0.1))
