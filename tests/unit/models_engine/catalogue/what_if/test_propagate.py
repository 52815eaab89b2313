"""No effect is counted twice, whatever is combined with whatever."""

from itertools import permutations
from typing import Any

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_engine.catalogue.what_if.draws import DRAWS, effect_of, interval, standard
from models_engine.catalogue.what_if.effects import effects
from models_engine.catalogue.what_if.interventions import (
    Intervention,
    ScenarioError,
    scenario,
    treatments,
)
from models_engine.catalogue.what_if.propagate import Person, Propagation, propagate
from tests.unit.models_engine.catalogue.what_if.test_effects import DIABETES, SOMEBODY

NOBODY = Person()


def sets(concept: str, value: float) -> Intervention:
    return Intervention("set", concept, value)


def begins(treatment: str) -> Intervention:
    return Intervention("treatment", treatment)


def after(done: Propagation) -> dict[str, float]:
    return {shift.concept: shift.after for shift in done.shifts}


def why(done: Propagation) -> set[tuple[str, str, str]]:
    return {(n.path.id, n.origin, n.why) for n in done.not_used}


def test_nothing_begun_changes_nothing() -> None:
    done = propagate(SOMEBODY, [], DIABETES)
    assert not done.after and not done.steps and not done.not_used


def test_setting_what_is_there_changes_nothing() -> None:
    done = propagate(SOMEBODY, [sets(c, SOMEBODY[c]) for c in ("weight", "systolic_bp")], DIABETES)
    assert not done.after


@pytest.mark.parametrize(
    ("interventions", "concept", "expected"),
    [
        # Neter 2003: 1.05 mmHg a kg
        ([sets("weight", 92.0)], "systolic_bp", 150 - 8 * 1.05),
        ([sets("weight", 92.0)], "bmi", 32 * 0.92),
        # Knutsson: 0.1 points a kg
        ([sets("weight", 92.0)], "hba1c", 8.0 - 0.8),
        # Hasan 2020: 1.28 mg/dL a kg; total cholesterol loses LDL's 8 x 1.28, gains HDL's 8 x 0.46
        ([sets("weight", 92.0)], "ldl_cholesterol", 4.0 - 8 * 1.28 * 0.02586),
        ([sets("weight", 92.0)], "total_cholesterol", 6.0 - 8 * (1.28 - 0.46) * 0.02586),
        ([begins("atorvastatin_20")], "ldl_cholesterol", 4.0 * (1 - 0.423)),
        ([begins("atorvastatin_20")], "total_cholesterol", 6.0 - 4.0 * 0.423),
        # in per cent: ezetimibe acts on what the statin leaves
        (
            [begins("atorvastatin_20"), begins("ezetimibe_10")],
            "ldl_cholesterol",
            4.0 * (1 - 0.423) * (1 - 0.236),
        ),
        # Wang 2025: 8.7 at 154, 1.3 less for each 10 mmHg below
        ([begins("bp_one_standard")], "systolic_bp", 150 - (8.7 - 0.13 * 4)),
        ([begins("bp_two_standard")], "systolic_bp", 150 - (14.9 - 0.13 * 4)),
        ([begins("bp_one_half")], "systolic_bp", 150 - (7.1 - 0.10 * 4)),
        # the slope at the level that losing weight leaves: 141.6
        (
            [sets("weight", 92.0), begins("bp_one_standard")],
            "systolic_bp",
            141.6 - (8.7 - 0.13 * 12.4),
        ),
        # two plain effects add up
        ([begins("less_salt"), sets("weight", 92.0)], "systolic_bp", 150 - 4.18 - 8.4),
        # Aubin 2012: 4.67 kg, then 1.05 mmHg a kg
        ([sets("smoking_status", 0)], "weight", 104.67),
        ([sets("smoking_status", 0)], "systolic_bp", 150 + 4.67 * 1.05),
    ],
)
def test_worked_examples(interventions: list[Intervention], concept: str, expected: float) -> None:
    found = after(propagate(SOMEBODY, interventions, DIABETES))
    assert found[concept] == pytest.approx(expected, abs=1e-9)


def test_a_target_stands_and_what_leads_to_it_is_told() -> None:
    done = propagate(SOMEBODY, [sets("systolic_bp", 130), sets("weight", 92)], DIABETES)
    assert after(done)["systolic_bp"] == 130
    assert ("weight_sbp", "set:weight", "in_target") in why(done)
    assert all(step.path.to != "systolic_bp" for step in done.steps)
    spread = next(s for s in done.shifts if s.concept == "systolic_bp")
    assert (spread.low, spread.high, spread.sd) == (130, 130, 0)


@pytest.mark.parametrize("treatment", ["bp_one_standard", "less_salt", "bp_two_standard"])
def test_two_ways_to_the_same_target_do_not_add(treatment: str) -> None:
    done = propagate(SOMEBODY, [sets("systolic_bp", 138), begins(treatment)], DIABETES)
    assert after(done)["systolic_bp"] == 138
    assert {n.why for n in done.not_used} == {"in_target"}


