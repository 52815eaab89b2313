"""The form: unchanged is no change, and a patient is led to nothing that is not for them."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from models_engine.catalogue.what_if.controls import CONTROL_OF
from models_engine.catalogue.what_if.interventions import Intervention, scenario, treatments
from models_engine.catalogue.what_if.propagate import Person
from twinportal.what_if.forms import WhatIfForm, sent_of, what_if_form

VALUES = {
    "weight": 98.34,
    "bmi": 31.0,
    "systolic_bp": 151.6,
    "ldl_cholesterol": 3.337,
    "total_cholesterol": 5.4,
    "hba1c": 7.85,
    "smoking_status": 1.0,
}


def shown(form: WhatIfForm) -> dict[str, str]:
    return {field.name: field.shown for field in form.fields}


def test_what_was_shown_and_sent_back_is_no_change() -> None:
    form = what_if_form(VALUES, {})
    again = what_if_form(VALUES, shown(form))
    assert again.interventions == () and not again.errors


@given(st.floats(0, 1))
def test_any_place_of_a_slider_is_understood(share: float) -> None:
    field = what_if_form(VALUES, {}).fields[0]
    low, high = field.limits
    value = round(low + share * (high - low))
    form = what_if_form(VALUES, {field.name: str(value)})
    assert not form.errors
    wanted = () if str(value) == field.start_shown else (float(value),)
    assert tuple(i.value for i in form.interventions) == wanted


@given(st.text(max_size=12))
def test_whatever_is_sent_is_a_number_in_range_or_an_error(text: str) -> None:
    form = what_if_form(VALUES, {"set_weight": text, "statin": text, "salt": text})
    for one in form.interventions:
        low, high = next(f.limits for f in form.fields if f.control.concept == one.target)
        assert low <= one.value <= high


def test_a_saved_scenario_fills_the_form_as_it_was() -> None:
    asked = scenario(
        [
            Intervention("set", "weight", 90.0),
            Intervention("set", "smoking_status", 0.0),
            Intervention("treatment", "rosuvastatin_10"),
        ]
    )
    again = what_if_form(VALUES, sent_of(asked, 12))
    assert again.interventions == asked and again.months == 12


def test_total_cholesterol_is_asked_only_without_ldl() -> None:
    assert "set_total_cholesterol" not in shown(what_if_form(VALUES, {}))
    without = {c: v for c, v in VALUES.items() if c != "ldl_cholesterol"}
    assert "set_total_cholesterol" in shown(what_if_form(without, {}))


def test_who_does_not_smoke_cannot_stop() -> None:
    form = what_if_form({**VALUES, "smoking_status": 0.0}, {"stop_smoking": "1"})
    assert form.interventions == ()


@pytest.mark.parametrize(
    ("values", "medicines", "offered"),
    [
        (VALUES, (), {"blood_pressure", "statin", "salt"}),
        (VALUES, ("statin",), {"blood_pressure", "salt"}),
        ({**VALUES, "systolic_bp": 124.0}, (), {"statin", "salt"}),
        ({**VALUES, "systolic_bp": 104.0}, (), {"statin"}),
        ({"smoking_status": 1.0}, (), set()),
    ],
)
def test_a_patient_is_offered_what_may_be_for_them(
    values: dict[str, float], medicines: tuple[str, ...], offered: set[str]
) -> None:
    person = Person(medicines=frozenset(medicines))
    form = what_if_form(values, {}, patient=person)
    assert {choice.group for choice in form.choices} == offered
    assert all(choice.only for choice in form.choices)
    # what is not offered cannot be sent either
    sent = dict.fromkeys(("blood_pressure", "statin", "salt", "glp1"), "")
    sent |= {t.group: t.id for t in treatments().values()}
    asked = what_if_form(values, sent, patient=person).interventions
    assert {treatments()[i.target].group for i in asked} <= offered


def test_a_patient_is_not_led_below_a_normal_weight() -> None:
    slim = {**VALUES, "weight": 60.0, "bmi": 21.0}
    field = next(f for f in what_if_form(slim, {}, patient=Person()).fields if "weight" in f.name)
    assert field.limits[0] == 53.0  # 60 kg x 18.5 / 21 = 52.86
    lean = {**slim, "bmi": 17.0}
    field = next(f for f in what_if_form(lean, {}, patient=Person()).fields if "weight" in f.name)
    assert field.limits[0] == 60.0
    assert what_if_form(slim, {"set_weight": "50"}, patient=Person()).errors


def test_a_slider_includes_where_it_starts() -> None:
    for start in (0.55, 0.5, 3.337, 7.9):
        low, high = CONTROL_OF["ldl_cholesterol"].limits(start)
        assert low <= start <= high
