"""No effect is counted twice, whatever is combined with whatever."""

from itertools import pairwise, permutations
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
        ([begins("less_salt"), sets("weight", 92.0)], "systolic_bp", 150 - 2.42 - 8.4),
        # a later review: less on a statin of high intensity
        (
            [begins("atorvastatin_80"), begins("ezetimibe_10")],
            "ldl_cholesterol",
            4.0 * (1 - 0.517) * (1 - 0.14),
        ),
        # Aubin 2012: 4.67 kg
        ([sets("smoking_status", 0)], "weight", 104.67),
        ([sets("smoking_status", 0)], "bmi", 32 * 1.0467),
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
    person = Person(DIABETES.conditions | {"hypertension"})
    done = propagate(SOMEBODY, [sets("systolic_bp", 138), begins(treatment)], person)
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
    done = propagate({**SOMEBODY, "hba1c": 9.0}, both, DIABETES)
    # 3.47 + 1.80 is more than 4: nothing is one's own, and both trials' effects stand alone
    assert after(done)["hba1c"] == pytest.approx(9.0 - 1.36 - 0.66)
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
    kidneys = propagate({**SOMEBODY, "egfr": 44.9}, [begins("sglt2_inhibitor")], DIABETES)
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
    # a loss of weight that leaves a pressure where the slope would turn the effect round
    heavy = {"weight": 200.0, "bmi": 60.0, "systolic_bp": 131.0}
    low = propagate(heavy, [begins("bp_one_standard"), sets("weight", 150)], NOBODY)
    assert after(low)["systolic_bp"] == 110.0
    levels = [130.0, 140.0, 150.0, 170.0]
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


PRESSURE = ("bp_one_half", "bp_one_standard", "bp_two_standard")


@given(st.floats(130, 220), st.floats(0, 50), st.booleans())
def test_a_larger_dose_never_does_less_and_nobody_is_followed_below_the_floor(
    pressure: float, lost: float, salt: bool
) -> None:
    heavy = {"weight": 200.0, "bmi": 60.0, "systolic_bp": pressure}
    others = [sets("weight", 200.0 - lost), *([begins("less_salt")] if salt else [])]
    ends = []
    for drug in PRESSURE:
        done = propagate(heavy, [*others, begins(drug)], NOBODY, size=20)
        assert not done.refused
        ends.append(after(done).get("systolic_bp", pressure))
        assert float(done.after["systolic_bp"].min()) >= 110.0 - 1e-9
    # at the floor two sums differ by their rounding
    assert all(more <= less + 1e-9 for less, more in pairwise(ends))


@pytest.mark.parametrize("treatment", [*PRESSURE, "less_salt"])
def test_a_low_pressure_is_not_treated(treatment: str) -> None:
    least = 120 if treatment == "less_salt" else 130
    low = propagate({"systolic_bp": least - 1.0}, [begins(treatment)], NOBODY)
    assert not low.after
    assert f"systolic blood pressure is {least} or more" in low.refused[0][1]
    assert propagate({"systolic_bp": float(least)}, [begins(treatment)], NOBODY).after


def test_an_effect_that_would_lead_below_the_floor_is_counted_in_part_and_told() -> None:
    person = Person(DIABETES.conditions)
    both = [begins("semaglutide_10"), begins("sglt2_inhibitor")]
    done = propagate({**SOMEBODY, "hba1c": 7.2}, both, person)
    assert after(done)["hba1c"] == pytest.approx(6.0)
    told = sum(s.change for s in done.steps if s.path.to == "hba1c")
    assert told == pytest.approx(-1.2)
    assert {n.path.id for n in done.not_used if n.why == "floor"} == {
        "semaglutide_10_hba1c",
        "sglt2_hba1c",
    }


def test_a_good_hba1c_is_not_lowered_by_what_was_studied_at_a_high_one() -> None:
    chosen = [begins("semaglutide_10"), begins("sglt2_inhibitor"), sets("weight", 90)]
    done = propagate({**SOMEBODY, "hba1c": 6.9}, chosen, DIABETES)
    assert "hba1c" not in after(done)
    assert any("HbA1c is 7 or more" in n.message for n in done.not_used)


@pytest.mark.parametrize(
    ("egfr", "conditions", "said"),
    [
        (8.0, set(), "eGFR is 20 or more"),
        (19.9, set(), "eGFR is 20 or more"),
        (80.0, {"dialysis"}, "Dialysis is not recorded"),
        (None, set(), "eGFR is 20 or more"),
    ],
)
def test_no_sglt2_inhibitor_without_kidneys(
    egfr: float | None, conditions: set[str], said: str
) -> None:
    values = {c: v for c, v in SOMEBODY.items() if c != "egfr"}
    values |= {} if egfr is None else {"egfr": egfr}
    person = Person(DIABETES.conditions | conditions)
    done = propagate(values, [begins("sglt2_inhibitor")], person)
    assert not done.after and said in done.refused[0][1]


@pytest.mark.parametrize(("egfr", "points"), [(60.0, -0.66), (59.9, -0.34), (45.0, -0.34)])
def test_sugar_falls_less_where_the_kidneys_do_less(egfr: float, points: float) -> None:
    done = propagate({**SOMEBODY, "egfr": egfr}, [begins("sglt2_inhibitor")], DIABETES)
    assert after(done)["hba1c"] == pytest.approx(SOMEBODY["hba1c"] + points)


