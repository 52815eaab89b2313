"""Models before and after: exact, monotone, refused by name."""

from typing import Any

import numpy as np
import pytest

from models_engine.catalogue.contract import Circumstances, ClinicalModel
from models_engine.catalogue.what_if.compare import ModelComparison, compare
from models_engine.catalogue.what_if.draws import DRAWS
from models_engine.catalogue.what_if.interventions import Intervention
from models_engine.catalogue.what_if.propagate import Person, propagate
from models_engine.registry import all_models, model
from tests.unit.models_engine.catalogue.what_if.test_effects import SOMEBODY

PROBABILITIES = [
    m for m in all_models(score2_region="low") if m.is_probability and m.background is not None
]
VALUES = {
    "age": 55.0,
    "sex": 1.0,
    "total_cholesterol": 6.0,
    "hdl_cholesterol": 1.2,
    "systolic_bp": 150.0,
    "bmi": 32.0,
    "egfr": 80.0,
    "diabetes": 0.0,
    "smoking_status": 1.0,
    "antihypertensive": 0.0,
    "statin": 0.0,
}


def run(
    chosen: list[Intervention], values: dict[str, float] = VALUES, which: str = "prevent_base_10y"
) -> ModelComparison:
    done = propagate(SOMEBODY, chosen, Person())
    return compare(model(which), values, Circumstances(values=values), SOMEBODY, done.after)


def rows_of(one: ClinicalModel) -> list[dict[str, float]]:
    assert one.background is not None
    columns = one.background.rows
    return [{c: float(columns[c][at]) for c in columns} for at in range(one.background.size)]


def test_before_is_what_the_model_says_and_no_change_is_exactly_none() -> None:
    same = run([])
    assert not same.responds
    told = model("prevent_base_10y").predict_one(VALUES)
    for outcome in same.outcomes:
        assert outcome.before == outcome.after == told[outcome.outcome]
        assert outcome.difference == 0.0


def test_after_is_what_the_model_says_of_the_changed_person() -> None:
    done = run(
        [Intervention("set", "systolic_bp", 130.0), Intervention("set", "smoking_status", 0)]
    )
    assert set(done.moved_by) == {"systolic_bp", "bmi", "smoking_status"}
    moved = propagate(
        SOMEBODY,
        [Intervention("set", "systolic_bp", 130.0), Intervention("set", "smoking_status", 0)],
        Person(),
    )
    changed = {s.concept: s.after for s in moved.shifts}
    told = model("prevent_base_10y").predict_one(
        {**VALUES, **{c: v for c, v in changed.items() if c in VALUES}}
    )
    for outcome in done.outcomes:
        assert outcome.after == pytest.approx(told[outcome.outcome], abs=1e-12)
        assert outcome.low is not None and outcome.high is not None
        assert outcome.low <= outcome.after <= outcome.high
        assert outcome.after < outcome.before


def test_beginning_a_drug_does_not_flip_what_the_model_observes() -> None:
    """In PREVENT a statin or a blood pressure medicine raises the number: it marks the treated."""
    chosen = [
        Intervention("treatment", "atorvastatin_20"),
        Intervention("treatment", "bp_one_standard"),
    ]
    done = run(chosen)
    assert not {"statin", "antihypertensive"} & set(done.moved_by)
    flipped = model("prevent_base_10y").predict_one({**VALUES, "statin": 1.0})
    assert flipped["cvd"] != model("prevent_base_10y").predict_one(VALUES)["cvd"]
    assert all(o.after is not None and o.after < o.before for o in done.outcomes[:3])


def test_out_of_the_models_range_there_is_no_number_but_a_reason() -> None:
    done = run([Intervention("set", "systolic_bp", 88.0)])
    assert [r.code for r in done.refusals] == ["out_of_range.systolic_bp"]
    assert "88 mmHg after the change" in done.refusals[0].message
    assert done.refusals[0].side == "below"
    for outcome in done.outcomes:
        assert outcome.after is None and outcome.difference is None
        assert outcome.before == model("prevent_base_10y").predict_one(VALUES)[outcome.outcome]


def test_draws_that_leave_the_range_take_the_interval_away() -> None:
    # the weight that is gained leads to a body mass index of 39.9; the model is for less than 40
    before, values = {**SOMEBODY, "bmi": 38.15}, {**VALUES, "bmi": 38.15}
    done = propagate(before, [Intervention("set", "smoking_status", 0)], Person())
    found = compare(
        model("prevent_base_10y"), values, Circumstances(values=values), before, done.after
    )
    assert not found.refusals
    assert all(o.after is not None and o.low is None and o.high is None for o in found.outcomes)


def test_a_model_that_reads_another_value_is_not_compared() -> None:
    done = run([Intervention("set", "systolic_bp", 130.0)], {**VALUES, "systolic_bp": 149.0})
    assert done.refusals and "reads 149 mmHg" in done.refusals[0].message
    assert all(o.after is None for o in done.outcomes)


