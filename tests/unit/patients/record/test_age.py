from datetime import date

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.record.age import completed_years

births = st.dates(date(1900, 1, 1), date(2030, 12, 31))


@pytest.mark.parametrize(
    ("born", "precision", "on", "age"),
    [
        (date(1970, 6, 15), "day", date(2026, 6, 14), 55),
        (date(1970, 6, 15), "day", date(2026, 6, 15), 56),
        # born on 29 February: a year is complete on 1 March of a common year
        (date(2000, 2, 29), "day", date(2001, 2, 28), 0),
        (date(2000, 2, 29), "day", date(2001, 3, 1), 1),
        (date(2000, 2, 29), "day", date(2004, 2, 29), 4),
        # a partial date gives an age only when every day it may mean gives the same
        (date(1970, 1, 1), "year", date(2026, 6, 15), None),
        (date(1970, 1, 1), "year", date(2026, 12, 31), 56),
        (date(1970, 6, 1), "month", date(2026, 6, 15), None),
        (date(1970, 6, 1), "month", date(2026, 6, 30), 56),
        (date(1970, 6, 1), "month", date(2026, 5, 31), 55),
        (date(1970, 2, 1), "month", date(2026, 2, 28), 56),
        (date(2030, 1, 1), "day", date(2026, 1, 1), None),
    ],
)
def test_completed_years(born, precision, on, age):
    assert completed_years(born, precision, on) == age


@given(births, st.dates(date(2030, 12, 31), date(2090, 1, 1)))
def test_age_never_falls_and_grows_by_one_a_year(born, on):
    age = completed_years(born, "day", on)
    assert completed_years(born, "day", on.replace(year=on.year + 1, day=min(on.day, 28))) in (
        age,
        age + 1,
    )


@given(births, st.dates(date(2031, 1, 1), date(2090, 1, 1)))
def test_a_vague_date_never_contradicts_an_exact_one(born, on):
    vague = completed_years(born.replace(month=1, day=1), "year", on)
    assert vague in (None, completed_years(born, "day", on))
