"""What may be moved to lower a prediction: towards what is recommended, tied values together."""

import numpy as np
import pytest

from models_engine.catalogue.what_if.compare import AIMED
from models_engine.catalogue.what_if.controls import CONTROL_OF
from models_engine.catalogue.what_if.effects import effects
from models_engine.catalogue.what_if.levers import Lever, levers_of
from models_engine.catalogue.what_if.propagate import FLOORS, LEAN
from models_engine.catalogue.what_if.recommended import (
    NOT_AIMED_AT,
    OVERWEIGHT,
    RECOMMENDED,
    RECOMMENDED_FOR,
    Recommended,
)
from models_engine.registry import all_models, model
from twinportal.what_if.forms import PATIENT_FLOORS

FULL = model("prevent_full_10y")
KIDNEY = model("ckdpc_40_diabetes")
VALUES = {
    "age": 60.0,
    "sex": 1.0,
    "total_cholesterol": 6.0,
    "hdl_cholesterol": 1.2,
    "systolic_bp": 151.6,
    "bmi": 32.0,
    "smoking_status": 1.0,
    "diabetes": 1.0,
    "hba1c": 8.24,
    "urine_acr": 963.0,
}
RECORD = {"total_cholesterol": 6.0, "ldl_cholesterol": 4.0, "bmi": 32.0, "weight": 96.0}


def levers(values: dict[str, float], start: dict[str, float], **unfit: str) -> dict[str, Lever]:
    return {one.concept: one for one in levers_of(FULL, values, start, unfit)[0]}


def reasons(values: dict[str, float], start: dict[str, float] | None = None) -> dict[str, str]:
    return {one.concept: one.reason for one in levers_of(FULL, values, start or {}, {})[1]}


def test_values_run_from_the_least_change_to_the_recommended_end():
    found = levers(VALUES, RECORD)
    assert set(found) == {
        "ldl_cholesterol", "systolic_bp", "weight", "smoking_status", "hba1c", "urine_acr"
    }  # fmt: skip
    assert (found["systolic_bp"].values[0], found["systolic_bp"].values[-1]) == (151.0, 120.0)
    assert (found["hba1c"].values[0], found["hba1c"].values[-1]) == (8.1, 7.0)
    # total less HDL not below 2.6: the other particles are 0.8 here
    assert found["ldl_cholesterol"].values[-1] == 1.8
    # 10 % of 96 kg, to the half kilogram
    assert found["weight"].values[-1] == 86.5
    assert found["urine_acr"].values[-1] == 675.0
    for one in found.values():
        assert list(one.values) == sorted(one.values, reverse=True)
        assert all(value < one.start for value in one.values)
        assert (np.diff(one.efforts(np.array(one.values))) > 0).all()


def test_what_is_tied_moves_together():
    found = levers(VALUES, RECORD)
    assert found["weight"].inputs(86.4)["bmi"] == pytest.approx(32.0 * 0.9)
    assert found["ldl_cholesterol"].inputs(3.0) == {"total_cholesterol": 5.0}
    # nobody is led below the normal weight
    slim = levers({**VALUES, "bmi": 26.0}, {**RECORD, "bmi": 26.0, "weight": 78.0})
    assert slim["weight"].values[-1] == 75.0 == 78.0 * OVERWEIGHT / 26.0


@pytest.mark.parametrize(
    "record",
    [{}, {**RECORD, "total_cholesterol": 5.1, "bmi": 30.0}],
    ids=["nothing else recorded", "the model reads other values"],
)
def test_without_values_that_fit_the_model_s_own_are_moved(record):
    found = levers(VALUES, record)
    assert {"total_cholesterol", "bmi"} <= set(found)
    assert found["total_cholesterol"].values[-1] == pytest.approx(1.2 + 2.6)
    assert found["bmi"].values[-1] == 28.8


def test_ldl_of_another_sample_is_not_taken_for_a_part_of_the_total():
    assert "ldl_cholesterol" not in levers(VALUES, RECORD, ldl_total="measured 200 days apart")