def test_a_model_that_no_longer_applies_says_so(monkeypatch: Any) -> None:
    from dataclasses import replace

    from models_engine.catalogue.contract import Refusal

    strict = replace(
        model("prevent_base_10y"),
        applies=lambda c: (
            (Refusal("not_applicable", "systolic_bp", "Too healthy."),)
            if c.values["systolic_bp"] < 140
            else ()
        ),
    )
    moved = {"systolic_bp": np.full(1 + DRAWS, 130.0)}
    found = compare(strict, VALUES, Circumstances(values=VALUES), SOMEBODY, moved)
    assert [r.message for r in found.refusals] == ["Too healthy."]


def test_a_smoker_who_stops_is_a_former_smoker_where_the_model_knows_one() -> None:
    kidney = model("ckdpc_40_diabetes")
    values = {**rows_of(kidney)[0], "smoking_history": 2.0, "systolic_bp": 150.0}
    done = compare(
        kidney,
        values,
        Circumstances(values=values, ever=frozenset({"diabetes_type_2"})),
        {"smoking_status": 1.0},
        {"smoking_status": np.zeros(1 + DRAWS)},
    )
    assert done.moved_by == ("smoking_history",)
    told = kidney.predict_one({**values, "smoking_history": 1.0})
    assert not done.refusals, done.refusals
    assert done.outcomes[0].after == pytest.approx(told["egfr_decline_40"], abs=1e-12)


@pytest.mark.parametrize("one", PROBABILITIES, ids=lambda m: m.id)
def test_less_blood_pressure_never_raises_a_monotone_model(one: ClinicalModel) -> None:
    """And so with every input that a model declares to rise or fall all over its range."""
    checked = 0
    for values in rows_of(one)[:8]:
        for concept, direction in one.monotone.items():
            declared = one.input(concept)
            value = values[concept]
            if not np.isfinite(value) or declared.role not in ("measurement", "coded"):
                continue
            lower = 0.0 if declared.role == "coded" else 0.97 * value
            if lower >= value or not declared.accepts(lower):
                continue
            after = {concept: np.full(1 + DRAWS, lower)}
            found = compare(one, values, Circumstances(values=values), {concept: value}, after)
            if found.refusals:
                continue
            checked += 1
            for outcome in found.outcomes:
                assert outcome.difference is not None
                sign = 1 if direction == "up" else -1
                assert sign * outcome.difference <= 1e-12, (concept, outcome)
    readable = [c for c in one.monotone if one.input(c).role in ("measurement", "coded")]
    assert checked or not readable


@pytest.mark.parametrize(
    "one",
    [m for m in PROBABILITIES if "systolic_bp" in {i.concept for i in m.inputs}],
    ids=lambda m: m.id,
)
def test_lowering_blood_pressure_lowers_what_reads_it(one: ClinicalModel) -> None:
    """Where a model reads systolic pressure, 150 to 130 lowers its main outcome."""
    values = {**rows_of(one)[0], "systolic_bp": 150.0}
    before, after = {"systolic_bp": 150.0}, {"systolic_bp": np.full(1 + DRAWS, 130.0)}
    found, diabetic = (
        compare(one, values, Circumstances(values=values, ever=ever), before, after)
        for ever in (frozenset(), frozenset({"diabetes_type_2"}))
    )
    found = diabetic if found.refusals else found
    assert not found.refusals
    assert found.outcomes[0].difference is not None and found.outcomes[0].difference < 0


def test_a_change_that_works_against_itself_in_a_model_is_named() -> None:
    """In PREVENT a systolic pressure below 110 goes with more events: an association."""
    low = {**SOMEBODY, "systolic_bp": 112.0}
    values = {**VALUES, "systolic_bp": 112.0}
    chosen = [Intervention("set", "systolic_bp", 92.0), Intervention("set", "smoking_status", 0)]
    done = propagate(low, chosen, Person())
    found = compare(
        model("prevent_base_10y"), values, Circumstances(values=values), low, done.after
    )
    by_id = {o.outcome: o for o in found.outcomes}
    assert "systolic_bp" in by_id["hf"].against
    assert "smoking_status" not in by_id["hf"].against
    alone = model("prevent_base_10y").predict_one({**values, "systolic_bp": 92.0})
    assert alone["hf"] - by_id["hf"].before >= 0.0005


def test_a_change_for_the_worse_is_no_association() -> None:
    for chosen in (("systolic_bp", 130.0), ("systolic_bp", 170.0), ("weight", 101.0)):
        done = run([Intervention("set", *chosen)])
        assert "systolic_bp" not in {c for o in done.outcomes for c in o.against}
    assert all(o.after is not None and o.after > o.before for o in done.outcomes[:1])


def test_the_range_holds_the_estimate_at_a_knot_too() -> None:
    """At 110 mmHg PREVENT turns, and no effect is followed below it."""
    before, values = {**SOMEBODY, "systolic_bp": 114.2}, {**VALUES, "systolic_bp": 114.2}
    done = propagate(before, [Intervention("set", "weight", 96.0)], Person())
    found = compare(
        model("prevent_base_10y"), values, Circumstances(values=values), before, done.after
    )
    for one in found.outcomes:
        assert one.low is not None and one.high is not None and one.after is not None
        assert one.low <= one.after <= one.high
