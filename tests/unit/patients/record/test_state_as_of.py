"""What was known to be true when."""

from datetime import UTC, date, datetime, timedelta

import pytest
from hypothesis import given
from hypothesis import strategies as st

from patients.record.state import Demographics
from patients.record.state_as_of import state_as_of
from tests.unit.patients.record.builders import (
    condition,
    day,
    observation,
    request,
    smoking,
    stored,
)

NOBODY = Demographics()
AS_OF = day("2026-11-20")


def state(*facts, as_of=AS_OF, demographics=NOBODY):
    return state_as_of(demographics, [row for rows in facts for row in rows], as_of)


def creatinine(value, when, **more):
    held = {name: more.pop(name) for name in ("recorded", "fhir_id") if name in more}
    return stored(observation("2160-0", value, effectiveDateTime=when, **more), **held)


def test_a_time_needs_a_zone():
    with pytest.raises(ValueError, match="time zone"):
        state_as_of(NOBODY, [], datetime(2026, 1, 1))  # noqa: DTZ001


def test_only_what_was_true_by_then():
    facts = creatinine(1.0, "2024-01-01") + creatinine(2.0, "2025-01-01")
    assert state(facts, as_of=day("2023-12-31")).latest("creatinine") is None
    assert state(facts, as_of=day("2024-01-01")).latest("creatinine").value == 1.0
    assert [v.value for v in state(facts).series("creatinine")] == [2.0, 1.0]


def test_a_value_carries_where_it_came_from():
    (row,) = creatinine(1.5, "2024-05-03", fhir_id="lab-1")
    value = state([row]).latest("creatinine")
    assert (value.resource_type, value.resource_id, value.resource_version) == (
        "Observation",
        "lab-1",
        1,
    )
    assert value.fact_id == row.id
    assert (value.unit, value.precision, value.quality) == ("mg/dL", "day", "usable")


def test_what_cannot_be_used_is_kept_apart_with_its_reason():
    found = state(creatinine(1.0, "2024-01-01"), creatinine(900, "2025-01-01"))
    assert found.latest("creatinine").value == 1.0
    (unused,) = found.not_used["creatinine"]
    assert unused.quality == "impossible"
    assert "outside 0.05 to 60" in unused.reason


@pytest.mark.parametrize(
    ("born", "precision", "when", "used"),
    [
        (date(2024, 5, 3), "day", "2024-05-01", False),
        # a newborn's first hours may be the day before in UTC
        (date(2024, 5, 3), "day", "2024-05-02T20:00:00Z", True),
        (date(2024, 5, 3), "day", "2024-05-03", True),
        (date(2024, 5, 3), "day", "2024-05", True),
        (date(2024, 5, 3), "day", "2024-04", False),
        (date(2024, 5, 3), "day", "2024", True),
        (date(2024, 1, 1), "year", "2024-01-01", True),
        (date(2024, 1, 1), "year", "2023-12-30", False),
        (None, "", "1800-01-01", True),
    ],
)
def test_a_measurement_from_before_birth_is_not_used(born, precision, when, used):
    person = Demographics(birth_date=born, birth_date_precision=precision)
    found = state(creatinine(1.0, when), demographics=person)
    assert (found.latest("creatinine") is not None) == used
    if not used:
        (unused,) = found.not_used["creatinine"]
        assert (unused.quality, unused.reason) == (
            "implausible",
            "dated before the patient's birth",
        )


def test_a_diagnosis_may_be_older_than_birth():
    person = Demographics(birth_date=date(2020, 1, 1), birth_date_precision="day")
    assert state(stored(condition()), demographics=person).active("diabetes_type_2")


def test_an_unusable_value_does_not_hide_a_usable_one_of_the_same_instant():
    good = creatinine(1.0, "2024-01-01", fhir_id="a")
    bad = creatinine(900, "2024-01-01", fhir_id="z")
    assert state(good, bad).latest("creatinine").value == 1.0


