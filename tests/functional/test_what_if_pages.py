"""The what-if pages in a browser: sliders, keyboard, no scripts, a phone."""

import re
from typing import Any

import pytest
from django.test import Client

from tests.factories import fhir
from tests.factories.people import NOW, clinician, patient_user, push
from tests.factories.what_if import history, smoker
from tests.functional.conftest import DESKTOP, PHONE, Visit, Visitor
from twinportal import pipeline
from twinportal.what_if.models import Scenario

pytestmark = pytest.mark.browser
NARROW = {"width": 320, "height": 640}
MINE = "/my/what-if/"


@pytest.fixture
def path(transactional_db: None, ehr_client: Client, settings: Any) -> str:
    """A smoker with a doctor and an account; the address of their what-if."""
    settings.RELEASE_POLICY = "auto"
    patient = smoker(ehr_client, family="Mine")
    push(ehr_client, *history())
    pipeline.refresh_twin(patient.pk, now=NOW)
    clinician("dr1", "doctor")
    patient_user(patient, "patient")
    return f"/twins/{patient.public_id}/what-if/"


def test_every_page_is_accessible_strict_and_fits(path: str, visit: Visit) -> None:
    doctor, patient = visit("doctor", DESKTOP), visit("patient", PHONE)
    for name in ("one", "two"):
        doctor.goes_to(path)
        doctor.page.fill("#id_set_weight", "84")
        doctor.page.check("[name=stop_smoking]")
        doctor.page.fill("#id_name", name)
        doctor.page.get_by_role("button", name="Save as a draft proposal").click()
        doctor.page.wait_for_selector("text=in the record as a draft")
    # a saved one opened: controls, answer and list at once
    doctor.page.get_by_role("link", name="two").click()
    doctor.page.wait_for_selector("[data-after]")
    assert doctor.page.locator("table[data-forecast=weight]").count() == 1
    patient.goes_to(MINE)
    patient.page.fill("#id_set_weight", "84")
    patient.page.check("[name=stop_smoking]")
    patient.page.wait_for_selector("[data-forecast=systolic_bp] svg")
    patient.page.wait_for_load_state("networkidle")
    for visitor in (doctor, patient):
        for closed in visitor.page.locator("#answer details > summary").all():
            closed.click()
        assert visitor.axe_violations() == []
        _fits(visitor)
    for box in doctor.page.locator("tbody [name=scenario]").all():
        box.check()
    doctor.page.get_by_role("button", name="Compare up to three").click()
    doctor.page.wait_for_url(re.compile("compare"))
    assert doctor.axe_violations() == []
    _fits(doctor)
    doctor.goes_to("/what-if/effects/#weight_sbp")
    assert doctor.axe_violations() == []
    _fits(doctor)
    assert doctor.complaints == [] and patient.complaints == []


def _fits(visitor: Visitor) -> None:
    size = visitor.page.viewport_size
    visitor.page.set_viewport_size(NARROW)
    width = visitor.page.evaluate("document.documentElement.scrollWidth")
    assert width <= NARROW["width"], visitor.page.url
    visitor.page.set_viewport_size(size or DESKTOP)


def test_the_whole_task_by_keyboard_without_losing_the_place(path: str, visit: Visit) -> None:
    doctor = visit("doctor")
    doctor.goes_to(path)
    page = doctor.page
    weight = page.locator("[data-for=id_set_weight]")
    weight.focus()
    before = page.locator("[data-outcome=prevent_base_10y-cvd]")
    assert before.count() == 0
    # when the slider is moved with the arrow keys
    for _ in range(6):
        page.keyboard.press("ArrowLeft")
    page.wait_for_selector("[data-outcome=prevent_base_10y-cvd]")
    # then the number follows, the answer came, it is announced, and the focus is where it was
    assert page.input_value("#id_set_weight") == "89"
    assert page.evaluate("document.activeElement.dataset.for") == "id_set_weight"
    page.wait_for_function("document.getElementById('said').textContent.includes('after')")
    assert page.locator("#said").get_attribute("role") == "status"
    # and on by keyboard alone, to a name and to the button that saves
    page.locator("#id_name").focus()
    page.keyboard.type("three kilos")
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    page.wait_for_selector("text=in the record as a draft")
    assert Scenario.objects.get().name == "three kilos"
    assert doctor.complaints == []


def test_it_works_without_scripts(path: str, visit: Visit) -> None:
    doctor = visit("doctor", java_script_enabled=False)
    doctor.goes_to(path)
    assert not doctor.page.locator("[data-for=id_set_weight]").is_visible()
    doctor.page.fill("#id_set_systolic_bp", "130")
    doctor.page.get_by_role("button", name="Show", exact=True).click()
    assert doctor.page.locator("[data-outcome=prevent_base_10y-cvd][data-after]").count() == 1
    patient = visit("patient", PHONE, java_script_enabled=False)
    patient.goes_to(MINE)
    patient.page.check("[name=stop_smoking]")
    patient.page.get_by_role("button", name="Show my numbers").click()
    assert "With these changes" in patient.page.locator("#answer").inner_text()


