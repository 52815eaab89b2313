"""What a clinician types for drug levels: every mistake is named by its line or field."""

from datetime import UTC, datetime, timedelta

import pytest

from models_engine.catalogue.mechanistic.drugs import DIGOXIN, DRUGS, VANCOMYCIN
from twinportal.dashboards.clinician.drug_level_form import DrugLevelForm, drug_example

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


def test_nothing_typed_is_nothing_asked():
    found = form({})
    assert found.is_valid() and found.cleaned_data["doses"] == []


@pytest.mark.parametrize("drug", DRUGS.values(), ids=DRUGS)
def test_the_example_can_be_typed(drug):
    assert form({"doses": drug_example(drug)}, drug).is_valid()


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
