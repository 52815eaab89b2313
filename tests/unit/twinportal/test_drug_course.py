"""Doses that may be one told twice, and creatinine that changed: found, and named."""

from datetime import UTC, datetime, timedelta

import pytest

from patients.record.doses import GivenDose
from patients.record.state import Value
from patients.selectors.doses import RecordedDose
from twinportal.dashboards.clinician.drug_course import DoseRow, decided, told_twice
from twinportal.dashboards.clinician.renal_stability import recent_creatinine, unstable_creatinine

NOW = datetime(2026, 11, 21, 12, tzinfo=UTC)


def doses(*minutes: int, typed: tuple[int, ...] = ()) -> list[DoseRow]:
    source = RecordedDose(GivenDose(NOW), "given", "MedicationAdministration", "a", 1)
    rows = [DoseRow(NOW + timedelta(minutes=m), 1000.0, 1.0, source) for m in minutes]
    rows += [DoseRow(NOW + timedelta(minutes=m), 1000.0, 1.0) for m in typed]
    return sorted(rows, key=lambda row: row.at or NOW)


def places(rows: list[DoseRow]) -> list[list[int]]:
    return [[rows.index(row) for row in group] for group in told_twice(rows)]


@pytest.mark.parametrize(
    ("rows", "groups"),
    [
        (doses(0, 12), [[0, 1]]),
        (doses(0, 60), [[0, 1]]),
        (doses(0, 61), []),
        (doses(0, 40, 80, 800), [[0, 1, 2]]),
        (doses(0, 12, 720, 725), [[0, 1], [2, 3]]),
        # typed one by one, on purpose: only the same time is one told twice
        (doses(typed=(0, 60)), []),
        (doses(0, typed=(30,)), [[0, 1]]),
    ],
)
def test_near_doses_are_grouped(rows, groups):
    assert places(rows) == groups


def test_typed_twice_at_one_time_is_a_question_and_what_is_not_used_is_none():
    assert len(told_twice(doses(typed=(0, 0)))) == 1
    rows = doses(0, 12)
    assert told_twice([rows[0], DoseRow(rows[1].at, 1000.0, 1.0, why_not="by mouth")]) == []
    assert told_twice([DoseRow(None, 1000.0, 1.0), *doses(0)]) == []


def test_what_the_clinician_says_of_them():
    rows = doses(0, 40, 80, 800)
    groups = told_twice(rows)
    waiting = decided(rows, groups, "")
    assert [row.blocks for row in waiting] == [True, True, True, False]
    assert [bool(row.why_not) for row in waiting] == [True, True, True, False]
    assert decided(rows, groups, "both") == rows
    # 80 minutes after the one that counts is a dose of its own
    first = decided(rows, groups, "first")
    assert [bool(row.why_not) for row in first] == [False, True, False, False]
    assert not any(row.blocks for row in first)


def creatinine(days: float, value: float, precision: str = "time") -> Value:
    at = NOW - timedelta(days=days)
    return Value(
        "creatinine",
        "measurement",
        value,
        "mg/dL",
        "",
        at,
        precision,
        None,
        "ok",
        1,
        "Observation",
        "a",
        1,
        f"{value:g} mg/dL",
    )


@pytest.mark.parametrize(
    ("values", "said"),
    [
        ([], []),
        ([(2, 1.0)], []),
        ([(2, 1.0), (9, 1.25)], []),
        ([(2, 1.9), (9, 0.8)], ["from 0.8 mg/dL (12 Nov 2026, 12:00) to 1.9 mg/dL (19 Nov 2026, 12:00), 7 days later"]),
        # falling as well, and two values of one day
        ([(2, 0.8), (3, 1.9)], ["from 1.9 mg/dL (18 Nov 2026, 12:00) to 0.8 mg/dL (19 Nov 2026, 12:00), within 7 days"]),
        ([(2.0, 1.9), (2.25, 1.0)], ["from 1 mg/dL (19 Nov 2026, 06:00) to 1.9 mg/dL (19 Nov 2026, 12:00), within 7 days"]),
        # both: within the week, and from further back; of these the nearest is named
        ([(1, 2.0), (3, 1.2), (20, 0.9), (80, 0.7)], ["within 7 days", "from 0.9 mg/dL (1 Nov 2026, 12:00) to 2 mg/dL"]),
        ([(2, 1.9), (91, 0.8)], []),
        # an injury long over: the newest is what it was before
        ([(2, 0.8), (20, 0.8), (40, 1.0)], []),
    ],
)  # fmt: skip
def test_changes_of_creatinine(values, said):
    found = unstable_creatinine([creatinine(*one) for one in values], NOW)
    assert len(found) == len(said)
    for text, part in zip(found, said, strict=True):
        assert part in text and "not stable" in text


def test_a_value_of_a_day_is_shown_without_a_time():
    found = unstable_creatinine([creatinine(2, 1.9, "day"), creatinine(9, 0.8)], NOW)
    assert "to 1.9 mg/dL (19 Nov 2026), 7 days later" in found[0]
    assert [v.value for v in recent_creatinine([creatinine(2, 1.9), creatinine(9, 0.8)], NOW)] == [
        0.8,
        1.9,
    ]
