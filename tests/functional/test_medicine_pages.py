"""The page of medicines in a browser: accessible, within a narrow screen, by keyboard."""

from typing import Any

import pytest
from django.test import Client

from patients.models import Patient
from tests.factories import fhir
from tests.factories.people import clinician, push
from tests.functional.conftest import DESKTOP, Visit
from tests.integration.test_medicine_pages import record

pytestmark = pytest.mark.browser
NARROW = {"width": 320, "height": 640}


@pytest.fixture
def path(transactional_db: None, ehr_client: Client, settings: Any) -> str:
    push(ehr_client, fhir.practitioner("dr1"), fhir.patient("p1", practitioner="dr1"), *record())
    clinician("dr1", "doctor")
    return f"/twins/{Patient.objects.get(fhir_id='p1').public_id}/medicines/"


def test_the_page_is_accessible_strict_and_fits(path: str, visit: Visit) -> None:
    visitor = visit("doctor", NARROW)
    visitor.goes_to(path)
    visitor.page.locator("summary").press("Enter")
    assert visitor.page.get_by_text("Only what a dosage says in numbers").is_visible()
    for size in (NARROW, DESKTOP):
        visitor.page.set_viewport_size(size)
        assert visitor.axe_violations() == []
        assert visitor.complaints == []
        width = visitor.page.evaluate("document.documentElement.scrollWidth")
        assert width <= size["width"]


def test_without_scripts_a_source_is_one_click_away(path: str, visit: Visit) -> None:
    visitor = visit("doctor", java_script_enabled=False)
    visitor.goes_to(path)
    visitor.page.get_by_role("link", name="order, active lisinopril").click()
    assert "MedicationRequest" in visitor.page.locator("h1").inner_text()
