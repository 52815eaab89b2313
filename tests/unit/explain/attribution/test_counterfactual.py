"""Counterfactuals: within ranges, nothing immutable moved, run through the model again (UX E12)."""

from itertools import combinations, product

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from explain.attribution.counterfactual import (
    LEAST,
    MOST_CHANGES,
    Counterfactual,
    Lowering,
    below,
    fewer,
    find_lowering,
)
from models_engine.catalogue.contract import Circumstances, ClinicalModel
from models_engine.catalogue.what_if.levers import Lever, levers_of
from models_engine.catalogue.what_if.recommended import NON_HDL, OVERWEIGHT
from models_engine.registry import all_models

MODELS = {model.id: model for model in all_models("north_america", "moderate")}
PREVENT, SCORE2 = MODELS["prevent_full_10y"], MODELS["score2"]
IMMUTABLE = {
    "age", "sex", "diabetes", "antihypertensive", "statin", "egfr", "hdl_cholesterol", "sdi_decile"
}  # fmt: skip
RAISED = {
    "age": 58.0,
    "sex": 0.0,
    "total_cholesterol": 6.2,
    "hdl_cholesterol": 1.2,
    "systolic_bp": 152.0,
    "bmi": 31.0,
    "diabetes": 0.0,
    "smoking_status": 1.0,
    "egfr": 80.0,
    "antihypertensive": 0.0,
    "statin": 0.0,
}
RECORD = {"weight": 92.0, "ldl_cholesterol": 4.1, "bmi": 31.0, "total_cholesterol": 6.2}
SAFE = {
    **RAISED,
    "total_cholesterol": 3.7,
    "systolic_bp": 118.0,
    "bmi": 23.0,
    "smoking_status": 0.0,
}


def asked(
    values: dict[str, float],
    limit: float | None,
    *,
    model: ClinicalModel = PREVENT,
    outcome: str = "cvd",
    record: dict[str, float] | None = None,
) -> tuple[Lowering, tuple[Lever, ...]]:
    known = {c: v for c, v in values.items() if c in {i.concept for i in model.inputs}}
    levers, _ = levers_of(model, known, record or {}, {})
    return find_lowering(model, outcome, known, levers, Circumstances(values=known), limit), levers


@st.composite
def people(draw: st.DrawFn) -> tuple[dict[str, float], dict[str, float]]:
    """Values of a model and of the record of one person that fit each other."""
    number = lambda low, high: st.floats(low, high).map(lambda x: round(x, 1))
    hdl, ldl = draw(number(0.7, 2.2)), draw(number(1.0, 4.8))
    others = draw(number(0.3, 0.9))
    total = min(max(hdl + ldl + others, 3.4), 8.2)
    bmi = draw(number(19.0, 39.5))
    values = {
        "age": float(draw(st.integers(40, 69))),
        "sex": draw(st.sampled_from([0.0, 1.0])),
        "total_cholesterol": total,
        "hdl_cholesterol": hdl,
        "systolic_bp": float(draw(st.integers(95, 179))),
        "bmi": bmi,
        "diabetes": draw(st.sampled_from([0.0, 1.0])),
        "smoking_status": draw(st.sampled_from([0.0, 1.0])),
        "egfr": float(draw(st.integers(20, 120))),
        "antihypertensive": draw(st.sampled_from([0.0, 1.0])),
        "statin": draw(st.sampled_from([0.0, 1.0])),
    }
    if draw(st.booleans()):
        values |= {"hba1c": draw(number(5.0, 12.0)), "urine_acr": float(draw(st.integers(5, 900)))}
    record = {"total_cholesterol": total, "bmi": bmi}
    if draw(st.booleans()):
        record |= {"ldl_cholesterol": ldl, "weight": round(bmi * 2.9, 1)}
    return values, record


