"""Refusals in the audit log: enough to see an attack, never enough to fill the disk."""

from patients.audit import Minute


def test_each_once_a_minute() -> None:
    minute = Minute()
    assert [minute.number("a", second) for second in (0, 1, 59)] == [1, 0, 0]
    assert minute.number("b", 59.9) == 2
    assert [minute.number("a", second) for second in (60, 61)] == [1, 0]


def test_many_different_ones_have_a_limit() -> None:
    minute = Minute(most=3)
    assert [minute.number(key, 0) for key in "abcde"] == [1, 2, 3, 0, 0]
    assert minute.number("e", 60) == 1
