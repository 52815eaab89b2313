"""What a clinician types for drug levels: every mistake is named by its line or field."""

from datetime import UTC, datetime, timedelta

import pytest
from django.test import override_settings
from hypothesis import given
from hypothesis import strategies as st

from models_engine.catalogue.mechanistic.drugs import DIGOXIN, DRUGS, VANCOMYCIN
from twinportal.dashboards.clinician.drug_level_form import DrugLevelForm, drug_example
from twinportal.dashboards.clinician.moments import moment_text, typed_moment

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)
DAY = f"{NOW - timedelta(days=3):%Y-%m-%d %H:%M}"


def form(given, drug=VANCOMYCIN):
    return DrugLevelForm(drug, NOW, given)


def test_doses_one_a_line_and_repeated_until_now():
    found = form({"doses": f"{DAY}, 1500 mg, 1.5 h\n\n{DAY}, 1000 mg, 1 h, every 24 h\n"})
    assert found.is_valid()
    doses = found.cleaned_data["doses"]
    assert [dose.amount for dose in doses] == [1500, 1000, 1000, 1000, 1000]
    assert doses[0].hours == 1.5 and doses[-1].start == NOW
    assert all(dose.start.tzinfo is UTC for dose in doses)


def test_times_are_typed_in_the_zone_of_the_site(settings):
    settings.TIME_ZONE = "America/New_York"
    found = form({"doses": "2026-11-18 08:00, 1000 mg, 1 h\n2026-11-18 08:00+01:00, 1000 mg, 1 h"})
    assert found.is_valid()
    starts = [dose.start for dose in found.cleaned_data["doses"]]
    assert starts == [datetime(2026, 11, 18, 13, tzinfo=UTC), datetime(2026, 11, 18, 7, tzinfo=UTC)]
    assert "Times in America/New_York." in found.fields["doses"].help_text
    # 08:00 there is in the future while it is 12:30 UTC
    late = form({"doses": "2026-11-21 08:00, 1000 mg, 1 h"})
    assert "it lies in the future" in str(late.errors)


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ("2026-10-25 02:30", "comes twice in Europe/Vienna, because the clocks change"),
        ("2026-03-29 02:30", "is skipped in Europe/Vienna, because the clocks change"),
    ],
)
def test_a_time_that_the_clocks_skip_or_repeat_is_named(settings, typed, said):
    settings.TIME_ZONE = "Europe/Vienna"
    with pytest.raises(ValueError, match=said) as refused:
        typed_moment(typed)
    # what it proposes can be typed
    for offset in ("+02:00", "+01:00"):
        assert f"{typed}{offset}" in str(refused.value)
        wanted = datetime.fromisoformat(f"{typed}{offset}")
        assert typed_moment(f"{typed}{offset}") == wanted
    assert typed_moment(typed.replace("02:30", "03:30")).tzinfo is UTC
    now = datetime(2026, 10, 26, tzinfo=UTC)
    line = DrugLevelForm(VANCOMYCIN, now, {"doses": "2026-10-25 02:30, 1000 mg, 1 h"})
    assert "Line 1: 2026-10-25 02:30 comes twice" in str(line.errors)


@pytest.mark.parametrize("zone", ["UTC", "Europe/Vienna", "America/New_York", "Asia/Kolkata"])
@given(minutes=st.integers(0, 20 * 525_960))
def test_what_is_shown_can_be_typed(zone, minutes):
    at = datetime(2010, 1, 1, tzinfo=UTC) + timedelta(minutes=minutes)
    with override_settings(TIME_ZONE=zone):
        shown = datetime.strptime(f"{moment_text(at)} +0000", "%d %b %Y, %H:%M %z")
        try:
            assert typed_moment(f"{shown:%Y-%m-%d %H:%M}") == at
        except ValueError as error:
            assert "comes twice" in str(error)


def test_nothing_typed_is_nothing_asked():
    found = form({})
    assert found.is_valid() and found.cleaned_data["doses"] == []


@pytest.mark.parametrize("drug", DRUGS.values(), ids=DRUGS)
def test_the_example_can_be_typed(drug):
    assert form({"doses": drug_example(drug, NOW)}, drug).is_valid()


def test_a_regimen():
    found = form({"amount": "1000", "interval": "12", "hours": "1"})
    assert found.is_valid() and found.cleaned_data["amount"] == 1000
    by_mouth = form({"amount": "0.125", "interval": "24"}, DIGOXIN)
    assert by_mouth.is_valid() and "hours" not in by_mouth.fields


@pytest.mark.parametrize(
    ("typed", "said"),
    [
        ({"doses": "yesterday, 1 g"}, "Line 1: write it like"),
        ({"doses": "2026-13-40 08:00, 1000 mg, 1 h"}, "Line 1: there is no such day"),
        ({"doses": "2024-01-01 08:00, 1000 mg, 1 h"}, "more than 28 days ago"),
        ({"doses": "2099-01-01 08:00, 1000 mg, 1 h"}, "it lies in the future"),
        ({"doses": f"{DAY}, 1000 mg"}, "say over how many hours"),
        ({"doses": f"{DAY}, 9000 mg, 1 h"}, "the dose is outside"),
        ({"doses": f"{DAY}, 1000 mg, 30 h"}, "an infusion lasts up to 24 h"),
        ({"doses": f"{DAY}, 1000 mg, 1 h, every 0.5 h"}, "the interval is from 1 to 168 h"),
        ({"doses": f"{DAY}, 1000 mg, 1 h, every {'9' * 17} h"}, "the interval is from 1 to 168 h"),
        ({"doses": "\n".join([f"{DAY}, 1000 mg, 1 h, every 1.5 h"] * 30)}, "At most 200 doses"),
        ({"amount": "1000"}, "A regimen needs it."),
        ({"amount": "1000", "interval": "1", "hours": "2"}, "Longer than the infusion"),
        ({"amount": "1000", "interval": "500", "hours": "1"}, "Outside 1 to 168 h."),
        ({"amount": "99999", "interval": "12", "hours": "1"}, "Outside above 0 to 5000 mg."),
        ({"amount": "nan", "interval": "12", "hours": "1"}, "Enter a number."),
        ({"recorded_hours": "-1"}, "greater than or equal to 0.1"),
    ],
)
def test_what_is_typed_wrongly_is_named(typed, said):
    found = form(typed)
    assert not found.is_valid()
    assert said in str(found.errors)


def test_digoxin_is_not_infused():
    found = form({"doses": f"{DAY}, 0.125 mg, 1 h"}, DIGOXIN)
    assert "a dose by mouth has no infusion time" in str(found.errors)
