"""The interval of draws is numpy's percentile, to the last bit."""

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from models_engine.catalogue.what_if.draws import HIGH, LOW, interval


@given(st.lists(st.floats(-1e9, 1e9), min_size=2, max_size=420))
def test_the_interval_is_that_of_numpy(values: list[float]) -> None:
    low, high = np.percentile(values[1:], [LOW, HIGH])
    assert interval(np.array(values)) == (low, high)


def test_a_draw_that_is_no_number_is_not_hidden() -> None:
    assert all(np.isnan(interval(np.array([1.0, 2.0, np.nan, 3.0]))))
