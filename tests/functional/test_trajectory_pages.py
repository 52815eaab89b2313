"""The pages of forecasts in a browser: accessible, narrow, without scripts, one figure at a time."""

from typing import Any

import pytest
from django.test import Client
from django.utils import timezone

from models_engine.models import Forecast
from patients.models import Patient
from tests.factories import fhir
from tests.factories.people import clinician, patient_user, push
from tests.functional.conftest import DESKTOP, PHONE, Visit
from tests.integration.test_trajectory_pages import DAYS, ago, pressures, refresh, sugars

pytestmark = pytest.mark.browser
NARROW = {"width": 320, "height": 640}


@pytest.fixture
def base(transactional_db: None, ehr_client: Client, settings: Any) -> str:
    settings.RELEASE_POLICY = "auto"
    push(ehr_client, fhir.practitioner("dr1"))
    record = [*pressures("p1", *DAYS), *sugars("p1", *DAYS)]
    push(ehr_client, fhir.patient("p1", practitioner="dr1"), *record)
    patient = Patient.objects.get(fhir_id="p1")
    refresh(patient, 30)
    metformin = {
        "resourceType": "MedicationRequest",
        "id": "m1",
        "status": "active",
        "intent": "order",
        "medicationCodeableConcept": {"coding": [{"system": fhir.RXNORM, "code": "6809"}]},
        "subject": {"reference": "Patient/p1"},
        "authoredOn": ago(500)[:10],
    }
    diabetes = fhir.condition("c1", "44054006", onset=ago(600)[:10])
    late = fhir.blood_pressure("p1-late", 182, 90, date=ago(2))
    push(ehr_client, late, metformin, diabetes, fhir.quantity("k", "2823-3", 4, "mmol/L"))
    refresh(patient)
    # its newest value is far off, so that only a clinician can let the patient see it
    Forecast.objects.filter(concept="systolic_bp", status="current").update(
        released_at=timezone.now()
    )
    clinician("dr1", "doctor")
    patient_user(patient, "patient")
    return f"/twins/{patient.public_id}/trajectories/"


def test_the_pages_are_accessible_strict_and_fit_a_narrow_screen(base: str, visit: Visit) -> None:
    of_doctor = [base, f"{base}hba1c/", f"{base}potassium/", "/models/forecast_systolic_bp/"]
    for username, paths in (("doctor", of_doctor), ("patient", ["/my/outlook/"])):
        for size in (DESKTOP, NARROW):
            visitor = visit(username, size)
            for path in paths:
                visitor.goes_to(path)
                assert visitor.axe_violations() == [], path
                assert visitor.complaints == [], path
                width = visitor.page.evaluate("document.documentElement.scrollWidth")
                assert width <= size["width"], path


@pytest.mark.parametrize(("size", "shown"), [(DESKTOP, "wide"), (PHONE, "narrow")])
def test_one_figure_is_shown_whose_words_and_table_agree(
    base: str, visit: Visit, size: dict[str, int], shown: str
) -> None:
    page = visit("doctor", size).page
    page.goto(page.url.split("/worklist")[0] + f"{base}systolic_bp/")
    figures = page.locator("svg.fan")
    visible = [figures.nth(i) for i in range(figures.count()) if figures.nth(i).is_visible()]
    assert len(visible) == 1 and shown in (visible[0].get_attribute("class") or "")
    words = visible[0].get_attribute("aria-label") or ""
    last = page.locator("table", has_text="9 of 10 values").locator("tbody tr").last
    low, high = last.locator("td").last.inner_text().split(" to ")
    assert f"9 of 10 between {low} and {high} mmHg" in words
    # the text of the figure can be read: as large on the screen as 10 pixels
    text = visible[0].locator("text").first.bounding_box()
    assert text is not None and text["height"] >= 10
