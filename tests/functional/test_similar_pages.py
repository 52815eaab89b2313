"""People like you in a browser: accessible, strict, fits a phone, the message first."""

from typing import Any

import pytest
from django.test import Client

from patients.access.consent import Purpose
from patients.models import ConsentChoice
from tests.factories.people import clinician, patient_user, twin
from tests.factories.similar import past_people
from tests.functional.conftest import DESKTOP, PHONE, Visit, Visitor

pytestmark = pytest.mark.browser
NARROW = {"width": 320, "height": 640}
MINE = "/my/people-like-me/"


def _is_sound(visitor: Visitor) -> None:
    assert visitor.axe_violations() == []
    size = visitor.page.viewport_size
    visitor.page.set_viewport_size(NARROW)
    width = visitor.page.evaluate("document.documentElement.scrollWidth")
    assert width <= NARROW["width"], visitor.page.url
    visitor.page.set_viewport_size(size or DESKTOP)


def test_both_pages_are_accessible_strict_and_fit(
    transactional_db: None, ehr_client: Client, visit: Visit, settings: Any
) -> None:
    """UX P16, A1, A2, A5, A6."""
    settings.RELEASE_POLICY = "auto"
    patient = twin(ehr_client, "p1", family="Mine")
    past_people(100, events=40, died=30)
    clinician("dr1", "doctor")
    patient_user(patient, "patient")
    # given the page that asks, and its answer by keyboard
    mine = visit("patient", PHONE)
    mine.goes_to(MINE)
    _is_sound(mine)
    mine.page.get_by_role("button", name="Yes, show me").focus()
    mine.page.keyboard.press("Enter")
    mine.page.wait_for_selector("[data-risk]")
    assert ConsentChoice.objects.get().purpose == Purpose.SEE_SIMILAR
    # then the main message is above the fold of a phone, in the first section
    box = mine.page.locator("main .result__main").first.bounding_box()
    assert box and box["y"] + box["height"] <= PHONE["height"]
    assert mine.page.locator("main .result__main").first.get_attribute("data-risk")
    mine.page.get_by_text("Show how many people died").click()
    assert mine.page.locator("[data-event=death]").is_visible()
    _is_sound(mine)
    # and the clinician's page with everything open
    doctor = visit("doctor", DESKTOP)
    doctor.goes_to(f"/twins/{patient.public_id}/similar/")
    for summary in doctor.page.locator("details > summary").all()[1:]:
        summary.click()
    _is_sound(doctor)
    assert doctor.complaints == [] and mine.complaints == []