@pytest.mark.parametrize(
    ("first", "second", "stands"),
    [
        # the last recorded of one instant stands; of those recorded together, the greatest id
        ({"recorded": "2024-01-02", "fhir_id": "a"}, {"recorded": "2024-01-03", "fhir_id": "b"}, 2),
        ({"recorded": "2024-01-03", "fhir_id": "a"}, {"recorded": "2024-01-02", "fhir_id": "b"}, 1),
        ({"recorded": "2024-01-02", "fhir_id": "b"}, {"recorded": "2024-01-02", "fhir_id": "a"}, 1),
    ],
)
def test_two_resources_of_one_instant_are_one_value(first, second, stands):
    when = "2024-01-01T09:00:00Z"
    facts = creatinine(1.0, when, **first), creatinine(2.0, when, **second)
    (value,) = state(*facts).series("creatinine")
    assert value.value == stands
    assert value.quality == "verify"
    other = {1: 2, 2: 1}[stands]
    assert value.reason == f"another value of the same moment is recorded: {other} mg/dL"

    of_a_day = creatinine(1.0, "2024-01-01", **first), creatinine(2.0, "2024-01-01", **second)
    values = state(*of_a_day).series("creatinine")
    assert [v.value for v in values] == [stands, other]
    assert {v.quality for v in values} == {"verify"}
    assert values[0].reason == f"another value of the same day is recorded: {other} mg/dL"


@pytest.mark.parametrize(
    ("first", "second", "kept", "marked"),
    [
        # what says the same twice says it once
        (("2024-01-01", 1.0), ("2024-01-01", 1.0), [1.0], False),
        # both stay; near each other, neither is doubted
        (("2024-01-01", 1.0), ("2024-01-01", 1.3), [1.3, 1.0], False),
        (("2024-01-01", 1.0), ("2024-01-01", 1.31), [1.31, 1.0], True),
        # nobody knows whether the one without a time was the earlier
        (("2024-01-01", 2.4), ("2024-01-01T09:00:00Z", 0.9), [0.9, 2.4], True),
        # here the order is known
        (("2024-01-01T08:00:00Z", 2.4), ("2024-01-01T09:00:00Z", 0.9), [0.9, 2.4], False),
        (("2024-01-01", 2.4), ("2024-01-02", 0.9), [0.9, 2.4], False),
    ],
)
def test_values_whose_order_is_not_known_are_kept_and_far_ones_marked(first, second, kept, marked):
    rows = [
        row
        for number, (when, value) in enumerate((first, second))
        for row in creatinine(value, when, fhir_id=f"o{number}")
    ]
    values = state(rows).series("creatinine")
    assert [v.value for v in values] == kept
    assert {v.quality == "verify" for v in values} == {marked}
    assert {"of the same day" in v.reason for v in values} == {marked}


@given(st.permutations(range(6)))
def test_the_order_of_rows_does_not_matter(order):
    rows = [
        row
        for number, when in enumerate(["2024", "2024-01", "2024-01-01"] * 2)
        for row in creatinine(1.0 + number, when, fhir_id=f"o{number}")
    ]
    expected = [v.value for v in state(rows).series("creatinine")]
    shuffled = [rows[position] for position in order]
    assert [v.value for v in state(shuffled).series("creatinine")] == expected


@given(st.dates(date(2020, 1, 1), date(2026, 12, 31)), st.integers(0, 3000))
def test_a_state_only_grows(first, days):
    rows = [row for year in range(2020, 2027) for row in creatinine(1.0, f"{year}-06-01")]
    rows += stored(condition(onsetDateTime="2022-01-01"))
    earlier = datetime(first.year, first.month, first.day, tzinfo=UTC)
    before = state(rows, as_of=earlier).series("creatinine")
    after = state(rows, as_of=earlier + timedelta(days=days)).series("creatinine")
    assert after[len(after) - len(before) :] == before


@pytest.mark.parametrize(
    ("days_ago", "limit", "found"),
    [(0, 0, True), (365, 365, True), (366, 365, False), (10_000, None, True)],
)
def test_the_age_limit_is_inclusive_and_counts_days(days_ago, limit, found):
    late_evening = datetime(2026, 11, 20, 23, 59, tzinfo=UTC)
    when = (late_evening - timedelta(days=days_ago)).date().isoformat()
    value = state(creatinine(1.0, when), as_of=late_evening).latest("creatinine", limit)
    assert (value is not None) == found