def assert_sound(one: Counterfactual, values: dict[str, float], model: ClinicalModel) -> None:
    """Nothing immutable moved, nothing beyond what is recommended, nothing out of the model."""
    moved = {c for c, v in one.values.items() if v != values[c]}
    assert moved and not moved & IMMUTABLE
    assert all(model.input(c).modifiable and model.input(c).accepts(one.values[c]) for c in moved)
    assert all(one.values[c] < values[c] for c in moved)
    if "systolic_bp" in moved:
        assert one.values["systolic_bp"] >= 120
    if "hba1c" in moved:
        assert one.values["hba1c"] >= 7
    if "urine_acr" in moved:
        assert values["urine_acr"] >= 300
        assert one.values["urine_acr"] >= 0.7 * values["urine_acr"] - 1e-9
    if "bmi" in moved:
        assert one.values["bmi"] >= max(OVERWEIGHT, 0.9 * values["bmi"]) - 1e-9
    if "total_cholesterol" in moved:
        assert one.values["total_cholesterol"] - values["hdl_cholesterol"] >= NON_HDL - 1e-9
    for change in one.changes:
        if change.lever.concept == "ldl_cholesterol":
            assert change.value >= 1.8
            # what LDL cholesterol loses, the total loses: the other particles stay as they are
            fall = values["total_cholesterol"] - one.values["total_cholesterol"]
            assert fall == pytest.approx(change.lever.start - change.value)
        if change.lever.concept == "weight":
            share = one.values["bmi"] / values["bmi"]
            assert share == pytest.approx(change.value / change.lever.start)


def reaches(
    model: ClinicalModel,
    outcome: str,
    values: dict[str, float],
    chosen: tuple[Lever, ...],
    limit: float,
) -> bool:
    """By asking the model about every combination of values, one after the other."""
    for row in product(*(lever.values for lever in chosen)):
        inputs = dict(values)
        for lever, value in zip(chosen, row, strict=True):
            inputs |= lever.inputs(value)
        if model.predict_one(inputs)[outcome] < limit:
            return True
    return False


@given(people(), st.floats(0.003, 0.08), st.sampled_from([PREVENT, SCORE2]))
@settings(max_examples=25, deadline=None)
def test_every_counterfactual_is_in_range_and_reaches_the_target_when_run_again(
    person: tuple[dict[str, float], dict[str, float]], by: float, model: ClinicalModel
) -> None:
    """UX E12: ranges and immutables respected, re-validated by us, no smaller set reaches it."""
    # given somebody, and a target a few points below their number
    values, record = person
    outcome = "cvd" if model is PREVENT else "score2_cvd"
    known = {i.concept: values[i.concept] for i in model.inputs if i.concept in values}
    limit = fewer(model.predict_one(known)[outcome], by)
    # when it is asked what would lower it
    answer, levers = asked(values, limit, model=model, outcome=outcome, record=record)
    # then every set holds, and is as small as it can be
    sizes = [len(one.changes) for one in answer.found]
    assert sizes == sorted(sizes) and all(size <= MOST_CHANGES for size in sizes)
    for one in answer.found:
        assert_sound(one, known, model)
        assert model.predict_one(one.values)[outcome] == one.after < limit
        assert one.before - one.after >= by - 1e-9
        alone = [c.lever for c in one.changes] if len(one.changes) > 1 else []
        for lever in alone:
            assert not reaches(model, outcome, known, (lever,), limit)
    # and nobody who is told "none" could have been told one
    if not answer.found:
        assert not any(reaches(model, outcome, known, (lever,), limit) for lever in levers)
        if answer.lowest:
            assert_sound(answer.lowest, known, model)
            assert answer.lowest.after >= limit


def test_no_pair_reaches_it_where_three_are_told() -> None:
    """UX E12: no smaller set reaches it."""
    # given a target that two changes miss
    best = asked(RAISED, None)[0].found
    assert len(best) == 3
    limit = (best[1].after + best[2].after) / 2
    # when
    answer, levers = asked(RAISED, limit)
    # then
    assert answer.found and {len(one.changes) for one in answer.found} == {3}
    known = dict(RAISED)
    for pair in combinations(levers, 2):
        assert not reaches(PREVENT, "cvd", known, pair, limit)


