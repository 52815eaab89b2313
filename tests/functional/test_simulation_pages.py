"""Drug levels, body weight and the course of diabetes in a real browser: by keyboard, narrow, without JavaScript."""

from datetime import UTC, datetime, timedelta

import pytest

from tests.factories import diabetes
from tests.factories import drug_levels as drugs
from tests.factories.people import push
from tests.functional.conftest import PHONE, Visit, Ward

NARROW = {"width": 320, "height": 640}
pytestmark = [pytest.mark.browser]


def test_a_clinician_looks_at_levels_and_tries_a_regimen(
    ward: Ward, visit: Visit, ehr_client
) -> None:
    # given a patient on vancomycin
    push(ehr_client, *drugs.course("p1", datetime.now(UTC)))
    # when the doctor opens the page from the twin, on a phone without JavaScript
    doctor = visit("doctor", PHONE, java_script_enabled=False)
    doctor.goes_to(f"/twins/{ward.patient.public_id}/tools/")
    doctor.page.get_by_role("link", name="Drug levels: vancomycin").click()
    assert doctor.page.locator("svg.course-figure circle").count() == 1
    # and types a regimen with the keyboard
    doctor.page.locator("#id_amount").focus()
    for value in ("1000", "12", "1"):
        doctor.page.keyboard.type(value)
        doctor.page.keyboard.press("Tab")
    doctor.page.locator("#id_hours").press("Enter")
    doctor.page.wait_for_selector("#regimen")
    # then it says where the regimen leads, and the address nothing
    assert "1000 mg over 1 h every 12 h" in doctor.page.locator("#regimen").inner_text()
    assert doctor.page.url.endswith("/drug-levels/vancomycin/")


def test_the_pages_are_accessible_and_narrow(ward: Ward, visit: Visit, ehr_client) -> None:
    push(ehr_client, *drugs.course("p1", datetime.now(UTC)), *diabetes.record(datetime.now(UTC)))
    doctor = visit("doctor", NARROW)
    base = f"/twins/{ward.patient.public_id}"
    doctor.goes_to(f"{base}/drug-levels/vancomycin/")
    doctor.page.locator("summary").first.click()
    doctor.page.fill("#id_doses", "nonsense")
    doctor.page.get_by_role("button", name="Simulate").click()
    doctor.page.wait_for_selector(".errorlist")
    assert doctor.axe_violations() == []
    doctor.goes_to(f"{base}/body-weight/")
    doctor.page.fill("#id_intake_change", "-500")
    doctor.page.fill("#id_activity_level", "1.5")
    doctor.page.get_by_role("button", name="Simulate").click()
    doctor.page.wait_for_selector("svg.course-figure")
    assert doctor.axe_violations() == [] and doctor.complaints == []
    doctor.goes_to(f"{base}/diabetes-course/")
    doctor.page.locator("#id_years").fill("5")
    doctor.page.locator("#id_years").press("Enter")
    doctor.page.get_by_role("heading", name="Within 5 years").wait_for()
    assert doctor.page.locator("svg.course-figure").count() == 14
    assert doctor.axe_violations() == [] and doctor.complaints == []
    doctor.page.get_by_role("link", name="How this was checked").click()
    doctor.page.wait_for_url("**/models/mechanistic/ukpds_course/")
    facts = "/models/mechanistic/drug_levels/"
    doctor.goes_to(facts)
    doctor.page.locator("summary").first.click()
    assert doctor.axe_violations() == [] and doctor.complaints == []
    # doses that may be one told twice: a question more in the form
    near = (datetime.now(UTC) - timedelta(hours=25)).replace(second=0, microsecond=0)
    push(ehr_client, drugs.infusion("near", near))
    doctor.goes_to(f"{base}/drug-levels/vancomycin/")
    doctor.page.get_by_label("Doses within an hour of each other").select_option("first")
    assert doctor.axe_violations() == [] and doctor.complaints == []
    simulations = ("drug-levels/vancomycin/", "body-weight/", "diabetes-course/")
    for path in (*(f"{base}/{name}" for name in simulations), facts):
        doctor.goes_to(path)
        width = doctor.page.evaluate("document.documentElement.scrollWidth")
        assert width <= NARROW["width"], path


def test_the_tools_of_a_twin_are_a_part_of_their_own(ward: Ward, visit: Visit) -> None:
    doctor = visit("doctor", NARROW)
    doctor.goes_to(f"/twins/{ward.patient.public_id}/")
    doctor.page.get_by_role("link", name="Tools", exact=True).click()
    row = doctor.page.locator(".tools")
    names = row.get_by_role("link").all_inner_texts()
    assert names[:3] == ["Treatment", "Medicines", "What if"]
    assert names[-2:] == ["Body weight", "Course of diabetes"]
    width = doctor.page.evaluate("document.documentElement.scrollWidth")
    assert width <= NARROW["width"]
    assert doctor.axe_violations() == [] and doctor.complaints == []
    for address in [link.get_attribute("href") for link in row.get_by_role("link").all()]:
        doctor.goes_to(address)
        assert doctor.page.locator("h1").count() == 1


def test_a_box_to_tick_stands_beside_its_words(ward: Ward, visit: Visit) -> None:
    doctor = visit("doctor", NARROW)
    doctor.goes_to(f"/twins/{ward.patient.public_id}/drug-levels/vancomycin/")
    label = doctor.page.locator("label", has_text="Use only these doses")
    box = label.get_by_role("checkbox").bounding_box()
    words = label.evaluate(
        """label => {
            const range = document.createRange();
            range.selectNode(label.lastChild);
            const {x, y, height} = range.getBoundingClientRect();
            return {x, y, height};
        }"""
    )
    assert box["x"] + box["width"] <= words["x"]
    middle = box["y"] + box["height"] / 2
    assert words["y"] < middle < words["y"] + words["height"]
