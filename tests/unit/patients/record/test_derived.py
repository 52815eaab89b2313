from dataclasses import replace
from datetime import date

import pytest

from patients.record.derived import derived_bmi
from patients.record.state import Demographics
from patients.record.state_as_of import state_as_of
from tests.unit.patients.record.builders import day, observation, stored

ADULT = Demographics("female", date(1970, 1, 1), "day")
CHILD = Demographics("female", date(2015, 1, 1), "day")
UNKNOWN = Demographics()


def latest_bmi(*measurements, demographics=ADULT, max_age_days=None):
    codes = {"height": ("8302-2", "cm"), "weight": ("29463-7", "kg"), "bmi": ("39156-5", "kg/m2")}
    facts = []
    for number, (name, value, when) in enumerate(measurements):
        code, unit = codes[name]
        facts += stored(
            observation(code, value, unit, effectiveDateTime=when), fhir_id=f"o{number}"
        )
    return state_as_of(demographics, facts, day("2026-11-20")).latest("bmi", max_age_days)


def test_from_height_and_weight():
    bmi = latest_bmi(("height", 180, "1999-01-01"), ("weight", 81, "2026-01-01"))
    assert bmi.value == pytest.approx(25.0)
    assert (bmi.unit, bmi.effective_at, bmi.fact_id) == ("kg/m2", day("2026-01-01"), None)
    assert [source.concept for source in bmi.derived_from] == ["weight", "height"]
    assert bmi.quality == "usable"


@pytest.mark.parametrize(
    ("reported_on", "value"), [("2025-12-31", 25.0), ("2026-01-01", 30.0), ("2026-02-01", 30.0)]
)
def test_a_reported_value_stands_unless_the_weight_is_of_a_later_day(reported_on, value):
    bmi = latest_bmi(
        ("height", 180, "1999-01-01"), ("weight", 81, "2026-01-01"), ("bmi", 30, reported_on)
    )
    assert bmi.value == pytest.approx(value)


def test_a_height_measured_after_the_weight_is_as_good():
    assert latest_bmi(("weight", 81, "2026-01-01"), ("height", 180, "2026-06-01"))


@pytest.mark.parametrize("demographics", [CHILD, UNKNOWN])
def test_a_childs_height_counts_on_its_own_day_only(demographics):
    grown = ("height", 120, "2025-01-01"), ("weight", 30, "2026-01-01")
    assert latest_bmi(*grown, demographics=demographics) is None
    same_day = ("height", 120, "2026-01-01"), ("weight", 30, "2026-01-01")
    bmi = latest_bmi(*same_day, demographics=demographics)
    assert bmi.value == pytest.approx(30 / 1.44)
    assert bmi.quality == "verify"  # unusual for adults


def test_impossible_results_and_missing_parts_give_nothing():
    assert latest_bmi(("height", 30, "2026-01-01"), ("weight", 300, "2026-01-01")) is None
    assert latest_bmi(("weight", 81, "2026-01-01")) is None
    assert latest_bmi(("height", 180, "2026-01-01")) is None


def test_an_old_weight_is_an_old_bmi():
    parts = ("height", 180, "1999-01-01"), ("weight", 81, "2020-01-01")
    assert latest_bmi(*parts, max_age_days=731) is None


def test_a_value_without_a_number_gives_nothing():
    (row,) = stored(observation("29463-7", 81, "kg"))
    weight = state_as_of(ADULT, [row], day("2026-11-20")).latest("weight")
    nothing = replace(weight, value=None)
    assert derived_bmi([weight], [nothing], ADULT.birth_date, "day") is None
    assert derived_bmi([], [weight], ADULT.birth_date, "day") is None