def test_the_smallest_change_of_one_value_is_found() -> None:
    """One step less misses the target."""
    before = PREVENT.predict_one(RAISED)["cvd"]
    limit = fewer(before, 0.01)
    answer, _ = asked(RAISED, limit, record=RECORD)
    single = next(one for one in answer.found if one.concepts == {"systolic_bp"})
    step = dict(RAISED) | {"systolic_bp": single.values["systolic_bp"] + 1}
    assert PREVENT.predict_one(step)["cvd"] >= limit > single.after


def test_within_three_changes_none_may_be_a_step_smaller() -> None:
    best = asked(RAISED, None)[0].found
    limit = (best[1].after + best[2].after) / 2
    for one in asked(RAISED, limit)[0].found:
        for change in one.changes:
            at = change.lever.values.index(change.value)
            if at == 0:
                continue
            inputs = dict(one.values) | change.lever.inputs(change.lever.values[at - 1])
            assert PREVENT.predict_one(inputs)["cvd"] >= limit


def test_a_number_shown_as_the_threshold_is_not_below_it() -> None:
    answer, _ = asked(RAISED, below(0.075), record=RECORD)
    assert answer.found
    assert all(round(100 * one.after, 1) < 7.5 for one in answer.found)


def test_none_found_is_said_with_the_lowest() -> None:
    """UX E12: none found -> says so."""
    # given a target that no recommended change reaches
    answer, _ = asked(RAISED, below(0.001), record=RECORD)
    # then no set is told, and how far three changes lead is
    assert answer.found == ()
    assert answer.lowest is not None and 0.001 < answer.lowest.after < answer.before


def test_who_has_every_value_in_the_recommended_range_is_offered_nothing() -> None:
    """UX E12: none found -> says so."""
    answer, levers = asked(SAFE, None)
    assert (answer.found, levers, answer.lowest) == ((), (), None)


def test_an_association_that_would_rise_is_not_offered() -> None:
    # given a man of 69 for whom less cholesterol goes with more of all cardiovascular disease
    values = {**RAISED, "age": 69.0, "sex": 1.0, "total_cholesterol": 5.5, "systolic_bp": 150.0}
    # when
    answer, levers = asked(values, None)
    # then cholesterol is among what is not used
    assert "total_cholesterol" in {one.concept for one in levers}
    lowered = dict(values) | {"total_cholesterol": 4.5}
    if PREVENT.predict_one(lowered)["cvd"] < answer.before - LEAST:
        pytest.fail("the model does not say so of this person: choose another")
    assert "total_cholesterol" in {one.concept for one in answer.against}
    assert all("total_cholesterol" not in one.concepts for one in answer.found)


def test_an_unknown_outcome_and_a_score_are_refused() -> None:
    with pytest.raises(KeyError):
        asked(RAISED, 0.1, outcome="nothing")
    news = MODELS["news2"]
    with pytest.raises(ValueError, match="no probability"):
        find_lowering(news, "news2", {}, (), Circumstances(), 0.1)


def test_another_outcome_that_rises_is_told() -> None:
    # given the man of 69 and the outcome that less cholesterol does lower
    values = {**RAISED, "age": 69.0, "sex": 1.0, "total_cholesterol": 5.5, "systolic_bp": 118.0}
    values["smoking_status"] = 0.0
    # when
    answer, _ = asked(values, None, outcome="ascvd")
    # then the set says which numbers of the same model rise
    lowered = PREVENT.predict_one(dict(values) | {"total_cholesterol": 3.8})
    before = PREVENT.predict_one(values)
    assert answer.found[0].concepts == {"total_cholesterol"}
    rising = {o for o in before if lowered[o] >= before[o] + LEAST}
    assert rising and set(answer.found[0].raises) == rising
    # and of a lower pressure none rises
    assert not any(one.raises for one in asked(RAISED, None)[0].found)
