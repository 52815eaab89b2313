"""The pages in a browser: accessible, strict, readable without scripts, on a phone too."""

import re
from datetime import timedelta

import pytest
from django.test import Client
from django.utils import timezone

from models_engine.models import Prediction
from tests.factories.hospital import encounter, observations
from tests.factories.people import push
from tests.functional.conftest import PHONE, Visit, Ward
from twinportal import pipeline

pytestmark = pytest.mark.browser
# at a desk every page is looked at by test_every_page
SIZES = pytest.mark.parametrize("size", [PHONE], ids=["phone"])
NARROW = {"width": 320, "height": 640}


def paths(ward: Ward) -> dict[str, list[str]]:
    """Pages that few links lead to, by who opens them."""
    base = f"/twins/{ward.patient.public_id}/"
    current = Prediction.objects.filter(patient=ward.patient, status="current")
    none = current.get(model_id="kfre_4v", outcome="kidney_failure_5y")
    score = current.get(model_id="charlson", outcome="charlson_original")
    return {
        "": ["/accounts/login/", "/nowhere/"],
        "doctor": [
            f"{base}predictions/{none.pk}/",
            f"{base}predictions/{score.pk}/",
            "/my/",
        ],
    }


def test_pages_without_a_number_and_of_nobody_are_accessible_and_narrow(
    ward: Ward, visit: Visit
) -> None:
    """UX A1, UX A5, UX A6; the others are in test_every_page."""
    for username, addresses in paths(ward).items():
        visitor = visit(username, NARROW)
        for path in addresses:
            visitor.goes_to(path)
            assert visitor.axe_violations() == [], path
            assert visitor.complaints == [], path
            width = visitor.page.evaluate("document.documentElement.scrollWidth")
            assert width <= NARROW["width"], path


def test_a_clinician_finds_the_patient_the_change_and_the_reason(ward: Ward, visit: Visit) -> None:
    # given a doctor with one patient
    doctor = visit("doctor")
    # when they open the worklist
    row = doctor.page.locator("table.worklist tbody tr")
    # then it says who, how likely, what changed, why, and how old the data are
    assert row.count() == 1
    text = row.inner_text()
    assert "Mine" in text and "%" in text and "points" in text
    assert "Systolic blood pressure: 152 mmHg" in text
    # and the twin page opens on what changed, what matters and what to do
    row.locator("a.who").click()
    headings = doctor.page.locator("h2").all_inner_texts()[:3]
    assert headings == ["What changed", "What matters", "What you can do"]


def test_sorting_by_keyboard_is_announced(ward: Ward, visit: Visit) -> None:
    doctor = visit("doctor")
    doctor.page.locator("a.sort", has_text="Probability").focus()
    doctor.page.keyboard.press("Enter")
    doctor.page.wait_for_url(re.compile("sort=probability"))
    sorted_by = doctor.page.locator("th[aria-sort=ascending]").inner_text()
    assert sorted_by.startswith("Probability")


def test_the_skip_link_leads_to_the_content(ward: Ward, visit: Visit) -> None:
    doctor = visit("doctor")
    doctor.page.keyboard.press("Tab")
    assert doctor.page.evaluate("document.activeElement.textContent") == "Skip to the content"
    doctor.page.keyboard.press("Enter")
    assert doctor.page.evaluate("document.activeElement.id") == "main"


def test_a_chart_and_its_table_say_the_same(ward: Ward, visit: Visit) -> None:
    doctor = visit("doctor")
    doctor.goes_to(f"/twins/{ward.patient.public_id}/trends/systolic_bp/")
    doctor.page.wait_for_selector("#plot .main-svg")
    drawn = doctor.page.evaluate("JSON.parse(document.getElementById('figure').textContent)")
    values = drawn["data"][0]["y"]
    cells = doctor.page.locator("tbody td.number").all_inner_texts()
    count = len(values) if isinstance(values, list) else len(cells)
    assert count == len(cells) == 2
    assert set(cells) == {"152"}


def test_the_patients_first_screen_has_the_message_and_the_picture(
    ward: Ward, visit: Visit
) -> None:
    patient = visit("patient", PHONE)
    message = patient.page.locator("[data-risk]").first
    box = message.bounding_box()
    assert box is not None and box["y"] + box["height"] <= PHONE["height"]
    count = message.get_attribute("data-risk") or ""
    assert message.inner_text().startswith(f"{count} out of 100 people like you will")
    assert "within 10 years" in message.inner_text()
    icons = patient.page.locator(".result .icons").first
    assert icons.locator("circle").count() == 100
    assert icons.locator("circle.on").count() == int(count)
    rows = [
        int(y)
        for y in icons.locator("circle.on").evaluate_all("c => c.map(e => +e.getAttribute('cy'))")
    ]
    assert min(rows) >= 190 - 20 * ((int(count) - 1) // 10), "filled from the bottom row up"


def test_the_level_switch_keeps_numbers_and_stays(ward: Ward, visit: Visit) -> None:
    patient = visit("patient")
    message = patient.page.locator("[data-risk]").first
    before, words = message.get_attribute("data-risk"), message.inner_text()
    patient.page.get_by_role("button", name="Detailed").click()
    patient.page.wait_for_selector("button[value=detailed][aria-pressed=true]")
    after = patient.page.locator("[data-risk]").first
    assert after.get_attribute("data-risk") == before
    assert after.inner_text() != words
    patient.goes_to("/my/")
    assert patient.page.locator("button[value=detailed][aria-pressed=true]").count() == 1


def test_everything_can_be_read_without_scripts(ward: Ward, visit: Visit) -> None:
    doctor = visit("doctor", java_script_enabled=False)
    doctor.goes_to(f"/twins/{ward.patient.public_id}/trends/systolic_bp/")
    assert doctor.page.locator("tbody td.number").count() == 2
    patient = visit("patient", java_script_enabled=False)
    assert "out of 100 people like you" in patient.page.content()


def test_another_doctors_patient_is_nowhere(ward: Ward, visit: Visit) -> None:
    doctor = visit("doctor")
    assert "Otherone" not in doctor.page.content()
    doctor.goes_to(f"/twins/{ward.other.public_id}/")
    assert doctor.page.locator("h1").inner_text() == "There is nothing here"
    assert "Otherone" not in doctor.page.content()


def test_nobody_signs_themself_up(ward: Ward, visit: Visit) -> None:
    visitor = visit()
    visitor.goes_to("/accounts/signup/")
    assert visitor.page.locator("input[name=password1]").count() == 0


@SIZES
def test_a_stay_in_hospital_is_readable_for_everybody(
    ward: Ward, visit: Visit, ehr_client: Client, size: dict[str, int]
) -> None:
    now = timezone.now()
    push(
        ehr_client,
        encounter("now", now - timedelta(days=1)),
        *observations(now - timedelta(minutes=5), rate=25.0),
    )
    pipeline.refresh_twin(ward.patient.pk, now=now)

    doctor = visit("doctor", size)
    doctor.goes_to(f"/twins/{ward.patient.public_id}/predictions/")

    section = doctor.page.locator("section[aria-labelledby=hospital]")
    assert "3 points" in section.inner_text()
    assert doctor.axe_violations() == []
    assert doctor.complaints == []
    width = doctor.page.evaluate("document.documentElement.scrollWidth")
    assert width <= size["width"]
