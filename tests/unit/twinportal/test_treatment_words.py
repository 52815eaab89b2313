import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_engine.catalogue.treatment.knowledge.schema import INDICATIONS
from twinportal.treatment.words import (
    LABELS,
    PLAIN_LABELS,
    difference_words,
    months_words,
    number_needed_words,
)


@pytest.mark.parametrize(
    ("months", "said"),
    [
        (120, "10 years"),
        (12, "1 year"),
        (18, "18 months"),
        (1, "1 month"),
        (26.2, "2.18 years"),
        (60, "5 years"),
    ],
)
def test_times(months: float, said: str) -> None:
    assert months_words(months) == said


def test_a_number_needed_to_treat_with_its_interval() -> None:
    # 3.2 points fewer (2.3 to 4.1): 31 (24 to 43)
    assert number_needed_words(-0.032, -0.041, -0.023) == "31 (24 to 43) to treat for one fewer"
    assert number_needed_words(0.01, 0.005, 0.02) == "100 (50 to 200) to treat for one more"


def test_an_interval_across_none_has_no_ends() -> None:
    said = number_needed_words(-0.01, -0.02, 0.001)
    assert said == "100 to treat for one fewer; the interval includes no difference"


def test_without_a_difference_there_is_no_number_needed() -> None:
    assert number_needed_words(0.0, 0.0, 0.0) == ""


@given(st.floats(min_value=-1, max_value=1, allow_nan=False).filter(lambda d: abs(d) > 1e-9))
def test_a_number_needed_is_never_below_one(difference: float) -> None:
    number = number_needed_words(difference, difference, difference).split()[0]
    assert int(number.replace(",", "")) >= 1


def test_differences() -> None:
    assert difference_words(-0.032, -0.041, -0.023) == "−3.2 points (−4.1 to −2.3)"
    assert difference_words(0.02, 0.02, 0.02) == "+2.0 points"


def test_every_indication_has_its_words() -> None:
    assert set(LABELS) == set(PLAIN_LABELS) == set(INDICATIONS)
