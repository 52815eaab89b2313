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


def page(form: WhatIfForm) -> dict[str, str]:
    """All that a page sends back when nobody touched it."""
    return shown(form) | {field.start_name: field.start_shown for field in form.fields}


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


def test_what_was_left_alone_is_no_target_when_the_record_changes() -> None:
    sent = page(what_if_form(VALUES, {})) | {"set_weight": "90"}
    newer = VALUES | {"systolic_bp": 168.2}
    form = what_if_form(newer, sent)
    assert form.has_changed and form.interventions == ()
    assert any("the record changed: 152 is now 168 mmHg" in error for error in form.errors)
    pressure = next(f for f in form.fields if f.control.concept == "systolic_bp")
    assert (pressure.shown, pressure.start_shown) == ("168", "168")
    # the rest stands as it was sent, to be looked at again
    assert next(f for f in form.fields if f.control.concept == "weight").value == 90.0
    own = what_if_form(newer, sent, patient=Person())
    assert own.interventions == () and any("Top number" in error for error in own.errors)


@given(st.floats(95, 195), st.floats(95, 195))
def test_a_target_is_only_ever_what_somebody_saw_and_moved(then: float, now: float) -> None:
    sent = page(what_if_form(VALUES | {"systolic_bp": then}, {}))
    form = what_if_form(VALUES | {"systolic_bp": now}, sent)
    assert form.interventions == ()
    assert form.has_changed == (f"{then:.0f}" != f"{now:.0f}")


def test_a_slider_that_the_record_took_away_is_told() -> None:
    sent = page(what_if_form(VALUES, {}))
    less = {c: v for c, v in VALUES.items() if c != "hba1c"}
    assert not what_if_form(less, sent).errors
    form = what_if_form(less, sent | {"set_hba1c": "6.5", "set_weight": "90"})
    assert form.interventions == () and "HbA1c: the record changed" in form.errors[0]


@pytest.mark.parametrize(
    "sent",
    [
        {"statin": "magic"},
        {"statin": "semaglutide_10"},
        {"set_height": "190"},
        {"blood_pressure": "\x00"},
    ],
)
def test_what_is_no_choice_is_an_error(sent: dict[str, str]) -> None:
    form = what_if_form(VALUES, {"set_weight": "90", **sent})
    assert form.errors and form.interventions == ()
    own = what_if_form(VALUES, {"set_weight": "90", **sent}, patient=Person())
    assert own.errors and own.interventions == ()


def test_errors_speak_the_words_of_who_reads_them() -> None:
    sent = {"set_systolic_bp": "999", "set_hba1c": "x"}
    theirs = " ".join(what_if_form(VALUES, sent).errors)
    mine = " ".join(what_if_form(VALUES, sent, patient=Person()).errors)
    assert "Systolic blood pressure" in theirs
    assert "Systolic" not in mine and "Top number of your blood pressure" in mine
    assert "long-term blood sugar" in mine


def test_total_cholesterol_is_asked_only_without_ldl() -> None:
    assert "set_total_cholesterol" not in shown(what_if_form(VALUES, {}))
    without = {c: v for c, v in VALUES.items() if c != "ldl_cholesterol"}
    assert "set_total_cholesterol" in shown(what_if_form(without, {}))


def test_who_does_not_smoke_cannot_stop() -> None:
    form = what_if_form({**VALUES, "smoking_status": 0.0}, {"stop_smoking": "1"})
    assert form.interventions == () and "does not say" in form.errors[0]


@pytest.mark.parametrize(
    ("values", "medicines", "offered"),
    [
        (VALUES, (), {"blood_pressure", "statin", "salt"}),
        (VALUES, ("statin",), {"blood_pressure", "salt"}),
        ({**VALUES, "systolic_bp": 124.0}, (), {"statin", "salt"}),
        ({**VALUES, "systolic_bp": 118.0}, (), {"statin"}),
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


def test_a_patient_is_not_led_to_targets_that_are_for_few() -> None:
    patient = what_if_form(VALUES, {}, patient=Person())
    lowest = {f.control.concept: f.limits[0] for f in patient.fields}
    assert (lowest["systolic_bp"], lowest["hba1c"]) == (120.0, 6.5)
    for name, value in (("set_systolic_bp", "90"), ("set_hba1c", "4.5")):
        assert what_if_form(VALUES, {name: value}, patient=Person()).errors
        assert not what_if_form(VALUES, {name: value}).errors
    low = {**VALUES, "systolic_bp": 112.0, "hba1c": 5.6}
    lowest = {
        f.control.concept: f.limits[0] for f in what_if_form(low, {}, patient=Person()).fields
    }
    assert (lowest["systolic_bp"], lowest["hba1c"]) == (112.0, 5.6)


@pytest.mark.parametrize(
    "person",
    [
        Person(allergies={"statin": ("Simvastatin",)}, is_patient=True),
        Person(perhaps={"": ("the white pill",)}, is_patient=True),
        Person(allergies_unread=True, is_patient=True),
    ],
)
def test_a_patient_is_not_offered_what_the_record_speaks_against(person: Person) -> None:
    form = what_if_form(VALUES, {"statin": "atorvastatin_20"}, patient=person)
    assert "statin" not in {choice.group for choice in form.choices}
    assert not form.interventions
