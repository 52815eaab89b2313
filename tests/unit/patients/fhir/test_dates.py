from calendar import monthrange
from datetime import UTC, datetime, timedelta, timezone

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.fhir import dates

MOMENTS = st.datetimes().filter(lambda moment: 2 <= moment.year <= 9998)
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))


@given(MOMENTS)
def test_a_year_a_month_and_a_day_are_what_they_span(moment):
    moment = moment.replace(tzinfo=UTC)
    for length, precision in ((4, "year"), (7, "month"), (10, "day")):
        text = moment.isoformat()[:length]
        partial = dates.parse(text)
        assert partial.precision == precision
        assert partial.low <= moment < partial.high
        last = partial.high - timedelta(microseconds=1)
        assert partial.low.isoformat()[:length] == last.isoformat()[:length] == text
        assert partial.high.isoformat()[:length] != text


@given(MOMENTS, ZONES)
def test_a_full_time_means_itself(moment, zone):
    moment = moment.replace(tzinfo=zone)
    partial = dates.parse(moment.isoformat(timespec="microseconds"))
    assert partial.low == moment
    assert partial.high - partial.low == timedelta(microseconds=1)
    second = dates.parse(moment.isoformat(timespec="seconds"))
    assert second.low == moment.replace(microsecond=0)
    assert second.high - second.low == timedelta(seconds=1)


@given(st.text(alphabet="0123456789-:TZ+. ", max_size=30))
def test_any_text_is_read_or_refused(text):
    for read in (dates.parse, dates.parse_search):
        try:
            partial = read(text)
        except ValueError:
            continue
        assert dates.EARLIEST <= partial.low < partial.high <= dates.LATEST or partial.low in (
            dates.EARLIEST,
            dates.LATEST,
        )


@pytest.mark.parametrize(
    "text",
    [
        "", "24", "20240", "2024-1", "2024-13", "2024-00", "2024-02-30", "2023-02-29", "0000",
        "2024-01-01T10", "2024-01-01T10:00Z", "2024-01-01T10:00:00", "2024-01-01T24:00:00Z",
        "2024-01-01T10:60:00Z", "2024-01-01T10:00:61Z", "2024-01-01T10:00:00+15:00",
        "2024-01-01T10:00:00+14:01", "2024-01-01T10:00:00+01:60", "2024-01-01 10:00:00Z", "٢٠٢٤",
    ],
)  # fmt: skip
def test_what_is_no_fhir_date_is_refused(text):
    with pytest.raises(ValueError, match=r"date|time"):
        dates.parse(text)


def test_the_ends_of_the_calendar_stay_inside_it():
    assert dates.parse("0001").low == dates.EARLIEST
    assert dates.parse("9999").high == dates.LATEST
    assert dates.parse("9999-12-31T23:59:59-14:00").high == dates.LATEST
    assert dates.parse("0001-01-02T00:00:00+14:00").low == dates.EARLIEST


def test_a_search_may_leave_out_seconds_and_offset():
    partial = dates.parse_search("2024-01-01T10:30")
    assert (partial.low, partial.precision) == (datetime(2024, 1, 1, 10, 30, tzinfo=UTC), "minute")
    assert partial.high - partial.low == timedelta(minutes=1)


def test_a_plus_that_came_as_a_space_is_mended():
    assert dates.parse_search("2024-01-01T10:30:00 01:00").low.hour == 9


def test_a_leap_second_is_in_its_own_minute():
    partial = dates.parse("2016-12-31T23:59:60Z")
    assert partial.low == datetime(2016, 12, 31, 23, 59, 59, tzinfo=UTC)
    assert partial.high == datetime(2017, 1, 1, tzinfo=UTC)


def test_a_leap_february_is_long():
    assert dates.parse("2024-02").high == datetime(2024, 3, 1, tzinfo=UTC)
    assert monthrange(2024, 2)[1] == 29
