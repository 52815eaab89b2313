"""What would lower it, in a browser: one keyboard walk without scripts, accessible, on a phone."""

import re
from typing import Any

import pytest
from django.test import Client

from tests.factories.people import NOW, clinician, patient_user
from tests.factories.what_if import smoker
from tests.functional.conftest import PHONE, Visit
from twinportal import pipeline

pytestmark = pytest.mark.browser
NARROW = {"width": 320, "height": 640}


def test_both_pages_are_accessible_strict_fit_and_work_without_scripts(
    transactional_db: None, ehr_client: Client, visit: Visit, settings: Any
) -> None:
    """UX A1, A2, A4, A5, A6, P16 of both pages."""
    # given a smoker with a doctor and an account
    settings.RELEASE_POLICY = "auto"
    mine = smoker(ehr_client, family="Mine")
    pipeline.refresh_twin(mine.pk, now=NOW)
    clinician("dr1", "doctor")
    patient_user(mine, "patient")
    # when the doctor chooses a target by keyboard alone, and goes on to What if
    doctor = visit("doctor")
    doctor.goes_to(f"/twins/{mine.public_id}/lower/")
    doctor.page.focus("#id_target")
    doctor.page.keyboard.type("As low")
    doctor.page.keyboard.press("Tab")
    doctor.page.keyboard.press("Enter")
    doctor.page.wait_for_url(re.compile("target=lowest"))
    doctor.page.click("summary")
    assert doctor.axe_violations() == []
    doctor.page.set_viewport_size(NARROW)
    assert doctor.page.evaluate("document.documentElement.scrollWidth") <= 320
    doctor.page.get_by_role("button", name="Open in What if").first.click()
    doctor.page.wait_for_selector("#answer [data-after]")
    assert doctor.page.input_value("#id_set_systolic_bp") == "120"
    # then the patient, on a phone without scripts, sees the message first and may pick
    patient = visit("patient", PHONE, java_script_enabled=False)
    patient.goes_to("/my/lower/")
    box = patient.page.locator("[data-risk]").first.bounding_box()
    assert box and box["y"] + box["height"] <= PHONE["height"]
    patient.page.get_by_role("button", name="As low as we can").click()
    patient.page.wait_for_selector("[data-way='2']")
    patient = visit("patient", NARROW)
    patient.goes_to("/my/lower/?how=most")
    assert patient.axe_violations() == []
    assert patient.page.evaluate("document.documentElement.scrollWidth") <= 320
    assert doctor.complaints == patient.complaints == []