def test_what_is_in_range_or_nobody_is_led_to_is_left_with_a_reason():
    fine = {**VALUES, "systolic_bp": 118.0, "hba1c": 6.8, "bmi": 24.0, "smoking_status": 0.0}
    found = reasons({**fine, "urine_acr": 299.0, "total_cholesterol": 3.7})
    assert "Already within the range that is tried" in found["systolic_bp"]
    assert "Already within the range that is tried" in found["hba1c"]
    assert "from 300 mg/g" in found["urine_acr"]
    assert "does not say that this person smokes" in found["smoking_status"]
    assert found["hdl_cholesterol"] == NOT_AIMED_AT["hdl_cholesterol"]
    assert (
        "HDL cholesterol is not known"
        in reasons({c: v for c, v in VALUES.items() if c != "hdl_cholesterol"})["total_cholesterol"]
    )


@pytest.mark.parametrize(
    ("hba1c", "said"),
    [
        (5.6, "none is recorded."),
        (5.7, "above the usual range"),
        (6.4, "above the usual range"),
        (6.5, "confirm or exclude it"),
        (8.24, "confirm or exclude it"),
    ],
)
def test_without_recorded_diabetes_its_goal_is_not_offered(hba1c: float, said: str):
    values = {**VALUES, "diabetes": 0.0, "hba1c": hba1c}
    assert "hba1c" not in levers(values, RECORD)
    told = reasons(values, RECORD)["hba1c"]
    assert said in told and "range that is tried" not in told
    assert "the goal of 7 % is for people with diabetes" in told


def test_a_model_that_reads_hba1c_knows_of_diabetes_or_is_for_it_alone():
    """Else the goal of people with diabetes would be offered to others."""
    for one in all_models("north_america", "moderate"):
        reads = {i.concept for i in one.inputs}
        if "hba1c" in reads and "diabetes" not in reads:
            assert one.id == "score2_diabetes" or one.id.startswith(("ckdpc_40_diab", "ukpds_om2"))


def test_a_model_of_never_former_and_current_counts_who_stops_as_former():
    found, _ = levers_of(KIDNEY, {"smoking_history": 2.0}, {}, {})
    assert found[0].inputs(0.0) == {"smoking_history": 1.0}
    _, left = levers_of(KIDNEY, {"smoking_history": 1.0}, {}, {})
    assert left[0].concept == "smoking_history"


def test_every_modifiable_input_of_every_model_has_a_lever_or_a_reason():
    """None is silently forgotten, and nothing else is ever moved."""
    for one in all_models("north_america", "moderate"):
        wide = {i.concept: VALUES.get(i.concept, 2.0) for i in one.inputs}
        found, left = levers_of(one, wide, {}, {})
        told = {c for lever in found for c in lever.moves} | {n.concept for n in left}
        assert told == {i.concept for i in one.inputs if i.modifiable}


def test_nobody_is_led_further_than_the_what_if_goes():
    """Recommended ends are never below the floors of the what-if, and every one has its source."""
    for concept, floor in {**FLOORS, **PATIENT_FLOORS}.items():
        assert RECOMMENDED_FOR[concept].lowest >= floor
    assert OVERWEIGHT > LEAN
    for one in RECOMMENDED:
        assert one.source and one.says and one.evidence_text
        assert AIMED.get(one.concept, -1) == -1
        control = CONTROL_OF.get(one.concept)
        if control and not control.share and one.lowest:
            assert one.lowest >= control.low
    # what one step of pressure is worth is read from the table of paths
    path = next(p for p in effects().paths if p.id == "bp_one_sbp")
    assert RECOMMENDED_FOR["systolic_bp"].effort == abs(path.effect)


def test_a_recommendation_without_a_source_or_a_measure_is_refused():
    sound = {"label": "X", "unit": "", "lowest": 1.0, "step": 1.0, "says": "x", "evidence": "J"}
    with pytest.raises(ValueError, match="source"):
        Recommended("x", source="", effort=1.0, **sound)
    with pytest.raises(ValueError, match="effort"):
        Recommended("x", source="x", **sound)
    with pytest.raises(ValueError, match="tag"):
        Recommended("x", source="x", effort=1.0, **{**sound, "evidence": "?"})
