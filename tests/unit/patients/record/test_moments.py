from datetime import timedelta

import pytest

from patients.record.moments import end_of, later, moment, moment_in, period_or_instant
from tests.unit.patients.record.builders import day


@pytest.mark.parametrize(
    ("text", "at", "after", "precision"),
    [
        ("2020", "2020-01-01", "2021-01-01", "year"),
        ("2020-02", "2020-02-01", "2020-03-01", "month"),
        ("2020-02-29", "2020-02-29", "2020-03-01", "day"),
    ],
)
def test_a_partial_date_is_its_first_moment(text, at, after, precision):
    found = moment(text)
    assert (found.at, found.after, found.precision) == (day(at), day(after), precision)


def test_offsets_become_utc():
    found = moment("2020-05-03T01:30:00+02:00")
    assert found.at.isoformat() == "2020-05-02T23:30:00+00:00"
    assert found.precision == "time"


@pytest.mark.parametrize("text", ["", "yesterday", "2020-02-30", "2020-13", "0000", "20"])
def test_what_is_no_date(text):
    assert moment(text) is None


def test_a_period_includes_the_day_it_ends_on():
    assert end_of({"end": "2020-05-03"}) == day("2020-05-04")
    assert end_of({"end": "2020-05-03T12:00:00Z"}) == day("2020-05-03") + timedelta(hours=12)


def test_the_year_9999_is_no_end():
    assert end_of({"end": "9999-12-31"}) is None


def test_choices_of_a_date():
    assert period_or_instant({"effectiveInstant": "2020-05-03T12:00:00Z"}, "effective")[0]
    start, end = period_or_instant(
        {"effectivePeriod": {"start": "2020-05-01", "end": "2020-05-03"}}, "effective"
    )
    assert (start.at, end) == (day("2020-05-01"), day("2020-05-04"))
    only_end, _ = period_or_instant({"effectivePeriod": {"end": "2020-05-03"}}, "effective")
    assert only_end.at == day("2020-05-03")
    assert period_or_instant({}, "effective") == (None, None)


def test_the_first_member_that_is_a_date():
    assert moment_in({"a": "no", "b": "2020"}, "a", "b").at == day("2020-01-01")


def test_beyond_the_calendar_is_never():
    assert later(day("9999-12-01"), timedelta(days=400)) is None
