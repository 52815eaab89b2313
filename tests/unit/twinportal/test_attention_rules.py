"""The worklist's order is a rule, and the rule is deterministic."""

import pytest

from twinportal.attention.rules import RULES, Situation, cannot_wait, extremes_of, judge, rule_by_id


def cvd(now: float | None, earlier: float | None = None) -> Situation:
    return Situation("prevent", "cvd", now, earlier)


def kidney(now: float | None, outcome: str = "kidney_failure_2y") -> Situation:
    return Situation("kfre", outcome, now)


@pytest.mark.parametrize(
    ("situations", "rule"),
    [
        ([kidney(0.10), cvd(0.5)], "K1"),
        ([kidney(0.0999), cvd(0.5)], "C2"),
        ([cvd(0.13, 0.08)], "C1"),
        ([cvd(0.20)], "C2"),
        ([kidney(0.03, "kidney_failure_5y"), cvd(0.08)], "K2"),
        ([cvd(0.10, 0.08)], "C3"),
        ([cvd(0.07, 0.01)], ""),
        ([cvd(0.075)], "C4"),
        ([cvd(0.05, 0.08)], "C5"),
        ([cvd(0.05)], ""),
        ([cvd(None)], ""),
        ([], ""),
    ],
)
def test_the_first_rule_that_fires(situations: list[Situation], rule: str) -> None:
    verdict = judge(situations)
    assert (verdict.rule.id if verdict.rule else "") == rule


def test_a_value_beyond_the_model_comes_first_on_its_dangerous_side_only() -> None:
    def refusal(concept: str, side: str) -> dict[str, str]:
        return {"kind": "out_of_range", "concept": concept, "side": side, "message": "205 mmHg"}

    high = extremes_of([refusal("systolic_bp", "above"), refusal("systolic_bp", "below")])
    assert high == ("205 mmHg",)
    assert extremes_of([refusal("egfr", "above"), refusal("hdl_cholesterol", "above")]) == ()
    assert cannot_wait([refusal("systolic_bp", "above")])
    assert not cannot_wait([refusal("bmi", "above"), refusal("systolic_bp", "below")])
    verdict = judge([Situation("prevent", "cvd", None, None, high, True), kidney(0.5)])
    assert verdict.firing == ("X1", "K1", "X2")
    assert verdict.rule is rule_by_id("X1")
    heavy = Situation("prevent", "cvd", None, None, ("BMI 44",))
    assert judge([heavy]).rule is rule_by_id("X2")
    assert judge([heavy, kidney(0.5)]).rule is rule_by_id("K1")
    assert judge([Situation("prevent", "cvd", 0.3, None, high)]).rule is rule_by_id("C2")


def test_without_a_rule_numbers_stand_before_none() -> None:
    assert judge([cvd(0.01)]).priority < judge([cvd(None)]).priority
    assert max(rule.priority for rule in RULES) < judge([cvd(0.01)]).priority


def test_rules_are_documented_and_unique() -> None:
    assert len({rule.id for rule in RULES}) == len(RULES)
    assert [rule.priority for rule in RULES] == sorted({rule.priority for rule in RULES})
    for rule in RULES:
        assert rule.text and rule.title and rule.evidence in {"V", "S", "M", "J"}
        assert rule_by_id(rule.id) is rule
    assert rule_by_id("") is None
