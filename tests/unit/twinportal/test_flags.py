"""When an acknowledged flag is back."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_engine.catalogue.display import PREVENT_10Y
from models_engine.catalogue.feature_set import InputUsed
from models_engine.found import out_of_range
from models_engine.registry import model
from twinportal.attention.flags import RETURN_STEP, comes_back, goes_further, reason_names
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


def beyond(label: str, value: str, limits: str) -> str:
    return f"{label} {value} is outside the range of this model: {limits}."


def test_a_refusal_is_a_reason_by_what_it_is_about() -> None:
    acid = "eGFR", "9 mL/min/1.73 m2 (from Creatinine 5 mg/dL of 3 Mar 2026)", "above 15 to 140"
    assert reason_names([beyond("Systolic blood pressure", "226 mmHg", "90 to 200"), SMOKING]) == {
        "Systolic blood pressure",
        "Smoking status",
    }
    assert reason_names([beyond(*acid)]) == {"eGFR"}
    assert reason_names(["205 mmHg is not known"]) == {"205 mmHg is not known"}


def test_the_refusals_of_the_models_are_read() -> None:
    """Every input of the model that the rules are about, as its refusal is worded."""
    for declared in model(PREVENT_10Y[0]).inputs:
        if not declared.low or declared.high is None:
            continue
        source = InputUsed(declared.concept, declared.label, 0.0, declared.unit, "used", "")
        high, higher, low, lower = (
            out_of_range(declared, value, source).message
            for value in (declared.high * 1.1, declared.high * 1.3, declared.low * 0.9, 0.0)
        )
        assert reason_names([high, higher, low, lower]) == {declared.label}
        assert goes_further([high], [higher]) and not goes_further([higher], [high])
        assert goes_further([low], [lower]) and not goes_further([lower], [low])


@pytest.mark.parametrize(
    ("was", "now", "expected"),
    [("226", "186", None), ("226", "226", None), ("205", "240", "further")],
)
def test_a_pressure_that_gets_better_stays_quiet(was: str, now: str, expected: str | None) -> None:
    then, shown = (
        [beyond("Systolic blood pressure", f"{value} mmHg", "from 90 to 180 mmHg")]
        for value in (was, now)
    )
    assert back(None, None, then, shown) == expected


@pytest.mark.parametrize(
    ("seen", "firing", "expected"),
    [
        (["K1", "K2"], ["K1", "K2"], None),
        (["K1", "K2"], ["K1", "C2", "K2"], "new_rule"),
        (["K1", "K2"], ["K1", "K2", "C5"], "new_rule"),
        (["K1", "C2", "K2"], ["K1", "K2"], None),
        # from before they were kept
        ([], ["K1"], None),
        ([], ["K1", "C2"], "new_rule"),
    ],
)
def test_any_rule_that_was_not_firing_brings_it_back(
    seen: list[str], firing: list[str], expected: str | None
) -> None:
    entry = WorklistEntry(rule_id="K1", probability=0.2, firing=firing)
    given = Acknowledgement(probability=0.2, firing=seen)
    assert comes_back(given, entry) == expected


def test_every_rule_has_a_level_and_critical_ones_come_first() -> None:
    """UX C5: critical needs a rule id; here it stands before every other."""
    levels = {rule.level for rule in RULES}
    assert levels == {"critical", "warning", "info"}
    critical = [rule.priority for rule in RULES if rule.level == "critical"]
    assert max(critical) < min(rule.priority for rule in RULES if rule.level != "critical")
