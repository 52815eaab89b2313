"""A patient types in the unit that they know; models get the canonical value, to the last digit."""

from math import isclose

import pytest
from hypothesis import given
from hypothesis import strategies as st

from explain.wording.measurements import CONCEPTS, can_be_written
from models_engine.catalogue.what_if.controls import CONTROL_OF
from models_engine.catalogue.what_if.levers import Lever
from models_engine.catalogue.what_if.propagate import Person
from models_engine.catalogue.what_if.recommended import RECOMMENDED, RECOMMENDED_FOR
from patients.terminology.units import CONVERSIONS, units_of
from twinportal.known_units import KnownUnit
from twinportal.lower.presenters import own_unit_text, own_value_text
from twinportal.what_if.forms import PATIENT_FLOORS, Field, WhatIfForm, what_if_form

VALUES = {
    "weight": 98.34,
    "bmi": 31.0,
    "systolic_bp": 151.6,
    "ldl_cholesterol": 3.337,
    "hba1c": 7.85,
}
WRITTEN = [key for key in CONVERSIONS if key[0] in CONCEPTS and can_be_written(key[1])]
OWN = {
    "weight": KnownUnit("weight", "[lb_av]"),
    "ldl_cholesterol": KnownUnit("ldl_cholesterol", "mg/dL"),
    "hba1c": KnownUnit("hba1c", "mmol/mol"),
    "systolic_bp": KnownUnit("systolic_bp", "mm[Hg]"),
}


def form_of(sent: dict[str, str], **values: float) -> WhatIfForm:
    return what_if_form(VALUES | values, sent, patient=Person(), units=OWN)


def field(form: WhatIfForm, concept: str) -> Field:
    return next(one for one in form.fields if one.control.concept == concept)


def page(form: WhatIfForm) -> dict[str, str]:
    """All that a page sends back when nobody touched it."""
    sent = {one.name: one.shown for one in form.fields}
    sent |= {one.start_name: one.start_shown for one in form.fields}
    return sent | {one.unit_name: one.ucum for one in form.fields}


@given(st.sampled_from(WRITTEN), st.integers(1, 5000))
def test_there_and_back_is_the_same_number(key: tuple[str, str], count: int) -> None:
    """UX E6."""
    unit = KnownUnit(*key)
    number = count * unit.step
    shown = unit.written(unit.canonical(number)).number
    assert isclose(float(shown), number, abs_tol=1e-9), (key, number, shown)
    assert unit.is_canonical == (units_of(key[0])[0] == key[1])


@given(
    st.sampled_from(sorted(OWN)),
    st.floats(0.4, 1.8),
    st.floats(0, 1),
)
def test_a_slider_in_the_own_unit_means_the_canonical_value(
    concept: str, scale: float, share: float
) -> None:
    # given somebody with any value
    form = form_of({}, **{concept: VALUES[concept] * scale})
    found = field(form, concept)
    # then an untouched page is no change
    again = form_of(page(form), **{concept: VALUES[concept] * scale})
    assert again.interventions == () and not again.errors
    # when the slider is moved to any of its places
    low, high = found.limits
    assert low <= float(found.start_shown) <= high
    step = float(found.step)
    number = round(min(low + round(share * (high - low) / step) * step, high), 6)
    form = form_of(page(form) | {found.name: f"{number:g}"}, **{concept: found.start})
    assert not form.errors
    same = (float(found.start_shown), OWN[concept].number(found.start))
    if any(isclose(number, one, abs_tol=step / 1000) for one in same):
        assert form.interventions == ()
        return
    # then the models get that number in their unit, inside what the page may ask for
    (one,) = form.interventions
    assert one.value is not None
    assert isclose(OWN[concept].number(one.value), number, abs_tol=1e-6)
    if not OWN[concept].is_canonical:
        assert float(field(form, concept).shown) == number
    first, last = CONTROL_OF[concept].limits(found.start)
    floor = min(max(first, PATIENT_FLOORS.get(concept, 0.0)), found.start)
    # the place of today's value itself is rounded as it is shown
    slack = OWN[concept].canonical(step) - OWN[concept].canonical(0.0)
    assert floor - slack / 2 - 1e-6 <= one.value <= last + slack / 2 + 1e-6


def test_ends_and_steps_are_whole_numbers_of_the_own_unit() -> None:
    found = field(form_of({}), "ldl_cholesterol")
    assert (found.low, found.high, found.step) == ("20", "232", "1")
    assert (found.start_shown, found.unit) == ("129", "mg/dL")
    found = field(form_of({}), "hba1c")
    assert (found.low, found.high, found.start_shown) == ("48", "118", "62")
    found = field(form_of({}), "weight")
    assert (found.start_shown, found.unit, found.step) == ("217", "pounds", "1")


@pytest.mark.parametrize(
    "was", [{"unit_weight": "kg", "start_weight": "217"}, {"start_weight": "217"}, {}]
)
def test_a_number_of_another_unit_is_not_taken_for_ours(was: dict[str, str]) -> None:
    # given a page that was shown before the unit of the newest value was another one
    form = form_of({"set_weight": "200", "set_systolic_bp": "130"} | was)
    # then nothing of it is used, even where the digits are the same
    assert form.has_changed and form.interventions == () and form.errors


def test_the_other_unit_is_named() -> None:
    form = form_of(
        {
            "set_ldl_cholesterol": "3",
            "start_ldl_cholesterol": "3.3",
            "unit_ldl_cholesterol": "mmol/L",
        }
    )
    assert "3.3 mmol/L is now 129 mg/dL" in form.errors[0]


@pytest.mark.parametrize(
    ("concept", "unit", "values", "words"),
    [
        ("ldl_cholesterol", "mg/dL", (132 * 0.02586, 2.6), "132 to 101 mg/dL"),
        ("ldl_cholesterol", "mmol/L", (3.6, 2.6), "3.6 to 2.6 mmol/L"),
        ("urine_acr", "mg/mmol", (963.0, 732.0), "108.9 to 82.8 mg/mmol"),
        ("urine_acr", "mg/g", (963.0, 732.0), "963 to 732 mg/g"),
        ("weight", "[lb_av]", (92.0, 88.0), "203 to 194 pounds"),
        ("hba1c", "mmol/mol", (7.6, 7.0), "60 to 53 mmol/mol"),
    ],
)
def test_a_way_to_a_lower_number_is_told_in_the_own_unit(
    concept: str, unit: str, values: tuple[float, float], words: str
) -> None:
    """UX E6."""
    lever = Lever(RECOMMENDED_FOR[concept], values[0], values[1:], {})
    units = {concept: KnownUnit(concept, unit)}
    told = " to ".join(own_value_text(lever, value, units) for value in values)
    assert f"{told} {own_unit_text(lever, units)}" == words


def test_whatever_may_be_recommended_has_a_unit() -> None:
    for one in RECOMMENDED:
        unit = own_unit_text(Lever(one, 1.0, (), {}), {})
        assert bool(unit) == (one.concept != "smoking_status"), one.concept
