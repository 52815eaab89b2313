"""The patterns of the fast schema accept nothing that the exact checks refuse."""

import base64
import re
from datetime import date, datetime, timedelta, timezone

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from patients.fhir.primitives import PATTERNS, primitive_fault, quoted

DATE_LIKE = st.from_regex(
    r"[0-9]{4}(-[0-9]{2}(-[0-9]{2}(T[0-9]{2}:[0-9]{2}:[0-9]{2}(\.[0-9])?(Z|[+-][0-9]{2}:[0-9]{2}))?)?)?",
    fullmatch=True,
)
ZONES = st.integers(-14 * 60, 14 * 60).map(lambda m: timezone(timedelta(minutes=m)))


@pytest.mark.parametrize("name", PATTERNS)
@given(text=st.one_of(st.text(max_size=12), DATE_LIKE))
@settings(max_examples=60)
def test_a_pattern_is_no_wider_than_the_check(name, text):
    if re.fullmatch(PATTERNS[name], text, re.DOTALL):
        assert primitive_fault(name, text) is None


@given(st.dates(), st.datetimes(timezones=ZONES))
def test_every_date_of_the_calendar_is_taken(day: date, moment: datetime):
    assert primitive_fault("date", day.isoformat()) is None
    assert re.fullmatch(PATTERNS["date"], day.isoformat())
    assert re.fullmatch(PATTERNS["instant"], moment.isoformat())
    assert primitive_fault("instant", moment.isoformat()) is None


@given(DATE_LIKE)
def test_pattern_and_check_agree_on_dates(text):
    for name in ("date", "dateTime", "instant"):
        matches = re.fullmatch(PATTERNS[name], text) is not None
        assert matches == (primitive_fault(name, text) is None)


@given(st.binary(min_size=1, max_size=40))
def test_base64_of_anything_is_taken(data):
    text = base64.b64encode(data).decode()
    assert primitive_fault("base64Binary", text) is None
    assert re.fullmatch(PATTERNS["base64Binary"], text)
    assert primitive_fault("base64Binary", f"{text[:3]}\r\n {text[3:]}") is None


@pytest.mark.parametrize(
    ("name", "value", "says"),
    [
        ("boolean", 1, "true or false"),
        ("decimal", True, "a number"),
        ("decimal", float("nan"), "finite"),
        ("decimal", {}, "not an object"),
        ("integer", 2**31, "not between"),
        ("unsignedInt", -1, "not between"),
        ("positiveInt", "1", "not a string '1'"),
        ("string", "a\x07", "control characters"),
        ("string", None, "not null"),
        ("uri", "a\u00a0b", "white space"),
        ("oid", "urn:oid:3.1", "urn:oid:"),
        ("uuid", "urn:uuid:0C3151BD-1cbf-4d64-b04d-cd9187a4c6e0", "lower-case"),
        ("time", "24:00:00", "hh:mm:ss"),
        ("dateTime", "2024-01-01T24:00:00Z", "calendar"),
        ("dateTime", "2024-01-01T10:00:00+14:30", "calendar"),
        ("dateTime", "2024-01-01T10:00:61Z", "date"),
        ("base64Binary", "é===", "base64"),
        ("base64Binary", " \n", "white space"),
        ("uri", "oid:1.2.3", "'urn:' before it"),
        ("canonical", "uuid:0c3151bd-1cbf-4d64-b04d-cd9187a4c6e0", "'urn:' before it"),
    ],
)
def test_a_fault_is_put_in_words(name, value, says):
    assert says in (primitive_fault(name, value) or "")


def test_plain_values_are_taken():
    for name, value in (
        ("decimal", 1),
        ("decimal", -0.5),
        ("integer", 0),
        ("xhtml", "<div/>"),
        ("uri", "other:x"),
        ("url", "ukcore/x"),
        ("time", "23:59:60"),
        ("instant", "2016-12-31T23:59:60Z"),
    ):
        assert primitive_fault(name, value) is None


def test_what_was_sent_is_quoted_briefly():
    assert quoted("x" * 1000) == repr("x" * 40 + "...")
