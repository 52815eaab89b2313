"""What drugs do to measured values: begun, taken away, exchanged; each effect once."""

from dataclasses import replace

import numpy as np
import pytest

from models_engine.catalogue.treatment.ranking.values import (
    NO_EFFECTS,
    NotKnownError,
    Today,
    changes,
)
from models_engine.catalogue.what_if.effects import Table, effects
from models_engine.catalogue.what_if.interventions import Intervention, treatments
from models_engine.catalogue.what_if.propagate import Person, propagate

LIPIDS = {"ldl_cholesterol": 2.0, "hdl_cholesterol": 1.2, "total_cholesterol": 4.0}
ON_STATIN = Person(medicines=frozenset({"statin"}))
NOBODY = Person()


def after(today: Today, new: str, old: str = "") -> dict[str, float]:
    begun = today.instead(new, old) if old else today.begun(new)
    gone = today.taken(old) if old else NO_EFFECTS
    return {row.concept: row.after for row in changes(today.values, begun, gone)[0]}


def test_the_sequential_rule_of_blood_pressure() -> None:
    # Law 2003: 9.1 mmHg at 154, 1.0 more for each 10 mmHg above: from 164 one drug takes 10.1, the
    # second is computed from 153.9 and takes 9.1
    law = Table(
        tuple(
            replace(p, effect=-9.1, low=None, high=None, slope=-0.1, reference_level=154.0)
            for p in effects().paths
            if p.id == "bp_one_sbp"
        )
    )
    drug = [Intervention("treatment", "bp_one_standard")]
    one = propagate({"systolic_bp": 164.0}, drug, NOBODY, law).after["systolic_bp"][0]
    two = propagate({"systolic_bp": float(one)}, drug, NOBODY, law).after["systolic_bp"][0]
    assert one - 164.0 == pytest.approx(-10.1)
    assert two - 164.0 == pytest.approx(-19.2, abs=0.05)


def test_a_second_drug_is_computed_at_the_level_that_the_first_leaves() -> None:
    # Wang 2025, as the table has it: 8.7 at 154 mmHg, 1.3 less for each 10 mmHg lower
    first = after(Today({"systolic_bp": 164.0}, NOBODY), "bp_one_standard")["systolic_bp"]
    assert first == pytest.approx(164 - 8.7 - 1.3)
    today = Today({"systolic_bp": first}, NOBODY)
    assert after(today, "bp_one_standard")["systolic_bp"] == pytest.approx(154.0 - 8.7)
    assert today.taken("bp_one_standard").level["systolic_bp"] == pytest.approx(164.0)


def test_stopping_leads_back_to_where_it_began() -> None:
    today = Today(LIPIDS, ON_STATIN)
    taken = today.taken("atorvastatin_20")
    assert taken.level["ldl_cholesterol"] == pytest.approx(2.0 / (1 - 0.423))
    rows, drawn = changes(LIPIDS, NO_EFFECTS, taken)
    found = {row.concept: row for row in rows}
    gained = 2.0 / (1 - 0.423) - 2.0
    assert found["ldl_cholesterol"].after == pytest.approx(2.0 + gained)
    assert found["total_cholesterol"].after == pytest.approx(4.0 + gained)
    assert found["ldl_cholesterol"].low < found["ldl_cholesterol"].after
    assert found["ldl_cholesterol"].rows == (("effects", "atorvastatin_20_ldl"),)
    assert drawn["ldl_cholesterol"].shape == (401,)


def test_another_dose_starts_from_the_level_without_the_old_one() -> None:
    today = Today(LIPIDS, ON_STATIN)
    untreated = 2.0 / (1 - 0.423)
    found = after(today, "atorvastatin_80", "atorvastatin_20")
    assert found["ldl_cholesterol"] == pytest.approx(untreated * (1 - 0.517))
    # the effects of the two never add up
    assert found["ldl_cholesterol"] > 2.0 * (1 - 0.517)