def test_a_known_smoking_status_is_not_lost_to_an_unknown_one():
    facts = (
        stored(smoking("8517006", effectiveDateTime="2025-01-01")),
        stored(smoking("266927001", effectiveDateTime="2026-01-01")),
    )
    assert state(*facts).latest("smoking_status", 731).code == "former"


def test_a_resolved_condition_was_active_before():
    resolved = stored(condition("15777000", status="resolved", abatementDateTime="2020-01-01"))
    assert state(resolved, as_of=day("2019-12-31")).active("prediabetes")
    assert state(resolved, as_of=day("2020-01-01")).active("prediabetes") is None
    assert state(resolved).history("prediabetes") is None


def test_history_keeps_what_persists():
    healed = stored(condition("22298006", status="resolved", abatementDateTime="2015-07-01"))
    found = state(healed)
    assert found.active("myocardial_infarction") is None
    assert found.history("myocardial_infarction").concept == "myocardial_infarction"
    assert found.history("coronary_heart_disease").resource_id == "c1"
    assert found.history("stroke") is None


@pytest.mark.parametrize("verification", ["refuted", "entered-in-error"])
def test_what_was_refuted_never_counts(verification):
    found = state(stored(condition(verification=verification)))
    assert found.history("diabetes_type_2") is None
    assert found.not_used["diabetes_type_2"][0].quality == "inactive"


def test_an_undated_problem_counts_from_its_receipt():
    undated = stored(condition(onsetDateTime=None), recorded="2025-03-01")
    assert state(undated, as_of=day("2025-02-28")).active("diabetes_type_2") is None
    value = state(undated, as_of=day("2025-03-01")).active("diabetes_type_2")
    assert (value.quality, value.precision) == ("verify", "")
    assert value.effective_at == day("2025-03-01")


def test_an_undated_measurement_is_not_used():
    undated = stored(observation("2160-0", 1.0, effectiveDateTime=None))
    assert state(undated).latest("creatinine") is None
    assert state(undated).not_used["creatinine"][0].quality == "undated"


def test_a_drug_of_two_classes_is_active_in_both():
    found = state(stored(request("597967")))
    assert found.active("statin").code == "amlodipine/atorvastatin"
    assert found.active("antihypertensive").resource_id == "m1"
    assert found.active("insulin") is None


def test_an_order_counts_while_it_runs():
    order = stored(
        request(
            status="completed",
            dispenseRequest={"expectedSupplyDuration": {"value": 30, "code": "d"}},
        )
    )
    assert state(order, as_of=day("2024-02-29")).active("statin") is None
    assert state(order, as_of=day("2024-03-01")).active("statin")
    assert state(order, as_of=day("2024-03-30")).active("statin")
    assert state(order, as_of=day("2024-03-31")).active("statin") is None


def test_a_stopped_order_without_an_end_never_counts():
    order = stored(request(status="stopped"))
    assert state(order, as_of=day("2024-03-01")).active("statin") is None


def test_an_unclassified_drug_is_listed():
    found = state(stored(request("99999999")))
    (drug,) = found.not_used["medication_unclassified"]
    assert drug.is_active(AS_OF)


@pytest.mark.parametrize(
    ("demographics", "deceased", "at"),
    [
        (Demographics(), False, None),
        (Demographics(deceased=True), True, None),
        (Demographics(deceased=True, deceased_at=day("2026-11-20")), True, "2026-11-20"),
        # not yet dead then
        (Demographics(deceased=True, deceased_at=day("2026-11-21")), False, None),
    ],
)
def test_death(demographics, deceased, at):
    found = state(demographics=demographics)
    assert found.deceased == deceased
    assert found.deceased_at == (day(at) if at else None)


@pytest.mark.parametrize(
    ("born", "precision", "age"),
    [(date(1970, 11, 20), "day", 56), (date(1970, 1, 1), "year", None), (None, "", None)],
)
def test_age(born, precision, age):
    demographics = Demographics("female", born, precision)
    found = state(demographics=demographics)
    assert (found.age, found.sex) == (age, "female")
