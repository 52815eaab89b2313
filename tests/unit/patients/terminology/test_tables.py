"""The committed tables load, and a broken table would not."""

import pytest

from patients.terminology import tables
from patients.terminology.spans import span


def test_the_header_is_part_of_the_contract():
    with pytest.raises(ValueError, match="columns are"):
        tables.rows("allergy_codes", "system,code")


def test_a_short_row_is_refused(monkeypatch, tmp_path):
    broken = tmp_path / "concepts"
    broken.mkdir()
    (broken / "odd.csv").write_text("a,b\n1,2\n3\n", encoding="utf-8")
    monkeypatch.setattr(tables, "files", lambda _: tmp_path)
    with pytest.raises(ValueError, match="line 3: 1 fields"):
        tables.rows("odd", "a,b")


@pytest.mark.parametrize(
    ("text", "days"), [("1 y", 366), ("2 y", 731), ("5 y", 1827), ("3 mo", 92), ("10 d", 10)]
)
def test_a_span_includes_the_same_calendar_day(text, days):
    assert span(text).days == days


def test_hours_stay_hours_and_nothing_is_no_limit():
    assert span("1 h").total_seconds() == 3600
    assert span("") is None


def test_an_unknown_span_is_refused():
    with pytest.raises(ValueError, match="no span"):
        span("2 fortnights")