EVERYTHING = {
    "systolic_bp": 165.0,
    "hba1c": 9.5,
    "ldl_cholesterol": 4.5,
    "hdl_cholesterol": 1.2,
    "total_cholesterol": 6.5,
    "weight": 95.0,
    "bmi": 33.0,
    "egfr": 90.0,
}


@pytest.mark.parametrize("key", sorted(treatments()))
def test_every_treatment_leads_back_to_where_it_began(key: str) -> None:
    kind, requires = treatments()[key].medicine, treatments()[key].requires
    conditions = frozenset({"diabetes_type_2", "hypertension"})
    others = frozenset({"statin"}) if "with:statin" in requires else frozenset()
    before = Person(conditions=conditions, medicines=others)
    begun = Today(EVERYTHING, before).begun(key)
    after = {c: v + float(begun.shares.get(c, np.zeros(1))[0]) for c, v in EVERYTHING.items()}
    taking = replace(before, medicines=others | ({kind} - {""}))
    found = Today(after, taking).taken(key)
    assert found.level == pytest.approx(EVERYTHING)
    for concept, share in found.shares.items():
        assert share == pytest.approx(begun.shares[concept])


def test_the_same_effect_in_another_name_changes_nothing() -> None:
    today = Today({"systolic_bp": 142.0}, NOBODY)
    assert after(today, "bp_one_standard", "bp_one_standard") == {}


def test_an_effect_that_is_for_high_values_only_may_have_brought_it_down() -> None:
    # semaglutide 1 mg: 1.36 points of HbA1c, in people from 7 %
    diabetes = Person(
        conditions=frozenset({"diabetes_type_2"}), medicines=frozenset({"glp1_agonist"})
    )
    today = Today({"hba1c": 6.4, "weight": 90.0, "bmi": 31.0}, diabetes)
    taken = today.taken("semaglutide_10")
    assert taken.level["hba1c"] == pytest.approx(7.76)
    assert taken.level["weight"] == pytest.approx(93.47)
    with pytest.raises(NotKnownError, match="is recorded"):
        Today({"hba1c": 6.4}, NOBODY).begun("semaglutide_10")


def test_what_is_below_every_floor_is_left_out_and_said() -> None:
    diabetes = Person(
        conditions=frozenset({"diabetes_type_2"}), medicines=frozenset({"glp1_agonist"})
    )
    # no effect is followed below 6 %: nothing that semaglutide brought can have led to 5.5
    found = Today({"hba1c": 5.5, "weight": 90.0, "bmi": 31.0}, diabetes).taken("semaglutide_10")
    assert "hba1c" not in found.shares and found.level["weight"] == pytest.approx(93.47)
    assert any(note.startswith("HbA1c") for note in found.notes)


def test_what_is_taken_already_is_not_begun() -> None:
    today = Today(LIPIDS, ON_STATIN)
    for _ in range(2):
        # the answer is kept, and stays an answer
        with pytest.raises(NotKnownError, match="statin is taken already"):
            today.begun("atorvastatin_20")


@pytest.mark.parametrize("pressure", [105.0, 118.0])
def test_a_level_that_no_start_leads_to_is_not_made_up(pressure: float) -> None:
    # effects are not followed below 110 mmHg, and drugs are tried from 130 only
    with pytest.raises(NotKnownError, match="level without One more blood pressure drug"):
        Today({"systolic_bp": pressure}, NOBODY).taken("bp_one_standard")


def test_a_treatment_without_a_value_to_start_from_says_so() -> None:
    with pytest.raises(NotKnownError, match="No usable value"):
        Today({}, NOBODY).begun("atorvastatin_20")


def test_draws_of_an_exchange_cancel_where_effects_are_one() -> None:
    today = Today(LIPIDS, ON_STATIN)
    _, drawn = changes(LIPIDS, today.instead("atorvastatin_80", "atorvastatin_20"),
                       today.taken("atorvastatin_20"))  # fmt: skip
    assert float(np.std(drawn["ldl_cholesterol"][1:])) < 0.03