def test_without_scripts_nothing_typed_is_lost(path: str, visit: Visit) -> None:
    page = (doctor := visit("doctor", java_script_enabled=False)).page
    doctor.goes_to(path)
    page.fill("#id_set_weight", "84")
    page.check("[name=stop_smoking]")
    page.fill("#id_name", "Eight kilos")
    # Enter in the name is "Show": the name stays
    page.press("#id_name", "Enter")
    page.wait_for_selector("[data-after]")
    assert page.input_value("#id_name") == "Eight kilos"
    page.fill("#id_name", "")
    page.fill("#id_set_systolic_bp", "130")
    page.get_by_role("button", name="Save as a draft proposal").click()
    page.wait_for_selector("text=Give the scenario a name")
    assert page.input_value("#id_set_weight") == "84.0"
    assert page.input_value("#id_set_systolic_bp") == "130"
    assert page.is_checked("[name=stop_smoking]")


def test_a_page_left_open_learns_that_the_record_changed(
    path: str, visit: Visit, ehr_client: Client
) -> None:
    doctor = visit("doctor")
    doctor.goes_to(path)
    page = doctor.page
    later = "2026-11-19T09:00:00Z"
    push(ehr_client, fhir.blood_pressure("p1-bp9", 168, 90, subject="p1", date=later))
    page.fill("#id_set_weight", "84")
    page.wait_for_selector("text=152 is now 168 mmHg")
    assert page.locator("[data-after]").count() == 0
    assert page.input_value("#id_set_systolic_bp") == "168"
    assert page.input_value("#id_set_weight") == "84.0"
    # the sliders work on, from the value that is true now
    page.locator("[data-for=id_set_systolic_bp]").focus()
    page.keyboard.press("ArrowLeft")
    page.wait_for_selector("text=168.0 mmHg to")
    assert page.input_value("#id_set_systolic_bp") == "167"
    assert doctor.complaints == []


def test_before_after_and_difference_are_seen_on_a_narrow_screen(path: str, visit: Visit) -> None:
    doctor = visit("doctor", NARROW)
    doctor.goes_to(path)
    doctor.page.fill("#id_set_weight", "84")
    doctor.page.wait_for_selector("[data-after]")
    for name in ("Before", "After", "Difference"):
        box = doctor.page.locator(f"[data-after] td[data-label={name}]").first.bounding_box()
        assert box is not None and box["x"] >= 0 and box["x"] + box["width"] <= NARROW["width"]
    assert doctor.axe_violations() == []


def test_the_patient_finds_it_from_the_first_page(path: str, visit: Visit) -> None:
    patient = visit("patient", PHONE)
    patient.page.get_by_role("link", name="What if I change something?").click()
    patient.page.check("[name=stop_smoking]")
    patient.page.wait_for_selector("text=With these changes")
    said = patient.page.locator("#said").inner_text()
    assert re.search(r"\d+ out of 100", said)
    # large enough to touch
    for control in patient.page.locator(".slider__range, .tick label, .button").all():
        box = control.bounding_box()
        assert box is not None and box["height"] >= 40
    assert patient.complaints == []


def test_no_answer_ever_belongs_to_other_values(path: str, visit: Visit) -> None:
    doctor = visit("doctor")
    doctor.goes_to(path)
    page = doctor.page
    # the last of many drags is the one that stands
    for value in ("150", "145", "140", "135", "130"):
        page.fill("#id_set_systolic_bp", value)
        page.wait_for_timeout(60)
    page.wait_for_selector("text=to 130.0 mmHg")
    page.wait_for_load_state("networkidle")
    assert "130.0 mmHg" in page.locator("#answer").inner_text()
    # a reload keeps no value without its answer
    page.reload()
    assert page.input_value("#id_set_systolic_bp") == "152"
    page.fill("#id_set_systolic_bp", "130")
    page.wait_for_selector("text=to 130.0 mmHg")
    # an answer that does not come takes the old one away
    page.route(f"**{path}", lambda route: route.abort())
    page.fill("#id_set_systolic_bp", "125")
    page.wait_for_selector("text=could not be computed")
    assert page.locator("#answer").inner_text() == ""
    page.unroute(f"**{path}")
    page.fill("#id_set_systolic_bp", "124")
    page.wait_for_selector("text=to 124.0 mmHg")
    # signed out meanwhile: the sign-in page comes whole, not inside the answer
    page.context.clear_cookies(name="sessionid")
    page.fill("#id_set_systolic_bp", "123")
    page.wait_for_url(re.compile("/accounts/login/"))