def test_a_trial_measured_the_whole_effect_of_a_treatment() -> None:
    """Semaglutide's HbA1c is not lowered once more through the weight that it takes off."""
    done = propagate(SOMEBODY, [begins("semaglutide_10")], DIABETES)
    assert after(done)["hba1c"] == pytest.approx(8.0 - 1.36)
    assert ("weight_hba1c", "semaglutide_10", "in_whole_effect") in why(done)
    # no trial of it on blood pressure is in the table: there the way through weight counts
    assert after(done)["systolic_bp"] == pytest.approx(150 - 3.47 * 1.05)


def test_a_weight_target_holds_what_the_drug_takes_off() -> None:
    """Of 8 kg the drug brings 3.47: only the other 4.53 lower HbA1c beyond the drug's own effect."""
    done = propagate(SOMEBODY, [begins("semaglutide_10"), sets("weight", 92)], DIABETES)
    assert after(done)["weight"] == 92
    assert after(done)["hba1c"] == pytest.approx(8.0 - 1.36 - 0.1 * (8 - 3.47))


def test_a_target_smaller_than_the_drugs_effect_adds_nothing() -> None:
    done = propagate(SOMEBODY, [begins("semaglutide_10"), sets("weight", 99)], DIABETES)
    assert after(done)["hba1c"] == pytest.approx(8.0 - 1.36)


def test_a_target_against_the_drug_is_all_ones_own() -> None:
    done = propagate(SOMEBODY, [begins("semaglutide_10"), sets("weight", 104)], DIABETES)
    assert after(done)["hba1c"] == pytest.approx(8.0 - 1.36 + 0.4)


def test_several_drugs_share_a_target_without_passing_it() -> None:
    both = [begins("semaglutide_10"), begins("sglt2_inhibitor"), sets("weight", 96)]
    done = propagate(SOMEBODY, both, DIABETES)
    # 3.47 + 1.80 is more than 4: nothing is one's own, and both trials' effects stand alone
    assert after(done)["hba1c"] == pytest.approx(8.0 - 1.36 - 0.66)
    # the SGLT2 inhibitor's whole effect on blood pressure holds its weight's part of it
    share = 4 * 3.47 / (3.47 + 1.80)
    assert after(done)["systolic_bp"] == pytest.approx(150 - 4.45 - 1.05 * share)


CHOICES = [
    sets("weight", 91.5),
    sets("systolic_bp", 128.0),
    sets("hba1c", 6.9),
    sets("smoking_status", 0.0),
    *(begins(t) for t in ("bp_one_standard", "less_salt", "atorvastatin_40", "ezetimibe_10")),
    *(begins(t) for t in ("sglt2_inhibitor", "semaglutide_05")),
]


@given(st.lists(st.sampled_from(CHOICES), unique=True, max_size=6), st.randoms())
def test_order_does_not_matter(chosen: list[Intervention], random: Any) -> None:
    shuffled = list(chosen)
    random.shuffle(shuffled)
    one, two = (propagate(SOMEBODY, c, DIABETES, size=20) for c in (chosen, shuffled))
    assert one.steps == two.steps and one.not_used == two.not_used
    assert one.after.keys() == two.after.keys()
    assert all(np.array_equal(one.after[c], two.after[c]) for c in one.after)


@given(st.lists(st.sampled_from(CHOICES), unique=True, max_size=6))
def test_changes_are_the_sum_of_what_is_told(chosen: list[Intervention]) -> None:
    """Every move of a concept that is not set is the sum of the steps on the page, and no more."""
    done = propagate(SOMEBODY, chosen, DIABETES, size=20)
    aimed = {i.target for i in chosen if i.kind == "set"}
    for shift in done.shifts:
        if shift.concept not in aimed:
            told = sum(s.change for s in done.steps if s.path.to == shift.concept)
            assert shift.delta == pytest.approx(told, abs=1e-9)
    seen = [(s.path.id, s.origin) for s in done.steps]
    assert len(seen) == len(set(seen))


@given(st.lists(st.sampled_from(CHOICES), unique=True, max_size=6))
def test_a_whole_effect_is_never_met_twice(chosen: list[Intervention]) -> None:
    done = propagate(SOMEBODY, chosen, DIABETES, size=20)
    whole = {(p.from_, p.to) for p in effects().paths if p.is_of_treatment}
    for step in done.steps:
        if not step.path.is_of_treatment:
            assert (step.origin, step.path.to) not in whole


def test_a_draw_belongs_to_its_path_alone() -> None:
    alone = propagate(SOMEBODY, [begins("less_salt")], DIABETES).after["systolic_bp"]
    again = propagate(SOMEBODY, [begins("less_salt")], DIABETES).after["systolic_bp"]
    more = propagate(SOMEBODY, [begins("less_salt"), sets("hba1c", 7)], DIABETES)
    assert np.array_equal(alone, again)
    assert np.array_equal(alone, more.after["systolic_bp"])


