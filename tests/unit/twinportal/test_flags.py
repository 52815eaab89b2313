"""When an acknowledged flag is back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from twinportal.attention.flags import RETURN_STEP, comes_back, reason_names
from twinportal.attention.models import Acknowledgement, WorklistEntry
from twinportal.attention.rules import RULES

PRESSURE, SMOKING = "Systolic blood pressure: 152 mmHg", "Smoking status: yes"


def back(then: float | None, now: float | None, was: list[str], shown: list[str]) -> str | None:
    entry = WorklistEntry(rule_id="C2", probability=now, why=shown)
    return comes_back(Acknowledgement(probability=then, why=was), entry)


@pytest.mark.parametrize(
    ("then", "now", "was", "shown", "expected"),
    [
        (0.20, 0.22, [], [], "rose"),
        (0.20, 0.2199, [], [], None),
        (0.20, 0.10, [], [], None),
        (None, 0.30, [], [], "rose"),
        (0.30, None, [], [], None),
        (None, None, [PRESSURE], [PRESSURE], None),
        (0.20, 0.20, [PRESSURE], ["Systolic blood pressure: 171 mmHg"], None),
        (0.20, 0.20, [PRESSURE], [PRESSURE, SMOKING], "new_reason"),
        (0.20, 0.20, [PRESSURE, SMOKING], [SMOKING], None),
    ],
)
def test_what_brings_it_back(
    then: float | None, now: float | None, was: list[str], shown: list[str], expected: str | None
) -> None:
    assert back(then, now, was, shown) == expected


@given(st.floats(0, 1), st.floats(0, 1))
def test_only_a_rise_by_the_step_does(then: float, now: float) -> None:
    if abs(now - then - RETURN_STEP) > 1e-6:
        assert (back(then, now, [], []) == "rose") == (now - then >= RETURN_STEP)


def test_a_refusal_is_a_reason_by_its_whole_message() -> None:
    assert reason_names(["205 mmHg is outside", PRESSURE]) == {
        "205 mmHg is outside",
        "Systolic blood pressure",
    }


def test_every_rule_has_a_level_and_critical_ones_come_first() -> None:
    """UX C5: critical needs a rule id; here it stands before every other."""
    levels = {rule.level for rule in RULES}
    assert levels == {"critical", "warning", "info"}
    critical = [rule.priority for rule in RULES if rule.level == "critical"]
    assert max(critical) < min(rule.priority for rule in RULES if rule.level != "critical")