def test_a_whole_effect_that_was_not_used_is_not_said_to_hold_a_part() -> None:
    done = propagate({**SOMEBODY, "egfr": 40.0}, [begins("sglt2_inhibitor")], DIABETES)
    assert "hba1c" not in after(done)
    found = next(n for n in done.not_used if n.path.id == "weight_hba1c")
    assert found.why == "not_for_this_person" and "not counted in its place" in found.message
    used = propagate(SOMEBODY, [begins("sglt2_inhibitor")], DIABETES)
    assert ("weight_hba1c", "sglt2_inhibitor", "in_whole_effect") in why(used)


def test_nobody_is_led_below_a_normal_weight() -> None:
    slim = {**SOMEBODY, "weight": 60.0, "bmi": 21.0}
    low = propagate(slim, [sets("weight", 52.0)], DIABETES)
    assert not low.after and "below 18.5" in low.refused[0][1]
    fine = propagate(slim, [sets("weight", 53.0)], DIABETES)
    # nobody of a normal weight was in the trials: only the definition is left
    assert after(fine) == {"weight": 53.0, "bmi": pytest.approx(18.55)}
    thin = {**slim, "bmi": 18.6}
    drug = propagate(thin, [begins("semaglutide_10")], DIABETES)
    assert after(drug)["bmi"] == pytest.approx(18.5)
    assert propagate({**slim, "bmi": 17.0}, [sets("weight", 62.0)], DIABETES).after
    unknown = {c: v for c, v in slim.items() if c != "bmi"}
    assert "open" in propagate(unknown, [sets("weight", 59.0)], DIABETES).refused[0][1]


def test_weight_gained_after_smoking_worsens_nothing_that_was_not_studied() -> None:
    done = propagate(SOMEBODY, [sets("smoking_status", 0)], DIABETES)
    assert set(after(done)) == {"smoking_status", "weight", "bmi"}
    left = {n.path.id for n in done.not_used if "people who lose weight" in n.message}
    assert left == {"weight_sbp", "weight_hba1c", "weight_ldl", "weight_hdl"}


def test_salt_does_less_without_hypertension() -> None:
    for person, fall in ((NOBODY, 2.42), (Person(frozenset({"hypertension"})), 4.18)):
        done = propagate({"systolic_bp": 131.0}, [begins("less_salt")], person)
        assert after(done)["systolic_bp"] == pytest.approx(131.0 - fall)


def test_ezetimibe_does_less_where_the_dose_of_the_statin_is_not_read() -> None:
    taken = Person(medicines=frozenset({"statin"}))
    done = propagate(SOMEBODY, [begins("ezetimibe_10")], taken)
    assert after(done)["ldl_cholesterol"] == pytest.approx(4.0 * 0.86)


def test_nothing_is_tried_for_whom_there_is_no_what_if() -> None:
    chosen = [begins("atorvastatin_20"), sets("weight", 92), sets("smoking_status", 0)]
    done = propagate(SOMEBODY, chosen, Person(barred="This person has died."))
    assert not done.after and not done.accepted
    assert [reason for _, reason in done.refused] == ["This person has died."] * 3


@pytest.mark.parametrize(
    ("person", "treatment", "said"),
    [
        (Person(allergies={"statin": ("Simvastatin",)}), "atorvastatin_20", "Simvastatin"),
        (
            Person(DIABETES.conditions, allergies={"glp1_agonist": ("Ozempic",)}),
            "semaglutide_10",
            "Ozempic",
        ),
        (
            Person(perhaps={"": ("the white pill",)}, is_patient=True),
            "atorvastatin_20",
            "may be taken",
        ),
        (Person(allergies_unread=True, is_patient=True), "atorvastatin_20", "could not be read"),
        (
            Person(allergies={"antihypertensive": ("Ramipril",)}, is_patient=True),
            "bp_one_standard",
            "Ramipril",
        ),
    ],
)
def test_a_treatment_that_the_record_speaks_against_is_refused(
    person: Person, treatment: str, said: str
) -> None:
    done = propagate(SOMEBODY, [begins(treatment)], person)
    assert not done.after and said.lower() in done.refused[0][1].lower()


def test_ezetimibe_does_not_rest_on_a_statin_that_is_not_borne() -> None:
    person = Person(allergies={"statin": ("Simvastatin",)})
    done = propagate(SOMEBODY, [begins("atorvastatin_20"), begins("ezetimibe_10")], person)
    assert len(done.refused) == 2 and not done.after


def test_what_a_clinician_has_to_look_at_is_told() -> None:
    person = Person(
        perhaps={"": ("the white pill",), "sglt2_inhibitor": ("A10B",)},
        allergies={"antihypertensive": ("Ramipril",)},
    )
    done = propagate(SOMEBODY, [begins("atorvastatin_20"), begins("bp_one_standard")], person)
    assert [(i.target, text) for i, text in done.doubts] == [
        ("atorvastatin_20", "May be taken already: the white pill."),
        ("bp_one_standard", "An allergy or intolerance is recorded: Ramipril."),
    ]
    assert {"ldl_cholesterol", "systolic_bp"} <= after(done).keys()