def test_the_draws_give_the_published_interval_back() -> None:
    for path in effects().paths:
        if path.low is None or path.high is None:
            continue
        drawn = effect_of(path)
        # half the width: published intervals are not all symmetric
        half = (path.high - path.low) / 2
        low, high = interval(drawn)
        assert (high - low) / 2 == pytest.approx(half, rel=0.02), path.id
        assert drawn[0] == path.effect
        assert drawn[1:].mean() == pytest.approx(path.effect, abs=1e-6 + 1e-6 * half)
    assert standard("a").shape == (1 + DRAWS,)
    assert not np.array_equal(standard("a"), standard("b"))


def test_paths_are_only_for_those_who_were_studied() -> None:
    done = propagate(SOMEBODY, [sets("weight", 92)], NOBODY)
    assert "hba1c" not in after(done)
    assert ("weight_hba1c", "set:weight", "not_for_this_person") in why(done)
    slim = propagate({**SOMEBODY, "bmi": 23.0}, [sets("weight", 92)], DIABETES)
    assert not {"hba1c", "ldl_cholesterol"} & after(slim).keys()
    kidneys = propagate({**SOMEBODY, "egfr": 45.0}, [begins("sglt2_inhibitor")], DIABETES)
    assert "hba1c" not in after(kidneys) and "weight" in after(kidneys)


@pytest.mark.parametrize(
    ("intervention", "person", "said"),
    [
        (begins("atorvastatin_20"), Person(medicines=frozenset({"statin"})), "no statin"),
        (begins("ezetimibe_10"), NOBODY, "a statin is taken or begun"),
        (begins("semaglutide_10"), NOBODY, "Type 2 diabetes"),
        (
            begins("semaglutide_10"),
            Person(DIABETES.conditions, frozenset({"glp1_agonist"})),
            "no GLP-1 agonist",
        ),
    ],
)
def test_a_treatment_for_others_is_refused_with_its_reason(
    intervention: Intervention, person: Person, said: str
) -> None:
    done = propagate(SOMEBODY, [intervention], person)
    assert not done.after
    assert said in done.refused[0][1]


def test_without_a_value_nothing_is_guessed() -> None:
    unknown = {c: v for c, v in SOMEBODY.items() if c not in ("ldl_cholesterol", "weight")}
    done = propagate(unknown, [begins("atorvastatin_20"), sets("weight", 80)], DIABETES)
    assert not done.after
    assert ("atorvastatin_20_ldl", "atorvastatin_20", "no_value") in why(done)
    assert [i.target for i, _ in done.refused] == ["weight"]


def test_a_slope_uses_an_effect_up_and_never_turns_it_round() -> None:
    low = propagate({"systolic_bp": 80.0}, [begins("bp_one_standard")], NOBODY)
    assert not low.after
    levels = [90.0, 110.0, 130.0, 150.0, 170.0]
    falls = [
        -after(propagate({"systolic_bp": x}, [begins("bp_one_standard")], NOBODY))["systolic_bp"]
        + x
        for x in levels
    ]
    assert falls == sorted(falls) and falls[0] > 0


def test_what_has_no_interval_is_named() -> None:
    done = propagate(SOMEBODY, [begins("simvastatin_40")], NOBODY)
    assert [p.id for p in done.lacks_interval] == ["simvastatin_40_ldl"]


@pytest.mark.parametrize(
    "wrong",
    [
        [sets("weight", 90), sets("weight", 80)],
        [begins("atorvastatin_20"), begins("rosuvastatin_10")],
    ],
)
def test_a_scenario_holds_each_thing_once(wrong: list[Intervention]) -> None:
    for order in permutations(wrong):
        with pytest.raises(ScenarioError, match="twice"):
            scenario(order)


@pytest.mark.parametrize(
    "content",
    [
        {},
        {"kind": "magic", "target": "weight", "value": 1},
        {"kind": "treatment", "target": "magic", "value": 1},
        {"kind": "treatment", "target": "less_salt", "value": 3},
        {"kind": "set", "target": "weight", "value": "nan"},
        {"kind": "set", "target": "weight", "value": None},
    ],
)
def test_what_is_no_intervention_is_refused(content: dict[str, Any]) -> None:
    with pytest.raises(ScenarioError):
        Intervention.from_dict(content)


def test_interventions_survive_json() -> None:
    for intervention in (*CHOICES, *(begins(t) for t in treatments())):
        assert Intervention.from_dict(intervention.to_dict()) == intervention
    with pytest.raises(ScenarioError, match="twice"):
        scenario([sets("weight", 90), sets("weight", 80)])


def test_what_no_path_knows_cannot_be_set() -> None:
    done = propagate(SOMEBODY, [sets("egfr", 100)], NOBODY)
    assert "cannot be set" in done.refused[0][1]
