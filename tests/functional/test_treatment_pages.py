"""Ranking of treatments and the decision aid in a browser: weigh, keep, share, read, print."""

import re
from typing import Any

import pytest
from django.test import Client

from tests.factories.people import clinician, patient_user
from tests.factories.treatment import hypertensive
from tests.functional.conftest import DESKTOP, PHONE, Visit, Visitor
from twinportal.treatment.models import TreatmentProposal

pytestmark = pytest.mark.browser
NARROW = {"width": 320, "height": 640}
ADD = "add:htn_amlodipine_5"


@pytest.fixture
def path(transactional_db: None, ehr_client: Client, settings: Any) -> str:
    """Somebody with high blood pressure, a doctor and an account; the address of the ranking."""
    patient = hypertensive(ehr_client)
    clinician("dr1", "doctor")
    patient_user(patient, "patient")
    return f"/twins/{patient.public_id}/treatment/"


def _fits(visitor: Visitor) -> None:
    width = visitor.page.evaluate("document.documentElement.scrollWidth")
    assert width <= visitor.page.viewport_size["width"]  # type: ignore[index]


def _is_sound(visitor: Visitor) -> None:
    assert visitor.axe_violations() == []
    _fits(visitor)
    assert visitor.complaints == []


def _keep(visitor: Visitor, path: str, *, share: bool, options: tuple[str, ...] = ()) -> None:
    visitor.goes_to(f"{path}1/")
    visitor.page.get_by_role("button", name="more option").click()
    visitor.page.wait_for_selector("[name=all][type=hidden]", state="attached")
    for start in options or ("keep:", ADD):
        visitor.page.locator(f"[name=keep][value^='{start}']").first.check()
    if share:
        visitor.page.check("[name=share]")
    visitor.page.get_by_role("button", name="Save as a draft proposal").click()
    visitor.page.wait_for_url(re.compile("proposals"))


def test_every_page_is_accessible_strict_and_fits(path: str, visit: Visit) -> None:
    doctor = visit("doctor", DESKTOP)
    doctor.goes_to(path)
    _is_sound(doctor)
    doctor.goes_to(f"{path}1/")
    for closed in doctor.page.locator("#answer details > summary").all()[:3]:
        closed.click()
    _is_sound(doctor)
    doctor.page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    _fits(doctor)
    doctor.page.set_viewport_size(DESKTOP)  # type: ignore[arg-type]
    for more in ("review/", ""):
        doctor.goes_to(f"{path}{more}")
        _is_sound(doctor)
    for address in (
        "/treatment/knowledge/",
        "/treatment/knowledge/options/",
        "/treatment/knowledge/options/htn_amlodipine_5/",
    ):
        doctor.goes_to(address)
        _is_sound(doctor)
    _keep(doctor, path, share=True)
    _is_sound(doctor)


def test_a_preference_is_followed_at_once(path: str, visit: Visit) -> None:
    doctor = visit("doctor", DESKTOP)
    doctor.goes_to(f"{path}1/")
    before = doctor.page.locator(f"tbody[data-key='{ADD}']").get_attribute("data-score")
    doctor.page.click("text=How outcomes are weighed")
    with doctor.page.expect_response(re.compile("/treatment/1/")):
        doctor.page.fill("#id_weight_mace", "0")
    doctor.page.wait_for_function(
        "([key, old]) => document.querySelector(`tbody[data-key='${key}']`).dataset.score != old",
        arg=[ADD, before],
    )
    after = doctor.page.locator(f"tbody[data-key='{ADD}']").get_attribute("data-score")
    assert float(after or 0) < float(before or 0)
    assert doctor.complaints == []


def test_the_patient_compares_what_was_shared(path: str, visit: Visit) -> None:
    doctor, patient = visit("doctor", DESKTOP), visit("patient", PHONE)
    patient.goes_to("/my/choices/")
    _is_sound(patient)
    assert patient.page.locator("text=nothing to choose").count() == 1
    _keep(doctor, path, share=True)
    patient.goes_to("/my/")
    patient.page.click("text=My choices")
    patient.page.click("main ul a")
    patient.page.wait_for_selector(".choice")
    assert patient.page.locator(".choice").count() == 2
    _is_sound(patient)
    # the same numbers in the cards and in the table
    for cell in patient.page.locator(".choice [data-count]").all():
        outcome, count = cell.get_attribute("data-outcome"), cell.get_attribute("data-count")
        row = patient.page.locator(f"tr[data-row={outcome}]").inner_text()
        assert f"{count} out of 100" in row or "fewer than 1 out of 100" in row
        assert cell.locator("svg").get_attribute("data-filled") == count
    patient.page.set_viewport_size(NARROW)  # type: ignore[arg-type]
    _fits(patient)
    patient.page.emulate_media(media="print")
    assert patient.page.locator(".choice").first.is_visible()
    assert not patient.page.locator(".masthead").is_visible()


def test_a_choice_without_today_begins_with_today(path: str, visit: Visit) -> None:
    doctor, patient = visit("doctor", DESKTOP), visit("patient", PHONE, java_script_enabled=False)
    _keep(doctor, path, share=True, options=(ADD, "switch:htn_losartan_50", "add:htn_doxazosin_4"))
    patient.goes_to("/my/choices/")
    _fits(patient)
    patient.page.click("main li > a")
    cards = patient.page.locator(".choice")
    assert cards.count() == 4
    assert "As now" in cards.first.inner_text()
    assert cards.first.get_attribute("data-key") is None
    for size in (DESKTOP, NARROW):
        patient.page.set_viewport_size(size)  # type: ignore[arg-type]
        _fits(patient)
    reader = visit("patient", DESKTOP)
    reader.goes_to(patient.page.url.removeprefix(patient.base))
    _is_sound(reader)


def test_without_scripts_one_can_weigh_and_keep(path: str, visit: Visit) -> None:
    doctor = visit("doctor", DESKTOP, java_script_enabled=False)
    doctor.goes_to(f"{path}1/")
    doctor.page.fill("#id_no_injections", "5")
    doctor.page.get_by_role("button", name="Rank").click()
    assert doctor.page.locator("#id_no_injections").input_value() == "5"
    _keep(doctor, path, share=False)
    assert TreatmentProposal.objects.get().shared_at is None


def test_the_details_open_with_the_keyboard(path: str, visit: Visit) -> None:
    doctor = visit("doctor", DESKTOP)
    doctor.goes_to(f"{path}1/")
    summary = doctor.page.locator(".options__more summary").first
    summary.focus()
    doctor.page.keyboard.press("Enter")
    assert doctor.page.locator(".options__more details[open]").count() == 1
